import type { LeaseChange } from "./changes.js";
import type { Journal, JournalEntry } from "./journal.js";
import type { LeaseId } from "./lease.js";
import type { OwedChange } from "./owed.js";

/**
 * Is given a record: `octets` from `from` (inclusive) to `to` (exclusive), good for the time of the call.
 * There may be a million of them, and an array for each costs as much as reading it.
 */
export type VisitRecord = (id: LeaseId, octets: Uint8Array, from: number, to: number) => void;

/** What can be read of a store, also by another process while a server writes to it. */
export interface LeaseView {
  /** Calls `visit` for every stored lease, ids ascending. */
  load(visit: VisitRecord): void;

  /** The record as committed, a copy; `undefined` when there is none. */
  read(id: LeaseId): Uint8Array | undefined;

  /**
   * A small named value kept beside the leases (server DUID, secrets, ...), a copy; `undefined` when there
   * is none.
   */
  meta(name: string): Uint8Array | undefined;

  /** Waits for what is under way, then lets go of everything. Only `close` may be called afterwards. */
  close(): Promise<void>;
}

/** Where leases outlive the program. Every implementation passes test/contract/lease-store.test.ts. */
export interface LeaseStore extends LeaseView {
  /**
   * Applies the changes in order, all of them or none, refused ones apart; commits take effect in the order
   * of the calls. Resolves when they are durable, to the ids that were refused because another server won
   * (none for a store of our own). Rejects when the system fails: then none of them counts. Records must
   * not change meanwhile. What is `owed` is noted with them, and what has happened entered in the journal,
   * also when some are refused.
   */
  commit(
    changes: readonly LeaseChange[],
    owed?: readonly OwedChange[],
    entries?: readonly JournalEntry[],
  ): Promise<readonly LeaseId[]>;

  /**
   * As `commit` of the change that `changeOf` gives for each id, for more of them than are to be in memory at
   * once: it is asked twice. Nothing else happens in the process meanwhile.
   */
  commitMany(ids: readonly LeaseId[], changeOf: (id: LeaseId) => LeaseChange): Promise<void>;

  /** Calls `visit` for every call that is owed, numbers ascending. The octets belong to the receiver. */
  owed(visit: (number: number, call: Uint8Array) => void): void;

  /** What the journal has, as committed. */
  readonly journal: Journal;

  /** Sets a named value, or removes it; resolves when that is durable. */
  setMeta(name: string, value: Uint8Array | undefined): Promise<void>;
}
