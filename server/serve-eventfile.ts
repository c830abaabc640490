import { constants, existsSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, SystemError, sentenceOf } from "../shared/edge/errors.js";
import { isForeignLink } from "../shared/edge/foreign-links.js";
import type { Log } from "../shared/edge/log.js";
import { readFileEnd } from "./event-line.js";
import type { EventStream } from "./event-stream.js";
import { follow, type Follower, createRetry, type Mark, type Sink } from "./serve-follower.js";

/** What is tried again is tried after this, and then after twice as much each time, in milliseconds. */
const RETRY_MS = { first: 1000, most: 60_000 } as const;
/** Lines written at a time. */
const PIECE = 256;
/** The last whole line is looked for in so many octets. */
const END_OCTETS = 65_536;

/** An open file of events. */
interface EventFile {
  readonly handle: FileHandle;
  /** The number of its last line; undefined when it has none. */
  readonly seq: number | undefined;
}

/**
 * Opens the file that events are appended to. A file goes on where it ends: what the journal has and it has
 * not is appended. One without lines, as logs are after they were rotated, goes on at its mark, a first one
 * begins with what comes. Rejects with a SystemError.
 */
export async function openEventFile(path: string, stream: EventStream, mark: Mark, log: Log): Promise<Sink> {
  let file: EventFile;
  try {
    file = await openFile(path);
  } catch (error) {
    throw new SystemError("events-failed", `events file:${path} cannot be opened: ${reasonOf(error, path)}`);
  }
  const after = file.seq ?? mark.known ?? stream.last();
  let follower: Follower | undefined;
  const retry = createRetry(`file:${path}`, log, RETRY_MS);

  /** Why it cannot be written. */
  async function write(text: string): Promise<string | undefined> {
    try {
      if (!(await isThere(path, file.handle))) {
        const next = await openFile(path);
        await file.handle.close();
        file = next;
      }
      await append(file.handle, new TextEncoder().encode(text));
      return undefined;
    } catch (error) {
      return reasonOf(error, path);
    }
  }

  return {
    start() {
      follower ??= follow(stream, after, PIECE, async (lines, next, stop) => {
        const isWritten = await retry.until(() => write(`${lines.join("\n")}\n`), stop);
        if (isWritten) mark.set(next);
        return isWritten;
      });
    },
    load: () => ({}),
    async close() {
      await follower?.close();
      await mark.close();
      await file.handle.close();
    },
  };
}

/** Opens or makes it, and cuts off the beginning of a line that a crash has left at its end. */
async function openFile(path: string): Promise<EventFile> {
  if (isForeignLink(path)) throw new Error("it is another user's symbolic link");
  const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NONBLOCK, 0o640);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error("it is not a file");
    const length = Math.min(stats.size, END_OCTETS);
    const octets = new Uint8Array(length);
    const { bytesRead } = await handle.read(octets, 0, length, stats.size - length);
    const { whole, seq } = readFileEnd(octets.subarray(0, bytesRead));
    const torn = octets.subarray(whole, bytesRead);
    const isOurs = isTornLine(torn) && (seq !== undefined || whole === 0);
    if (length > 0 && !isOurs) throw new Error("it has something else than events in it; move it away");
    if (torn.length > 0) await handle.truncate(stats.size - torn.length);
    return { handle, seq };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Nothing, or what each of our lines begins with, as far as it goes. */
function isTornLine(octets: Uint8Array): boolean {
  const text = new TextDecoder().decode(octets);
  return ['{"seq":', '{"gap":'].some((begin) => text.startsWith(begin) || begin.startsWith(text));
}

/** False when the file was renamed or removed. */
async function isThere(path: string, handle: FileHandle): Promise<boolean> {
  try {
    const [named, opened] = await Promise.all([stat(path), handle.stat()]);
    return named.ino === opened.ino && named.dev === opened.dev;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** All of it or nothing. */
async function append(handle: FileHandle, octets: Uint8Array): Promise<void> {
  const { size } = await handle.stat();
  try {
    for (let at = 0; at < octets.length; ) at += (await handle.write(octets, at)).bytesWritten;
  } catch (error) {
    await handle.truncate(size);
    throw error;
  }
}

function reasonOf(error: unknown, path: string): string {
  if (!existsSync(dirname(path))) return `there is no directory ${dirname(path)}`;
  return sentenceOf(error);
}
