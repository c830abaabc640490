import { readdirSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { encodeText, encodingOf } from "./encode-text.js";
import { fileError, removeQuietly, temporaryName } from "./files.js";

/** A file that is kept for other programs. */
export interface WrittenView {
  readonly path: string;
  /** Its text of this moment, in pieces that are made quickly. */
  readonly render: () => Iterable<string>;
}

/** Keeps files for other programs current. */
export interface ViewWriter {
  /** What they show has changed: they are written soon. */
  readonly changed: () => void;
  /**
   * Writes all of them now, unless nothing has changed since that was begun; resolves when they are written,
   * or when that has failed and been told. In haste no rests are taken.
   */
  readonly write: (inHaste?: boolean) => Promise<void>;
  /** `write`, and nothing afterwards. */
  readonly close: () => Promise<void>;
}

/** What a view writer works with. */
export interface ViewWriterOptions {
  readonly views: readonly WrittenView[];
  /** False while they are written at `write` and `close` only. */
  readonly isLive: () => boolean;
  /** Is told the first of failures in a row, as a sentence. */
  readonly onFailure: (sentence: string) => void;
  /** Milliseconds between the beginnings of two rounds at least. */
  readonly intervalMs?: number;
}

/** At most once a second. */
const INTERVAL_MS = 1000;
/** Large tables take long to write: so many times as long nothing is written, for there is more to do. */
const REST_FACTOR = 40;
/** Pause after a round that failed; a full disk is not filled any sooner by trying harder. */
const RETRY_MS = 10_000;
/**
 * Milliseconds of work after which others have their turn, and of rest before the next ones: an answer takes
 * several turns of the event loop, and would wait for a slice in each.
 */
const SLICE_MS = 1;
const REST_MS = 4;
/** More than is made in a slice, but for a client with very many leases. */
const SLICE_OCTETS = 256 * 1024;
/**
 * Octets that are handed to the disk together. A rename that replaces a file has ext4 write all of the new
 * one (auto_da_alloc), and what is forced to the disk meanwhile waits for it: a commit 60 ms, for 150 MB.
 */
const PIECE_OCTETS = 1024 * 1024;
const MODE = 0o640;

/**
 * Replaces each file as a whole, so that a reader never sees a part of it; the work is done in slices, in
 * between which everything else goes on. Nothing depends on the files, so while the program runs the end of
 * one is not forced to the disk.
 */
export function createViewWriter(options: ViewWriterOptions): ViewWriter {
  const { views, isLive, onFailure, intervalMs = INTERVAL_MS } = options;
  for (const { path } of views) removeRemains(path);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  let dirty = true;
  let failing = false;
  let closed = false;
  let earliest = 0;
  /** Those who wait in haste, so that the round that runs takes no rests any more. */
  let waiting = 0;

  function schedule(): void {
    if (timer !== undefined || isRunning || closed || !dirty || !isLive()) return;
    timer = setTimeout(
      () => {
        void round(false);
      },
      Math.max(0, earliest - performance.now()),
    );
    timer.unref();
  }

  /** No other one runs, and the timer starts none meanwhile. */
  async function round(durable: boolean): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    isRunning = true;
    dirty = false;
    running = writeAll(durable);
    await running;
    isRunning = false;
    schedule();
  }

  async function writeAll(durable: boolean): Promise<void> {
    const began = performance.now();
    let worked = 0;
    try {
      for (const view of views) worked += await writeView(view, durable, () => waiting > 0);
      failing = false;
      earliest = began + Math.max(intervalMs, worked * REST_FACTOR);
    } catch (error) {
      if (!failing) onFailure(error instanceof Error ? error.message : String(error));
      failing = true;
      dirty = true;
      earliest = performance.now() + RETRY_MS;
    }
  }

  /** A round of a million leases takes seconds: when one is under way there is no second one for nothing. */
  async function write(inHaste = true): Promise<void> {
    if (inHaste) waiting++;
    while (isRunning) await running;
    if (dirty) await round(true);
    if (inHaste) waiting--;
  }

  return {
    changed() {
      dirty = true;
      schedule();
    },
    write,
    async close() {
      await write();
      closed = true;
      clearTimeout(timer);
    },
  };
}

/** Gives how many milliseconds the text took to make. Throws SystemError. */
async function writeView(
  { path, render }: WrittenView,
  durable: boolean,
  isInHaste: () => boolean,
): Promise<number> {
  const temporary = temporaryName(path);
  try {
    const file = await open(temporary, "wx", 0o600);
    let worked = 0;
    try {
      worked = await writePieces(file, render(), isInHaste);
      await file.chmod(MODE);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return worked;
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError("write", path, cause);
  }
}

async function writePieces(
  file: FileHandle,
  pieces: Iterable<string>,
  isInHaste: () => boolean,
): Promise<number> {
  let worked = 0;
  let began = performance.now();
  let written = 0;
  const slice = createSlice();
  async function put(octets: Uint8Array): Promise<void> {
    await file.writeFile(octets);
    written += octets.length;
    if (written < PIECE_OCTETS || isInHaste()) return;
    written = 0;
    await file.datasync();
  }
  for (const piece of pieces) {
    // As soon as it is made: a text of many pieces takes longer to put together than its pieces took.
    const isFull = !slice.add(piece);
    if (!isFull && performance.now() - began < SLICE_MS) continue;
    worked += performance.now() - began;
    // Nothing to write is written without a turn for anybody else.
    if (slice.size() === 0) await turn();
    else await put(slice.take());
    if (isFull) await put(encodeText(piece));
    if (!isInHaste()) await sleep(REST_MS);
    began = performance.now();
  }
  worked += performance.now() - began;
  await put(slice.take());
  return worked;
}

/** Octets of pieces that are written together. */
interface Slice {
  /** False when there is no room for it. */
  readonly add: (piece: string) => boolean;
  readonly size: () => number;
  /** What is in it; void as soon as anything is added. */
  readonly take: () => Uint8Array;
}

function createSlice(): Slice {
  const octets = Buffer.allocUnsafe(SLICE_OCTETS);
  let at = 0;
  return {
    add(piece) {
      // Characters of UTF-8 take three octets at most for each unit of a string.
      if (at + 3 * piece.length > octets.length) return false;
      at += octets.write(piece, at, encodingOf(piece));
      return true;
    },
    size: () => at,
    take() {
      const taken = octets.subarray(0, at);
      at = 0;
      return taken;
    },
  };
}

/** Removes what runs that were killed while they wrote this file have left. */
function removeRemains(path: string): void {
  const folder = dirname(path);
  const start = `.${basename(path)}.`;
  try {
    for (const name of readdirSync(folder)) {
      const isOurs = name.startsWith(start) && /^\d+\.\d+$/.test(name.slice(start.length));
      if (isOurs) removeQuietly(join(folder, name));
    }
  } catch {
    // They take room, and that is all.
  }
}
