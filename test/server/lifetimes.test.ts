import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import {
  grantLifetimes,
  type Lifetimes,
  renewedWish,
  type TimeBounds,
  timersFor,
} from "../../server/lifetimes.js";
import { range, TIMES } from "./settings.js";

const NEVER = 0xffffffff;
const lifetimes = (preferred: number, valid: number): Lifetimes => ({
  preferred: seconds(preferred),
  valid: seconds(valid),
});

describe("server: lifetimes of a lease", () => {
  const bounds: TimeBounds = { ...TIMES, preferred: range(2000, 3600), valid: range(4000, 7200) };
  const rows: readonly (readonly [string, readonly [number, number] | undefined, number, number])[] = [
    ["no wish -> the maximum", undefined, 3600, 7200],
    ["0 is no wish", [0, 0], 3600, 7200],
    ["a wish within bounds", [3000, 5000], 3000, 5000],
    ["a wish below -> the minimum", [1, 1], 2000, 4000],
    ["a wish above -> the maximum", [9999, 9999], 3600, 7200],
    ["infinity -> the maximum", [NEVER, NEVER], 3600, 7200],
    ["one of both", [3000, 0], 3000, 7200],
  ];
  test.each(rows)("%s", (_what, wish, preferred, valid) => {
    expect(grantLifetimes(bounds, wish && lifetimes(...wish))).toEqual({ preferred, valid });
  });

  test("preferred never exceeds valid, whatever is configured", () => {
    const odd = { ...TIMES, preferred: range(5000), valid: range(300, 400) };
    expect(grantLifetimes(odd, undefined)).toEqual({ preferred: 400, valid: 400 });
  });

  test("endless lifetimes, if configured", () => {
    const endless = { ...TIMES, preferred: range(NEVER), valid: range(NEVER) };
    expect(grantLifetimes(endless, lifetimes(0, 60))).toEqual({ preferred: NEVER, valid: NEVER });
  });

  type Pair = readonly [preferred: number, valid: number];
  const repeated: readonly (readonly [string, Pair, Pair, Pair])[] = [
    ["what is left of it does not shrink it", [2000, 4000], [900, 2900], [2000, 4000]],
    ["a longer wish counts", [2000, 4000], [3000, 5000], [3000, 5000]],
    ["no wish is no wish", [2000, 4000], [0, 0], [0, 0]],
  ];
  test.each(repeated)("asked for again: %s", (_what, held, wish, [preferred, valid]) => {
    expect(renewedWish(lifetimes(...held), lifetimes(...wish))).toEqual({ preferred, valid });
  });
});

describe("server: T1 and T2", () => {
  const free = { ...TIMES, t1: range(0, NEVER), t2: range(0, NEVER) };
  type Row = readonly [string, readonly (readonly [number, number, Partial<TimeBounds>?])[], number, number];
  const rows: readonly Row[] = [
    ["0.5 and 0.8 of the preferred lifetime", [[1000, 2000]], 500, 800],
    [
      "of the shortest preferred lifetime in the message",
      [
        [5000, 9000],
        [1000, 9000],
      ],
      500,
      800,
    ],
    [
      "within the configured bounds",
      [[86400, 172800, { t1: range(5, 3600), t2: range(10, 5400) }]],
      3600,
      5400,
    ],
    ["raised to the configured minimum", [[100, 1000, { t1: range(70, 80), t2: range(90, 95) }]], 70, 90],
    [
      "the tightest bounds of several classes",
      [
        [1000, 2000, { t1: range(0, 300) }],
        [1000, 2000],
      ],
      300,
      800,
    ],
    ["never beyond the valid lifetime", [[100, 200, { t1: range(500), t2: range(900) }]], 200, 200],
    ["never T1 > T2", [[1000, 2000, { t1: range(700), t2: range(600) }]], 600, 600],
    ["0 as configured: the client chooses", [[1000, 2000, { t1: range(0), t2: range(0) }]], 0, 0],
    ["endless for endless leases", [[NEVER, NEVER]], NEVER, NEVER],
    ["finite for endless leases where so configured", [[NEVER, NEVER, TIMES]], 3600, 5400],
    ["0 without leases", [], 0, 0],
  ];
  test.each(rows)("%s", (_what, leases, t1, t2) => {
    const granted = leases.map(([preferred, valid, bounds = {}]) => ({
      ...lifetimes(preferred, valid),
      bounds: { ...free, ...bounds },
    }));
    expect(timersFor(granted)).toEqual({ t1, t2 });
  });
});
