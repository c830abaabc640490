import { createReport, type Diagnostic } from "./diagnostics.js";
import { lex } from "./lexer.js";
import { parse } from "./parser.js";
import { SERVER_GRAMMAR } from "./server-directives.js";
import { evaluateServer } from "./server-evaluate.js";
import type { ServerConfig } from "./types.js";

/** What a text says, as far as it is right: no configuration when there is an error. */
export interface ParsedServerConfig {
  readonly config: ServerConfig | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the text of a server.conf. Never throws; errors and warnings are all there, in the order of the
 * file. `onProgress` hears how much has been read, from 0 to 1.
 */
export function parseServerConfig(text: string, onProgress?: (done: number) => void): ParsedServerConfig {
  const report = createReport(text);
  const lexed = lex(text);
  if (lexed.openComment !== undefined) {
    report.warning(lexed.openComment, "this comment is never closed: the rest of the file is not read");
  }
  const config = evaluateServer(parse(text, lexed, SERVER_GRAMMAR, report, onProgress), report);
  return {
    config: report.errorCount() === 0 ? config : undefined,
    diagnostics: report.diagnostics(),
  };
}
