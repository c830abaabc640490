import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid } from "../../shared/brand.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import {
  type AddressRange,
  containsPrefix,
  inRange,
  overlaps,
  type Prefix,
  rangeOf,
} from "../../shared/prefix.js";
import { choosePrefixes, type Seeker, type Stock } from "../../server/allocate.js";
import { createLedger, enter, type Ledger } from "../../server/ledger.js";
import type { PoolClass } from "../../server/links.js";
import {
  createPool,
  createRangePool,
  hashBits,
  holds,
  indexOf,
  pieceAfter,
  pieceAt,
  pieceOfHash,
  piecesIn,
  type Pool,
} from "../../server/pool.js";
import { createReserved } from "../../server/reserved.js";
import { createSipHash } from "../../server/siphash.js";
import { duidOf, leaseOf, SEED } from "../lease/model.js";
import { addressOf, hugeRanges, numberOf, prefixesOf, rangeFrom, smallRanges, sizeOf } from "./ranges.js";
import { EVERYBODY, ip, pdClass, prefix } from "./settings.js";

const TOP = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fff";
const lengths = fc.integer({ min: 0, max: 128 });
const words = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 4, maxLength: 4 });
const anyRange = fc.oneof(smallRanges, hugeRanges);
const countOf = ({ first, last }: AddressRange): bigint => numberOf(last) - numberOf(first) + 1n;

describe("range pool", () => {
  test("piece and index are each other's inverse, from the first address to the last", () => {
    fc.assert(
      fc.property(smallRanges, (range) => {
        const pool = createRangePool(range);
        expect(pool.count).toBe(Number(countOf(range)));
        for (let i = 0; i < pool.count; i++) {
          const piece = pieceAt(pool, i);
          expect(numberOf(piece.address)).toBe(numberOf(range.first) + BigInt(i));
          expect([piece.length, indexOf(pool, piece.address)]).toEqual([128, i]);
        }
      }),
    );
  });

  test("its block is a prefix in it, and there is no larger one", () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const { block, aligned, count } = createRangePool(range);
        const largest = prefixesOf(numberOf(range.first), numberOf(range.last)).map(({ length }) => length);
        expect(block.length).toBe(Math.min(...largest));
        expect([rangeOf(block).first, rangeOf(block).last].every((end) => inRange(range, end))).toBe(true);
        expect(aligned).toBe(largest.length === 1);
        expect(count / Number(countOf(range))).toBeCloseTo(1, 12);
      }),
    );
  });

  test("holds just the prefixes whose every address is in the range", () => {
    const near = fc.tuple(anyRange, fc.bigInt({ min: -400n, max: 400n }), lengths, fc.boolean());
    fc.assert(
      fc.property(near, ([range, offset, length, atEnd]) => {
        const from = numberOf(atEnd ? range.last : range.first);
        const asked = { address: addressOf(from + offset), length };
        const { first, last } = rangeOf(asked);
        const isInside = numberOf(first) >= numberOf(range.first) && numberOf(last) <= numberOf(range.last);
        expect(holds(createRangePool(range), asked)).toBe(isInside);
      }),
    );
  });

  test("a hash leads to an address of the range, in small ranges to each", () => {
    fc.assert(
      fc.property(anyRange, words, (range, hash) => {
        const { address, length } = pieceOfHash(createRangePool(range), hash);
        expect([length, inRange(range, address)]).toEqual([128, true]);
      }),
    );
    fc.assert(
      fc.property(smallRanges, (range) => {
        const pool = createRangePool(range);
        const shift = 32 - Math.min(32, hashBits(pool));
        const hit = Array.from({ length: pool.count }, (_, i) =>
          numberOf(pieceOfHash(pool, pool.aligned ? [(i << shift) >>> 0] : [0, i]).address),
        );
        expect(new Set(hit).size).toBe(pool.count);
      }),
    );
  });

  test("the piece after another is the next one, and the first one after the last and from outside", () => {
    const held = fc.tuple(anyRange, fc.bigInt({ min: -400n, max: 400n }), lengths);
    fc.assert(
      fc.property(held, ([range, offset, length]) => {
        const lease = {
          address: rangeOf({ address: addressOf(numberOf(range.last) + offset), length }).first,
          length,
        };
        const end = numberOf(lease.address) + sizeOf(lease);
        const isCovered = numberOf(lease.address) <= numberOf(range.first) && end > numberOf(range.last);
        const isInside = end >= numberOf(range.first) && end <= numberOf(range.last);
        const next = pieceAfter(createRangePool(range), lease);
        if (isCovered) expect(next).toBeUndefined();
        else expect(next && numberOf(next.address)).toBe(isInside ? end : numberOf(range.first));
      }),
    );
  });

  test("pieces that a lease lies in are just those that it overlaps", () => {
    const near = fc.tuple(
      smallRanges,
      fc.bigInt({ min: -400n, max: 400n }),
      fc.integer({ min: 116, max: 128 }),
    );
    fc.assert(
      fc.property(near, ([range, offset, length]) => {
        const pool = createRangePool(range);
        const { first } = rangeOf({ address: addressOf(numberOf(range.first) + offset), length });
        const lease = { address: first, length };
        const { from, to } = piecesIn(pool, lease) ?? { from: 0, to: 0 };
        const hit = Array.from({ length: pool.count }, (_, i) => overlaps(pieceAt(pool, i), lease));
        expect(hit).toEqual(hit.map((_, i) => i >= from && i < to));
      }),
    );
  });

  test.each([
    ["2001:db8::10", "2001:db8::10", 1, "2001:db8::10/128"],
    ["2001:db8::", "2001:db8::ff", 256, "2001:db8::/120"],
    ["2001:db8::1", "2001:db8::fe", 254, "2001:db8::80/122"],
    ["2001:db8::ffff", "2001:db8::1:0", 2, "2001:db8::1:0/128"],
    [`${TOP}0`, `${TOP}f`, 16, `${TOP}0/124`],
  ])("%s-%s -> %i addresses, block %s", (first, last, count, block) => {
    const pool = createRangePool({ first: ip(first), last: ip(last) });
    expect(pool.count).toBe(count);
    expect(pool.block).toEqual(prefix(block));
  });
});

/** One class of one pool, and its ledger with these prefixes leased. */
function createBench(pool: Pool, leased: readonly Prefix[] = []): Bench {
  const table = createLeaseTable({ seed: SEED });
  const poolClass = {
    bounds: pdClass(128, []),
    length: 128,
    pools: [pool],
    access: EVERYBODY,
    exclude: undefined,
    routes: false,
    share: 100,
  };
  const ledger = createLedger(table, { pools: [pool] });
  for (const [n, taken] of leased.entries()) enter(ledger, leaseOf(1_000_000 + n, { prefix: taken }));
  const hash = createSipHash(new Uint8Array(16));
  return { ledger, hash, reserved: createReserved([], []), classes: [poolClass] };
}

interface Bench extends Stock {
  readonly ledger: Ledger;
  readonly classes: readonly PoolClass[];
}

const seekerOf = (n: number, hints: readonly Prefix[] = []): Seeker => ({
  client: duidOf(n),
  iaType: "na",
  iaid: iaid(1),
  hints,
  length: undefined,
  reservation: undefined,
});

/** Leases to new clients until one gets nothing, `most` at most; the addresses given. */
function drain(bench: Bench, most: number): bigint[] {
  const given: bigint[] = [];
  while (given.length < most) {
    const [choice] = choosePrefixes(bench, bench.classes, seekerOf(given.length));
    if (choice === undefined) break;
    enter(bench.ledger, leaseOf(given.length, { iaType: "na", prefix: choice.prefix }));
    given.push(numberOf(choice.prefix.address));
  }
  return given;
}

const ascending = (values: readonly bigint[]): bigint[] =>
  values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));

describe("range pool: allocation", () => {
  test("a small range -> each of its addresses once, then nothing; what is leased already is left out", () => {
    const blocked = fc.array(
      fc.tuple(fc.bigInt({ min: -20n, max: 300n }), fc.integer({ min: 120, max: 128 })),
    );
    fc.assert(
      fc.property(smallRanges, blocked, (range, spots) => {
        const leased: Prefix[] = [];
        for (const [offset, length] of spots) {
          const { first } = rangeOf({ address: addressOf(numberOf(range.first) + offset), length });
          const lease = { address: first, length };
          if (!leased.some((other) => overlaps(other, lease))) leased.push(lease);
        }
        const free: bigint[] = [];
        for (let at = numberOf(range.first); at <= numberOf(range.last); at++) {
          const address = { address: addressOf(at), length: 128 };
          if (!leased.some((lease) => containsPrefix(lease, address))) free.push(at);
        }
        expect(ascending(drain(createBench(createRangePool(range), leased), 400))).toEqual(free);
      }),
    );
  });

  test("a huge range of which all but a few addresses are leased in blocks -> just these", () => {
    const offsets = fc.array(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(hugeRanges, offsets, (range, spots) => {
        const first = numberOf(range.first);
        const free = ascending([...new Set(spots.map((spot) => first + (spot % countOf(range))))]);
        const ends = [first - 1n, ...free, numberOf(range.last) + 1n];
        const leased = ends.slice(1).flatMap((end, i) => prefixesOf((ends[i] ?? 0n) + 1n, end - 1n));
        expect(ascending(drain(createBench(createRangePool(range), leased), 10))).toEqual(free);
      }),
    );
  });

  test("a huge range with nothing in it -> 50 clients get 50 addresses of it", () => {
    fc.assert(
      fc.property(hugeRanges, (range) => {
        const given = drain(createBench(createRangePool(range)), 50);
        expect(new Set(given).size).toBe(50);
        expect(given.every((address) => inRange(range, addressOf(address)))).toBe(true);
      }),
    );
  });

  test("a hint in the range -> that address; outside of it, or the same leased -> another one", () => {
    const bench = createBench(createRangePool(rangeFrom(100n, 227n)), [prefix("::70/124")]);
    const choose = (text: string): Prefix | undefined =>
      choosePrefixes(bench, bench.classes, seekerOf(1, [prefix(text)]))[0]?.prefix;
    expect(choose("::aa/128")).toEqual(prefix("::aa/128"));
    expect(choose("::e4/128")).not.toEqual(prefix("::e4/128"));
    expect(choose("::63/128")).not.toEqual(prefix("::63/128"));
    expect(choose("::7a/128")).not.toEqual(prefix("::7a/128"));
  });

  test("aligned or not, a client is led to the same place by the same hash", () => {
    const ranges = [
      createPool(prefix("2001:db8::/112"), 128),
      createRangePool(rangeOf(prefix("2001:db8::/112"))),
    ];
    const [a, b] = ranges.map((pool) => drain(createBench(pool), 5));
    expect(a).toEqual(b);
  });
});
