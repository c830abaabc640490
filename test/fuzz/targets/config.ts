import { CLIENT_DIRECTIVES } from "../../../shared/config/client-directives.js";
import { parseClientConfig } from "../../../shared/config/client-schema.js";
import { type Diagnostic, renderDiagnostic } from "../../../shared/config/diagnostics.js";
import { lex } from "../../../shared/config/lexer.js";
import { SERVER_DIRECTIVES } from "../../../shared/config/server-directives.js";
import { parseServerConfig } from "../../../shared/config/server-schema.js";
import type { ServerConfig } from "../../../shared/config/types.js";
import { xid } from "../../../shared/brand.js";
import { createLeaseTable } from "../../../shared/lease/table.js";
import { clientServerMessage, encodeMessage } from "../../../shared/wire/message.js";
import { renderConfigView } from "../../../server/config-view.js";
import { createServerState } from "../../../server/engine.js";
import { nameInterfaces } from "../../../server/link-names.js";
import { hmacMd5 } from "../../hmac.js";
import { INDEXES } from "../../server/rig.js";
import { SERVER_ID } from "../../server/settings.js";
import { filesOf } from "../seeds.js";
import { must, octetsOf, target, textOf } from "../target.js";

const FOLDERS = ["examples", "test/config/field"];

const wordsOf = (rows: readonly { readonly example: string }[]): readonly string[] => [
  ...new Set(rows.flatMap(({ example }) => [example, ...example.split(/\s+/)])),
];

/** server.conf, as far as a server that is made of it. */
const server = target({
  name: "server-conf",
  entries: ["parseServerConfig", "lex", "renderDiagnostic"],
  covers: ["shared/config/"],
  shape: "text",
  tokens: [...wordsOf(SERVER_DIRECTIVES), "eth0", "client.duid", "substring(", "==", "::/0", "2001:db8::/32"],
  seeds: () => [
    ...filesOf(FOLDERS, /server\.conf$|field\/.*\.conf$/),
    ...SERVER_DIRECTIVES.map(({ example }) => octetsOf(`iface "eth0" { ${example} }\n${example}\n`)),
  ],
  limit: 16_384,
  rounds: 250,
  run(input) {
    const text = textOf(input);
    checkTokens(text);
    const { config, diagnostics } = parseServerConfig(text);
    checkDiagnostics(config !== undefined, diagnostics, text, "server.conf");
    if (config !== undefined) checkServer(config);
  },
});

/** A configuration without errors can be served, shown, and what it gives away can be sent. */
function checkServer(config: ServerConfig): void {
  const named = nameInterfaces(config, INDEXES);
  const state = createServerState({
    config: named,
    duid: SERVER_ID,
    table: createLeaseTable({ seed: SERVER_ID }),
    epoch: 1,
    hmacMd5,
    secret: new Uint8Array(16),
    interfaces: INDEXES,
  });
  must(state.network.links.size <= config.interfaces.length, "no more links than interfaces");
  const facts = { duid: SERVER_ID, workDir: "/w", indexes: INDEXES, assigned: () => 0 };
  must(renderConfigView(named, facts).endsWith(">\n"), "its view is whole");
  for (const { options, reservations } of config.interfaces) {
    for (const some of [options, ...reservations.map((each) => each.options)]) {
      encodeMessage(clientServerMessage("reply", xid(0), some));
    }
  }
}

/** client.conf. */
const client = target({
  name: "client-conf",
  entries: ["parseClientConfig", "lex", "renderDiagnostic"],
  covers: ["shared/config/"],
  shape: "text",
  tokens: wordsOf(CLIENT_DIRECTIVES),
  seeds: () => [
    ...filesOf(FOLDERS, /client\.conf$|field\/.*\.conf$/),
    ...CLIENT_DIRECTIVES.map(({ example }) => octetsOf(`iface "wan0" { ${example} }\n${example}\n`)),
  ],
  limit: 16_384,
  rounds: 250,
  run(input) {
    const text = textOf(input);
    const { config, diagnostics } = parseClientConfig(text);
    checkDiagnostics(config !== undefined, diagnostics, text, "client.conf");
    for (const { options } of config?.interfaces ?? []) {
      encodeMessage(clientServerMessage("solicit", xid(0), options));
    }
  },
});

/** Tokens follow each other within the text. */
function checkTokens(text: string): void {
  let last = 0;
  for (const { start, end } of lex(text).tokens) {
    must(start >= last && end >= start && end <= text.length, "tokens follow each other", { start, end });
    last = end;
  }
}

function checkDiagnostics(
  isAccepted: boolean,
  diagnostics: readonly Diagnostic[],
  text: string,
  file: string,
): void {
  const isWrong = diagnostics.some(({ severity }) => severity === "error");
  must(isAccepted !== isWrong, "a configuration, or an error", diagnostics[0]);
  const lines = text.split("\n");
  // Of thousands the first ones will do.
  for (const diagnostic of diagnostics.slice(0, 20)) {
    const { line, column, length, message } = diagnostic;
    const source = lines[line - 1];
    must(source !== undefined && line >= 1, "a diagnostic has a line of the file", diagnostic);
    const columns = Array.from(source).length + 1;
    must(column >= 1 && column <= columns && length >= 1, "it has a column of that line", diagnostic);
    must(message.trim() !== "" && message.length < 2000, "it says something, and not too much", diagnostic);
    const printed = renderDiagnostic(diagnostic, { file, text });
    const [head = "", , carets = ""] = printed.split("\n");
    must(head.startsWith(`${file}:${line}:${column}: `), "it begins with its place", head);
    must(/^ {5} \| *\^+$/.test(carets), "there are carets below the line", printed);
    must(printed.length < 4000, "it is short", printed.length);
    must(!/[\p{Cc}\p{Cs}]/u.test(printed.replaceAll("\n", "")), "it has no control character", printed);
  }
}

/** What operators write. */
export const CONFIG_TARGETS = [server, client];
