import { closeSync, openSync, readSync } from "node:fs";
import {
  BIG_DATA_OCTETS,
  HEADER,
  HOLDS,
  INTEGER_KEYS,
  IS,
  KEY_OCTETS,
  NODE,
  PAGE,
  STRANGE,
  TREE,
  u64,
} from "./lmdb-layout.js";
import { beginKeys, integerFollows, type KeyOrder, octetsFollow } from "./lmdb-order.js";
import { damagedStore } from "./store-error.js";

// Reads a database of LMDB out of its file, page by page, before LMDB does: LMDB trusts its file, and a bit
// that has fallen over makes it end the process, or write over pages that are in use. The rows are given out
// on the way: a start with a million leases takes a fraction of the time that the library needs for as many,
// and the file does not stay mapped into memory as a whole.

/** Where the two trees that a meta page names begin in it, and the rest that is needed of it. */
export interface PagesMeta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
  /** MDB_db of the free pages and that of the named databases. */
  readonly free: DataView;
  readonly main: DataView;
}

/**
 * Called with a 32-bit integer key and the octets that have the value from `from` (inclusive) to `to`, good
 * for the time of the call.
 */
export type VisitRow = (key: number, octets: Uint8Array, from: number, to: number) => void;

/** Whose rows are wanted; keys ascend. */
export interface Visitor {
  readonly database: string;
  /** Called first, with the number of rows that there are said to be: no more than the file can have. */
  readonly expect?: (rows: number) => void;
  readonly visit: VisitRow;
}

/**
 * Throws a StoreError unless all that the newest state of the file consists of is as LMDB writes it: trees
 * with sorted keys and the numbers of pages and entries that they claim, no page used twice, none that is
 * used listed as free. Nothing is said of what is inside a value. Gives the databases by their names, each
 * with the number of its rows. What has been visited by the time it throws is of no account.
 */
export function readPages(
  path: string,
  size: number,
  meta: PagesMeta,
  visitor?: Visitor,
): ReadonlyMap<string, number> {
  const file = openSync(path, "r");
  try {
    const use = new Uint8Array(pagesOf(path, size, meta));
    return readDatabases({ ...meta, path, file, use }, visitor);
  } finally {
    closeSync(file);
  }
}

interface Reading extends PagesMeta {
  readonly path: string;
  readonly file: number;
  /** What each page is used for. */
  readonly use: Uint8Array;
}

const USED = 1;
const FREE = 2;
/** The two meta pages come first. */
const FIRST = 2;
const DEEPEST = 12;
/** So many pages are read at once when they follow each other: the leaves of a store do, as a rule. */
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

/** Pages that follow each other in the file. */
interface Run {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly first: number;
  readonly count: number;
}

/** Called for a node of a leaf, which begins at `at`. */
type VisitNode = (run: Run, at: number) => void;

/** A tree that is being walked, and what was found of it so far. */
interface Walk extends KeyOrder {
  readonly tree: Tree;
  readonly visit: VisitNode;
  /** For each level what was read last there, since a branch is gone back to. */
  readonly runs: Run[];
  branches: number;
  leaves: number;
  overflows: number;
  entries: number;
}

function pagesOf(path: string, size: number, { pageSize, lastPage }: PagesMeta): number {
  if (lastPage - size / pageSize > MOST_MISSING) throw damagedStore(path, "its end is missing");
  return lastPage + 1;
}

function readDatabases(it: Reading, visitor: Visitor | undefined): ReadonlyMap<string, number> {
  const databases = new Map<string, number>();
  walkTree(it, readTree(it, it.main), (run, at) => {
    const key = run.octets.subarray(at + NODE.data, valueAt(run, at));
    const name = Buffer.from(key).toString("latin1").replace(/\0$/, "");
    const wanted = visitor?.database === name ? visitor : undefined;
    databases.set(name, holds(run, at, HOLDS.tree) ? walkRows(it, valueOf(it, run, at), name, wanted) : 0);
  });
  walkTree(it, readTree(it, it.free), (run, at) => {
    markFree(it, valueOf(it, run, at));
  });
  return databases;
}

/** The rows of one database; gives their number. */
function walkRows(it: Reading, view: DataView, name: string, visitor: Visitor | undefined): number {
  const most = (it.lastPage * it.pageSize) / (NODE.data + KEY_OCTETS);
  const tree = readTree(it, view);
  if (visitor !== undefined && !tree.areIntegers) throw damagedStore(it.path, `${name} has other keys`);
  visitor?.expect?.(Math.min(tree.entries, most));
  const { entries } = walkTree(it, tree, (run, at) => {
    if (holds(run, at, HOLDS.tree)) throw damagedStore(it.path, `${name} holds what it should not`);
    if (visitor === undefined) return;
    const { visit } = visitor;
    const { view, octets } = run;
    const from = valueAt(run, at);
    if (from !== at + NODE.data + KEY_OCTETS) throw damagedStore(it.path, `${name} has other keys`);
    const key = view.getUint32(at + NODE.data, true);
    if (holds(run, at, HOLDS.bigData)) {
      const value = readBig(it, run, at);
      visit(key, value, 0, value.length);
    } else visit(key, octets, from, from + view.getUint32(at + NODE.size, true));
  });
  return entries;
}

function walkTree(it: Reading, tree: Tree, visit: VisitNode): Walk {
  const walk: Walk = {
    ...{ tree, visit, runs: [], branches: 0, leaves: 0, overflows: 0, entries: 0 },
    ...beginKeys(),
  };
  if (tree.depth > 0) walkPage(it, walk, { number: tree.root, level: 1, run: 1 });
  const isSame = (["branches", "leaves", "overflows", "entries"] as const).every(
    (key) => walk[key] === tree[key],
  );
  if (!isSame) throw damagedStore(it.path, "a part of it is missing");
  return walk;
}

function readTree(it: Reading, view: DataView): Tree {
  if (view.byteLength !== TREE.octets) throw damagedStore(it.path, "a database in it has no beginning");
  const flags = view.getUint16(TREE.flags, true);
  const tree = {
    depth: view.getUint16(TREE.depth, true),
    root: u64(view, TREE.root),
    areIntegers: (flags & INTEGER_KEYS) !== 0,
    branches: u64(view, TREE.branches),
    leaves: u64(view, TREE.leaves),
    overflows: u64(view, TREE.overflows),
    entries: u64(view, TREE.entries),
  };
  if (tree.depth > DEEPEST || (flags & STRANGE) !== 0) {
    throw damagedStore(it.path, "a database in it is none of this program");
  }
  return tree;
}

/** Where a page is, and how many from it on are wanted one after the other. */
interface Spot {
  readonly number: number;
  readonly level: number;
  readonly run: number;
}

function walkPage(it: Reading, walk: Walk, spot: Spot): void {
  const { number, level } = spot;
  const run = load(it, walk, spot);
  const { view } = run;
  const page = (number - run.first) * it.pageSize;
  checkHeader(it, number, view, page);
  const isLeaf = level === walk.tree.depth;
  const lower = view.getUint16(page + PAGE.lower, true);
  const upper = view.getUint16(page + PAGE.upper, true);
  const room = it.pageSize - HEADER;
  const isKind = view.getUint16(page + PAGE.flags, true) === (isLeaf ? IS.leaf : IS.branch);
  if (!isKind || lower < 2 || lower % 2 !== 0 || lower > upper || upper > room) throw damage(it, number);
  const taken = isLeaf
    ? walkLeaf(it, walk, run, page, lower / 2, upper)
    : walkBranch(it, walk, run, page, lower / 2, upper, level);
  if (taken !== room - upper) throw damage(it, number);
}

/** Gives how many octets the nodes of the page take; they have to begin at `upper` or behind it. */
function walkLeaf(it: Reading, walk: Walk, run: Run, page: number, count: number, upper: number): number {
  const { view } = run;
  walk.leaves++;
  walk.entries += count;
  let taken = 0;
  for (let index = 0; index < count; index++) {
    const at = nodeAt(it, run, page, index, upper);
    const flags = view.getUint16(at + NODE.flags, true);
    const value = valueAt(run, at);
    const isBig = (flags & HOLDS.bigData) !== 0;
    const end = value + (isBig ? BIG_DATA_OCTETS : view.getUint32(at + NODE.size, true));
    const isSound = end <= page + it.pageSize && (flags & ~(HOLDS.bigData | HOLDS.tree)) === 0;
    if (!isSound || !inOrder(walk, run, at, value, false)) throw damageAt(it, run, page);
    taken += end - at + ((end - at) & 1);
    if (isBig) walk.overflows += claimBig(it, run, at);
    walk.visit(run, at);
  }
  return taken;
}

function walkBranch(
  it: Reading,
  walk: Walk,
  run: Run,
  page: number,
  count: number,
  upper: number,
  level: number,
): number {
  walk.branches++;
  const children: number[] = [];
  let taken = 0;
  for (let index = 0; index < count; index++) {
    const at = nodeAt(it, run, page, index, upper);
    const end = valueAt(run, at);
    if (end > page + it.pageSize) throw damageAt(it, run, page);
    taken += end - at + ((end - at) & 1);
    const high = run.view.getUint16(at + NODE.flags, true);
    children.push(run.view.getUint32(at + NODE.size, true) + high * 2 ** 32);
  }
  for (const [index, number] of children.entries()) {
    const at = nodeAt(it, run, page, index, upper);
    // The first key of a branch is less than all, whatever it says.
    if (index > 0 && !inOrder(walk, run, at, valueAt(run, at), true)) throw damageAt(it, run, page);
    let together = 1;
    while (together < RUN && children[index + together] === number + together) together++;
    walkPage(it, walk, { number, level: level + 1, run: together });
  }
  return taken;
}

/** Where a node begins; its place is told from behind the header of the page. */
function nodeAt(it: Reading, run: Run, page: number, index: number, upper: number): number {
  const from = run.view.getUint16(page + HEADER + index * 2, true);
  if (from < upper || (from & 1) === 1 || HEADER + from + NODE.data > it.pageSize) {
    throw damageAt(it, run, page);
  }
  return page + HEADER + from;
}

/** Notes a key, which lies behind `at` and ends before `end`; false when it must not come after the last. */
const inOrder = (
  walk: Walk,
  { octets, view }: Run,
  at: number,
  end: number,
  isSeparator: boolean,
): boolean =>
  walk.tree.areIntegers
    ? integerFollows(walk, view, at + NODE.data, end, isSeparator)
    : octetsFollow(walk, octets.slice(at + NODE.data, end), isSeparator);

/** Notes that a page is used, which it must be once only, and by a transaction that there was. */
function claim(it: Reading, number: number): void {
  if (number < FIRST || number > it.lastPage || it.use[number] !== 0) throw damage(it, number);
  it.use[number] = USED;
}

function load(it: Reading, { runs }: Walk, { number, level, run: count }: Spot): Run {
  claim(it, number);
  const last = runs[level];
  if (last !== undefined && number >= last.first && number < last.first + last.count) return last;
  const wanted = count * it.pageSize;
  const octets = last !== undefined && last.octets.length >= wanted ? last.octets : new Uint8Array(wanted);
  const view = octets === last?.octets ? last.view : new DataView(octets.buffer);
  if (readSync(it.file, octets, 0, wanted, number * it.pageSize) !== wanted) {
    throw damagedStore(it.path, "its end is missing");
  }
  const run = { octets, view, first: number, count };
  runs[level] = run;
  return run;
}

function checkHeader(it: Reading, number: number, view: DataView, page: number): void {
  const transaction = u64(view, page + PAGE.transaction);
  // LMDB takes a page of a later transaction for one of its own that it may write to.
  const isIt = u64(view, page + PAGE.number) === number && transaction >= 1;
  if (!isIt || transaction > it.transaction) throw damage(it, number);
}

const holds = ({ view }: Run, at: number, what: number): boolean =>
  (view.getUint16(at + NODE.flags, true) & what) !== 0;

/** Where the value of a node begins; in a branch, where the node ends. */
const valueAt = ({ view }: Run, at: number): number =>
  at + NODE.data + view.getUint16(at + NODE.keySize, true);

/** The value of a node, wherever it is. */
function valueOf(it: Reading, run: Run, at: number): DataView {
  if (holds(run, at, HOLDS.bigData)) return new DataView(readBig(it, run, at).buffer);
  const { view } = run;
  return new DataView(view.buffer, valueAt(run, at), view.getUint32(at + NODE.size, true));
}

/** Checks pages that one value fills; gives their number. */
function claimBig(it: Reading, run: Run, at: number): number {
  const { view } = run;
  const told = valueAt(run, at);
  const [first, count] = [u64(view, told), u64(view, told + 16)];
  const size = view.getUint32(at + NODE.size, true);
  if (count !== Math.ceil((HEADER + size) / it.pageSize)) throw damage(it, first);
  // Numbers may be so large that one more is the same.
  for (let page = 0; page < count; page++) claim(it, first + page);
  const head = new DataView(readOctets(it, first * it.pageSize, HEADER).buffer);
  checkHeader(it, first, head, 0);
  const isOverflow = head.getUint16(PAGE.flags, true) === IS.overflow;
  if (!isOverflow || head.getUint32(PAGE.pages, true) !== count) throw damage(it, first);
  return count;
}

function readBig(it: Reading, run: Run, at: number): Uint8Array<ArrayBuffer> {
  const first = u64(run.view, valueAt(run, at));
  return readOctets(it, first * it.pageSize + HEADER, run.view.getUint32(at + NODE.size, true));
}

function readOctets(it: Reading, from: number, count: number): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(count);
  if (readSync(it.file, octets, 0, count, from) !== count) throw damagedStore(it.path, "its end is missing");
  return octets;
}

/**
 * Notes the pages of a list of free ones: how many numbers follow, then the number of a page each, 0 for
 * none, or a negative count and the first of as many pages (midl.c of the lmdb package).
 */
function markFree(it: Reading, view: DataView): void {
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

const damage = (it: Reading, number: number): Error =>
  damagedStore(it.path, `page ${number} is not what it should be`);

const damageAt = (it: Reading, run: Run, page: number): Error => damage(it, run.first + page / it.pageSize);
