import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Database, open as OpenDatabase, RootDatabase } from "lmdb";
import type { LeaseChange } from "../lease/changes.js";
import { leaseId } from "../lease/lease.js";
import type { LeaseStore, LeaseView } from "../lease/store.js";
import { createGroupCommit } from "./group-commit.js";
import { inspectDatabase, setLength } from "./lmdb-file.js";
import { damagedStore, StoreError, storeErrorFrom } from "./store-error.js";
import { FILE_MODE, lockFile } from "./store-lock.js";

/** Name of the server's lease database in its state directory. LMDB puts a `-lock` file beside it. */
export const LEASE_DATABASE = "server-leases.mdb";

/**
 * Opens (or makes) the lease database of a state directory, for this process alone. Rejects with a StoreError.
 *
 * A commit is one LMDB transaction: pages, fdatasync, then the meta page through an O_DSYNC descriptor; only then
 * does it resolve. (`overlappingSync`, the default of the lmdb package, would make commits visible before they are
 * durable and leaves `flushed` unsettled for ever when the disk fails.)
 */
export async function openLeaseStore(directory: string): Promise<LeaseStore> {
  const path = join(directory, LEASE_DATABASE);
  try {
    requireDirectory(directory);
    const lock = lockFile(path);
    try {
      requireAccess(path);
      return createStore(await openForWriting(path), path, lock.release);
    } catch (error) {
      lock.release();
      throw error;
    }
  } catch (error) {
    throw storeErrorFrom(error, path);
  }
}

/** Opens the lease database of a state directory to read it, while a server may be using it. Rejects with a StoreError. */
export async function openLeaseView(directory: string): Promise<LeaseView> {
  const path = join(directory, LEASE_DATABASE);
  try {
    requireDirectory(directory);
    if (!existsSync(path)) {
      const advice = "no server has used this directory yet";
      throw new StoreError("STORE_MISSING", path, `there is no lease database ${path}; ${advice}`);
    }
    requireAccess(path);
    const { size, wanted } = inspectDatabase(path);
    if (size < wanted || size === 0) throw damagedStore(path, "its end is missing");
    return createView(await openDatabase(path, { readOnly: true }), path);
  } catch (error) {
    throw storeErrorFrom(error, path);
  }
}

/** The parts of an open database. */
interface Open {
  readonly env: RootDatabase<Uint8Array, string>;
  readonly leases: Database<Uint8Array, number>;
  readonly meta: Database<Uint8Array, string>;
}

function createStore(open: Open, path: string, release: () => void): LeaseStore {
  const { env, leases, meta } = open;
  const view = createView(open, path);
  const group = createGroupCommit(async (writes) => {
    try {
      await env.batch(writes);
    } catch (error) {
      throw storeErrorFrom(await causeOf(error), path, freeOctets(path));
    }
  });
  let closing: Promise<void> | undefined;

  async function add(write: () => void): Promise<void> {
    if (closing !== undefined) throw closedError(path);
    await group.add(write);
  }

  return {
    ...view,
    async commit(changes) {
      await add(() => {
        for (const change of changes) apply(leases, change);
      });
      return [];
    },
    setMeta: (name, value) =>
      add(() => {
        void (value === undefined ? meta.remove(name) : meta.put(name, value));
      }),
    close() {
      closing ??= group
        .idle()
        .then(() => view.close())
        .then(release);
      return closing;
    },
  };
}

function createView({ env, leases, meta }: Open, path: string): LeaseView {
  let closing: Promise<void> | undefined;

  /** Runs a read; LMDB notices damage only when it comes upon it. */
  function reading<T>(read: () => T): T {
    if (closing !== undefined) throw closedError(path);
    try {
      return read();
    } catch (error) {
      throw storeErrorFrom(error, path);
    }
  }

  return {
    load(visit) {
      const rows = reading(() => leases.getRange()[Symbol.iterator]());
      let count = 0;
      for (let row = reading(() => rows.next()); row.done !== true; row = reading(() => rows.next())) {
        visit(leaseId(row.value.key), plain(row.value.value));
        count++;
      }
      if (count !== entryCount(leases)) throw damagedStore(path, `only ${count} leases can be read`);
    },
    read: (id) => reading(() => optional(leases.getBinary(id))),
    meta: (name) => reading(() => optional(meta.getBinary(name))),
    close() {
      closing ??= env.close();
      return closing;
    },
  };
}

function apply(leases: Open["leases"], change: LeaseChange): void {
  // The promises are those of the batch they are called in.
  if (change.type === "put") void leases.put(change.id, change.record);
  else void leases.remove(change.id);
}

/** Layout of the databases in the file; written when the file is made. */
const FORMAT = 1;
const FORMAT_NAME = "format";

/** Opens the database, which no other process writes to. A file that was cut off is tried with the rest as zeros. */
async function openForWriting(path: string): Promise<Open> {
  const { size, wanted } = inspectDatabase(path);
  if (size >= wanted) return prepare(await openDatabase(path, { readOnly: false }), path);
  setLength(path, wanted);
  try {
    return await prepare(readEverything(await openDatabase(path, { readOnly: false })), path);
  } catch (error) {
    setLength(path, size);
    throw error;
  }
}

/** Checks the format of a database, or sets it in a new one; closes what cannot be used. */
async function prepare(open: Open, path: string): Promise<Open> {
  const format = open.meta.getBinary(FORMAT_NAME)?.[0];
  if (format === undefined && entryCount(open.leases) === 0 && entryCount(open.meta) === 0) {
    await open.meta.put(FORMAT_NAME, Uint8Array.of(FORMAT));
    return open;
  }
  if (format === FORMAT) return open;
  await open.env.close();
  if (format === undefined) throw damagedStore(path, "it does not say what it holds");
  const advice = "start that version, or move the file away";
  throw new StoreError(
    "STORE_TOO_NEW",
    path,
    `${path} was written by a newer version of this program; ${advice}`,
  );
}

/** Reads every lease by itself: unlike a walk from one to the next this reports missing pages as an error. */
function readEverything(open: Open): Open {
  for (const last of open.leases.getKeys({ reverse: true, limit: 1 })) {
    for (let id = 0; id <= last; id++) open.leases.getBinaryFast(id);
  }
  return open;
}

async function openDatabase(path: string, { readOnly }: { readonly readOnly: boolean }): Promise<Open> {
  const { open } = await loadLmdb(path);
  const options = {
    path,
    noSubdir: true,
    readOnly,
    encoding: "binary",
    maxDbs: 4,
    permissionsMode: FILE_MODE,
    overlappingSync: false,
    // Otherwise each batch has a second promise, which nobody holds and which is rejected when a commit fails.
    eventTurnBatching: false,
  } as const;
  const env = open<Uint8Array, string>(options);
  return {
    env,
    leases: env.openDB<Uint8Array, number>({ name: "leases", keyEncoding: "uint32", encoding: "binary" }),
    meta: env.openDB<Uint8Array, string>({ name: "meta", encoding: "binary" }),
  };
}

/** Loads the library only now, so that its absence is a sentence and costs nobody anything before. */
async function loadLmdb(path: string): Promise<{ readonly open: typeof OpenDatabase }> {
  try {
    return await import("lmdb");
  } catch (error) {
    const platform = `${process.platform} ${process.arch}, Node ${process.version}`;
    const advice = "install the package again with its optional dependencies";
    const message = `${path} cannot be opened: the database library lmdb has no binary for ${platform}; ${advice}`;
    throw new StoreError("STORE_NO_LMDB", path, message, error);
  }
}

function requireDirectory(directory: string): void {
  const found = statSync(directory, { throwIfNoEntry: false });
  if (found === undefined) {
    const message = `the state directory ${directory} does not exist; create it or name another`;
    throw new StoreError("STORE_DIRECTORY_MISSING", directory, message);
  }
  if (!found.isDirectory()) {
    const message = `${directory} is no directory, so it cannot hold the lease database; name another`;
    throw new StoreError("STORE_NOT_DIRECTORY", directory, message);
  }
}

/** LMDB must be able to write the `-lock` file even to read: in it readers say which pages they still need. */
function requireAccess(path: string): void {
  const lock = `${path}-lock`;
  accessSync(path, constants.R_OK);
  if (existsSync(lock)) accessSync(lock, constants.R_OK | constants.W_OK);
  else accessSync(dirname(path), constants.W_OK);
}

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

function freeOctets(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}

function entryCount(database: Open["leases"] | Open["meta"]): unknown {
  const stats = database.getStats();
  return "entryCount" in stats ? stats.entryCount : undefined;
}

const closedError = (path: string): StoreError =>
  new StoreError("STORE_CLOSED", path, `${path} was used after it was closed`);

/** The octets of a Buffer that is a copy of its own. */
const plain = (value: Uint8Array): Uint8Array => new Uint8Array(value.buffer, value.byteOffset, value.length);
const optional = (value: Uint8Array | undefined): Uint8Array | undefined => value && plain(value);
