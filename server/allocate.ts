import type { Iaid } from "../shared/brand.js";
import { DUID_OCTETS, type Duid } from "../shared/duid.js";
import type { IaType } from "../shared/lease/lease.js";
import { copyOctets } from "../shared/lease/record-octets.js";
import type { Reservation } from "../shared/config/types.js";
import { appended } from "../shared/lists.js";
import { compareIp6, type Prefix } from "../shared/prefix.js";
import type { BitTree } from "./bit-tree.js";
import { isFree, type Ledger } from "./ledger.js";
import type { PoolClass } from "./links.js";
import {
  hashBits,
  holds,
  indexOfHash,
  pieceAfter,
  pieceAround,
  pieceAt,
  pieceOfHash,
  type Pool,
  type Round,
} from "./pool.js";
import { isOpenTo, type Reserved, reservedAt } from "./reserved.js";
import type { SipHash } from "./siphash.js";

/** For whom prefixes are looked for, and what would be welcome. */
export interface Seeker {
  readonly client: Duid;
  readonly iaType: IaType;
  readonly iaid: Iaid;
  /** Prefixes it would like, dearest first; bits beyond the delegated length do not count. */
  readonly hints: readonly Prefix[];
  /** The length it would like. */
  readonly length: number | undefined;
  /** Its reservation, whose prefix it may be led to by a hint only. */
  readonly reservation: Reservation | undefined;
}

/** What choosing looks at. */
export interface Stock {
  readonly ledger: Ledger;
  readonly hash: SipHash;
  readonly reserved: Reserved;
}

/** A free prefix, and the class that sets its times. */
export interface Choice {
  readonly prefix: Prefix;
  readonly poolClass: PoolClass;
}

/** Hashed places that are tried before the next free one is searched for. */
const PROBES = 8;
/**
 * Steps of a search at most, a microsecond each: who comes next goes on where it had to stop, and all know it
 * when it has been in vain.
 */
const SWEEP_STEPS = 1024;

/**
 * Free prefixes for a new binding: one from every pool of one class, or one address. A class that has a
 * hinted prefix free comes first, then classes by the wished length (RFC 8168 3.2), then in file order; the
 * next one is taken when all pools of one are exhausted. Within a pool: hint, else a place that depends on
 * the client, so that it tends to get its prefix back even from an empty store, else the next free one. What
 * is reserved is kept for its client. Nothing is free: nothing is given back.
 */
export function choosePrefixes(
  stock: Stock,
  classes: readonly PoolClass[],
  seeker: Seeker,
): readonly Choice[] {
  for (const poolClass of orderClasses(stock, classes, seeker)) {
    const { pools } = poolClass;
    const isOne = seeker.iaType !== "pd";
    let choices: Choice[] | undefined;
    for (const pool of isOne ? hintedFirst(stock, pools, seeker) : pools) {
      const prefix = hintedPiece(stock, pool, seeker, seeker.hints) ?? findPiece(stock, pool, seeker);
      if (prefix !== undefined) choices = appended(choices, { prefix, poolClass });
      if (isOne && choices !== undefined) break;
    }
    if (choices !== undefined) return choices;
  }
  return [];
}

function hintedFirst(stock: Stock, pools: readonly Pool[], seeker: Seeker): readonly Pool[] {
  if (pools.length < 2) return pools;
  const isHinted = (pool: Pool): boolean => hintedPiece(stock, pool, seeker, seeker.hints) !== undefined;
  return pools.toSorted((a, b) => Number(isHinted(b)) - Number(isHinted(a)));
}

/** True when a client with this reservation, or with none, can have exactly this prefix. */
export const isAvailable = (
  { ledger, reserved }: Pick<Stock, "ledger" | "reserved">,
  prefix: Prefix,
  reservation: Reservation | undefined,
): boolean => isFree(ledger, prefix) && isOpenTo(reserved, prefix, reservation);

function orderClasses(stock: Stock, classes: readonly PoolClass[], seeker: Seeker): readonly PoolClass[] {
  if (classes.length < 2) return classes;
  const { hints, length } = seeker;
  const ordered = length === undefined ? classes : classes.toSorted((a, b) => byLength(length, a, b));
  for (const hint of hints) {
    for (const poolClass of classes) {
      const usable = poolClass.pools.some((pool) => hintedPiece(stock, pool, seeker, [hint]) !== undefined);
      if (usable) return [poolClass, ...ordered.filter((other) => other !== poolClass)];
    }
  }
  return ordered;
}

/**
 * The wished length first, then shorter ones (larger prefixes), nearest first, then longer ones, nearest
 * first.
 */
function byLength(wished: number, a: PoolClass, b: PoolClass): number {
  const rank = ({ length }: PoolClass): number => (length <= wished ? wished - length : length);
  const side = ({ length }: PoolClass): number => (length <= wished ? 0 : 1);
  return side(a) - side(b) || rank(a) - rank(b);
}

function hintedPiece(
  stock: Stock,
  pool: Pool,
  { reservation }: Seeker,
  hints: readonly Prefix[],
): Prefix | undefined {
  for (const hint of hints) {
    const piece = pieceAround(pool, hint.address);
    if (holds(pool, piece) && isAvailable(stock, piece, reservation)) return piece;
  }
  return undefined;
}

/** The words of the hash that place the seeker at its n-th place, 64 or 128 bits as the pool needs. */
function placeOf({ hash }: Stock, seeker: Seeker, n: number, bits: number): readonly number[] {
  const length = writeSeeker(seeker);
  hashed[0] = n;
  const { high, low } = hash(hashed, length);
  if (bits <= 64) return [high, low];
  hashed[0] = n | 0x80;
  const more = hash(hashed, length);
  return [high, low, more.high, more.low];
}

/** What is hashed of a seeker, behind the number of the place; written anew for each. */
const hashed = new Uint8Array(6 + DUID_OCTETS.max);

function writeSeeker({ client, iaType, iaid }: Seeker): number {
  hashed[1] = iaType === "pd" ? 0 : 1;
  for (let i = 0; i < 4; i++) hashed[2 + i] = iaid >>> (24 - 8 * i);
  copyOctets(client, hashed, 6, client.length);
  return 6 + client.length;
}

function findPiece(stock: Stock, pool: Pool, seeker: Seeker): Prefix | undefined {
  if (pool.taken !== undefined) return findByBits(stock, pool, pool.taken, seeker);
  if (pool.round === "exhausted") return undefined;
  const bits = hashBits(pool);
  for (let n = 0; n < PROBES; n++) {
    const piece = pieceOfHash(pool, placeOf(stock, seeker, n, bits));
    if (isForAnybody(stock, piece)) return piece;
  }
  return sweep(stock, pool, pieceOfHash(pool, placeOf(stock, seeker, 0, bits)));
}

/** The same by what a look at a bit tells, which is cheaper than one into the table. */
function findByBits(stock: Stock, pool: Pool, taken: BitTree, seeker: Seeker): Prefix | undefined {
  if (taken.nextFree(0) < 0) return undefined;
  const bits = hashBits(pool);
  const indexAt = (n: number): number => indexOfHash(pool, placeOf(stock, seeker, n, bits));
  const first = indexAt(0);
  for (let n = 0, index = first; n < PROBES; index = indexAt(++n)) {
    const piece = taken.isTaken(index) ? undefined : pieceAt(pool, index);
    if (piece !== undefined && isForAnybody(stock, piece)) return piece;
  }
  return searchBits(stock, pool, taken, first);
}

/** Reserved pieces are left alone whoever seeks: their bits can then be set, and nobody passes them twice. */
const isForAnybody = ({ ledger, reserved }: Stock, piece: Prefix): boolean =>
  isFree(ledger, piece) && reservedAt(reserved, piece) === undefined;

/**
 * The next piece whose bit is clear; a bit that is clear although a lease is there, or the piece reserved,
 * is set right on the way.
 */
function searchBits(stock: Stock, pool: Pool, taken: BitTree, first: number): Prefix | undefined {
  for (let index = taken.nextFree(first); index >= 0; index = taken.nextFree(index)) {
    const piece = pieceAt(pool, index);
    if (isForAnybody(stock, piece)) return piece;
    taken.fill(index, index + 1);
  }
  return undefined;
}

/**
 * For pools too large for a bitmap: from what is taken to what is taken, once around. Each step passes a
 * lease or a reservation; with the hashed places before it a step or two do, unless others have leased nearly
 * all of the space in larger pieces.
 */
function sweep(stock: Stock, pool: Pool, start: Prefix): Prefix | undefined {
  const isUnderWay = pool.round !== undefined;
  let round = pool.round ?? { origin: start, piece: start, wrapped: false };
  for (let steps = 0; steps < SWEEP_STEPS && round !== "exhausted"; steps++) {
    const { piece } = round;
    const held = heldAt(stock, piece);
    if (held === undefined) {
      if (isUnderWay) pool.round = { origin: piece, piece, wrapped: false };
      return piece;
    }
    round = roundAfter(pool, round, held);
  }
  pool.round = round;
  return undefined;
}

/** A lease or a reservation that has an address in common with the piece. */
function heldAt({ ledger: { table }, reserved }: Stock, piece: Prefix): Prefix | undefined {
  const holder = table.holder(piece);
  return holder === undefined ? reservedAt(reserved, piece) : table.prefixOf(holder);
}

function roundAfter(pool: Pool, { origin, piece, wrapped }: Round, held: Prefix): Round | "exhausted" {
  const next = pieceAfter(pool, held.length < pool.length ? held : piece);
  if (next === undefined) return "exhausted";
  const wraps = compareIp6(next.address, piece.address) <= 0;
  const isBehind = wraps || wrapped;
  const isAround = isBehind && compareIp6(next.address, origin.address) >= 0;
  return isAround || (wraps && wrapped) ? "exhausted" : { origin, piece: next, wrapped: isBehind };
}
