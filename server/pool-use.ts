import type { LeaseState } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { holds, type Pool } from "./pool.js";
import type { ServerState } from "./state.js";

/** What is taken of one pool; `free` is what nobody has, in pieces of the pool's length. */
export interface PoolUse {
  /** E.g. `2001:db8::/40`, or `A-B` for addresses. */
  readonly pool: string;
  /** Of the pieces. */
  readonly length: number;
  readonly size: number;
  readonly leases: Readonly<Record<LeaseState, number>>;
  readonly free: number;
}

/** Use of all pools, and of what is leased outside of them. */
export interface Use {
  readonly pools: readonly PoolUse[];
  readonly elsewhere: Readonly<Record<LeaseState, number>>;
}

/** Leases looked at between two pauses. */
const SLICE = 500;

/**
 * Counts the leases of each pool, and yields now and then, for there may be a million. What changes meanwhile
 * may be counted or not.
 */
export function* countUse({ ledger, network }: ServerState): Generator<undefined, Use> {
  const { table } = ledger;
  const counted = network.pools.map((pool) => ({ pool, leases: none() }));
  const elsewhere = none();
  let last: (typeof counted)[number] | undefined;
  for (let from = 0; from < table.idLimit(); from += SLICE) {
    for (const id of table.idsIn(from, from + SLICE)) {
      const prefix = table.prefixOf(id);
      // Neighbours by number mostly are neighbours in the pool.
      if (last === undefined || !holds(last.pool, prefix))
        last = counted.find(({ pool }) => holds(pool, prefix));
      (last?.leases ?? elsewhere)[table.stateOf(id)] += 1;
    }
    yield;
  }
  return { pools: counted.map(({ pool, leases }) => useOf(pool, leases)), elsewhere };
}

function useOf(pool: Pool, leases: Record<LeaseState, number>): PoolUse {
  const taken = leases.bound + leases.offered + leases.resting + leases.declined;
  const { count: size, length } = pool;
  return { pool: poolText(pool), length, size, leases, free: Math.max(0, size - taken) };
}

/** E.g. `2001:db8::/40`, or `A-B`. */
export const poolText = ({ aligned, block, range }: Pool): string =>
  aligned ? formatPrefix(block) : `${formatIp6(range.first)}-${formatIp6(range.last)}`;

const none = (): Record<LeaseState, number> => ({ bound: 0, offered: 0, resting: 0, declined: 0 });
