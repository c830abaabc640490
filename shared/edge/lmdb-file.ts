import { closeSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { arch, endianness } from "node:os";
import { openPages, readTree, type Tree, type VisitRow } from "./lmdb-pages.js";
import { damagedStore } from "./store-error.js";

/** What the file of a database says about itself, in octets. */
export interface DatabaseFile {
  /** 0 for a file out of which LMDB has yet to make a database. */
  readonly size: number;
  /** How long it has to be to hold every page; more than `size` when it was cut off. */
  readonly wanted: number;
}

/**
 * Looks at the file before LMDB does: the lmdb package (3.5.6) ends the process with a segmentation fault
 * where it should report that a file is no database. Throws a StoreError for such a file.
 */
export function inspectDatabase(path: string): DatabaseFile {
  const { size } = statSync(path);
  // The layout below is that of 64-bit systems; the only other one with a ready binary is 32-bit ARM.
  if (size === 0 || arch() === "arm") return { size, wanted: size };
  const meta = newestMeta(path);
  if (meta === undefined) throw damagedStore(path, "it does not begin like one");
  const wanted = (Number(meta.lastPage) + 1) * meta.pageSize;
  if (!Number.isSafeInteger(wanted)) throw damagedStore(path, "it says that it is longer than a file can be");
  return { size, wanted };
}

/**
 * Visits all rows of a named database, keys being 32-bit integers, ascending; gives their number.
 * `undefined`, and nothing visited, where the layout of the file is not known here: the library can read it,
 * in its own time. Throws a StoreError when the file is damaged. Nobody may write to it meanwhile.
 */
export function readRows(path: string, name: string, visit: VisitRow): number | undefined {
  if (arch() === "arm" || !LITTLE_ENDIAN) return undefined;
  const meta = newestMeta(path);
  if (meta?.main === undefined || meta.version !== KNOWN_VERSION) return undefined;
  const pages = openPages(path, meta.pageSize);
  try {
    const tree = pages.named(meta.main, name);
    return tree === undefined ? undefined : pages.walk(tree, visit);
  } finally {
    pages.close();
  }
}

/**
 * Gives a file another length, filled up with zeros; LMDB reports missing pages then instead of crashing on
 * them.
 */
export function setLength(path: string, length: number): void {
  truncateSync(path, length);
}

interface Meta {
  readonly version: number;
  readonly pageSize: number;
  /** The database of all named ones. */
  readonly main: Tree | undefined;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

const MAGIC = 0xbeefc0de;
const LARGEST_PAGE = 65_536;
/** Powers of two, from the smallest that a meta page fits into (MDB_PAGESIZE). */
const PAGE_SIZES: readonly number[] = Array.from({ length: 9 }, (_, power) => 256 << power);
/** MDB_DATA_VERSION of the lmdb package, in the lower half; the upper one is of no account. */
const KNOWN_VERSION = 2;
/** Offsets in a meta page, page header included; numbers are in the order of the machine. */
const META = {
  magic: 24,
  version: 28,
  pageSize: 48,
  main: 96,
  lastPage: 144,
  transaction: 152,
  end: 168,
} as const;
const LITTLE_ENDIAN = endianness() === "LE";

function newestMeta(path: string): Meta | undefined {
  const head = readHead(path);
  const first = readMeta(head, 0);
  const second = first === undefined ? undefined : readMeta(head, first.pageSize);
  if (first === undefined || second === undefined) return undefined;
  return second.transaction > first.transaction ? second : first;
}

function readHead(path: string): DataView {
  const head = new Uint8Array(LARGEST_PAGE + META.end);
  const file = openSync(path, "r");
  try {
    return new DataView(head.buffer, 0, readSync(file, head));
  } finally {
    closeSync(file);
  }
}

/** One of the two meta pages; `undefined` when there is none. */
function readMeta(head: DataView, at: number): Meta | undefined {
  if (head.byteLength < at + META.end) return undefined;
  if (head.getUint32(at + META.magic, LITTLE_ENDIAN) !== MAGIC) return undefined;
  const pageSize = head.getUint32(at + META.pageSize, LITTLE_ENDIAN);
  if (!PAGE_SIZES.includes(pageSize)) return undefined;
  return {
    version: head.getUint32(at + META.version, LITTLE_ENDIAN) & 0xffff,
    main: readTree(head, at + META.main),
    pageSize,
    lastPage: head.getBigUint64(at + META.lastPage, LITTLE_ENDIAN),
    transaction: head.getBigUint64(at + META.transaction, LITTLE_ENDIAN),
  };
}
