import { sameOctets } from "./octets.js";
import { createKeyedHash } from "./hash.js";

/** A map whose keys are octets, compared by content and copied. */
export interface OctetMap<T> extends Iterable<OctetEntry<T>> {
  readonly size: number;
  /** The value; in a bounded map its entry counts as just used. */
  get(key: Uint8Array): T | undefined;
  /** The value, and nothing changes. */
  peek(key: Uint8Array): T | undefined;
  /** Enters a value, or puts another one in the place of what is there. */
  set(key: Uint8Array, value: T): void;
  /** True when there was an entry. */
  delete(key: Uint8Array): boolean;
}

/** What iteration gives: oldest entries first. The key belongs to the map. */
export interface OctetEntry<T> {
  readonly key: Uint8Array;
  readonly value: T;
}

/** What an octet map is made with. */
export interface OctetMapOptions {
  /** At least 8 random octets, the key of the hash: so that nobody can choose keys that collide. */
  readonly seed: Uint8Array;
  /** Entries at most, 1 or more: for one more the entry goes that was set or got least recently. */
  readonly limit?: number;
}

/** One entry, in its bucket and in the order of all. */
interface Entry<T> {
  readonly key: Uint8Array;
  readonly hash: number;
  value: T;
  /** The next one in the bucket. */
  next: Entry<T> | undefined;
  older: Entry<T> | undefined;
  newer: Entry<T> | undefined;
  gone: boolean;
}

const LEAST_BUCKETS = 8;

/**
 * An empty map. The order is that of insertion; in a bounded map, that of the last use. Entries may be
 * deleted while it is iterated; those of a bounded map may not be used meanwhile.
 */
export function createOctetMap<T>({ seed, limit = Infinity }: OctetMapOptions): OctetMap<T> {
  const hashOf = createKeyedHash(seed);
  const order = createOrder<T>();
  let buckets = emptyBuckets<T>(LEAST_BUCKETS);
  let size = 0;

  const hash = (key: Uint8Array): number => hashOf(key, 0, key.length);
  const bucketOf = ({ hash }: { readonly hash: number }): number => hash & (buckets.length - 1);

  function find(key: Uint8Array, hash: number): Entry<T> | undefined {
    let entry = buckets[bucketOf({ hash })];
    while (entry !== undefined && (entry.hash !== hash || !sameOctets(entry.key, key))) entry = entry.next;
    return entry;
  }

  function link(entry: Entry<T>): void {
    const bucket = bucketOf(entry);
    entry.next = buckets[bucket];
    buckets[bucket] = entry;
  }

  function unlink(entry: Entry<T>): void {
    const bucket = bucketOf(entry);
    let before = buckets[bucket];
    if (before === entry) {
      buckets[bucket] = entry.next;
      return;
    }
    while (before !== undefined && before.next !== entry) before = before.next;
    if (before !== undefined) before.next = entry.next;
  }

  function grow(): void {
    buckets = emptyBuckets(buckets.length * 2);
    for (let entry = order.oldest(); entry !== undefined; entry = entry.newer) link(entry);
  }

  function drop(entry: Entry<T>): void {
    unlink(entry);
    order.remove(entry);
    entry.gone = true;
    size -= 1;
  }

  function touch(entry: Entry<T>): void {
    if (limit === Infinity) return;
    order.remove(entry);
    order.append(entry);
  }

  return {
    get size() {
      return size;
    },
    get(key) {
      const entry = find(key, hash(key));
      if (entry !== undefined) touch(entry);
      return entry?.value;
    },
    peek: (key) => find(key, hash(key))?.value,
    set(key, value) {
      const keyHash = hash(key);
      const known = find(key, keyHash);
      if (known !== undefined) {
        known.value = value;
        touch(known);
        return;
      }
      const oldest = size >= limit ? order.oldest() : undefined;
      if (oldest !== undefined) drop(oldest);
      if (size >= buckets.length) grow();
      const entry = { key: new Uint8Array(key), hash: keyHash, value, ...UNLINKED };
      link(entry);
      order.append(entry);
      size += 1;
    },
    delete(key) {
      const entry = find(key, hash(key));
      if (entry !== undefined) drop(entry);
      return entry !== undefined;
    },
    *[Symbol.iterator]() {
      for (let entry = order.oldest(); entry !== undefined; entry = entry.newer) {
        if (!entry.gone) yield entry;
      }
    },
  };
}

const UNLINKED = { next: undefined, older: undefined, newer: undefined, gone: false } as const;

/** Entries from the oldest to the newest. */
interface Order<T> {
  readonly oldest: () => Entry<T> | undefined;
  readonly append: (entry: Entry<T>) => void;
  /** Takes an entry out; it still leads on to what was newer, for whoever stands on it. */
  readonly remove: (entry: Entry<T>) => void;
}

function createOrder<T>(): Order<T> {
  let oldest: Entry<T> | undefined;
  let newest: Entry<T> | undefined;
  return {
    oldest: () => oldest,
    append(entry) {
      entry.older = newest;
      entry.newer = undefined;
      if (newest === undefined) oldest = entry;
      else newest.newer = entry;
      newest = entry;
    },
    remove({ older, newer }) {
      if (older === undefined) oldest = newer;
      else older.newer = newer;
      if (newer === undefined) newest = older;
      else newer.older = older;
    },
  };
}

const emptyBuckets = <T>(count: number): (Entry<T> | undefined)[] =>
  new Array<Entry<T> | undefined>(count).fill(undefined);
