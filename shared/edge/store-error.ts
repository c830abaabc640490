/** Why a lease store cannot be used; stable, for tests and for programs that react. */
export type StoreErrorCode =
  | "STORE_DIRECTORY_MISSING"
  | "STORE_NOT_DIRECTORY"
  | "STORE_NOT_WRITABLE"
  | "STORE_DISK_FULL"
  | "STORE_LOCKED"
  | "STORE_NO_FLOCK"
  | "STORE_NO_LMDB"
  | "STORE_DAMAGED"
  | "STORE_TOO_NEW"
  | "STORE_FOREIGN_LINK"
  | "STORE_MISSING"
  | "STORE_CLOSED"
  | "STORE_FAILED";

/**
 * A lease store that cannot be used. The message is one sentence: what is wrong, where, and what to do
 * about it.
 */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly path: string;

  constructor(code: StoreErrorCode, path: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StoreError";
    this.code = code;
    this.path = path;
  }
}

/** True for errors of a lease store. */
export const isStoreError = (error: unknown): error is StoreError => error instanceof StoreError;

/**
 * What the system or LMDB said about a file of the store, as a StoreError; `free` are the octets left on
 * its disk.
 */
export function storeErrorFrom(error: unknown, path: string, free = Infinity): StoreError {
  if (isStoreError(error)) return error;
  const reason = reasonOf(error);
  const make = (code: StoreErrorCode, message: string): StoreError =>
    new StoreError(code, path, message, error);

  if (free < LITTLE_SPACE || FULL.has(reason)) {
    return make(
      "STORE_DISK_FULL",
      `no space is left for ${path}; free some on its disk (or raise its quota)`,
    );
  }
  if (DAMAGED.has(reason)) return damagedStore(path, textOf(error), error);
  switch (reason) {
    case "ENOENT":
      return make("STORE_DIRECTORY_MISSING", `there is no directory for ${path}; create it or name another`);
    case "ENOTDIR":
      return make("STORE_NOT_DIRECTORY", `${path} cannot be used because a part of it is no directory`);
    case "EISDIR":
      return make("STORE_DAMAGED", `${path} is a directory, not a lease database; move it away`);
    case "EACCES":
    case "EPERM":
      return make("STORE_NOT_WRITABLE", `no permission to write ${path}; start as its owner or as root`);
    case "EROFS":
      return make("STORE_NOT_WRITABLE", `${path} lies on a read-only file system; name another directory`);
    default:
      return make("STORE_FAILED", `${path} cannot be used: ${textOf(error)}; check its disk`);
  }
}

/** The error for a database that cannot be read. */
export function damagedStore(path: string, detail: string, cause?: unknown): StoreError {
  const advice = "move it away (its leases are lost) or put a copy back";
  const message = `${path} is no lease database or is damaged (${detail}); ${advice}`;
  return new StoreError("STORE_DAMAGED", path, message, cause);
}

/** The error for a database that has lost everything. */
export function emptiedStore(path: string): StoreError {
  const advice = "put a copy back, or remove it to begin without its leases";
  return new StoreError("STORE_DAMAGED", path, `${path} is empty, though it has held leases; ${advice}`);
}

/**
 * A commit that fails while less is free than this has failed for want of space: LMDB itself only says EIO.
 */
const LITTLE_SPACE = 65_536;

const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG", "MDB_MAP_FULL"]);
const DAMAGED = new Set([
  "MDB_CORRUPTED",
  "MDB_PAGE_NOTFOUND",
  "MDB_INVALID",
  "MDB_VERSION_MISMATCH",
  "MDB_INCOMPATIBLE",
]);
/** The lmdb package gives errors of the system as their numbers. */
const NUMBERS = new Map<unknown, string>([
  [1, "EPERM"],
  [2, "ENOENT"],
  [13, "EACCES"],
  [20, "ENOTDIR"],
  [21, "EISDIR"],
  [27, "EFBIG"],
  [28, "ENOSPC"],
  [30, "EROFS"],
  [122, "EDQUOT"],
]);

/** `ENOSPC`, `MDB_CORRUPTED` and the like. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code === "string") return code;
  return NUMBERS.get(code) ?? /^MDB_[A-Z_]+/.exec(textOf(error))?.[0] ?? "";
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
