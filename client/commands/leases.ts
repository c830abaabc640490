import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { findRunning } from "../../shared/edge/daemon.js";
import { sentenceOf } from "../../shared/edge/errors.js";
import { localTime } from "../../shared/edge/local-time.js";
import { createTable } from "../../shared/text-table.js";
import { type ClientLeaseRow, leaseColumns, tallyText } from "../lease-rows.js";
import { readLeases } from "./stored.js";

/** What it takes. */
export const leasesDeclaration = {
  name: "dibbler-client leases",
  describe: "list the prefixes and addresses that this client has, whether it runs or not",
  words: {},
  options: {
    json: { type: "boolean", describe: "one JSON object a line, for programs" },
    wide: { type: "boolean", describe: "all columns, however narrow the terminal is" },
  },
  examples: [
    ["dibbler-client leases", "of the client in /var/lib/dibbler"],
    ["dibbler-client leases -w /var/lib/neutron/pd/...", "of the client in another directory"],
    ["dibbler-client leases --json | jq -r .prefix", "for programs"],
  ],
  notes:
    "States: bound; renewing: T1 is over, the server that granted it is asked; rebinding: T2 is over, every server " +
    "is asked; expired: over, the client gives it up as soon as it runs. RENEW and REBIND are T1 and T2.",
} as const satisfies CommandDeclaration;

/** Lists what is stored; gives the exit status. */
export async function runLeases(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(leasesDeclaration, words);
  if (typeof args === "number") return args;
  try {
    const rows = readLeases(paths);
    if (typeof rows === "string") return complain(rows);
    if (args.flag("json")) {
      for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
      return 0;
    }
    printTable(rows, args.flag("wide"));
    process.stderr.write(`${tallyText(rows)}; ${runningText(paths)}\n`);
    return 0;
  } catch (error) {
    return complain(sentenceOf(error));
  }
}

function printTable(rows: readonly ClientLeaseRow[], isWide: boolean): void {
  if (rows.length === 0) return;
  const { isTTY, columns } = process.stdout;
  // A serial console may say 0, which is not known.
  const room = !isWide && isTTY && columns > 0 ? columns : Infinity;
  const table = createTable(leaseColumns(localTime), rows, room);
  process.stdout.write(`${[table.header, ...rows.map(table.line)].join("\n")}\n`);
  if (table.omitted.length > 0) {
    process.stderr.write(`no room for the columns ${table.omitted.join(", ")}; see --wide\n`);
  }
}

function runningText(paths: Paths): string {
  const { pid } = findRunning("client", paths);
  return pid === null
    ? `no dibbler-client runs in ${paths.workDir}: this is what it has stored`
    : `dibbler-client runs with pid ${pid}`;
}

function complain(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 1;
}
