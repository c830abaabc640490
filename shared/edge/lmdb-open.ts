import type { Database, open as OpenDatabase, RootDatabase } from "lmdb";
import { inspectDatabase } from "./lmdb-file.js";
import type { Visitor } from "./lmdb-pages.js";
import { fillUpTo } from "./lmdb-room.js";
import { damagedStore, StoreError } from "./store-error.js";
import { FILE_MODE } from "./store-files.js";

/** Name of the database of leases. */
export const LEASES = "leases";

/** An open database file with the two databases in it. */
export interface LeaseDatabases {
  readonly env: RootDatabase<Uint8Array, string>;
  readonly leases: Database<Uint8Array, number>;
  readonly meta: Database<Uint8Array, string>;
}

/** An open file, and how many of its leases were visited before: `undefined` when none could be. */
export interface Opened {
  readonly databases: LeaseDatabases;
  readonly visited: number | undefined;
}

/**
 * Opens the file, made when it is empty, for the only process that writes to it. Its leases are visited
 * before if wanted, and where the layout of the file is known here.
 */
export async function openToWrite(path: string, rows?: Omit<Visitor, "database">): Promise<Opened> {
  const visitor = rows && { ...rows, database: LEASES };
  const { size, wanted, visited } = inspectDatabase(path, visitor);
  // Pages that nobody uses may be missing at the end; LMDB would end the process when it comes to use them.
  if (size < wanted) fillUpTo(path, wanted);
  const databases = await openDatabases(path, { readOnly: false });
  try {
    await settleFormat(databases, path);
    return { databases, visited };
  } catch (error) {
    await databases.env.close();
    throw error;
  }
}

/** Opens the file only to read, while another process may write to it. */
export function openToRead(path: string): Promise<LeaseDatabases> {
  // What is missing at its end nobody uses.
  if (inspectDatabase(path).size === 0) throw damagedStore(path, "it is empty");
  return openDatabases(path, { readOnly: true });
}

/** How many entries a database says it has. */
export function entryCount(database: LeaseDatabases["leases" | "meta"]): unknown {
  const stats = database.getStats();
  return "entryCount" in stats ? stats.entryCount : undefined;
}

/** Layout of the databases in the file; a new file gets it as a named value. */
const FORMAT = 1;
const FORMAT_NAME = "format";

async function settleFormat({ leases, meta }: LeaseDatabases, path: string): Promise<void> {
  const format = meta.getBinary(FORMAT_NAME)?.[0];
  if (format === FORMAT) return;
  if (format !== undefined) {
    const message = `${path} was written by a newer version of this program; start that one or move it away`;
    throw new StoreError("STORE_TOO_NEW", path, message);
  }
  // A new file, or one whose maker was killed just here.
  if (entryCount(leases) !== 0 || entryCount(meta) !== 0) {
    throw damagedStore(path, "it does not say what it holds");
  }
  await meta.put(FORMAT_NAME, Uint8Array.of(FORMAT));
}

async function openDatabases(
  path: string,
  { readOnly }: { readonly readOnly: boolean },
): Promise<LeaseDatabases> {
  const { open } = await loadLmdb(path);
  const options = {
    path,
    noSubdir: true,
    readOnly,
    encoding: "binary",
    maxDbs: 8,
    permissionsMode: FILE_MODE,
    overlappingSync: false,
    // Otherwise each batch has a second promise, which nobody holds and which is rejected when a commit
    // fails.
    eventTurnBatching: false,
    // The second write has the thread begin that makes commits: see `batchAtOnce`.
    txnStartThreshold: 1,
  } as const;
  const env = open<Uint8Array, string>(options);
  try {
    return {
      env,
      leases: env.openDB<Uint8Array, number>({ name: LEASES, keyEncoding: "uint32", encoding: "binary" }),
      meta: env.openDB<Uint8Array, string>({ name: "meta", encoding: "binary" }),
    };
  } catch (error) {
    await env.close();
    throw error;
  }
}

/** Loads the library only now, so that its absence is a sentence and costs nobody anything before. */
async function loadLmdb(path: string): Promise<{ readonly open: typeof OpenDatabase }> {
  try {
    return await import("lmdb");
  } catch (error) {
    const platform = `${process.platform} ${process.arch}, Node ${process.version}`;
    const advice = "install the package again with its optional dependencies";
    const message = `${path} cannot be opened: the library lmdb has no binary for ${platform}; ${advice}`;
    throw new StoreError("STORE_NO_LMDB", path, message, error);
  }
}
