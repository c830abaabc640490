import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { StoreError, storeErrorFrom } from "./store-error.js";
import { findFileHolder, processName } from "./process-info.js";
import { FILE_MODE } from "./store-files.js";

/** A file that no other process can hold until this one lets go or ends, however it ends. */
export interface FileLock {
  readonly release: () => void;
}

/**
 * Locks a file, made when missing, for this process alone; throws a StoreError when another one has it.
 *
 * Node has no call for it, so flock(1) takes the lock on a descriptor of ours: such a lock belongs to the
 * open file, not to the process that asked, and the kernel drops it with our last descriptor. Nothing stale
 * can stay behind. Not for network file systems, where LMDB must not be used either.
 */
export function lockFile(path: string): FileLock {
  const descriptor = openForLock(path);
  const { status, error } = spawnSync("flock", ["-n", "3"], {
    stdio: ["ignore", "ignore", "ignore", descriptor],
  });
  if (status === 0) {
    return {
      release: () => {
        closeSync(descriptor);
      },
    };
  }
  closeSync(descriptor);
  if (status === 1) throw new StoreError("STORE_LOCKED", path, lockedSentence(path));
  const advice = "install util-linux, or put flock on PATH";
  throw new StoreError("STORE_NO_FLOCK", path, `cannot run flock to lock ${path}; ${advice}`, error);
}

function lockedSentence(path: string): string {
  const pid = findFileHolder(path);
  const who = pid === undefined ? "another process" : processName(pid);
  return `${path} is in use by ${who}; stop that one or give this one a directory of its own`;
}

function openForLock(path: string): number {
  try {
    return openSync(path, "a", FILE_MODE);
  } catch (error) {
    throw storeErrorFrom(error, path);
  }
}
