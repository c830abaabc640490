import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import type { RootDatabase } from "lmdb";
import type { Load } from "./group-commit.js";

/** Room in the file of a database for what LMDB writes to it. */
export interface Room {
  /**
   * Makes sure of room for a commit; throws what the system says when there is none. No commit may be on its
   * way.
   */
  readonly secure: (load: Load) => void;
  readonly close: () => void;
}

/**
 * The file is longer than its database: pages of zeros at its end belong to it already when LMDB comes to
 * write them, so that a full disk is met here, before a commit, and not by LMDB. The lmdb package (3.5.6)
 * writes over the end of a buffer of 100 octets when it describes a write that has failed, and the process
 * ends by that in one of three runs. Where a file system copies on write, room once had may be gone again.
 *
 * On a full disk the last pages are for what replaces something: a renewal takes pages that are free in the
 * file, and does not make it longer.
 */
export function openRoom(path: string, env: Pick<RootDatabase, "getStats">): Room {
  const file = openSync(path, "r+");
  /** Pages that are there for the next commits, whatever those before have taken. */
  let sure = 0;
  /** That the file had, as it was seen last: no fewer than its database. */
  let all = 0;
  /** That hold the list of the free ones, which a commit may write anew; as it was seen last. */
  let freePages = 0;
  const neededFor = (load: Load): number => pagesFor(load, all) + 2 * freePages;

  function look(load: Load): void {
    const { pageSize, lastPage, ...seen } = statsOf(env.getStats());
    freePages = seen.freePages;
    const used = (lastPage + 1) * pageSize;
    all = Math.floor(lengthOf(file) / pageSize);
    const needed = neededFor(load);
    const error = fillOr(file, used + (needed + KEPT_PAGES) * pageSize);
    all = Math.floor(lengthOf(file) / pageSize);
    sure = all - lastPage - 1;
    const least = error !== undefined && load.grows() ? needed + KEPT_PAGES : needed;
    if (sure < least) throw error;
  }

  return {
    secure(load) {
      if (sure < neededFor(load) + KEPT_PAGES) look(load);
      sure -= neededFor(load);
    },
    close: () => {
      closeSync(file);
    },
  };
}

/** No fewer pages than a commit adds to the file; what it has besides is for the list of free ones. */
const pagesFor = (load: Load, all: number): number =>
  PAGES_PER_COMMIT + Math.min(pagesOfEach(load), pagesOfAll(load, all));

/** Each value changes a page of its own and one above it, and may split one. */
const pagesOfEach = ({ values, octets }: Load): number =>
  PAGES_PER_VALUE * values + Math.ceil(octets / LEAST_PAGE_OCTETS);

/**
 * Of a database that is written anew as a whole, with its list of free pages: each page is copied once, and
 * may be full, so that the first value splits it; those that come of it split when they have taken as much
 * as is between a half and all of a page, less what the largest of its values leaves open.
 */
const pagesOfAll = ({ values, octets }: Load, all: number): number =>
  Math.ceil(2.01 * all) + Math.ceil((octets + VALUE_OCTETS * values) / LEAST_GROWTH_OCTETS);

const PAGES_PER_COMMIT = 32;
const PAGES_PER_VALUE = 3;
/** Less than a page holds. */
const LEAST_PAGE_OCTETS = 2048;
/** What a page takes at least between two splits. */
const LEAST_GROWTH_OCTETS = 1024;
/** Of a value's key and place in a page. */
const VALUE_OCTETS = 32;
/** For what replaces something, on a full disk. */
const KEPT_PAGES = 64;

interface Stats {
  readonly pageSize: number;
  /** Of those in use by the latest commit. */
  readonly lastPage: number;
  readonly freePages: number;
}

/** The package describes none of it. */
function statsOf(stats: object): Stats {
  const numberIn = (holder: object, name: string): number => {
    const value: unknown = Object.entries(holder).find(([key]) => key === name)?.[1];
    if (typeof value !== "number") throw new Error(`lmdb tells no ${name}`);
    return value;
  };
  const free = "free" in stats && typeof stats.free === "object" && stats.free !== null ? stats.free : {};
  return {
    pageSize: numberIn(stats, "pageSize"),
    lastPage: numberIn(stats, "lastPageNumber"),
    freePages: numberIn(free, "treeLeafPageCount") + numberIn(free, "overflowPages"),
  };
}

/** Gives a file this length, and more while the disk has it; why that could not be. */
function fillOr(file: number, length: number): unknown {
  if (lengthOf(file) >= length) return undefined;
  try {
    fill(
      file,
      length + Math.min(Math.max(Math.floor(length / MORE_SHARE), LEAST_MORE_OCTETS), MOST_MORE_OCTETS),
    );
    return undefined;
  } catch (error) {
    return lengthOf(file) >= length ? undefined : error;
  }
}

/** Gives a file this length at least, by zeros that take their place on the disk. */
export function fillUpTo(path: string, length: number): void {
  const file = openSync(path, "r+");
  try {
    fill(file, length);
  } finally {
    closeSync(file);
  }
}

function fill(file: number, length: number): void {
  for (let at = lengthOf(file); at < length; )
    at += writeSync(file, ZEROS, 0, Math.min(ZEROS.length, length - at), at);
}

const lengthOf = (file: number): number => fstatSync(file).size;

/**
 * What is got at a time, besides what is needed now, and as a part of the file. A commit that comes with it
 * takes some milliseconds more, so that it has to be seldom under load.
 */
const LEAST_MORE_OCTETS = 1 << 18;
const MOST_MORE_OCTETS = 1 << 21;
const MORE_SHARE = 8;
const ZEROS = new Uint8Array(1 << 16);
