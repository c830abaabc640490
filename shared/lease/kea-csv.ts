import { iaid, INFINITY, millis, type Millis, seconds, toMillis } from "../brand.js";
import { parseDuid } from "../duid.js";
import { isUnspecified, parseIp6 } from "../prefix.js";
import { DECLINED_DUID } from "./addrmgr-text.js";
import { parseU32 } from "./decimal.js";
import type { ForeignLease, ForeignReader, ForeignSink, ReadTimes } from "./foreign.js";
import type { IaType } from "./lease.js";
import { createLineSplitter } from "./lines.js";

/** Columns without which a row says nothing; Kea adds others from version to version. */
const NEEDED = ["address", "duid", "valid_lifetime", "expire", "lease_type", "iaid", "prefix_len"] as const;
/** Kea's numbers for types of leases. */
const TYPES: Readonly<Record<string, IaType>> = { "0": "na", "1": "ta", "2": "pd" };
/**
 * Kea's numbers for states; what is not among them is over (2 reclaimed, 3 released) or registered only (4).
 */
const STATES: Readonly<Record<string, ForeignLease["state"]>> = {
  "": "bound",
  "0": "bound",
  "1": "declined",
};

/**
 * Reads Kea's `kea-leases6.csv` of its memfile backend, of any version: columns are told by the first line.
 * Later rows override earlier ones for the same address; leases are told when the file is over. It says
 * nothing of where clients are, nor T1 and T2: these are taken to be a half and four fifths of the preferred
 * lifetime.
 */
export function createKeaReader(sink: ForeignSink, { now }: ReadTimes): ForeignReader {
  const rows = new Map<string, Row | undefined>();
  let columns: readonly string[] | undefined;
  let isBroken = false;

  function take(text: string, line: number): void {
    if (isBroken || text.trim() === "") return;
    if (columns !== undefined) {
      takeRow(text, line, columns);
      return;
    }
    columns = text.split(",").map((name) => name.trim());
    const missing = NEEDED.find((name) => columns?.includes(name) !== true);
    if (missing === undefined) return;
    isBroken = true;
    sink.passage({ line, kind: "unreadable", text: `there is no column ${missing}: no kea-leases6.csv` });
  }

  function takeRow(text: string, line: number, names: readonly string[]): void {
    const fields = text.split(",");
    const field = fieldOf(fields, names);
    const lease = fields.length > names.length ? "columns" : readRow(field, line, now);
    if (typeof lease === "object") {
      const key = `${lease.iaType} ${field("address")}/${lease.prefix.length}`;
      rows.delete(key);
      rows.set(key, lease.valid > 0 ? { text, line } : undefined);
    } else if (lease === "over") rows.set(overKey(field), undefined);
    else sink.passage({ line, kind: "unreadable", text: WHY[lease] });
  }

  function tell({ text, line }: Row, names: readonly string[]): void {
    const lease = readRow(fieldOf(text.split(","), names), line, now);
    if (typeof lease === "object") sink.lease(lease);
  }

  const lines = createLineSplitter(take);
  return {
    push: lines.push,
    end() {
      lines.end();
      if (columns === undefined)
        sink.passage({ line: 0, kind: "unreadable", text: "there is nothing in it" });
      for (const row of rows.values()) if (row !== undefined) tell(row, columns ?? []);
      rows.clear();
    },
  };
}

/** A row that is in force as far as the file is read: as text, for a million read ones take a gigabyte. */
interface Row {
  readonly text: string;
  readonly line: number;
}

type Field = (name: string) => string;

const fieldOf =
  (fields: readonly string[], names: readonly string[]): Field =>
  (name) =>
    fields[names.indexOf(name)]?.trim() ?? "";

type Refusal = "columns" | "type" | "address" | "length" | "duid" | "number";

const WHY: Readonly<Record<Refusal, string>> = {
  columns: "a row with more columns than the first line has",
  type: "a lease_type that is not 0, 1 or 2",
  address: "a row without an IPv6 address",
  length: "a prefix without a length from 1 to 128",
  duid: "a row without a DUID of 3 to 130 octets",
  number: "a row whose lifetimes, expire or iaid are no numbers",
};

const overKey = (field: Field): string =>
  `${TYPES[field("lease_type")] ?? "pd"} ${field("address")}/${field("prefix_len")}`;

function readRow(field: Field, line: number, now: Millis): ForeignLease | Refusal | "over" {
  const iaType = TYPES[field("lease_type")];
  if (iaType === undefined) return "type";
  const address = parseIp6(field("address"));
  if (address === undefined || isUnspecified(address)) return "address";
  const length = iaType === "pd" ? parseU32(field("prefix_len")) : 128;
  if (length === undefined || length < 1 || length > 128) return "length";
  const state = STATES[field("state")];
  if (state === undefined) return "over";
  // Kea forgets whose a declined address was.
  const duid = state === "declined" ? DECLINED_DUID : parseDuid(field("duid"));
  if (duid === undefined) return "duid";
  const numbers = ["valid_lifetime", "expire", "iaid"].map((name) => parseU32(field(name)));
  const [valid, expire, id] = numbers;
  if (valid === undefined || expire === undefined || id === undefined) return "number";
  const preferred = Math.min(parseU32(field("pref_lifetime")) ?? 0, valid);
  const endless = valid === INFINITY;
  const until = millis(endless ? Infinity : Number(field("expire")) * 1000);
  return {
    line,
    iaType,
    duid,
    iaid: iaid(id),
    prefix: { address, length },
    state,
    preferred: seconds(preferred),
    valid: seconds(valid),
    t1: seconds(preferred * 0.5),
    t2: seconds(preferred * 0.8),
    since: endless ? now : millis(Math.min(until - toMillis(seconds(valid)), now)),
    until,
    interfaceName: undefined,
    interfaceIndex: undefined,
    nextHop: undefined,
    key: undefined,
  };
}
