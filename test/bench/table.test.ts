import { describe, expect, test } from "vitest";
import { type Figures, median, type Name, rowsFor, stored, table, verdicts } from "./table.js";

const rounds = (
  ours: readonly Figures[],
  kea: readonly Figures[] = [],
): ReadonlyMap<Name, readonly Figures[]> =>
  new Map([
    ["ours", ours],
    ["Kea", kea],
  ]);

/** A line with its blanks made one. */
const squeezed = (line: string): string => line.trim().replace(/ +/g, " ");

describe("bench: the table", () => {
  test.each([
    { values: [3], expected: 3 },
    { values: [9, 1, 4], expected: 4 },
    { values: [9, 1, 4, 2], expected: 3 },
  ])("median of $values", ({ values, expected }) => {
    expect(median(values)).toBe(expected);
  });

  test("medians and ratio; lines that nobody has a figure for are left out", () => {
    const lines = table(
      rounds([{ peak: 3000, p99: 1.25 }, { peak: 4000 }], [{ peak: 1000 }]),
      rowsFor([0, 1_000_000]),
    );
    expect(lines.map(squeezed)).toEqual([
      "ours Kea ours/Kea",
      "peak at <= 1 % loss, exchanges/s 3500 1000 3.50",
      "99th percentile, ms 1.3 - -",
    ]);
  });
});

describe("bench: the bars", () => {
  const good: Figures = {
    peak: 3000,
    overload: 2850,
    p99: 5,
    p99Steady: 5,
    relayed: 3000,
    hookCalls: 500,
    routesSet: 1000,
    [stored(1_000_000, "peak")]: 2700,
    [stored(1_000_000, "answer")]: 1000,
    [stored(1_000_000, "pss")]: 200,
    [stored(1_000_000, "pssAfter")]: 300,
  };
  const words = (ours: Figures, kea: Figures): readonly (string | undefined)[] =>
    verdicts(rounds([ours], [kea])).map((line) => /held$|MISSED$|not measured$/.exec(line)?.[0]);

  test("all are held at their limits", () => {
    expect(words(good, { peak: 2000 })).toEqual(Array.from({ length: 10 }, () => "held"));
  });

  test.each([
    { what: "peak of Kea", bar: 0, ours: {}, kea: 2001 },
    { what: "overload", bar: 1, ours: { overload: 2849 }, kea: 2000 },
    { what: "peak with leases", bar: 2, ours: { [stored(1_000_000, "peak")]: 2699 }, kea: 2000 },
    { what: "first answer", bar: 3, ours: { [stored(1_000_000, "answer")]: 1001 }, kea: 2000 },
    { what: "memory after the start", bar: 4, ours: { [stored(1_000_000, "pss")]: 301 }, kea: 2000 },
    { what: "memory after the load", bar: 4, ours: { [stored(1_000_000, "pssAfter")]: 301 }, kea: 2000 },
    { what: "delay", bar: 5, ours: { p99: 5.1 }, kea: 2000 },
    { what: "delay while the processor is steady", bar: 6, ours: { p99Steady: 5.1 }, kea: 2000 },
    { what: "relayed", bar: 7, ours: { relayed: 2999 }, kea: 2000 },
    { what: "hooks", bar: 8, ours: { hookCalls: 499 }, kea: 2000 },
    { what: "routes", bar: 9, ours: { routesSet: 999 }, kea: 2000 },
  ])("missed: $what", ({ bar, ours, kea }) => {
    const expected = Array.from({ length: 10 }, (_none, index) => (index === bar ? "MISSED" : "held"));
    expect(words({ ...good, ...ours }, { peak: kea })).toEqual(expected);
  });

  test("what cannot be known is not missed", () => {
    expect(words({ ...good, p99Steady: NaN }, { peak: 2000 })[6]).toBe("not measured");
  });

  test("what was not measured is neither", () => {
    expect(words({}, {})).toEqual(Array.from({ length: 10 }, () => "not measured"));
  });
});
