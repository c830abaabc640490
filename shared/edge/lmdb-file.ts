import { closeSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { arch, endianness } from "node:os";
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
  const head = readHead(path);
  const first = readMeta(head, 0);
  const second = first === undefined ? undefined : readMeta(head, first.pageSize);
  if (first === undefined || second === undefined) throw damagedStore(path, "it does not begin like one");
  const { lastPage } = second.transaction > first.transaction ? second : first;
  return { size, wanted: (Number(lastPage) + 1) * first.pageSize };
}

/**
 * Gives a file another length, filled up with zeros; LMDB reports missing pages then instead of crashing on
 * them.
 */
export function setLength(path: string, length: number): void {
  truncateSync(path, length);
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

const MAGIC = 0xbeefc0de;
const LARGEST_PAGE = 65_536;
/** Offsets in a meta page, page header included; numbers are in the order of the machine. */
const META = { magic: 24, pageSize: 48, lastPage: 144, transaction: 152, end: 168 } as const;
const LITTLE_ENDIAN = endianness() === "LE";

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
  return {
    pageSize: head.getUint32(at + META.pageSize, LITTLE_ENDIAN),
    lastPage: head.getBigUint64(at + META.lastPage, LITTLE_ENDIAN),
    transaction: head.getBigUint64(at + META.transaction, LITTLE_ENDIAN),
  };
}
