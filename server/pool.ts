import { readIp6 } from "../shared/lease/record-octets.js";
import {
  type AddressRange,
  compareIp6,
  contains,
  containsPrefix,
  inRange,
  type Ip6,
  ip6,
  maskIp6,
  overlaps,
  type Prefix,
  rangeOf,
} from "../shared/prefix.js";
import { type BitTree, createBitTree } from "./bit-tree.js";

/**
 * What one `pd-pool` or one `pool` of addresses has to give, in pieces of `length`. A piece is known by its
 * address.
 */
export interface Pool {
  /** From the first address of the first piece to the last address of the last one. */
  readonly range: AddressRange;
  readonly length: number;
  /** How many pieces there are; exact up to 2^53. */
  readonly count: number;
  /** The largest prefix in the range, `length` long at most; the whole range when that is a prefix. */
  readonly block: Prefix;
  /** True when `block` is all of the pool. */
  readonly aligned: boolean;
  /** Which pieces have a lease or offer in them; only for pools small enough to have a bit for each piece. */
  readonly taken: BitTree | undefined;
  /**
   * Of a pool without bits: how far the search for a free piece has come that found none yet; `exhausted`
   * when it has been all around and nothing has come free since. See `comeFree`.
   */
  round: Round | "exhausted" | undefined;
  /** Which bits of an address tell pieces apart, 32 at most, and their value in the first piece. */
  readonly numbered: { readonly from: number; readonly origin: number };
}

/** A search in a pool, once around. */
export interface Round {
  readonly origin: Prefix;
  /** The next piece to look at, and whether it lies behind the end, at the pool's beginning again. */
  readonly piece: Prefix;
  readonly wrapped: boolean;
}

/** Pieces `from` (inclusive) to `to` (exclusive) of a pool, counted from its first. */
export interface PieceRange {
  readonly from: number;
  readonly to: number;
}

/** Pools of up to 2^24 pieces have a bit for each (2 MiB, and only of what is in use). */
export const BITMAP_BITS = 24;

/** A pool of a whole prefix, without host bits, with all its pieces free. */
export const createPool = (prefix: Prefix, length: number): Pool => makePool(rangeOf(prefix), length);

/** A pool of single addresses, all free. */
export const createRangePool = (range: AddressRange): Pool => makePool(range, 128);

/** True when all of the prefix lies in the pool, whatever its length. */
export function holds({ block, aligned, range }: Pool, prefix: Prefix): boolean {
  if (aligned) return containsPrefix(block, prefix);
  const { first, last } = rangeOf(prefix);
  return inRange(range, first) && inRange(range, last);
}

/** The piece at `index`; for pools of at most 2^32 pieces. */
export const pieceAt = (pool: Pool, index: number): Prefix => ({
  address: advance(pool.range.first, pool.length, index),
  length: pool.length,
});

/** The index of the piece that an address of the pool lies in; for pools of at most 2^32 pieces. */
export const indexOf = ({ length, numbered }: Pool, address: Ip6): number =>
  (readBits(address, numbered.from, length) - numbered.origin) >>> 0;

/** Bits of a hash that `pieceOfHash` wants. */
export const hashBits = (pool: Pool): number => (drawsByNumber(pool) ? 64 : pool.length - pool.block.length);

/**
 * The piece that a hash selects: 32 bits in each word, `hashBits` of them, the leading ones of the last
 * word. All pieces are as likely, but for a large range that is no prefix: there those of its largest block
 * are.
 */
export function pieceOfHash(pool: Pool, words: readonly number[]): Prefix {
  if (drawsByNumber(pool)) return pieceAt(pool, indexOfHash(pool, words));
  const octets = readIp6(pool.block.address, 0);
  let at = pool.block.length;
  for (const word of words) {
    const count = Math.min(32, pool.length - at);
    if (count <= 0) break;
    writeBits(octets, at, at + count, word >>> (32 - count));
    at += count;
  }
  return { address: ip6(octets), length: pool.length };
}

/** The index of that piece, sooner known than the piece; for pools with a bit for each. */
export function indexOfHash(pool: Pool, [high = 0, low = 0]: readonly number[]): number {
  if (drawsByNumber(pool)) return ((high & 0x1fffff) * 2 ** 32 + low) % pool.count;
  const bits = hashBits(pool);
  return bits === 0 ? 0 : high >>> (32 - bits);
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
export function pieceAfter({ range, length }: Pool, prefix: Prefix): Prefix | undefined {
  const step = Math.min(prefix.length, length);
  const passed = { address: maskIp6(prefix.address, step), length: step };
  if (contains(passed, range.first) && contains(passed, range.last)) return undefined;
  const next = advance(passed.address, step, 1);
  return { address: inRange(range, next) ? next : range.first, length };
}

/**
 * The pieces of a pool with a bitmap that have an address in common with `prefix`; `undefined` when none
 * has.
 */
export function piecesIn(pool: Pool, prefix: Prefix): PieceRange | undefined {
  const { block, aligned, range, count } = pool;
  if (aligned) {
    if (!overlaps(block, prefix)) return undefined;
    if (!containsPrefix(block, prefix)) return { from: 0, to: count };
    const from = indexOf(pool, prefix.address);
    return { from, to: from + 2 ** Math.max(0, pool.length - prefix.length) };
  }
  const { first, last } = rangeOf(prefix);
  if (compareIp6(last, range.first) < 0 || compareIp6(first, range.last) > 0) return undefined;
  return {
    from: inRange(range, first) ? indexOf(pool, first) : 0,
    to: inRange(range, last) ? indexOf(pool, last) + 1 : count,
  };
}

/** What a search found nothing of lies here from now on: the next one begins with it. */
export function comeFree(pool: Pool, prefix: Prefix): void {
  if (pool.round === undefined) return;
  const { first, last } = rangeOf(prefix);
  const { range } = pool;
  if (compareIp6(last, range.first) < 0 || compareIp6(first, range.last) > 0) return;
  const piece = pieceAround(pool, inRange(range, first) ? first : range.first);
  pool.round = { origin: piece, piece, wrapped: false };
}

function makePool(range: AddressRange, length: number): Pool {
  const { first, last } = range;
  const shared = sharedBits(first, last);
  const block = largestBlock(range, shared);
  const aligned = block.length === shared;
  const count = aligned ? 2 ** (length - block.length) : distance(range) + 1;
  const from = Math.max(shared, length - 32);
  const origin = readBits(first, from, length);
  const taken = count <= 2 ** BITMAP_BITS ? createBitTree(count) : undefined;
  return { range, length, count, block, aligned, taken, round: undefined, numbered: { from, origin } };
}

/** Ranges that are no prefix have no bits to fill; the pieces of small ones are drawn by their number. */
const drawsByNumber = ({ aligned, taken }: Pool): boolean => !aligned && taken !== undefined;

/** How many leading bits two addresses have in common. */
export function sharedBits(a: Ip6, b: Ip6): number {
  for (let i = 0; i < 16; i++) {
    const difference = (a[i] ?? 0) ^ (b[i] ?? 0);
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return 128;
}

/**
 * A largest prefix in a range whose ends have their first `shared` bits in common: the whole, or one that
 * ends or begins in the middle between the two, where their first different bit changes.
 */
function largestBlock(range: AddressRange, shared: number): Prefix {
  const isInside = (block: Prefix): boolean => {
    const { first, last } = rangeOf(block);
    return inRange(range, first) && inRange(range, last);
  };
  const [below, above] = [range.first, maskIp6(range.last, shared + 1)];
  const beforeMiddle = rangeOf({ address: below, length: Math.min(128, shared + 1) }).last;
  for (let length = shared; length < 128; length++) {
    for (const address of [above, beforeMiddle]) {
      const block = { address: maskIp6(address, length), length };
      if (isInside(block)) return block;
    }
  }
  return { address: range.last, length: 128 };
}

/** From the first address to the last; exact up to 2^53. */
function distance({ first, last }: AddressRange): number {
  let sum = 0;
  for (let i = 0; i < 16; i++) sum = sum * 256 + (last[i] ?? 0) - (first[i] ?? 0);
  return sum;
}

/** The address so many prefixes of `length` further on; behind the last of all comes `::`. */
function advance(address: Ip6, length: number, by: number): Ip6 {
  const octets = readIp6(address, 0);
  let carry = by * (1 << (-length & 7));
  for (let i = (length - 1) >> 3; i >= 0 && carry > 0; i--) {
    const sum = (octets[i] ?? 0) + carry;
    octets[i] = sum % 256;
    carry = Math.floor(sum / 256);
  }
  return ip6(octets);
}

/** Bits from..to (at most 32, counted from the highest) as an unsigned number. */
export function readBits(octets: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let bit = from; bit < to; ) {
    const width = Math.min(8 - (bit & 7), to - bit);
    const octet = octets[bit >> 3] ?? 0;
    value = value * (1 << width) + ((octet >> (8 - (bit & 7) - width)) & ((1 << width) - 1));
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
    octets[at] = (octets[at] ?? 0) | ((left & ((1 << width) - 1)) << (7 - ((bit - 1) & 7)));
    left >>>= width;
    bit -= width;
  }
}
