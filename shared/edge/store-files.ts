import { accessSync, constants, existsSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./errors.js";
import { isForeignLink } from "./foreign-links.js";
import { StoreError } from "./store-error.js";

/** Leases say who is where: nobody but owner and group needs to read them. */
export const FILE_MODE = 0o640;

/** More than LMDB's lock file takes, and than a new database does before its first commit of ours. */
const LOCK_FILE_OCTETS = 16_384;
const NEW_DATABASE_OCTETS = 262_144;

/** Throws a StoreError when the database, or LMDB's lock file, is a link that another user has made. */
export function requireOwnFiles(path: string): void {
  const link = [path, `${path}-lock`].find(isForeignLink);
  if (link === undefined) return;
  const message = `${link} is a symbolic link of another user's and is not followed; remove it`;
  throw new StoreError("STORE_FOREIGN_LINK", link, message);
}

/** Throws a StoreError unless the state directory is one. */
export function requireDirectory(directory: string): void {
  if (!isDirectory(directory)) {
    const message = `${directory} is no directory, so it cannot hold the lease database; name another`;
    throw new StoreError("STORE_NOT_DIRECTORY", directory, message);
  }
}

function isDirectory(directory: string): boolean {
  try {
    return statSync(directory).isDirectory();
  } catch (error) {
    // Not by `throwIfNoEntry`, for which a path below a file has an entry on Node 20 and has none on 24.
    if (codeOf(error) !== "ENOENT") throw error;
    const message = `the state directory ${directory} does not exist; create it or name another`;
    throw new StoreError("STORE_DIRECTORY_MISSING", directory, message);
  }
}

/** Throws a StoreError unless there is a database to read, or what the system says. */
export function requireDatabase(path: string): void {
  try {
    statSync(path);
    return;
  } catch (error) {
    // What may not be looked at need not be missing.
    if (codeOf(error) !== "ENOENT") throw error;
  }
  const message = `there is no lease database ${path}; no server has used this directory yet`;
  throw new StoreError("STORE_MISSING", path, message);
}

/**
 * True for a database of no octets that was more once: LMDB makes its `-lock` file when it makes a database,
 * and whoever wants to begin anew removes the database, so that there is none. To be asked before it is
 * locked, which makes one.
 */
export function isEmptied(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === 0 && existsSync(`${path}-lock`);
}

/**
 * Throws what the system says unless LMDB will be able to read the database and to write its `-lock` file,
 * which even readers do. LMDB maps that file into memory, and makes a database by writes that must not fail
 * (see `openRoom`), so that either on a full disk would end the process: hence the attempt with another file.
 */
export function requireAccess(path: string): void {
  const lock = `${path}-lock`;
  accessSync(path, constants.R_OK);
  if (existsSync(lock)) {
    accessSync(lock, constants.R_OK | constants.W_OK);
    return;
  }
  const attempt = `${path}-attempt`;
  try {
    rmSync(attempt, { force: true });
    const octets = LOCK_FILE_OCTETS + (statSync(path).size === 0 ? NEW_DATABASE_OCTETS : 0);
    writeFileSync(attempt, new Uint8Array(octets), { mode: FILE_MODE, flag: "wx" });
  } finally {
    rmSync(attempt, { force: true });
  }
}

/** How many octets are left on the disk of a file. */
export function freeOctets(path: string): number {
  const { bfree, bsize } = statfsSync(dirname(path));
  return bfree * bsize;
}
