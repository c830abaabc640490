/** Smaller than any that LMDB makes on today's machines, so that a file is mostly what a change can meet. */
const PAGE = 256;
const HEADER = 24;
const META = { magic: 24, version: 28, pageSize: 48, main: 96, lastPage: 144, transaction: 152 } as const;
const TREE_OCTETS = 48;
const [BRANCH, LEAF, META_PAGE] = [1, 2, 8];
const [MAIN, ROOT, FIRST_LEAF] = [2, 3, 4];
const ROWS_A_PAGE = 3;
const INTEGER_KEYS = 8;

/**
 * The file of a database of LMDB's format with one named database, "leases": a branch and `leaves` pages with
 * three rows each below it. Little-endian, as the machines are that our reader reads it on.
 */
export function databaseFile(leaves: number): Uint8Array {
  const last = ROOT + leaves;
  const file = new Uint8Array((last + 1) * PAGE);
  for (const [number, transaction] of [2n, 1n].entries()) {
    const page = openPage(file, number, META_PAGE);
    page.setUint32(META.magic, 0xbeefc0de, true);
    page.setUint32(META.version, 2, true);
    page.setUint32(META.pageSize, PAGE, true);
    writeTree(page, META.main, { depth: 1, leaves: 1, entries: 1, root: MAIN });
    page.setBigUint64(META.lastPage, BigInt(last), true);
    page.setBigUint64(META.transaction, transaction, true);
  }
  const value = new DataView(new ArrayBuffer(TREE_OCTETS));
  const [depth, branches] = leaves > 0 ? [2, 1] : [0, 0];
  const entries = leaves * ROWS_A_PAGE;
  writeTree(value, 0, { flags: INTEGER_KEYS, depth, branches, leaves, entries, root: ROOT });
  writeNodes(openPage(file, MAIN, LEAF), [
    { flags: 2, key: Buffer.from("leases\0"), value: octetsOf(value) },
  ]);
  const children = Array.from({ length: leaves }, (_, i) => FIRST_LEAF + i);
  writeNodes(
    openPage(file, ROOT, BRANCH),
    children.map((child, i) => ({ child, key: keyOf(i * ROWS_A_PAGE), value: new Uint8Array(0), flags: 0 })),
  );
  for (const [index, child] of children.entries()) {
    const rows = Array.from({ length: ROWS_A_PAGE }, (_, i) => index * ROWS_A_PAGE + i);
    writeNodes(
      openPage(file, child, LEAF),
      rows.map((row) => ({ flags: 0, key: keyOf(row), value: new Uint8Array(20).fill(row) })),
    );
  }
  return file;
}

interface NodeFacts {
  readonly flags: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** In a branch. */
  readonly child?: number;
}

function openPage(file: Uint8Array, number: number, flags: number): DataView {
  const page = new DataView(file.buffer, number * PAGE, PAGE);
  page.setBigUint64(0, BigInt(number), true);
  page.setBigUint64(8, 1n, true);
  page.setUint16(18, flags, true);
  return page;
}

interface TreeFacts {
  readonly flags?: number;
  readonly depth: number;
  readonly branches?: number;
  readonly leaves: number;
  readonly entries: number;
  readonly root: number;
}

function writeTree(view: DataView, at: number, tree: TreeFacts): void {
  view.setUint16(at + 4, tree.flags ?? 0, true);
  view.setUint16(at + 6, tree.depth, true);
  view.setBigUint64(at + 8, BigInt(tree.branches ?? 0), true);
  view.setBigUint64(at + 16, BigInt(tree.leaves), true);
  view.setBigUint64(at + 32, BigInt(tree.entries), true);
  view.setBigUint64(at + 40, BigInt(tree.root), true);
}

/** Pointers from the front, nodes from the back, as LMDB fills a page. */
function writeNodes(page: DataView, nodes: readonly NodeFacts[]): void {
  const octets = octetsOf(page);
  let end = PAGE;
  nodes.forEach(({ flags, key, value, child }, index) => {
    end -= (8 + key.length + value.length + 1) & ~1;
    page.setUint16(HEADER + 2 * index, end - HEADER, true);
    page.setUint32(end, child ?? value.length, true);
    page.setUint16(end + 4, flags, true);
    page.setUint16(end + 6, key.length, true);
    octets.set(key, end + 8);
    octets.set(value, end + 8 + key.length);
  });
  page.setUint16(20, 2 * nodes.length, true);
  page.setUint16(22, end - HEADER, true);
}

const keyOf = (value: number): Uint8Array => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
const octetsOf = (view: DataView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
