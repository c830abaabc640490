import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Row, ROWS } from "./rows.js";

const rows: readonly (readonly [string, Row])[] = Object.entries(ROWS);
const ids = rows.map(([id]) => id);
/** The number at the head of each title in the files of this folder, as often as it stands there. */
const tested = titlesIn(import.meta.dirname);
const countOf = (id: string): number => tested.filter((other) => other === id).length;
const familyOf = (id: string): string => id.split("-")[1] ?? "";

describe("conformance: the table and its tests", () => {
  test("every row has one test; a row that is decided otherwise may have none", () => {
    const missing = rows.filter(([id, [, , decided]]) => decided === undefined && countOf(id) === 0);
    const twice = ids.filter((id) => countOf(id) > 1);
    expect({ missing: missing.map(([id]) => id), twice }).toEqual({ missing: [], twice: [] });
  });

  test("no test has a number that is not in the table", () => {
    expect(tested.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("the numbers of a family have no gap", () => {
    for (const family of new Set(ids.map(familyOf))) {
      const numbers = ids.filter((id) => familyOf(id) === family).map((id) => Number(id.split("-")[2]));
      expect(numbers, family).toEqual(numbers.map((_, i) => i + 1));
    }
  });
});

function titlesIn(folder: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
  return files.flatMap((name) =>
    Array.from(
      readFileSync(join(folder, name), "utf8").matchAll(/["`](S-[A-Z]+-\d+)/g),
      ([, id]) => id ?? "",
    ),
  );
}
