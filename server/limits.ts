import type { Millis } from "../shared/brand.js";
import type { Rate } from "../shared/config/types.js";
import { createKeyedHash, type KeyedHash } from "../shared/hash.js";
import { createExpiry, type Expiry } from "../shared/lease/expiry.js";
import { createOctetMap, type OctetMap } from "../shared/octet-map.js";

/**
 * Token buckets, one for each source, relay or line: a full one allows `leases` new leases at once, and an
 * empty one is full again after `per`, filling all the while. Full ones are not kept.
 */
export interface Limiter {
  /** New leases in a full bucket. */
  readonly leases: number;
  readonly perMillis: number;
  readonly hash: KeyedHash;
  readonly buckets: OctetMap<Bucket>;
  /** When the bucket of each slot will be full. */
  readonly full: Expiry;
  /** By slot: the key of the bucket. Slots in `free` have none. */
  readonly keys: Uint8Array[];
  readonly free: number[];
  /** For all keys that find no room. */
  readonly common: Bucket;
}

/**
 * What is missing in a bucket, at an instant. In units of which one lease is `perMillis`, and each
 * millisecond fills in `leases`: whole numbers all, so that nothing is lost or won by rounding.
 */
interface Bucket {
  missing: number;
  at: number;
  readonly slot: number;
}

/** Keys with a bucket of their own: a flood of sources costs some 20 MB at most. */
export const LIMITER_KEYS = 65_536;
/** Longer keys (Remote-IDs can be very long) are known by as many octets and a hash of the whole. */
const KEY_OCTETS = 64;
/** Full buckets thrown out for each new one: more than come in. */
const SWEEP = 2;
/** The slot of the common bucket. */
const COMMON = -1;

/** A limiter with all buckets full. `seed`: 8 random octets or more, so that nobody can make keys collide. */
export function createLimiter({ leases, per }: Rate, seed: Uint8Array): Limiter {
  return {
    leases,
    perMillis: per * 1000,
    hash: createKeyedHash(seed),
    buckets: createOctetMap({ seed }),
    full: createExpiry(),
    keys: [],
    free: [],
    common: { missing: 0, at: 0, slot: COMMON },
  };
}

/** True when the key may have so many new leases now. Changes nothing. */
export function allows(limiter: Limiter, key: Uint8Array, now: Millis, count = 1): boolean {
  const bucket = limiter.buckets.get(shortened(limiter, key));
  // A new bucket begins as the common one, which the key may have used before.
  const missing = missingIn(limiter, bucket ?? limiter.common, now);
  return missing + count * limiter.perMillis <= limiter.leases * limiter.perMillis;
}

/** Counts new leases of the key; false, and nothing is counted, when it may not have as many. */
export function take(limiter: Limiter, key: Uint8Array, now: Millis, count: number): boolean {
  if (!allows(limiter, key, now, count)) return false;
  const bucket = bucketFor(limiter, shortened(limiter, key), now);
  bucket.missing = missingIn(limiter, bucket, now) + count * limiter.perMillis;
  bucket.at = now;
  if (bucket.slot !== COMMON) limiter.full.set(bucket.slot, fullAt(limiter, bucket));
  return true;
}

/** Time that steps back fills nothing in. */
const missingIn = ({ leases }: Limiter, { missing, at }: Bucket, now: number): number =>
  Math.max(0, missing - Math.max(0, now - at) * leases);

/** Not a moment too early. */
const fullAt = ({ leases }: Limiter, { missing, at }: Bucket): number => Math.ceil(at + missing / leases);

function bucketFor(limiter: Limiter, key: Uint8Array, now: Millis): Bucket {
  const known = limiter.buckets.get(key);
  if (known !== undefined) return known;
  throwOut(limiter, now);
  const { buckets, keys, free, common } = limiter;
  if (buckets.size >= LIMITER_KEYS) return common;
  const slot = free.pop() ?? keys.length;
  const bucket: Bucket = { missing: missingIn(limiter, common, now), at: now, slot };
  keys[slot] = new Uint8Array(key);
  buckets.set(key, bucket);
  return bucket;
}

/** A full bucket says no more than none. */
function throwOut({ full, keys, free, buckets }: Limiter, now: Millis): void {
  for (const slot of full.due(now, SWEEP)) {
    full.remove(slot);
    free.push(slot);
    const key = keys[slot];
    if (key !== undefined) buckets.delete(key);
  }
}

function shortened({ hash }: Limiter, key: Uint8Array): Uint8Array {
  if (key.length <= KEY_OCTETS) return key;
  const short = new Uint8Array(KEY_OCTETS + 8);
  short.set(key.subarray(0, KEY_OCTETS));
  const view = new DataView(short.buffer);
  view.setUint32(KEY_OCTETS, key.length);
  view.setInt32(KEY_OCTETS + 4, hash(key, 0, key.length));
  return short;
}
