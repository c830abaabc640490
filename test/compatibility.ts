import { existsSync, readFileSync } from "node:fs";

/** Families of items and the numbers in each: `[1, 19]`, or single ones such as `19a`. */
export type Items = Readonly<Record<string, readonly (readonly [first: number, last: number] | string)[]>>;

/** One row of the tables of a COMPATIBILITY.md. */
export interface Item {
  readonly id: string;
  readonly verdict: string;
  readonly remark: string;
  /** Where it is tested, each as `folder/file: part of the name`; empty where the page has no such column. */
  readonly tested: readonly string[];
}

/** The rows of all tables that begin with an item. */
export function itemsIn(file: string): readonly Item[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
      const [, id = "", verdict = "", remark = "", tested = ""] = cells;
      if (!/^(?:[SC]-[A-Z]+|[NDT])-\d+[a-z]?$/.test(id)) return [];
      return [{ id, verdict, remark, tested: tested === "" || tested === "–" ? [] : tested.split(" · ") }];
    });
}

/** Numbers of the wishes of Dibbler's users that are answered, in the order of the page. */
export const wishesIn = (file: string): readonly number[] =>
  Array.from(readFileSync(file, "utf8").matchAll(/^\| wish (\d+) \|/gm), ([, number]) => Number(number));

/** All ids, sorted: `S-CLI-1`, `S-CLI-2`, ... */
export const idsOf = (items: Items): readonly string[] =>
  Object.entries(items)
    .flatMap(([family, ranges]) =>
      ranges.flatMap((range) => {
        if (typeof range === "string") return [`${family}-${range}`];
        const [first, last] = range;
        return Array.from({ length: last - first + 1 }, (_, i) => `${family}-${first + i}`);
      }),
    )
    .toSorted();

/** Items that do not say one of these verdicts, or nothing of what that means to somebody. */
export const unclearItems = (items: readonly Item[], verdicts: readonly string[]): readonly Item[] =>
  items.filter(({ verdict, remark }) => !verdicts.includes(verdict) || remark.length < 8);

/**
 * References to tests that are not there: what is named has to be part of a test's name, or of a row that it
 * is run with.
 */
export function missingTests(items: readonly Item[]): readonly string[] {
  return items.flatMap(({ id, tested }) =>
    tested.filter((one) => !isThere(one)).map((one) => `${id}: ${one}`),
  );
}

function isThere(reference: string): boolean {
  const [, name = "", part = ""] = /^([\w/-]+): (.+)$/.exec(reference) ?? [];
  const file = `test/${name}.test.ts`;
  return existsSync(file) && textsIn(file).some((text) => text.includes(part));
}

const known = new Map<string, readonly string[]>();

/** What stands in quotes in a file, imports left out. */
function textsIn(file: string): readonly string[] {
  const texts = known.get(file) ?? quoted(readFileSync(file, "utf8"));
  known.set(file, texts);
  return texts;
}

const quoted = (source: string): readonly string[] =>
  source
    .split("\n")
    .filter((line) => !line.includes(' from "'))
    .flatMap((line) => line.match(/"(?:[^"\\]|\\.)*"|`[^`]*`|'[^']*'/g) ?? [])
    .map((text) => text.slice(1, -1));
