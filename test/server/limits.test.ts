import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis, seconds } from "../../shared/brand.js";
import type { Rate } from "../../shared/config/types.js";
import { allows, createLimiter, LIMITER_KEYS, type Limiter, take } from "../../server/limits.js";
import { SEED } from "../lease/model.js";
import { START } from "./settings.js";

const rate = (leases: number, per: number): Rate => ({ leases, per: seconds(per) });
const limiterOf = (leases: number, per: number): Limiter => createLimiter(rate(leases, per), SEED);
const keyOf = (n: number): Uint8Array => Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
/** So many seconds after the start. */
const at = (time: number) => millis(START + time * 1000);

/** Takes one by one until no more is to be had; how many there were. */
function drain(limiter: Limiter, key: Uint8Array, now = at(0)): number {
  let count = 0;
  while (take(limiter, key, now, 1)) count++;
  return count;
}

/** A key in each place that is left, each with its bucket emptied. */
function fill(limiter: Limiter, leases: number): void {
  for (let n = 1_000_000; limiter.buckets.size < LIMITER_KEYS; n++) take(limiter, keyOf(n), at(0), leases);
}

describe("limits", () => {
  test("as many at once as the rate says, then one whenever a share of the time has passed", () => {
    const limiter = limiterOf(3, 60);
    expect(drain(limiter, keyOf(1))).toBe(3);
    expect([at(19.999), at(20)].map((now) => allows(limiter, keyOf(1), now))).toEqual([false, true]);
    expect(drain(limiter, keyOf(1), at(45))).toBe(2);
    expect(drain(limiter, keyOf(1), at(60))).toBe(1);
    expect(drain(limiter, keyOf(2), at(60))).toBe(3);
  });

  test("several at once: all of them or none; more than a full bucket has never", () => {
    const limiter = limiterOf(3, 60);
    expect(take(limiter, keyOf(1), at(0), 4)).toBe(false);
    expect(take(limiter, keyOf(1), at(0), 2)).toBe(true);
    expect(take(limiter, keyOf(1), at(0), 2)).toBe(false);
    expect([1, 2].map((count) => allows(limiter, keyOf(1), at(0), count))).toEqual([true, false]);
  });

  test("asking counts nothing", () => {
    const limiter = limiterOf(1, 60);
    for (let i = 0; i < 100; i++) expect(allows(limiter, keyOf(1), at(0))).toBe(true);
    expect(limiter.buckets.size).toBe(0);
  });

  const happenings = fc.array(
    fc.record({
      key: fc.nat(2),
      wait: fc.oneof(fc.constant(0), fc.nat(30_000)),
      count: fc.integer({ min: 1, max: 3 }),
    }),
    { maxLength: 60 },
  );
  const rates = fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 90 }));

  test("grants whenever a bucket that is filled bit by bit has enough, and never otherwise", () => {
    fc.assert(
      fc.property(rates, happenings, ([leases, per], history) => {
        const limiter = limiterOf(leases, per);
        const share = per * 1000;
        const levels = new Map<number, number>();
        let now: number = START;
        for (const { key, wait, count } of history) {
          now += wait;
          for (const [known, level] of levels)
            levels.set(known, Math.min(leases * share, level + wait * leases));
          const level = levels.get(key) ?? leases * share;
          const expected = level >= count * share;
          expect(take(limiter, keyOf(key), millis(now), count)).toBe(expected);
          if (expected) levels.set(key, level - count * share);
        }
      }),
    );
  });

  test("in no window of time more than the rate and what fills in meanwhile, fractions of ms or not", () => {
    fc.assert(
      fc.property(rates, happenings, fc.integer({ min: 1, max: 4096 }), ([leases, per], history, part) => {
        const limiter = limiterOf(leases, per);
        const granted: number[] = [];
        let now: number = START;
        for (const { wait, count } of history) {
          now += (wait * part) / 4096;
          if (take(limiter, keyOf(1), millis(now), count)) for (let i = 0; i < count; i++) granted.push(now);
        }
        for (const [i, first] of granted.entries()) {
          for (const [j, last] of granted.slice(i).entries()) {
            expect(j + 1).toBeLessThanOrEqual(leases + Math.floor(((last - first) * leases) / (per * 1000)));
          }
        }
      }),
    );
  });

  test("an hour that never was: time stepping back grants nothing, and soon all is as before", () => {
    const limiter = limiterOf(2, 60);
    expect(drain(limiter, keyOf(1), at(3600))).toBe(2);
    expect(drain(limiter, keyOf(1), at(0))).toBe(0);
    expect(take(limiter, keyOf(2), at(3600), 1)).toBe(true);
    expect(drain(limiter, keyOf(2), at(0))).toBe(1);
    expect(drain(limiter, keyOf(2), at(60))).toBe(2);
  });

  test("a Remote-ID of any length counts whole, and its octets may be written over", () => {
    const limiter = limiterOf(1, 60);
    const long = Buffer.alloc(60_000);
    expect([drain(limiter, long), drain(limiter, long)]).toEqual([1, 0]);
    long[59_999] = 1;
    expect(drain(limiter, long)).toBe(1);
    expect(drain(limiter, long.subarray(0, 59_999))).toBe(1);
    const short = Buffer.from([1, 2, 3]);
    expect(drain(limiter, short)).toBe(1);
    short.fill(9);
    expect([drain(limiter, Uint8Array.of(1, 2, 3)), drain(limiter, short)]).toEqual([0, 1]);
    // Five buckets, of which each new one throws out two once they are full.
    for (const n of [1, 2, 3, 4]) take(limiter, keyOf(n), at(n * 3600), 1);
    expect(limiter.buckets.size).toBe(1);
  });
});

describe("limits: a flood of keys", () => {
  test("a million of them get no more than the places there are, and one bucket for all others", () => {
    const limiter = limiterOf(2, 3600);
    const before = process.memoryUsage().heapUsed;
    let granted = 0;
    for (let n = 0; n < 1_000_000; n++) if (take(limiter, keyOf(n), at(n / 1e6), 1)) granted++;
    expect(granted).toBe(LIMITER_KEYS + 2);
    expect(limiter.buckets.size).toBe(LIMITER_KEYS);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  });

  test("those that have a bucket keep it, and what it has left", () => {
    const limiter = limiterOf(3, 60);
    take(limiter, keyOf(1), at(0), 1);
    fill(limiter, 3);
    expect(drain(limiter, keyOf(2))).toBe(3);
    expect(drain(limiter, keyOf(3))).toBe(0);
    expect(drain(limiter, keyOf(1))).toBe(2);
  });

  test("buckets that are full again make room, long before the others are", () => {
    const limiter = limiterOf(3, 60);
    for (const n of [1, 2, 3]) take(limiter, keyOf(n), at(0), 1);
    fill(limiter, 3);
    drain(limiter, keyOf(10));
    expect(drain(limiter, keyOf(11), at(19))).toBe(0);
    // After 20 s three are full, and so much has come into the common one too.
    expect([11, 12, 13, 14].map((n) => drain(limiter, keyOf(n), at(20)))).toEqual([1, 1, 1, 1]);
    expect(limiter.buckets.size).toBe(LIMITER_KEYS);
  });

  test("who has had its share of the common bucket does not get another with its own", () => {
    const limiter = limiterOf(3, 60);
    take(limiter, keyOf(1), at(0), 1);
    fill(limiter, 3);
    expect(drain(limiter, keyOf(10), at(10))).toBe(3);
    expect(drain(limiter, keyOf(10), at(20))).toBe(0);
    expect(drain(limiter, keyOf(10), at(30))).toBe(1);
  });

  test("when it is over every key is as good as new, and the memory of it goes", () => {
    const limiter = limiterOf(3, 60);
    fill(limiter, 3);
    drain(limiter, keyOf(1));
    for (let n = 0; n < LIMITER_KEYS; n++) expect(drain(limiter, keyOf(n), at(61 + n * 60))).toBe(3);
    expect(limiter.buckets.size).toBeLessThan(3);
  });
});
