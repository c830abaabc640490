// The layout of LMDB's data version 2 on 64-bit systems (mdb.c: MDB_page, MDB_node, MDB_db), little-endian.

/** Octets before the places of the nodes of a page. */
export const HEADER = 24;
/** Within a page. */
export const PAGE = { number: 0, transaction: 8, flags: 18, lower: 20, upper: 22, pages: 20 } as const;
/** What a page is. */
export const IS = { branch: 1, leaf: 2, overflow: 4 } as const;
/** In a branch the size and the flags are the number of a page. */
export const NODE = { size: 0, flags: 4, keySize: 6, data: 8 } as const;
/** Flags of a node of a leaf. */
export const HOLDS = { bigData: 1, tree: 2 } as const;
/** Within what stands for a database (MDB_db). */
export const TREE = {
  flags: 4,
  depth: 6,
  branches: 8,
  leaves: 16,
  overflows: 24,
  entries: 32,
  root: 40,
  octets: 48,
} as const;
/** Flag of a database whose keys are integers. */
export const INTEGER_KEYS = 8;
/** Of a key that is given out. */
export const KEY_OCTETS = 4;
/** Several values of one key, keys or values in an order of their own: nothing of ours has that. */
export const STRANGE = 0x76;
/** Octets in a node that name the pages of a big value. */
export const BIG_DATA_OCTETS = 24;

/** As a number, exact when there can be as many of anything. */
export const u64 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
