import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inspectDatabase } from "../../shared/edge/lmdb-file.js";
import type { VisitRow } from "../../shared/edge/lmdb-pages.js";
import { StoreError } from "../../shared/edge/store-error.js";
import { databaseFile } from "../fuzz/database-file.js";

const folder = mkdtempSync(join(tmpdir(), "dibbler-pages-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const PAGE = 256;
/** Pages of `databaseFile`: two of meta, the database of databases, the branch, then leaves. */
const [MAIN, BRANCH, FIRST_LEAF] = [2, 3, 4];

type Spoil = (page: (number: number) => DataView) => void;

/** The keys in a database of so many leaves that was spoilt, each with the first octet of its value. */
function keysIn(leaves: number, spoil: Spoil = () => undefined): readonly string[] {
  const file = databaseFile(leaves);
  spoil((number) => new DataView(file.buffer, number * PAGE, PAGE));
  const path = join(folder, "data.mdb");
  writeFileSync(path, file);
  const keys: string[] = [];
  const visit: VisitRow = (key, octets, from) => void keys.push(`${key}=${octets[from] ?? "?"}`);
  const { size, wanted, visited } = inspectDatabase(path, { database: "leases", visit });
  expect(wanted).toBe(size);
  expect(visited).toBe(keys.length);
  return keys;
}

/** Where the node with this number begins in a page. */
const nodeAt = (page: DataView, index: number): number => 24 + page.getUint16(24 + 2 * index, true);

describe("pages of a store", () => {
  test("rows of all leaves, in order", () => {
    expect(keysIn(0)).toEqual([]);
    expect(keysIn(3)).toEqual(Array.from({ length: 9 }, (_, key) => `${key}=${key}`));
  });

  const rows: readonly (readonly [string, Spoil])[] = [
    [
      "a page with more nodes than it can have",
      (page) => {
        page(FIRST_LEAF).setUint16(20, 0xffff, true);
      },
    ],
    [
      "a node behind the end of its page",
      (page) => {
        page(FIRST_LEAF).setUint16(24, 0xfff0, true);
      },
    ],
    [
      "a node of a branch behind the end of its page",
      (page) => {
        page(BRANCH).setUint16(24, 230, true);
      },
    ],
    [
      "a node in the main database behind the end of its page",
      (page) => {
        page(MAIN).setUint16(24, 250, true);
      },
    ],
    [
      "a value longer than its page",
      (page) => {
        page(FIRST_LEAF).setUint32(nodeAt(page(FIRST_LEAF), 0), 4000, true);
      },
    ],
    [
      "a child that is in no file",
      (page) => {
        page(BRANCH).setUint32(nodeAt(page(BRANCH), 1), 0xffffff, true);
      },
    ],
    [
      "a root that no file can have",
      (page) => {
        page(MAIN).setBigUint64(nodeAt(page(MAIN), 0) + 8 + 7 + 40, 1n << 60n, true);
      },
    ],
    [
      "a leaf that two nodes lead to",
      (page) => {
        page(BRANCH).setUint32(nodeAt(page(BRANCH), 1), FIRST_LEAF, true);
      },
    ],
    [
      "keys that descend",
      (page) => {
        page(FIRST_LEAF).setUint32(nodeAt(page(FIRST_LEAF), 1) + 8, 0, true);
      },
    ],
  ];
  test.each(rows)("%s: the store is damaged, said so", (_what, spoil) => {
    expect(() => keysIn(4, spoil)).toThrow(StoreError);
  });

  test("branches that lead to each other without end: as many pages are looked at as there are", () => {
    const spoil: Spoil = (page) => {
      // Ten levels of branches, each with all of its nodes on the next one, and an empty leaf below.
      page(MAIN).setUint16(nodeAt(page(MAIN), 0) + 8 + 7 + 6, 11, true);
      for (let level = 0; level < 10; level++) {
        const branch = page(BRANCH + level);
        branch.setUint16(18, 1, true);
        branch.setUint16(20, 60, true);
        for (let index = 0; index < 30; index++) branch.setUint16(24 + 2 * index, 200, true);
        branch.setUint32(224, BRANCH + level + 1, true);
        branch.setUint16(228, 0, true);
      }
      page(BRANCH + 10).setUint16(20, 0, true);
    };
    expect(() => keysIn(10, spoil)).toThrow("is not what it should be");
  });

  test.each([0, 1, 255, 300, 1 << 17])("a page size of %i: no database", (size) => {
    const spoil: Spoil = (page) => {
      for (const number of [0, 1]) page(number).setUint32(48, size, true);
    };
    expect(() => keysIn(1, spoil)).toThrow("it does not begin like one");
  });

  test("a last page that no file can have: damaged", () => {
    const spoil: Spoil = (page) => {
      for (const number of [0, 1]) page(number).setBigUint64(144, 1n << 60n, true);
    };
    expect(() => keysIn(1, spoil)).toThrow("longer than a file can be");
  });
});
