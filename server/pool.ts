import { contains, containsPrefix, type Ip6, ip6, maskIp6, overlaps, type Prefix } from "../shared/prefix.js";
import { type BitTree, createBitTree } from "./bit-tree.js";

/**
 * One `pd-pool`: everything in `prefix`, delegated in pieces of `length`. A piece is known by its address.
 */
export interface Pool {
  readonly prefix: Prefix;
  readonly length: number;
  /** Which pieces have a lease or offer in them; only for pools small enough to have a bit for each piece. */
  readonly taken: BitTree | undefined;
}

/** Pieces `from` (inclusive) to `to` (exclusive) of a pool, counted from its first. */
export interface PieceRange {
  readonly from: number;
  readonly to: number;
}

/** Pools of up to 2^24 pieces have a bit for each (2 MiB, and only of what is in use). */
export const BITMAP_BITS = 24;

/** A pool with all its pieces free. */
export function createPool(prefix: Prefix, length: number): Pool {
  const bits = length - prefix.length;
  return { prefix, length, taken: bits <= BITMAP_BITS ? createBitTree(2 ** bits) : undefined };
}

/** The piece at `index`; for pools of at most 2^32 pieces. */
export function pieceAt(pool: Pool, index: number): Prefix {
  const octets = Uint8Array.from(pool.prefix.address);
  writeBits(octets, pool.prefix.length, pool.length, index);
  return { address: ip6(octets), length: pool.length };
}

/** The index of the piece that `address` lies in; for pools of at most 2^32 pieces. */
export const indexOf = (pool: Pool, address: Ip6): number =>
  readBits(address, pool.prefix.length, pool.length);

/**
 * The piece that the leading bits of a hash select, 32 bits in each word, as many words as the pool needs.
 */
export function pieceOfHash(pool: Pool, words: readonly number[]): Prefix {
  const octets = Uint8Array.from(pool.prefix.address);
  let at = pool.prefix.length;
  for (const word of words) {
    const count = Math.min(32, pool.length - at);
    if (count <= 0) break;
    writeBits(octets, at, at + count, word >>> (32 - count));
    at += count;
  }
  return { address: ip6(octets), length: pool.length };
}

/** The piece that `address` lies in. */
export const pieceAround = (pool: Pool, address: Ip6): Prefix => ({
  address: maskIp6(address, pool.length),
  length: pool.length,
});

/**
 * The first piece behind `prefix`, or the pool's first one when that lies outside; `undefined` when
 * `prefix` covers the whole pool.
 */
export function pieceAfter(pool: Pool, prefix: Prefix): Prefix | undefined {
  const step = Math.min(prefix.length, pool.length);
  if (step <= pool.prefix.length) return undefined;
  const octets = Uint8Array.from(maskIp6(prefix.address, step));
  let carry = 0x80 >> ((step - 1) & 7);
  for (let i = (step - 1) >> 3; i >= 0 && carry > 0; i--) {
    const sum = (octets[i] ?? 0) + carry;
    octets[i] = sum;
    carry = sum >> 8;
  }
  const next = ip6(octets);
  const address = contains(pool.prefix, next) ? next : pool.prefix.address;
  return { address, length: pool.length };
}

/**
 * The pieces of a pool with a bitmap that have an address in common with `prefix`; `undefined` when none
 * has.
 */
export function piecesIn(pool: Pool, prefix: Prefix): PieceRange | undefined {
  if (!overlaps(pool.prefix, prefix)) return undefined;
  if (!containsPrefix(pool.prefix, prefix)) return { from: 0, to: 2 ** (pool.length - pool.prefix.length) };
  const from = indexOf(pool, prefix.address);
  return { from, to: from + 2 ** Math.max(0, pool.length - prefix.length) };
}

/** Bits from..to (at most 32, counted from the highest) as an unsigned number. */
function readBits(octets: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let bit = from; bit < to; ) {
    const width = Math.min(8 - (bit & 7), to - bit);
    const octet = octets[bit >> 3] ?? 0;
    value = value * 2 ** width + ((octet >> (8 - (bit & 7) - width)) & ((1 << width) - 1));
    bit += width;
  }
  return value;
}

/** Sets bits from..to (at most 32, and zero so far) to a number. */
function writeBits(octets: Uint8Array, from: number, to: number, value: number): void {
  let left = value;
  for (let bit = to; bit > from; ) {
    const width = Math.min(((bit - 1) & 7) + 1, bit - from);
    const at = (bit - 1) >> 3;
    octets[at] = (octets[at] ?? 0) | ((left % 2 ** width) << (7 - ((bit - 1) & 7)));
    left = Math.floor(left / 2 ** width);
    bit -= width;
  }
}
