import { deepEqual } from "node:assert/strict";
import type { Lease } from "../../shared/lease/lease.js";
import { decodeRecord } from "../../shared/lease/record.js";
import { formatPrefix, masked, overlaps } from "../../shared/prefix.js";
import { pieceAt } from "../../server/pool.js";
import type { Rig } from "./rig.js";

/**
 * Throws unless table, store and marks of the pools agree: no lease overlaps another, what is bound is what
 * is stored, and what is neither is an offer.
 */
export function checkTable(rig: Rig): void {
  const all = leases(rig);
  const wrong: string[] = [];
  all.forEach((lease, i) => {
    const text = formatPrefix(lease.prefix);
    if (masked(lease.prefix) !== lease.prefix) wrong.push(`${text} has host bits`);
    for (const other of all.slice(i + 1)) {
      if (overlaps(lease.prefix, other.prefix)) wrong.push(`${text} overlaps ${formatPrefix(other.prefix)}`);
    }
  });
  const kept = all.filter(({ state }) => state !== "offered");
  const texts = kept.map(({ iaid, prefix, valid }) => `${iaid} ${formatPrefix(prefix)} ${valid}`);
  deepEqual({ wrong, store: stored(rig).toSorted() }, { wrong: [], store: texts.toSorted() });
  deepEqual(rig.state.ledger.offers.size(), all.length - kept.length, "offers");
  checkPools(rig);
}

/** Every lease and offer of the table. */
export function leases({ table }: Rig): Lease[] {
  const all: Lease[] = [];
  table.forEach((id) => all.push(table.read(id)));
  return all;
}

/** Every lease of the store, as text. */
export const stored = ({ records }: Rig): readonly string[] =>
  [...records.values()].map((record) => {
    const lease = decodeRecord(record);
    return lease === undefined ? "unreadable" : `${lease.iaid} ${formatPrefix(lease.prefix)} ${lease.valid}`;
  });

/** The bitmaps of the pools say what the table says. */
function checkPools({ state, table }: Rig): void {
  const wrong: string[] = [];
  for (const pool of state.network.pools) {
    const { taken } = pool;
    for (let i = 0; taken !== undefined && i < taken.size; i++) {
      const piece = pieceAt(pool, i);
      const isFree = table.holder(piece) === undefined;
      if (isFree !== (taken.nextFree(i) === i)) wrong.push(`${formatPrefix(piece)} free: ${isFree}`);
    }
  }
  deepEqual(wrong, []);
}
