import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPrefix, type Ip6, ip6, masked, overlaps, type Prefix } from "../../shared/prefix.js";
import {
  createPool,
  indexOf,
  pieceAfter,
  pieceAround,
  pieceAt,
  pieceOfHash,
  piecesIn,
  type Pool,
} from "../../server/pool.js";
import { prefix } from "./settings.js";

const addresses = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => ip6(octets));
/** Pools of at most 2^32 pieces. */
const pools = fc
  .tuple(addresses, fc.integer({ min: 0, max: 128 }), fc.integer({ min: 0, max: 32 }))
  .map(([address, length, bits]) => createPoolOf(address, Math.min(length, 128 - bits), bits));

describe("pool", () => {
  test("piece and index are each other's inverse, and pieces have no host bits", () => {
    fc.assert(
      fc.property(pools, fc.double({ min: 0, max: 1, noNaN: true }), (pool, where) => {
        const index = Math.floor(where * (2 ** (pool.length - pool.block.length) - 1));
        const piece = pieceAt(pool, index);
        expect(indexOf(pool, piece.address)).toBe(index);
        expect(masked(piece)).toEqual(piece);
        expect(numberOf(piece.address)).toBe(numberOf(pool.block.address) + BigInt(index) * sizeOf(piece));
      }),
    );
  });

  test("the piece after another is the next one, and the first one after the last", () => {
    fc.assert(
      fc.property(pools, addresses, fc.integer({ min: 0, max: 128 }), (pool, address, length) => {
        const held = masked({ address: inside(pool, address), length });
        const next = pieceAfter(pool, held);
        if (Math.min(length, pool.length) <= pool.block.length) {
          expect(next).toBeUndefined();
          return;
        }
        const large = held.length < pool.length ? held : pieceAround(pool, held.address);
        const end = numberOf(pool.block.address) + sizeOf(pool.block);
        const expected = numberOf(large.address) + sizeOf(large);
        expect(next && numberOf(next.address)).toBe(expected < end ? expected : numberOf(pool.block.address));
      }),
    );
  });

  const rows: readonly (readonly [string, number, readonly number[], string])[] = [
    ["2001:db8::/48", 64, [0xabcd1234, 0], "2001:db8:0:abcd::/64"],
    ["2001:db8::/48", 56, [0xff000000, 0], "2001:db8:0:ff00::/56"],
    ["2001:db8::/48", 48, [0xffffffff, 0], "2001:db8::/48"],
    ["2001:db8::/61", 64, [0x80000000, 0], "2001:db8:0:4::/64"],
    ["2001:db8::/32", 96, [0x01234567, 0x89abcdef], "2001:db8:123:4567:89ab:cdef::/96"],
    ["::/0", 128, [0x20010db8, 1, 2, 3], "2001:db8:0:1:0:2:0:3/128"],
    ["2001:db8::/32", 128, [1, 2, 0xffffffff], "2001:db8:0:1:0:2:ffff:ffff/128"],
  ];
  test.each(rows)("hash in %s cut to /%i: %j -> %s", (pool, length, words, expected) => {
    expect(formatPrefix(pieceOfHash(createPool(prefix(pool), length), words))).toBe(expected);
  });

  test.each([
    ["2001:db8::/48", 56, "2001:db8:0:100::/56", { from: 1, to: 2 }],
    ["2001:db8::/48", 56, "2001:db8:0:1ff::/64", { from: 1, to: 2 }],
    ["2001:db8::/48", 56, "2001:db8:0:8000::/49", { from: 128, to: 256 }],
    ["2001:db8::/48", 56, "2001:db8::/32", { from: 0, to: 256 }],
    ["2001:db8::/48", 56, "2001:db9::/32", undefined],
  ] as const)("pieces of %s cut to /%i in %s -> %j", (pool, length, lease, expected) => {
    expect(piecesIn(createPool(prefix(pool), length), prefix(lease))).toEqual(expected);
  });

  test("pieces that a lease lies in are just those that it overlaps", () => {
    const small = fc.tuple(addresses, fc.integer({ min: 0, max: 120 }), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(
        small,
        addresses,
        fc.integer({ min: 0, max: 128 }),
        ([base, length, bits], address, other) => {
          const pool = createPoolOf(base, length, bits);
          const lease = masked({ address: inside(pool, address), length: other });
          const range = piecesIn(pool, lease) ?? { from: 0, to: 0 };
          for (let i = 0; i < 2 ** bits; i++) {
            expect(i >= range.from && i < range.to).toBe(overlaps(pieceAt(pool, i), lease));
          }
        },
      ),
    );
  });
});

const createPoolOf = (address: Ip6, length: number, bits: number): Pool =>
  createPool(masked({ address, length }), length + bits);

/** The address moved into the pool, its low bits kept. */
function inside(pool: Pool, address: Ip6): Ip6 {
  const low = numberOf(address) % sizeOf(pool.block);
  const text = (numberOf(pool.block.address) + low).toString(16).padStart(32, "0");
  return ip6(Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
}

const numberOf = (address: Ip6): bigint => address.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
const sizeOf = ({ length }: Prefix): bigint => 1n << BigInt(128 - length);
