import { type Millis, millis } from "../shared/brand.js";
import { changeFor, type LeaseChange, restore } from "../shared/lease/changes.js";
import type { Lease, LeaseId } from "../shared/lease/lease.js";
import { decodeRecord } from "../shared/lease/record.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { appended } from "../shared/lists.js";
import type { Prefix } from "../shared/prefix.js";
import { createIdQueue, type IdQueue } from "./id-queue.js";
import type { Network } from "./links.js";
import { comeFree, pieceAt, piecesIn, type Pool } from "./pool.js";

/**
 * The lease table together with what has to follow it: which pieces of the pools are taken, and which
 * offers are out. Everything in the server that changes a lease goes through here.
 */
export interface Ledger {
  readonly table: LeaseTable;
  /** Of the configuration that holds; see `changePools`. */
  pools: readonly Pool[];
  /** Ids of the offers that are out, oldest first. */
  readonly offers: IdQueue;
  /** Those of them that are of what rested for their binding: no limit stands against them. */
  readonly again: IdQueue;
  /** Offers that went before their time because there were too many. */
  evicted: number;
  /** Leases changed since the last `takeChanges`, in order. */
  readonly touched: IdQueue;
}

/** Milliseconds that an Advertise keeps its prefixes from other clients. */
export const OFFER_MILLIS: Millis = millis(60_000);
/**
 * Offers in memory; when one more is made the oldest goes, so that a flood of Solicits costs some 16 MB at
 * most.
 */
export const OFFER_LIMIT = 65_536;

/** A ledger over a table that the stored leases have been loaded into. */
export function createLedger(table: LeaseTable, network: Pick<Network, "pools">): Ledger {
  const ledger: Ledger = {
    table,
    pools: [],
    offers: createIdQueue(),
    again: createIdQueue(),
    evicted: 0,
    touched: createIdQueue(),
  };
  changePools(ledger, network.pools);
  return ledger;
}

/** These are the pools from now on; of those that are new what is leased or offered is marked. */
export function changePools(ledger: Ledger, pools: readonly Pool[]): void {
  const { table } = ledger;
  const added = pools.filter((pool) => !ledger.pools.includes(pool));
  for (const pool of added) table.watchLength(pool.length);
  const withBits = added.filter(({ taken }) => taken !== undefined);
  if (withBits.length > 0) {
    table.forEach((id) => {
      mark(withBits, table.prefixOf(id));
    });
  }
  // What was reserved may be free now.
  for (const pool of pools) pool.round = undefined;
  ledger.pools = pools;
}

/**
 * Who has these prefixes is found out anew when somebody seeks: seekers have marked what was reserved, and
 * perhaps it is no longer.
 */
export function lookAgain({ pools }: Ledger, prefixes: Iterable<Prefix>): void {
  for (const prefix of prefixes) {
    for (const pool of pools) {
      const range = pool.taken === undefined ? undefined : piecesIn(pool, prefix);
      if (range !== undefined) pool.taken?.clear(range.from, range.to);
    }
  }
}

/** True when no lease and no offer has an address in common with the prefix. */
export const isFree = (ledger: Ledger, prefix: Prefix): boolean => ledger.table.holder(prefix) === undefined;

/** Enters a lease or an offer of a prefix that is free. */
export function enter(ledger: Ledger, lease: Lease): LeaseId {
  const id = ledger.table.put(lease);
  mark(ledger.pools, lease.prefix);
  note(ledger, id, lease);
  return id;
}

/** Puts `lease` in the place of what is under `id`; its prefix must be the same. */
export function amend(ledger: Ledger, id: LeaseId, lease: Lease): void {
  ledger.offers.delete(id);
  ledger.again.delete(id);
  ledger.table.replace(id, lease);
  note(ledger, id, lease);
}

/** Removes a lease or offer; its prefix is free afterwards. */
export function remove(ledger: Ledger, id: LeaseId): void {
  const { table, pools, offers, again, touched } = ledger;
  const prefix = pools.some(isToHear) ? table.prefixOf(id) : undefined;
  again.delete(id);
  if (!offers.delete(id)) touched.add(id);
  table.remove(id);
  if (prefix !== undefined) unmark(ledger, prefix);
}

const NO_CHANGES: readonly LeaseChange[] = [];

/** What the store has to do to know what the table knows, since the last call. */
export function takeChanges({ table, touched }: Ledger): readonly LeaseChange[] {
  let changes: LeaseChange[] | undefined;
  for (let id = touched.take(); id !== undefined; id = touched.take()) {
    changes = appended(changes, changeFor(table, id));
  }
  return changes ?? NO_CHANGES;
}

/**
 * Takes back changes that the store refused or failed to make: afterwards the ledger says of these leases
 * what the store says. All of them are emptied first, so that a prefix can go back to its former holder, and
 * offers that have been made of it meanwhile end. If a later commit has given the prefix to somebody else for
 * good, the former lease stays out, and the store is told at the next commit.
 */
export function revert(
  ledger: Ledger,
  ids: Iterable<LeaseId>,
  read: (id: LeaseId) => Uint8Array | undefined,
): void {
  const { table, touched } = ledger;
  const all = [...new Set(ids)];
  for (const id of all) if (table.has(id)) remove(ledger, id);
  while (touched.size() > 0) touched.take();
  for (const id of all) {
    const record = read(id);
    const lease = record === undefined ? undefined : decodeRecord(record);
    if (lease !== undefined && !makeWay(ledger, lease.prefix)) {
      touched.add(id);
      continue;
    }
    restore(table, id, record);
    if (table.has(id)) mark(ledger.pools, table.prefixOf(id));
  }
}

/** Ends the offers that have an address in common with the prefix; false when a lease has. */
function makeWay(ledger: Ledger, prefix: Prefix): boolean {
  const { table, offers } = ledger;
  for (let id = table.holder(prefix); id !== undefined; id = table.holder(prefix)) {
    if (!offers.has(id)) return false;
    remove(ledger, id);
  }
  return true;
}

/** Records what follows from `lease` standing under `id`. */
function note(ledger: Ledger, id: LeaseId, lease: Lease): void {
  if (lease.state !== "offered") {
    ledger.touched.add(id);
    return;
  }
  ledger.offers.add(id);
  if (ledger.offers.size() > OFFER_LIMIT) removeOldest(ledger);
}

function removeOldest(ledger: Ledger): void {
  const oldest = ledger.offers.oldest();
  if (oldest !== undefined) remove(ledger, oldest);
  ledger.evicted += 1;
}

/** Marks the pieces that a new lease lies in or covers. */
function mark(pools: readonly Pool[], prefix: Prefix): void {
  for (const pool of pools) {
    const range = pool.taken === undefined ? undefined : piecesIn(pool, prefix);
    if (range !== undefined) pool.taken?.fill(range.from, range.to);
  }
}

/** True for a pool that has noted anything of what is taken of it. */
const isToHear = ({ taken, round }: Pool): boolean => taken !== undefined || round !== undefined;

/** Unmarks the pieces of a lease that has gone. A piece that holds other, longer leases stays marked. */
function unmark({ table, pools }: Ledger, prefix: Prefix): void {
  for (const pool of pools) {
    comeFree(pool, prefix);
    const range = pool.taken === undefined ? undefined : piecesIn(pool, prefix);
    if (range === undefined) continue;
    const shared = prefix.length > pool.length && table.holder(pieceAt(pool, range.from)) !== undefined;
    if (!shared) pool.taken?.clear(range.from, range.to);
  }
}
