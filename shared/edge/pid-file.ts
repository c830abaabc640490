import { closeSync, fchmodSync, linkSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Role } from "./command-line.js";
import { codeOf, SystemError } from "./errors.js";
import { fileError, removeQuietly, temporaryName } from "./files.js";
import { executableName, isAlive, programNames, worksIn } from "./process-info.js";

/**
 * What a pid file tells: no file, no number in it, a process
 * that is gone or is not ours, or a running instance.
 */
export type PidFileState =
  | { readonly state: "absent" | "garbage" }
  | { readonly state: "dead" | "foreign" | "running"; readonly pid: number };

/** A pid file that is ours. */
export interface PidClaim {
  /** What stood in its place and was taken over, for the log; `undefined` when nothing did. */
  readonly replaced: PidFileState | undefined;
  /** Removes the file if it still is ours. Never fails, also when the directory has vanished. */
  readonly release: () => void;
}

/** Reads and probes a pid file that lies in the work directory of its program. Never throws. */
export function probePidFile(path: string, role: Role | "relay"): PidFileState {
  const text = readQuietly(path);
  if (text === undefined) return { state: "absent" };
  const pid = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : 0;
  if (pid === 0) return { state: "garbage" };
  if (!isAlive(pid)) return { state: "dead", pid };
  return { state: isInstance(pid, role, dirname(path)) ? "running" : "foreign", pid };
}

/**
 * Writes our pid (decimal, no newline, 0644) in one step. A running instance keeps its file: SystemError
 * "already-running". A file left behind by a crash is taken over.
 */
export function claimPidFile(path: string, role: Role): PidClaim {
  const own = temporaryName(path);
  try {
    const fd = openSync(own, "wx");
    try {
      writeSync(fd, String(process.pid));
      // Neutron's agent, another user, reads it; the umask must not stand in the way. Not by the name, which
      // others may have given to something else by now.
      fchmodSync(fd, 0o644);
    } finally {
      closeSync(fd);
    }
    const replaced = placeFile(own, path, role);
    return {
      replaced,
      release: () => {
        if (readQuietly(path) === String(process.pid)) removeQuietly(path);
      },
    };
  } catch (error) {
    throw error instanceof SystemError ? error : fileError("write", path, error);
  } finally {
    removeQuietly(own);
  }
}

/** Removes a pid file that belongs to nobody, unless somebody claimed it this very moment. */
export function removeStalePidFile(path: string, role: Role): void {
  setAside(path, role);
}

const CLAIM_ATTEMPTS = 10;

/** link(2) fails when the name exists, so of two programs that start together only one gets it. */
function placeFile(own: string, path: string, role: Role): PidFileState | undefined {
  let replaced: PidFileState | undefined;
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    try {
      linkSync(own, path);
      return replaced;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
    const found = probePidFile(path, role);
    if (found.state === "running" && found.pid !== process.pid) {
      throw new SystemError(
        "already-running",
        `dibbler-${role} already runs in ${dirname(path)} with pid ${found.pid}; ` +
          "stop it first, or use another directory (-w)",
      );
    }
    if (found.state !== "absent") replaced = found;
    setAside(path, role);
  }
  throw new SystemError("pid-file", `cannot claim ${path}: other programs keep writing it`);
}

/** Takes a stale file away; when it turns out to be another's new file after all, puts it back. */
function setAside(path: string, role: Role): void {
  const aside = temporaryName(path);
  try {
    renameSync(path, aside);
    const text = readQuietly(aside) ?? "";
    const pid = Number(text);
    if (/^\d+$/.test(text) && pid !== process.pid && isAlive(pid) && isInstance(pid, role, dirname(path))) {
      linkSync(aside, path);
    }
  } catch {
    // Gone meanwhile, or already replaced by its owner: the next look at it decides.
  } finally {
    removeQuietly(aside);
  }
}

/**
 * True when the process is this program, or Dibbler's own, at work in
 * `directory`. Looking at the name alone would take a pid that the kernel has
 * given to the client of another subnet for the instance of this directory.
 */
function isInstance(pid: number, role: Role | "relay", directory: string): boolean {
  const names = [...programNames(pid), executableName(pid) ?? ""];
  if (!names.some((name) => name.startsWith(`dibbler-${role}`))) return false;
  return worksIn(pid, directory) ?? true;
}

function readQuietly(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined;
  }
}
