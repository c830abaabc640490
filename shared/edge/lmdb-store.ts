import { join } from "node:path";
import type { LeaseChange } from "../lease/changes.js";
import type { JournalEntry } from "../lease/journal.js";
import { leaseId } from "../lease/lease.js";
import type { OwedChange } from "../lease/owed.js";
import type { LeaseStore, LeaseView, VisitRecord } from "../lease/store.js";
import { createGroupCommit, type Load } from "./group-commit.js";
import { entryCount, openToRead, openToWrite, type LeaseDatabases } from "./lmdb-open.js";
import { enterAll, openJournal, readJournal } from "./lmdb-journal.js";
import { applyOwed, openOwed, readOwed } from "./lmdb-owed.js";
import { openRoom } from "./lmdb-room.js";
import { damagedStore, emptiedStore, StoreError, storeErrorFrom } from "./store-error.js";
import {
  freeOctets,
  isEmptied,
  requireAccess,
  requireDatabase,
  requireDirectory,
  requireOwnFiles,
} from "./store-files.js";
import { lockFile } from "./store-lock.js";

/** More than a server that answers ever has in one commit. */
const BATCH_VALUES = 10_000;

/** Who is shown the leases of a store while it is opened. */
export interface LeaseVisitor {
  /** Called first, where that is known, with the number of leases that there are said to be. */
  readonly expect?: (leases: number) => void;
  readonly visit: VisitRecord;
}

/** Name of the server's lease database in its state directory. LMDB puts a `-lock` file beside it. */
export const LEASE_DATABASE = "server-leases.mdb";

/**
 * Opens (or makes) the lease database of a state directory, for this process alone. Rejects with a
 * StoreError.
 *
 * A commit is one LMDB transaction: pages, fdatasync, then the meta page through an O_DSYNC descriptor;
 * only then does it resolve. (`overlappingSync`, the default of the lmdb package, would make commits
 * visible before they are durable and leaves `flushed` unsettled for ever when the disk fails.)
 *
 * The visitor sees every stored lease, ids ascending, and faster than by `load`: while the file is looked at
 * before LMDB gets it. What it has seen counts only when the promise is fulfilled.
 */
export async function openLeaseStore(directory: string, visitor?: LeaseVisitor): Promise<LeaseStore> {
  const path = join(directory, LEASE_DATABASE);
  try {
    requireDirectory(directory);
    requireOwnFiles(path);
    const emptied = isEmptied(path);
    const lock = lockFile(path);
    try {
      if (emptied && isEmptied(path)) throw emptiedStore(path);
      requireAccess(path);
      return await openStore(path, visitor, lock.release);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw storeErrorFrom(error, path);
  }
}

const rowsFor = ({ expect, visit }: LeaseVisitor): Parameters<typeof openToWrite>[1] => ({
  ...(expect === undefined ? {} : { expect }),
  visit(key, octets, from, to) {
    visit(leaseId(key), octets, from, to);
  },
});

async function openStore(
  path: string,
  visitor: LeaseVisitor | undefined,
  release: () => void,
): Promise<LeaseStore> {
  const { databases, visited } = await openToWrite(path, visitor && rowsFor(visitor));
  try {
    const store = createStore(databases, path, release);
    if (visited !== undefined) requireAll(databases, path, visited);
    else if (visitor !== undefined) store.load(visitor.visit);
    return store;
  } catch (error) {
    await databases.env.close();
    throw error;
  }
}

/**
 * Opens the lease database of a state directory to read it, while a server may be using it. Rejects with a
 * StoreError.
 */
export async function openLeaseView(directory: string): Promise<LeaseView> {
  const path = join(directory, LEASE_DATABASE);
  try {
    requireDirectory(directory);
    requireOwnFiles(path);
    requireDatabase(path);
    requireAccess(path);
    return createView(await openToRead(path), path);
  } catch (error) {
    throw storeErrorFrom(error, path);
  }
}

function createStore(databases: LeaseDatabases, path: string, release: () => void): LeaseStore {
  const { env, leases, meta } = databases;
  const view = createView(databases, path);
  const owed = openOwed(env);
  const journal = openJournal(env);
  const entered = readJournal(journal);
  const room = openRoom(path, env);
  const group = createGroupCommit(async (writes, load) => {
    try {
      room.secure(load);
      // A batch keeps all that it writes in memory for a thread of its own.
      if (load.values > BATCH_VALUES) env.transactionSync(writes);
      else await batchAtOnce(env, writes);
    } catch (error) {
      throw storeErrorFrom(await causeOf(error), path, freeOctets(path));
    }
  });
  let closing: Promise<void> | undefined;
  const reading = readsOf(path, () => closing !== undefined);

  async function add(write: () => void, load: Load): Promise<void> {
    if (closing !== undefined) throw closedError(path);
    await group.add(write, load);
  }

  return {
    ...view,
    load(visit) {
      if (closing !== undefined) throw closedError(path);
      view.load(visit);
    },
    async commit(changes, notes = [], entries = []) {
      await add(
        () => {
          for (const change of changes) apply(leases, change);
          applyOwed(owed, notes);
          enterAll(journal, entries);
        },
        loadOf(leases, changes, notes, entries),
      );
      return [];
    },
    commitMany: (ids, changeOf) =>
      add(
        () => {
          for (const id of ids) apply(leases, changeOf(id));
        },
        {
          values: ids.length,
          octets: ids.reduce((sum, id) => sum + octetsOf(changeOf(id)), 0),
          grows: () => true,
        },
      ),
    owed: (visit) => {
      reading(() => {
        readOwed(owed, visit);
      });
    },
    journal: {
      last: () => reading(entered.last),
      read: (number) => reading(() => entered.read(number)),
    },
    setMeta: (name, value) =>
      add(
        () => {
          void (value === undefined ? meta.remove(name) : meta.put(name, value));
        },
        {
          values: 1,
          octets: value?.length ?? 0,
          grows: () => value !== undefined && !meta.doesExist(name),
        },
      ),
    close() {
      closing ??= group
        .idle()
        .then(() => view.close())
        .then(room.close)
        .then(release);
      return closing;
    },
  };
}

/**
 * One commit, begun now. By itself lmdb begins in the next turn of the event loop, when all that has come in
 * meanwhile has been read, unless a second write comes before: the batch is the second, after an empty one.
 */
async function batchAtOnce(env: LeaseDatabases["env"], writes: () => void): Promise<void> {
  await Promise.all([env.batch(() => undefined), env.batch(writes)]);
}

function createView(databases: LeaseDatabases, path: string): LeaseView {
  const { env, leases, meta } = databases;
  let closing: Promise<void> | undefined;
  const reading = readsOf(path, () => closing !== undefined);

  return {
    load(visit) {
      const rows = reading(() => leases.getRange()[Symbol.iterator]());
      let count = 0;
      for (let row = reading(() => rows.next()); row.done !== true; row = reading(() => rows.next())) {
        const octets = plain(row.value.value);
        visit(leaseId(row.value.key), octets, 0, octets.length);
        count++;
      }
      requireAll(databases, path, count);
    },
    read: (id) => reading(() => optional(leases.getBinary(id))),
    meta: (name) => reading(() => optional(meta.getBinary(name))),
    close() {
      closing ??= env.close();
      return closing;
    },
  };
}

/** Runs reads; LMDB notices damage only when it comes upon it. */
function readsOf(path: string, isClosed: () => boolean): <T>(read: () => T) => T {
  return (read) => {
    if (isClosed()) throw closedError(path);
    try {
      return read();
    } catch (error) {
      throw storeErrorFrom(error, path);
    }
  };
}

function requireAll({ leases }: LeaseDatabases, path: string, count: number): void {
  if (count !== entryCount(leases)) throw damagedStore(path, `only ${count} leases can be read`);
}

function apply(leases: LeaseDatabases["leases"], change: LeaseChange): void {
  // The promises are those of the batch they are called in.
  if (change.type === "put") void leases.put(change.id, change.record);
  else void leases.remove(change.id);
}

function loadOf(
  leases: LeaseDatabases["leases"],
  changes: readonly LeaseChange[],
  notes: readonly OwedChange[],
  entries: readonly JournalEntry[],
): Load {
  let octets = 0;
  for (const change of changes) octets += octetsOf(change);
  for (const note of notes) if (note.type === "owe") octets += note.call.length;
  for (const entry of entries) octets += entry.octets.length;
  return {
    values: changes.length + notes.length + entries.length,
    octets,
    // A note is settled soon; an event is kept.
    grows: () =>
      entries.length > 0 || changes.some(({ type, id }) => type === "put" && !leases.doesExist(id)),
  };
}

const octetsOf = (change: LeaseChange): number => (change.type === "put" ? change.record.length : 0);

/** Why a commit failed: the lmdb package hides it in a promise. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}

const closedError = (path: string): StoreError =>
  new StoreError("STORE_CLOSED", path, `${path} was used after it was closed`);

/** The octets of a Buffer that is a copy of its own. */
const plain = (value: Uint8Array): Uint8Array => new Uint8Array(value.buffer, value.byteOffset, value.length);
const optional = (value: Uint8Array | undefined): Uint8Array | undefined => value && plain(value);
