import { describe, expect, test } from "vitest";
import { isStoreError, storeErrorFrom, type StoreErrorCode } from "../../shared/edge/store-error.js";

const failure = (code: string | number, message = "it failed"): Error =>
  Object.assign(new Error(message), { code });

const rows: readonly (readonly [
  what: string,
  error: unknown,
  free: number,
  code: StoreErrorCode,
  says: RegExp,
])[] = [
  ["read-only file system (Node)", failure("EROFS"), 1e9, "STORE_NOT_WRITABLE", /read-only file system/],
  ["read-only file system (LMDB)", failure(30), 1e9, "STORE_NOT_WRITABLE", /read-only file system/],
  ["no permission (Node)", failure("EACCES"), 1e9, "STORE_NOT_WRITABLE", /permission/],
  ["no permission (LMDB)", failure(13), 1e9, "STORE_NOT_WRITABLE", /permission/],
  ["not permitted", failure("EPERM"), 1e9, "STORE_NOT_WRITABLE", /permission/],
  ["disk full (Node)", failure("ENOSPC"), 1e9, "STORE_DISK_FULL", /space/],
  ["disk full (LMDB)", failure(28), 1e9, "STORE_DISK_FULL", /space/],
  ["disk full, told as an I/O error", failure(5, "Input/output error"), 0, "STORE_DISK_FULL", /space/],
  ["over quota", failure(122), 1e9, "STORE_DISK_FULL", /quota/],
  ["file size limit", failure(27), 1e9, "STORE_DISK_FULL", /space/],
  [
    "map full",
    failure(-30_792, "MDB_MAP_FULL: Environment mapsize limit reached"),
    1e9,
    "STORE_DISK_FULL",
    /space/,
  ],
  ["I/O error", failure(5, "Input/output error"), 1e9, "STORE_FAILED", /Input\/output error/],
  [
    "damaged page",
    failure(-30_796, "MDB_CORRUPTED: Located page was wrong type"),
    1e9,
    "STORE_DAMAGED",
    /damaged/,
  ],
  ["panic", failure(-30_795, "MDB_PANIC: Update of meta page failed"), 1e9, "STORE_FAILED", /MDB_PANIC/],
  ["no directory", failure("ENOENT"), 1e9, "STORE_DIRECTORY_MISSING", /create it/],
  ["not an error at all", "why", 1e9, "STORE_FAILED", /why/],
];

describe("store errors", () => {
  test.each(rows)(
    "%s -> its code, and one sentence that names the file",
    (_what, cause, free, code, says) => {
      const error = storeErrorFrom(cause, "/state/server-leases.mdb", free);
      expect(error).toMatchObject({ code, cause, path: "/state/server-leases.mdb" });
      expect(error.message).toMatch(says);
      expect(error.message).toContain("/state/server-leases.mdb");
      expect(isStoreError(error)).toBe(true);
    },
  );

  test("an error that is a StoreError already -> itself", () => {
    const error = storeErrorFrom(failure("EROFS"), "/state/x");
    expect(storeErrorFrom(error, "/elsewhere")).toBe(error);
  });
});
