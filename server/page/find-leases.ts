import type { Millis } from "../../shared/brand.js";
import { formatDuid } from "../../shared/duid.js";
import { type Lease, type LeaseId, leaseId } from "../../shared/lease/lease.js";
import { masked, overlaps, parseIp6, parsePrefix, sameIp6 } from "../../shared/prefix.js";
import { type IsoTime, type LeaseRow, leaseRow, type ShownState, shownState } from "../lease-row.js";
import type { ServerState } from "../state.js";
import { numberIn, textIn, wordIn } from "./query.js";

/** Which leases somebody wants to see, from which number on. */
export interface LeasesAsked {
  readonly matches: (lease: Lease) => boolean;
  readonly state: ShownState | undefined;
  readonly from: LeaseId;
}

/** Some leases, the number to go on from (null when these are the last), and how many there are in all. */
export interface LeasePage {
  readonly rows: readonly LeaseRow[];
  readonly next: number | null;
  /** Also before and after these. */
  readonly matching: number;
  readonly of: number;
}

/** Leases in one answer. */
export const PAGE_ROWS = 200;
/** Leases looked at between two pauses. */
const SLICE = 256;
const STATES = ["bound", "expired", "offered", "resting", "declined"] as const satisfies ShownState[];
const HIGHEST_ID = 2 ** 32;

/**
 * Reads `query` (a prefix, an address, a DUID or a part of it, or a part of an interface's name), `state` and
 * `after` (the `next` of the answer before).
 */
export function readLeasesQuery(query: URLSearchParams): LeasesAsked | string {
  const found = textIn(query, "query");
  if ("error" in found) return found.error;
  const state = wordIn(query, "state", STATES);
  if ("error" in state) return state.error;
  const after = numberIn(query, "after", HIGHEST_ID);
  if (typeof after === "string") return after;
  return { matches: matcher(found.text), state: state.word, from: leaseId(after ?? 0) };
}

/** A text may be read in more than one way: eight octets of a DUID look like an address. */
function matcher(text: string): (lease: Lease) => boolean {
  if (text === "") return () => true;
  const lower = text.toLowerCase();
  const prefix = parsePrefix(text);
  if (prefix !== undefined) {
    const wanted = masked(prefix);
    return (lease) => overlaps(wanted, lease.prefix);
  }
  const address = parseIp6(text);
  const isOctets = /^[0-9a-f]{2}(:[0-9a-f]{2})*:?$/.test(lower);
  return ({ prefix: own, clientAddress, trail, duid, interfaceName }) =>
    (address !== undefined &&
      (overlaps({ address, length: 128 }, own) ||
        sameIp6(address, clientAddress) ||
        (trail !== undefined && sameIp6(address, trail.relay)))) ||
    (isOctets && formatDuid(duid).includes(lower)) ||
    interfaceName.toLowerCase().includes(lower);
}

/** Looks through all leases, and yields now and then. */
export function* findLeases(
  { ledger: { table } }: ServerState,
  { matches, state, from }: LeasesAsked,
  now: Millis,
  iso: IsoTime,
): Generator<undefined, LeasePage> {
  const rows: LeaseRow[] = [];
  let next: number | null = null;
  let matching = 0;
  for (let begin = 0; begin < table.idLimit(); begin += SLICE) {
    for (const id of table.idsIn(begin, begin + SLICE)) {
      const known = { state: table.stateOf(id), until: table.untilOf(id) };
      if (state !== undefined && shownState(known, now) !== state) continue;
      const lease = table.read(id);
      if (!matches(lease)) continue;
      matching += 1;
      if (id < from) continue;
      if (rows.length < PAGE_ROWS) rows.push(leaseRow(lease, now, iso));
      else next ??= id;
    }
    yield;
  }
  return { rows, next, matching, of: table.size };
}
