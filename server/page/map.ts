import type { LeaseState } from "../../shared/lease/lease.js";
import {
  compareIp6,
  containsPrefix,
  formatPrefix,
  inRange,
  masked,
  overlaps,
  parsePrefix,
  type Prefix,
  rangeOf,
} from "../../shared/prefix.js";
import { quote } from "../../shared/config/diagnostics.js";
import { type Pool, readBits, sharedBits } from "../pool.js";
import { poolText } from "../pool-use.js";
import type { ServerState } from "../state.js";
import { numberIn } from "./query.js";

/** A part of a pool that somebody wants to see. */
export interface MapAsked {
  readonly pool: Pool;
  readonly within: Prefix;
}

/**
 * A part of a pool in up to 65,536 cells, in the order of their addresses. With `pieces` each cell is what
 * one client gets, and its octet a `CELL`; with `blocks` it is a part of the pool, and its octet says how
 * much of it is taken: 0 nothing, 1 to 199 something, 200 all.
 */
export interface PoolMap {
  readonly pool: string;
  /** All that can be seen of the pool, and what is seen now. */
  readonly root: string;
  readonly within: string;
  /** Length of a cell, and of what one client gets. */
  readonly length: number;
  readonly pieceLength: number;
  readonly kind: "pieces" | "blocks";
  readonly cells: Uint8Array;
}

/** Octets of cells. */
export const CELL: Readonly<Record<LeaseState | "free" | "outside", number>> = {
  free: 0,
  offered: 1,
  bound: 2,
  resting: 3,
  declined: 4,
  outside: 255,
};
/** The octet of a block without a free piece. */
export const FULL = 200;

/** Bits of a prefix that cells are told apart by, at most. */
const BITS = 16;
/** Leases, and cells, looked at between two pauses. */
const SLICE = 256;
const CELLS_SLICE = 4096;

/** The least prefix that has all of the pool. */
const rootOf = ({ range: { first, last } }: Pool): Prefix =>
  masked({ address: first, length: sharedBits(first, last) });

/** Reads `pool` (its number, the first when it is not given) and `within` (a prefix of the pool). */
export function readMapQuery(query: URLSearchParams, pools: readonly Pool[]): MapAsked | string {
  if (pools.length === 0) return "no pool is configured";
  const index = numberIn(query, "pool", pools.length - 1);
  if (typeof index === "string") return index;
  const pool = pools[index ?? 0];
  if (pool === undefined) return "no such pool";
  const root = rootOf(pool);
  const text = query.get("within");
  if (text === null) return { pool, within: root };
  const parsed = parsePrefix(text);
  if (parsed === undefined) return `within: ${quote(text)} is no prefix such as 2001:db8::/56`;
  const within = masked(parsed);
  if (!containsPrefix(root, within) || within.length > pool.length) {
    return `within: ${formatPrefix(within)} is not a part of ${formatPrefix(root)} of /${pool.length} or shorter`;
  }
  return { pool, within };
}

/** Draws it, and yields now and then, for there may be a million leases. */
export function* drawMap({ ledger }: ServerState, asked: MapAsked): Generator<undefined, PoolMap> {
  const { pool, within } = asked;
  const { table } = ledger;
  const length = Math.min(pool.length, within.length + BITS);
  const kind = length === pool.length ? "pieces" : "blocks";
  const states = new Uint8Array(2 ** (length - within.length));
  const taken = new Float64Array(kind === "blocks" ? states.length : 0);
  const perCell = 2 ** (pool.length - length);
  for (let from = 0; from < table.idLimit(); from += SLICE) {
    for (const id of table.idsIn(from, from + SLICE)) {
      const prefix = table.prefixOf(id);
      if (!overlaps(within, prefix)) continue;
      const first = prefix.length > within.length ? readBits(prefix.address, within.length, length) : 0;
      const above = Math.max(0, prefix.length - within.length);
      const count = prefix.length >= length ? 1 : states.length / 2 ** above;
      if (kind === "pieces") states.fill(CELL[table.stateOf(id)], first, first + count);
      else {
        const pieces = Math.min(perCell, Math.max(1, 2 ** (pool.length - prefix.length)));
        for (let cell = first; cell < first + count; cell++) taken[cell] = (taken[cell] ?? 0) + pieces;
      }
    }
    yield;
  }
  for (let from = 0; from < taken.length; from += CELLS_SLICE) {
    const end = Math.min(taken.length, from + CELLS_SLICE);
    for (let cell = from; cell < end; cell++) states[cell] = fillOf((taken[cell] ?? 0) / perCell);
    yield;
  }
  markOutside(states, pool, within, length);
  return {
    ...{ pool: poolText(pool), root: formatPrefix(rootOf(pool)), within: formatPrefix(within) },
    ...{ length, pieceLength: pool.length, kind, cells: states },
  };
}

/** Only what is wholly taken looks full, and only what is wholly free empty. */
function fillOf(share: number): number {
  if (share <= 0 || share >= 1) return share <= 0 ? 0 : FULL;
  return Math.max(1, Math.min(FULL - 1, Math.floor(share * FULL)));
}

/** A range of addresses need not begin or end with a prefix. */
function markOutside(cells: Uint8Array, { range, aligned }: Pool, within: Prefix, length: number): void {
  if (aligned) return;
  const { first, last } = rangeOf(within);
  const begin = compareIp6(range.first, first) <= 0 ? 0 : readBits(range.first, within.length, length);
  const end =
    compareIp6(range.last, last) >= 0 ? cells.length : readBits(range.last, within.length, length) + 1;
  const isApart = !inRange(range, first) && !inRange(range, last) && !inRange({ first, last }, range.first);
  cells.fill(CELL.outside, 0, isApart ? cells.length : begin);
  cells.fill(CELL.outside, end);
}
