import {
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { codeOf, SystemError, sentenceOf } from "./errors.js";

/**
 * Replaces a file so that a reader, or a crash at any moment, sees the old or the new content and never a
 * part; `durable` is about a crash of the machine. `mode` is set exactly, whatever the umask. Throws SystemError
 * naming the file.
 */
export function replaceFileSync(
  path: string,
  content: string | Uint8Array,
  mode: number,
  durable = true,
): void {
  const temporary = temporaryName(path);
  try {
    const fd = openSync(temporary, "wx", 0o600);
    try {
      writeFileSync(fd, content);
      fchmodSync(fd, mode);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
    if (durable) syncDirectory(dirname(path));
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError("write", path, cause);
  }
}

/** As `replaceFileSync`, without holding up the event loop: on a busy disk the sync takes long. */
export async function replaceFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const { open, rename } = await import("node:fs/promises");
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(content);
      await handle.chmod(mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    const directory = await open(dirname(path), "r");
    await directory.sync().finally(() => directory.close());
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError("write", path, cause);
  }
}

/** The text of a file that has to exist. Throws SystemError with a sentence. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw fileError("read", path, cause);
  }
}

/** The text of a file; `undefined` when it does not exist; SystemError for everything else. */
export function readTextIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw fileError("read", path, cause);
  }
}

/** Removes a file; nothing happens when that fails or it is not there. */
export function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or the directory with it.
  }
}

/** One sentence for what went wrong with a file or directory. */
export function fileError(verb: "read" | "write" | "enter", path: string, cause: unknown): SystemError {
  const code = codeOf(cause) ?? "error";
  return new SystemError(code, `cannot ${verb} ${path}: ${reason(code, path) ?? sentenceOf(cause)}`, {
    cause,
  });
}

/**
 * A name beside the file, so that the rename stays within
 * one file system; hidden, and unique to this process.
 */
export function temporaryName(path: string): string {
  counter += 1;
  return `${dirname(path)}/.${basename(path)}.${process.pid}.${counter}`;
}

let counter = 0;

/**
 * Makes the rename itself durable; some file systems cannot
 * do that for a directory, and then nothing is lost but time.
 */
function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } catch (error) {
    if (codeOf(error) !== "EINVAL") throw error;
  } finally {
    closeSync(fd);
  }
}

function reason(code: string, path: string): string | undefined {
  switch (code) {
    case "ENOENT":
      if (existsSync(dirname(path))) return "it does not exist; create it";
      return `the directory ${dirname(path)} does not exist; create it`;
    case "EACCES":
    case "EPERM":
      return "no permission; start as root, or give this user access";
    case "EROFS":
      return "its file system is mounted read-only";
    case "ENOSPC":
    case "EDQUOT":
      return "the disk is full";
    case "EISDIR":
      return "it is a directory";
    case "ENOTDIR":
      return "a part of its path is not a directory";
    default:
      return undefined;
  }
}
