import { CLIENT_GRAMMAR } from "./client-directives.js";
import { evaluateClient } from "./client-evaluate.js";
import { createReport, type Diagnostic } from "./diagnostics.js";
import { lex } from "./lexer.js";
import { parse } from "./parser.js";
import type { ClientConfig } from "./types.js";

/** What a text says, as far as it is right: no configuration when there is an error. */
export interface ParsedClientConfig {
  readonly config: ClientConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of a client.conf. Never throws; errors and warnings are all there, in the order of the
 * file.
 */
export function parseClientConfig(text: string): ParsedClientConfig {
  const report = createReport(text);
  const lexed = lex(text);
  if (lexed.openComment !== undefined) {
    report.error(lexed.openComment, "this comment is never closed: the rest of the file would not be read");
  }
  const config = evaluateClient(parse(text, lexed, CLIENT_GRAMMAR, report), report);
  return {
    config: report.errorCount() === 0 ? config : undefined,
    diagnostics: report.diagnostics(),
  };
}
