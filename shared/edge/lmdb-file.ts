import { closeSync, openSync, readSync, statSync } from "node:fs";
import { arch, endianness } from "node:os";
import { type PagesMeta, readPages, type Visitor } from "./lmdb-pages.js";
import { damagedStore } from "./store-error.js";

/** What the file of a database says about itself, in octets. */
export interface DatabaseFile {
  /** 0 for a file out of which LMDB has yet to make a database. */
  readonly size: number;
  /** How long it has to be to hold every page; more than `size` when it was cut off. */
  readonly wanted: number;
  /** How many rows were visited; `undefined` where the library has to read them, in its own time. */
  readonly visited: number | undefined;
}

/**
 * Looks at the whole file before LMDB does: the lmdb package (3.5.6) ends the process with a segmentation
 * fault where it should report that a file is no database or is damaged. Throws a StoreError for such a file.
 * The rows of a database, keys being 32-bit integers, can be visited on the way; nobody may write then.
 * Else a writer may be at work: what has changed meanwhile is looked at again.
 */
export function inspectDatabase(path: string, visitor?: Visitor): DatabaseFile {
  const sizeNow = (): number => statSync(path).size;
  const before = sizeNow();
  // The layout below is that of 64-bit systems; the only other one with a ready binary is 32-bit ARM.
  if (before === 0 || arch() === "arm") return { size: before, wanted: before, visited: undefined };
  for (let attempt = 1; ; attempt++) {
    const meta = newestMeta(path);
    // Pages are written before the meta page that names them, so not the other way round.
    const size = sizeNow();
    const wanted = meta === undefined ? size : (meta.lastPage + 1) * meta.pageSize;
    try {
      if (meta === undefined) throw damagedStore(path, "it does not begin like one");
      const wanted = (meta.lastPage + 1) * meta.pageSize;
      if (!Number.isSafeInteger(wanted))
        throw damagedStore(path, "it says that it is longer than a file can be");
      const rows = readPages(path, size, meta, visitor);
      if (rows.size > 0 && !rows.has("leases")) throw damagedStore(path, "it is of another program");
      return { size, wanted, visited: visitor && (rows.get(visitor.database) ?? 0) };
    } catch (error) {
      // The pages of a state are not written over before the next but one.
      if (visitor !== undefined || newestMeta(path)?.transaction === meta?.transaction) throw error;
      if (attempt === ATTEMPTS) return { size, wanted, visited: undefined };
    }
  }
}

/** A server that writes all the time has looked at its file when it began. */
const ATTEMPTS = 5;

interface Meta extends PagesMeta {
  readonly version: number;
  /** Flags of the file, which never change. */
  readonly flags: number;
}

const MAGIC = 0xbeefc0de;
/** The smallest that a meta page fits into (MDB_PAGESIZE). */
const SMALLEST_PAGE = 256;
const LARGEST_PAGE = 65_536;
/** MDB_DATA_VERSION of the lmdb package, in the lower half; the upper one is of no account. */
const KNOWN_VERSION = 2;
/** Offsets in a meta page, page header included. */
const META = {
  number: 0,
  pageFlags: 18,
  magic: 24,
  version: 28,
  pageSize: 48,
  flags: 52,
  free: 48,
  main: 96,
  lastPage: 144,
  transaction: 152,
  end: 168,
} as const;
const IS_META = 8;
const TREE_OCTETS = 48;
const LITTLE_ENDIAN = endianness() === "LE";

/** The meta page of the last commit; `undefined` unless there are two, of two transactions in a row. */
function newestMeta(path: string): Meta | undefined {
  const head = readHead(path);
  const first = readMeta(head, 0, 0);
  const second = first === undefined ? undefined : readMeta(head, first.pageSize, 1);
  if (first === undefined || second === undefined) return undefined;
  const [newer, older] = second.transaction > first.transaction ? [second, first] : [first, second];
  const isLikeIt = newer.pageSize === older.pageSize && newer.flags === older.flags;
  // Transactions take turns with the two pages; both are of none in a file that was just made.
  const isNext =
    newer.transaction === older.transaction + 1 && newer === [first, second][newer.transaction % 2];
  const isNew = newer.transaction === 0;
  return isLikeIt && (isNext || isNew) ? newer : undefined;
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
function readMeta(head: DataView, at: number, number: number): Meta | undefined {
  if (head.byteLength < at + META.end) return undefined;
  const u16 = (offset: number): number => head.getUint16(at + offset, LITTLE_ENDIAN);
  const u32 = (offset: number): number => head.getUint32(at + offset, LITTLE_ENDIAN);
  const u64 = (offset: number): number => Number(head.getBigUint64(at + offset, LITTLE_ENDIAN));
  const treeAt = (offset: number): DataView =>
    new DataView(head.buffer, head.byteOffset + at + offset, TREE_OCTETS);
  const version = u32(META.version) & 0xffff;
  const pageSize = u32(META.pageSize);
  const isMeta = u64(META.number) === number && u16(META.pageFlags) === IS_META && u32(META.magic) === MAGIC;
  const isPageSize =
    pageSize >= SMALLEST_PAGE && pageSize <= LARGEST_PAGE && (pageSize & (pageSize - 1)) === 0;
  if (!isMeta || !isPageSize || version !== KNOWN_VERSION) return undefined;
  return {
    version,
    pageSize,
    flags: u16(META.flags),
    free: treeAt(META.free),
    main: treeAt(META.main),
    lastPage: u64(META.lastPage),
    transaction: u64(META.transaction),
  };
}
