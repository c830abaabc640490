import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { damagedStore } from "./store-error.js";

// Reads a database of LMDB out of its file, page by page. A start with a million leases takes a fraction of
// the time that the library needs for as many rows, and the file does not stay mapped into memory as a whole.
// The layout is that of LMDB's data version 2 on 64-bit systems (mdb.c: MDB_page, MDB_node, MDB_db). Only for
// a file that nobody writes to.

/** What a database says of itself. */
export interface Tree {
  readonly depth: number;
  readonly entries: number;
  readonly root: number;
}

/** Calls with a 32-bit integer key and the page that has the value from `from` (inclusive) to `to`. */
export type VisitRow = (key: number, page: Uint8Array, from: number, to: number) => void;

const HEADER = 24;
/** Within a page. */
const PAGE = { number: 0, flags: 18, lower: 20, data: HEADER } as const;
/** What a page is; the other bits of its flags are of no account. */
const IS = { branch: 1, leaf: 2, mask: 0x0f } as const;
/** Within a node. A branch has the page number's third part in place of the flags. */
const NODE = { low: 0, high: 2, flags: 4, keySize: 6, data: 8 } as const;
/** Flag of a node that stands for a database. */
const IS_TREE = 2;
/** Within what stands for a database. */
const TREE = { depth: 6, entries: 32, root: 40, octets: 48 } as const;
/** Deeper than any tree of leases. */
const DEEPEST = 12;

/** The description of a database, `undefined` when it is none. */
export function readTree(view: DataView, at: number): Tree | undefined {
  if (at + TREE.octets > view.byteLength) return undefined;
  const tree = {
    depth: view.getUint16(at + TREE.depth, true),
    entries: Number(view.getBigUint64(at + TREE.entries, true)),
    root: Number(view.getBigUint64(at + TREE.root, true)),
  };
  return tree.depth <= DEEPEST ? tree : undefined;
}

/** A file whose pages are read. */
export interface PageFile {
  /** The named database of the main one; `undefined` when there is none. Throws StoreError. */
  readonly named: (main: Tree, name: string) => Tree | undefined;
  /**
   * Visits every row, keys ascending; the page is good for the time of the call. Gives their number. Throws
   * StoreError when the file is damaged.
   */
  readonly walk: (tree: Tree, visit: VisitRow) => number;
  readonly close: () => void;
}

/** Opens the file only to read. */
export function openPages(path: string, pageSize: number): PageFile {
  const file = openSync(path, "r");
  const pageCount = Math.floor(fstatSync(file).size / pageSize);
  /** Pages that were looked at for one tree: more than there are when branches lead to what is above them. */
  let looked = 0;
  /** For each level what was read last there, since a branch is gone back to. */
  const levels: Run[] = [];

  /** Reads pages that follow each other at once: the leaves of a store do, as a rule. */
  function load(number: number, level: number, runOf: () => number): Page {
    if (number >= pageCount || ++looked > pageCount) throw damage(number);
    let run = levels[level];
    if (run === undefined || number < run.first || number >= run.first + run.count) {
      const count = Math.min(runOf(), pageCount - number);
      run = { first: number, count, octets: run?.octets ?? new Uint8Array(LONGEST_RUN * pageSize) };
      levels[level] = run;
      const wanted = count * pageSize;
      if (readSync(file, run.octets, 0, wanted, number * pageSize) !== wanted) throw damage(number);
    }
    const at = (number - run.first) * pageSize;
    const page = openPage(run.octets.subarray(at, at + pageSize), () => damage(number));
    if (page.number !== number) throw damage(number);
    return page;
  }

  const damage = (number: number): Error => damagedStore(path, `page ${number} is not what it should be`);

  function walk(page: Page, level: number, depth: number, leaf: (page: Page) => void): void {
    if (page.flags !== (level === depth ? IS.leaf : IS.branch)) throw damage(page.number);
    if (level === depth) {
      leaf(page);
      return;
    }
    for (let index = 0; index < page.count; index++) {
      const child = load(page.child(index), level + 1, () => runFrom(page, index));
      walk(child, level + 1, depth, leaf);
    }
  }

  const leaves = (tree: Tree, leaf: (page: Page) => void): void => {
    looked = 0;
    if (tree.entries > 0)
      walk(
        load(tree.root, 1, () => 1),
        1,
        tree.depth,
        leaf,
      );
  };

  return {
    named(main, name) {
      let found: Tree | undefined;
      leaves(main, (page) => {
        for (let index = 0; index < page.count; index++) {
          const { key, value, isTree } = page.row(index);
          if (isTree && Buffer.from(key).toString("latin1").replace(/\0$/, "") === name) {
            found = readTree(page.view, value);
          }
        }
      });
      return found;
    },
    walk(tree, visit) {
      let count = 0;
      let last = -1;
      leaves(tree, (page) => {
        last = page.visit(visit, last);
        count += page.count;
      });
      return count;
    },
    close() {
      closeSync(file);
    },
  };
}

/** Pages that follow each other in the file. */
interface Run {
  readonly first: number;
  readonly count: number;
  readonly octets: Uint8Array;
}

const LONGEST_RUN = 64;

/** How many children from `index` on follow each other in the file, at most as many as are read at once. */
function runFrom(page: Page, index: number): number {
  const first = page.child(index);
  let count = 1;
  while (count < LONGEST_RUN && index + count < page.count && page.child(index + count) === first + count) {
    count++;
  }
  return count;
}

interface Page {
  readonly number: number;
  readonly flags: number;
  readonly count: number;
  readonly view: DataView;
  readonly child: (index: number) => number;
  readonly row: (index: number) => {
    readonly key: Uint8Array;
    /** Where the value begins. */
    readonly value: number;
    readonly isTree: boolean;
  };
  /** Visits the rows, whose keys are above `last`; gives the highest one. */
  readonly visit: (visit: VisitRow, last: number) => number;
}

const INTEGER_KEY = 4;

/** `damage` makes what is thrown when something in the page is not where it can be. */
function openPage(octets: Uint8Array, damage: () => Error): Page {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const u16 = (at: number): number => view.getUint16(at, true);
  const count = u16(PAGE.lower) >> 1;
  if (PAGE.data + count * 2 > octets.length) throw damage();
  /** Where a node begins; its place is told from behind the header of the page. */
  const node = (index: number): number => {
    const at = HEADER + u16(PAGE.data + index * 2);
    if (at + NODE.data > octets.length) throw damage();
    return at;
  };
  return {
    number: Number(view.getBigUint64(PAGE.number, true)),
    flags: u16(PAGE.flags) & IS.mask,
    count,
    view,
    child(index) {
      const at = node(index);
      return view.getUint32(at + NODE.low, true) + u16(at + NODE.flags) * 2 ** 32;
    },
    row(index) {
      const at = node(index);
      const value = at + NODE.data + u16(at + NODE.keySize);
      return {
        key: octets.subarray(at + NODE.data, value),
        value,
        isTree: (u16(at + NODE.flags) & IS_TREE) !== 0,
      };
    },
    visit(visit, last) {
      let highest = last;
      for (let index = 0; index < count; index++) {
        const at = node(index);
        if (at + NODE.data + INTEGER_KEY > octets.length) throw damage();
        const from = at + NODE.data + INTEGER_KEY;
        const to = from + view.getUint32(at + NODE.low, true);
        const isPlain = u16(at + NODE.keySize) === INTEGER_KEY && u16(at + NODE.flags) === 0;
        const key = view.getUint32(at + NODE.data, true);
        if (!isPlain || to > octets.length || key <= highest) throw damage();
        highest = key;
        visit(key, octets, from, to);
      }
      return highest;
    },
  };
}
