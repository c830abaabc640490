import { parseServerConfig } from "../../shared/config/server-schema.js";
import { storedNow } from "../../shared/edge/boot-clock.js";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { sendCommand } from "../../shared/edge/control-client.js";
import { sentenceOf } from "../../shared/edge/errors.js";
import { readText } from "../../shared/edge/files.js";
import { interfaceIndexes } from "../../shared/edge/interfaces.js";
import { openLeaseView } from "../../shared/edge/lmdb-store.js";
import { isoTime, localTime } from "../../shared/edge/local-time.js";
import { probePidFile } from "../../shared/edge/pid-file.js";
import { readingFailure } from "../../shared/edge/store-sentence.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { type Duid, duid, sameDuid } from "../../shared/duid.js";
import { decodeRecord } from "../../shared/lease/record.js";
import type { LeaseView } from "../../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { overlaps } from "../../shared/prefix.js";
import { type Report, reportOn } from "../report.js";
import { reportText } from "../report-text.js";

import { createServerState, type ServerState } from "../state.js";
import { notSubject, parseSubject, prefixOfSubject, type Subject } from "../subject.js";

/** What it takes. */
export const showDeclaration = {
  name: "dibbler-server show",
  describe: "tell all that is known of a prefix, an address or a client, and why a client got nothing",
  words: {
    subject: {
      describe: "a prefix, an address (also a client's own) or the DUID of a client",
      need: "required",
    },
  },
  options: { json: { type: "boolean", describe: "print it as one JSON object" } },
  examples: [
    ["dibbler-server show 00:03:00:01:02:00:00:00:00:01", "what a client has, and what happened to it"],
    ["dibbler-server show 2001:db8:1200::/56", "who has a prefix, or had it last"],
    ["dibbler-server show fe80::1 --json | jq .history", "for programs"],
  ],
  notes:
    "History is kept in the memory of the running server: the newest 32,768 changes of leases, 16,384 offers and " +
    "renewals, 8,192 refusals and 8,192 messages without answer. Of a stopped server the stored leases are shown.",
} as const satisfies CommandDeclaration;

/** Tells about one prefix, address or client. Gives the exit status. */
export async function runShow(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(showDeclaration, words);
  if (typeof args === "number") return args;
  const text = args.text("subject") ?? "";
  const subject = parseSubject(text);
  if (subject === undefined) return complain(notSubject(text));
  if (probePidFile(paths.pidFile, "server").state !== "running") {
    return await showStored(subject, paths, args.flag("json"));
  }
  const answer = await sendCommand("server", paths, { command: "show", subject: text });
  if (!answer.ok) return complain(answer.error);
  process.stdout.write(args.flag("json") ? jsonText(answer.data) : `${answer.message}\n`);
  return 0;
}

const jsonText = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** No server runs: what the store says, seen with the configuration that a server would start with. */
async function showStored(subject: Subject, paths: Paths, asJson: boolean): Promise<number> {
  let report: Report;
  try {
    const view = await openLeaseView(paths.workDir);
    try {
      const table = loadMatching(view, subject);
      const state = readState(paths.configFile, table);
      report = reportOn({ table, state, isRunning: false, now: storedNow(view), iso: isoTime }, subject);
    } finally {
      await view.close();
    }
  } catch (error) {
    return complain(readingFailure(error, paths.workDir));
  }
  process.stderr.write(`no dibbler-server runs in ${paths.workDir}: this is what it has stored\n`);
  process.stdout.write(asJson ? jsonText(report) : `${reportText(report, localTime)}\n`);
  return 0;
}

/** A table with the leases that the report is about, and no others. */
function loadMatching(view: LeaseView, subject: Subject): LeaseTable {
  const table = createLeaseTable({ seed: new Uint8Array(16) });
  const prefix = prefixOfSubject(subject);
  const client: Duid | undefined = subject.by === "client" ? subject.client : undefined;
  view.load((id, octets, from, to) => {
    const record = octets.subarray(from, to);
    const lease = decodeRecord(record);
    if (lease === undefined) return;
    const isIt = client === undefined || sameDuid(lease.duid, client);
    if (isIt && (prefix === undefined || overlaps(prefix, lease.prefix))) table.setRecord(id, record);
  });
  return table;
}

/** Without keys: nothing is allocated or signed with it. */
function readState(configFile: string, table: LeaseTable): ServerState | undefined {
  const config = readConfig(configFile);
  if (config === undefined) return undefined;
  const interfaces = interfaceIndexes();
  const none = new Uint8Array(16);
  return createServerState({
    config,
    duid: duid(none),
    table,
    secret: none,
    interfaces,
    epoch: 0,
    hmacMd5: () => none,
  });
}

function readConfig(configFile: string): ServerConfig | undefined {
  try {
    const { config } = parseServerConfig(readText(configFile));
    if (config !== undefined) return config;
    process.stderr.write(`${configFile} has errors, so pools are not told; see dibbler-server check\n`);
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}; pools are not told\n`);
  }
  return undefined;
}

function complain(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 1;
}
