import { closeSync, openSync, readSync } from "node:fs";
import { damagedStore } from "./store-error.js";

// Looks at every page of a database before LMDB does: LMDB trusts its file, and a bit that has fallen over
// makes it end the process, or write over pages that are in use. The layout is described in lmdb-pages.ts.

/** Where the two trees that a meta page names begin in it, and the rest that is needed of it. */
export interface CheckedMeta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  /** MDB_db of the free pages and that of the named databases. */
  readonly free: DataView;
  readonly main: DataView;
}

/**
 * Throws a StoreError unless all that the newest state of the file consists of is as LMDB writes it: trees
 * with sorted keys and the numbers of pages and entries that they claim, no page used twice, none that is
 * used listed as free. Nothing is said of what is inside a value. Gives the names of the databases.
 */
export function checkPages(path: string, size: number, meta: CheckedMeta): readonly string[] {
  const file = openSync(path, "r");
  try {
    return check({ ...meta, path, file, size, use: new Uint8Array(pagesOf(path, size, meta)) });
  } finally {
    closeSync(file);
  }
}

interface Checking extends CheckedMeta {
  readonly path: string;
  readonly file: number;
  readonly size: number;
  /** What each page is used for. */
  readonly use: Uint8Array;
}

const USED = 1;
const FREE = 2;
/** The two meta pages come first. */
const FIRST = 2;
const HEADER = 24;
const PAGE = { number: 0, transaction: 8, flags: 18, lower: 20, upper: 22, pages: 20 } as const;
const IS = { branch: 1, leaf: 2, overflow: 4 } as const;
const NODE = { size: 0, flags: 4, keySize: 6, data: 8 } as const;
const HOLDS = { bigData: 1, tree: 2 } as const;
const TREE = {
  flags: 4,
  depth: 6,
  branches: 8,
  leaves: 16,
  overflows: 24,
  entries: 32,
  root: 40,
  octets: 48,
} as const;
const INTEGER_KEYS = 8;
/** Several values of one key, keys or values in an order of their own: nothing of ours has that. */
const STRANGE = 0x76;
const BIG_DATA_OCTETS = 24;
const DEEPEST = 12;
const RUN = 64;
/** Pages that nobody uses may be missing at the end of the file, but not more than a transaction may take. */
const MOST_MISSING = 65_536;

interface Tree {
  readonly depth: number;
  readonly root: number;
  readonly areIntegers: boolean;
  readonly branches: number;
  readonly leaves: number;
  readonly overflows: number;
  readonly entries: number;
}

/** What was found of a tree so far, and the last key. */
interface Found {
  /** For each level what was read last there. */
  readonly runs: { first: number; count: number; readonly octets: Uint8Array }[];
  branches: number;
  leaves: number;
  overflows: number;
  entries: number;
  /** Keys from here on have to be greater, or as great when it is a separator's. */
  last: Uint8Array | undefined;
  isSeparator: boolean;
}

/** A node of a leaf; `octets` gives its value, wherever it is. */
interface Leaf {
  readonly key: Uint8Array;
  readonly isTree: boolean;
  readonly octets: () => DataView;
}

function pagesOf(path: string, size: number, { pageSize, lastPage }: CheckedMeta): number {
  if (lastPage - size / pageSize > MOST_MISSING) throw damagedStore(path, "its end is missing");
  return lastPage + 1;
}

function check(it: Checking): readonly string[] {
  const names: string[] = [];
  checkTree(it, it.main, (leaf) => {
    const name = Buffer.from(leaf.key).toString("latin1").replace(/\0$/, "");
    names.push(name);
    if (leaf.isTree) checkTree(it, leaf.octets(), rejectTrees(it, name));
  });
  checkTree(it, it.free, ({ octets }) => {
    markFree(it, octets());
  });
  return names;
}

const rejectTrees =
  (it: Checking, name: string): ((leaf: Leaf) => void) =>
  ({ isTree }) => {
    if (isTree) throw damagedStore(it.path, `${name} holds what it should not`);
  };

function checkTree(it: Checking, view: DataView, visit: (leaf: Leaf) => void): void {
  const tree = readTree(it, view);
  const found: Found = {
    runs: [],
    branches: 0,
    leaves: 0,
    overflows: 0,
    entries: 0,
    last: undefined,
    isSeparator: false,
  };
  if (tree.depth > 0) checkPage(it, tree, found, { number: tree.root, level: 1, run: 1 }, visit);
  const isSame = (["branches", "leaves", "overflows", "entries"] as const).every(
    (key) => found[key] === tree[key],
  );
  if (!isSame) throw damagedStore(it.path, "a part of it is missing");
}

function readTree(it: Checking, view: DataView): Tree {
  if (view.byteLength !== TREE.octets) throw damagedStore(it.path, "a database in it has no beginning");
  const number = (at: number): number => Number(view.getBigUint64(at, true));
  const flags = view.getUint16(TREE.flags, true);
  const tree = {
    depth: view.getUint16(TREE.depth, true),
    root: number(TREE.root),
    areIntegers: (flags & INTEGER_KEYS) !== 0,
    branches: number(TREE.branches),
    leaves: number(TREE.leaves),
    overflows: number(TREE.overflows),
    entries: number(TREE.entries),
  };
  if (tree.depth > DEEPEST || (flags & STRANGE) !== 0) {
    throw damagedStore(it.path, "a database in it is none of this program");
  }
  return tree;
}

/** Where a page is, and how many that follow it are wanted next. */
interface Spot {
  readonly number: number;
  readonly level: number;
  readonly run: number;
}

function checkPage(it: Checking, tree: Tree, found: Found, spot: Spot, visit: (leaf: Leaf) => void): void {
  const { number, level } = spot;
  const octets = load(it, found, spot);
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const u16 = (at: number): number => view.getUint16(at, true);
  const isLeaf = level === tree.depth;
  const [lower, upper] = [u16(PAGE.lower), u16(PAGE.upper)];
  const room = it.pageSize - HEADER;
  const isSound = u16(PAGE.flags) === (isLeaf ? IS.leaf : IS.branch) && lower >= 2 && lower % 2 === 0;
  if (!isSound || lower > upper || upper > room) throw damage(it, number);
  if (isLeaf) found.leaves++;
  else found.branches++;

  const children: number[] = [];
  let taken = 0;
  for (let index = 0; index < lower / 2; index++) {
    const from = u16(HEADER + index * 2);
    const at = HEADER + from;
    if (from < upper || from % 2 === 1 || at + NODE.data > it.pageSize) throw damage(it, number);
    const size = view.getUint32(at + NODE.size, true);
    const flags = u16(at + NODE.flags);
    const value = at + NODE.data + u16(at + NODE.keySize);
    const isBig = isLeaf && (flags & HOLDS.bigData) !== 0;
    const end = value + (isLeaf ? (isBig ? BIG_DATA_OCTETS : size) : 0);
    if (end > it.pageSize) throw damage(it, number);
    taken += end - at + ((end - at) % 2);
    const key = octets.subarray(at + NODE.data, value);
    if (isLeaf) {
      if ((flags & ~(HOLDS.bigData | HOLDS.tree)) !== 0) throw damage(it, number);
      if (!inOrder(tree, found, key, false)) throw damage(it, number);
      found.entries++;
      const octetsOf = (): DataView =>
        isBig ? readBig(it, view, value, size) : new DataView(view.buffer, view.byteOffset + value, size);
      if (isBig) found.overflows += claimBig(it, view, value, size);
      visit({ key, isTree: (flags & HOLDS.tree) !== 0, octets: octetsOf });
    } else children.push(size + flags * 2 ** 32);
  }
  if (taken !== room - upper) throw damage(it, number);
  for (const [index, child] of children.entries()) {
    const at = HEADER + u16(HEADER + index * 2);
    const key = octets.slice(at + NODE.data, at + NODE.data + u16(at + NODE.keySize));
    // The first key of a branch is less than all, whatever it says.
    if (index > 0 && !inOrder(tree, found, key, true)) throw damage(it, number);
    let run = 1;
    while (run < RUN && children[index + run] === child + run) run++;
    checkPage(it, tree, found, { number: child, level: level + 1, run }, visit);
  }
}

function inOrder(tree: Tree, found: Found, key: Uint8Array, isSeparator: boolean): boolean {
  const before = found.last;
  const order = before === undefined ? 1 : compareKeys(tree.areIntegers, key, before);
  const isGood = order !== undefined && (order > 0 || (order === 0 && found.isSeparator && !isSeparator));
  found.last = key.slice();
  found.isSeparator = isSeparator;
  return isGood && key.length > 0;
}

/** `undefined` when one of them can be no such key. */
function compareKeys(areIntegers: boolean, a: Uint8Array, b: Uint8Array): number | undefined {
  if (!areIntegers) return Buffer.compare(a, b);
  if (a.length !== b.length || (a.length !== 4 && a.length !== 8)) return undefined;
  return Buffer.compare(a.slice().reverse(), b.slice().reverse());
}

/** Notes that a page is used, which it must be once only, and by a transaction that there was. */
function claim(it: Checking, number: number): void {
  if (number < FIRST || number > it.lastPage || it.use[number] !== 0) throw damage(it, number);
  it.use[number] = USED;
}

/** Pages that follow each other are read at once. */
function load(it: Checking, { runs }: Found, { number, level, run }: Spot): Uint8Array {
  claim(it, number);
  let last = runs[level];
  if (last === undefined || number < last.first || number >= last.first + last.count) {
    last = { first: number, count: run, octets: last?.octets ?? new Uint8Array(RUN * it.pageSize) };
    runs[level] = last;
    const wanted = run * it.pageSize;
    const read = readSync(it.file, last.octets, 0, wanted, number * it.pageSize);
    if (read !== wanted) throw damagedStore(it.path, "its end is missing");
  }
  const at = (number - last.first) * it.pageSize;
  const octets = last.octets.subarray(at, at + it.pageSize);
  checkHeader(it, number, new DataView(octets.buffer, octets.byteOffset, octets.byteLength));
  return octets;
}

function checkHeader(it: Checking, number: number, view: DataView): void {
  const isIt = Number(view.getBigUint64(PAGE.number, true)) === number;
  const transaction = Number(view.getBigUint64(PAGE.transaction, true));
  // LMDB takes a page of a later transaction for one of its own that it may write to.
  if (!isIt || transaction < 1 || transaction > it.transaction) throw damage(it, number);
}

/** Checks pages that one value fills; gives their number. */
function claimBig(it: Checking, view: DataView, at: number, size: number): number {
  const first = Number(view.getBigUint64(at, true));
  const count = Number(view.getBigUint64(at + 16, true));
  if (count !== Math.ceil((HEADER + size) / it.pageSize)) throw damage(it, first);
  for (let page = first; page < first + count; page++) claim(it, page);
  const head = new DataView(readOctets(it, first * it.pageSize, HEADER).buffer);
  checkHeader(it, first, head);
  const isOverflow = head.getUint16(PAGE.flags, true) === IS.overflow;
  if (!isOverflow || head.getUint32(PAGE.pages, true) !== count) throw damage(it, first);
  return count;
}

const readBig = (it: Checking, view: DataView, at: number, size: number): DataView =>
  new DataView(readOctets(it, Number(view.getBigUint64(at, true)) * it.pageSize + HEADER, size).buffer);

function readOctets(it: Checking, from: number, count: number): Uint8Array {
  const octets = new Uint8Array(count);
  if (readSync(it.file, octets, 0, count, from) !== count) throw damagedStore(it.path, "its end is missing");
  return octets;
}

/**
 * Notes the pages of a list of free ones: how many numbers follow, then the number of a page each, 0 for
 * none, or a negative count and the first of as many pages (midl.c of the lmdb package).
 */
function markFree(it: Checking, view: DataView): void {
  const number = (index: number): number => Number(view.getBigInt64(index * 8, true));
  const count = view.byteLength < 8 ? -1 : number(0);
  if (count < 0 || (count + 1) * 8 > view.byteLength) throw damagedStore(it.path, "its list of free pages");
  for (let index = 1; index <= count; index++) {
    const entry = number(index);
    if (entry === 0) continue;
    const isBlock = entry < 0 && index < count;
    const first = isBlock ? number(++index) : entry;
    const last = first + (isBlock ? -entry : 1) - 1;
    if (first < FIRST || last > it.lastPage) throw damagedStore(it.path, "its list of free pages");
    for (let page = first; page <= last; page++) {
      if (it.use[page] !== 0) throw damagedStore(it.path, `page ${page} is free and in use`);
      it.use[page] = FREE;
    }
  }
}

const damage = (it: Checking, number: number): Error =>
  damagedStore(it.path, `page ${number} is not what it should be`);
