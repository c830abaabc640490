import { storedNow } from "../../shared/edge/boot-clock.js";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";

import { openLeaseView } from "../../shared/edge/lmdb-store.js";
import { isoTime, localTime } from "../../shared/edge/local-time.js";
import { openOutput, type Output } from "../../shared/edge/output.js";
import { readingFailure } from "../../shared/edge/store-sentence.js";
import type { Millis } from "../../shared/brand.js";
import type { LeaseId } from "../../shared/lease/lease.js";
import { decodeRecord } from "../../shared/lease/record.js";
import type { LeaseView } from "../../shared/lease/store.js";
import { isListed, type LeaseFilter, readFilter } from "../lease-filter.js";
import { leaseColumns, type Tally, tallyText } from "../lease-list.js";
import { leaseRow, type LeaseRow, STORED_STATES } from "../lease-row.js";
import { createPrefixOrder } from "../prefix-order.js";

import { createTable, type TextTable } from "../../shared/text-table.js";

/** What it takes. */
export const leasesDeclaration = {
  name: "dibbler-server leases",
  describe: "list the leases that are stored, in the order of their prefixes, whether the server runs or not",
  words: {},
  options: {
    json: { type: "boolean", describe: "one JSON object a line, for programs" },
    client: { type: "string", describe: "only leases of the client with this DUID" },
    prefix: { type: "string", describe: "only leases inside this prefix or around it; an address will do" },
    state: { type: "string", many: true, choices: STORED_STATES, describe: "only leases in this state" },
    interface: { type: "string", many: true, describe: "only leases of clients on this interface or link" },
    type: {
      type: "string",
      many: true,
      choices: ["pd", "na", "ta"],
      describe: "only prefixes, or addresses",
    },
    wide: { type: "boolean", describe: "all columns, however narrow the terminal is" },
  },
  examples: [
    ["dibbler-server leases --prefix 2001:db8:1234::/48", "what is delegated of a prefix"],
    ["dibbler-server leases --state expired", "what ran out while no server was there to end it"],
    ["dibbler-server leases --json | jq -r .prefix", "for programs"],
  ],
  notes:
    "States: bound; expired: over, the server ends it as soon as it runs; resting: over, kept for its client " +
    "(quarantine, or withdrawn by a new configuration); declined: an address that somebody else uses. Offers are not stored: see show.",
} as const satisfies CommandDeclaration;

/** Rows by which the widths of the columns are settled. */
const SAMPLE = 1000;

/** Lists the stored leases. Gives the exit status. */
export async function runLeases(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(leasesDeclaration, words);
  if (typeof args === "number") return args;
  const filter = readFilter({
    client: args.text("client"),
    prefix: args.text("prefix"),
    states: args.texts("state"),
    interfaces: args.texts("interface"),
    types: args.texts("type"),
  });
  if (typeof filter === "string") return complain(filter);
  try {
    const view = await openLeaseView(paths.workDir);
    try {
      return await list(view, filter, args.flag("json") ? "json" : args.flag("wide") ? "wide" : "table");
    } finally {
      await view.close();
    }
  } catch (error) {
    return complain(readingFailure(error, paths.workDir));
  }
}

/** What is gathered on a first walk are the ids only: a million leases are read again one by one. */
async function list(view: LeaseView, filter: LeaseFilter, form: "json" | "wide" | "table"): Promise<number> {
  const now = storedNow(view);
  const order = createPrefixOrder();
  let unreadable = 0;
  view.load((id, octets, from, to) => {
    const lease = decodeRecord(octets.subarray(from, to));
    if (lease === undefined) unreadable += 1;
    else if (isListed(lease, filter, now)) order.add(id, lease.prefix);
  });
  const tally: Tally = new Map();
  const rows = rowsOf(view, order.sorted(), filter, now, tally);
  const output = openOutput(process.stdout);
  const isRead = form === "json" ? await printJson(rows, output) : await printTable(rows, output, form);
  if (unreadable > 0) complain(`${unreadable} record(s) of the lease database cannot be read`);
  if (isRead && form !== "json") process.stderr.write(`${tallyText(tally, isFilter(filter))}\n`);
  return 0;
}

/** A running server may have changed a lease since the first walk; what is unwanted by now is left out. */
function* rowsOf(
  view: LeaseView,
  ids: Iterable<LeaseId>,
  filter: LeaseFilter,
  now: Millis,
  tally: Tally,
): Generator<LeaseRow> {
  for (const id of ids) {
    const record = view.read(id);
    const lease = record && decodeRecord(record);
    if (lease === undefined || !isListed(lease, filter, now)) continue;
    const row = leaseRow(lease, now, isoTime);
    tally.set(row.state, (tally.get(row.state) ?? 0) + 1);
    yield row;
  }
}

async function printJson(rows: Iterable<LeaseRow>, output: Output): Promise<boolean> {
  for (const row of rows) if (!(await output.line(JSON.stringify(row)))) return false;
  return await output.end();
}

async function printTable(
  rows: Iterator<LeaseRow, unknown>,
  output: Output,
  form: "wide" | "table",
): Promise<boolean> {
  const sample: LeaseRow[] = [];
  while (sample.length < SAMPLE) {
    const next = rows.next();
    if (next.done === true) break;
    sample.push(next.value);
  }
  if (sample.length === 0) return true;
  const table = createTable(
    leaseColumns(localTime),
    sample,
    form === "wide" ? Infinity : roomOf(process.stdout),
  );
  await output.line(table.header);
  for (const row of sample) if (!(await output.line(table.line(row)))) return false;
  for (let next = rows.next(); next.done !== true; next = rows.next()) {
    if (!(await output.line(table.line(next.value)))) return false;
  }
  const isRead = await output.end();
  if (table.omitted.length > 0) process.stderr.write(`${omittedText(table)}\n`);
  return isRead;
}

/** Columns of a terminal; a serial console may say 0, which is not known. */
const roomOf = ({ isTTY, columns }: NodeJS.WriteStream): number =>
  isTTY && columns > 0 ? columns : Infinity;

const omittedText = ({ omitted }: TextTable<LeaseRow>): string =>
  `no room for the columns ${omitted.join(", ")}; see --wide`;

const isFilter = ({ client, prefix, states, interfaces, types }: LeaseFilter): boolean =>
  client !== undefined || prefix !== undefined || states.length + interfaces.length + types.length > 0;

function complain(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 1;
}
