import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

/** The items of what was observed of Dibbler's server: families and the numbers in each. */
const ITEMS: Readonly<Record<string, readonly (readonly [first: number, last: number])[]>> = {
  CCH: [[1, 4]],
  CFG: [
    [1, 19],
    [30, 42],
    [50, 54],
    [60, 67],
    [70, 79],
    [90, 90],
  ],
  CLI: [[1, 13]],
  CLS: [[1, 4]],
  DB: [
    [1, 15],
    [20, 20],
    [30, 31],
  ],
  FIL: [[1, 14]],
  GRM: [[1, 4]],
  HK: [
    [1, 7],
    [20, 20],
    [30, 35],
  ],
  KEY: [[1, 1]],
  LEX: [[1, 15]],
  LOG: [[1, 6]],
  LOOP: [[1, 3]],
  LQ: [[1, 4]],
  MSG: [
    [1, 8],
    [10, 11],
    [20, 25],
    [30, 32],
    [40, 43],
    [50, 51],
    [60, 62],
    [70, 73],
    [80, 80],
    [90, 92],
    [100, 103],
  ],
  NET: [
    [1, 5],
    [10, 10],
    [20, 25],
  ],
  OPT: [[1, 19]],
  PD: [
    [1, 16],
    [20, 21],
    [30, 30],
  ],
  RCF: [[1, 5]],
  REL: [[1, 12]],
  RUN: [[1, 6]],
  SCP: [[1, 7]],
  SEC: [[1, 20]],
  SIG: [[1, 4]],
  ST: [[1, 10]],
  VAL: [[1, 8]],
  VER: [[1, 8]],
};

/** What may be said of an item. */
const VERDICTS = ["same", "fixed", "ours differs", "not supported"];

/** The rows of all tables that begin with an item. */
const rows = readFileSync("server/COMPATIBILITY.md", "utf8")
  .split("\n")
  .map((line) => /^\| (?<id>S-[A-Z]+-\d+) \| (?<verdict>[^|]+) \| (?<remark>.+) \|$/.exec(line)?.groups)
  .filter((groups) => groups !== undefined);

describe("server/COMPATIBILITY.md", () => {
  test("every item of what Dibbler's server does is there, once", () => {
    const wanted = Object.entries(ITEMS).flatMap(([family, ranges]) =>
      ranges.flatMap(([first, last]) =>
        Array.from({ length: last - first + 1 }, (_, i) => `S-${family}-${first + i}`),
      ),
    );
    expect(rows.map(({ id }) => id).toSorted()).toEqual(wanted.toSorted());
  });

  test("each says same, fixed, ours differs or not supported, and what that means to somebody", () => {
    const unclear = rows.filter(
      ({ verdict = "", remark = "" }) => !VERDICTS.includes(verdict) || remark.trim().length < 8,
    );
    expect(unclear).toEqual([]);
  });

  test("the wishes of Dibbler's users are answered, all 25", () => {
    const wishes = [...readFileSync("server/COMPATIBILITY.md", "utf8").matchAll(/^\| wish (\d+) \|/gm)];
    expect(wishes.map(([, number]) => Number(number))).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  });
});
