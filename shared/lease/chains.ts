/** "None": the end of a chain, or no record at all. */
export const NONE = -1;

/**
 * A hash index over record numbers. Records with equal keys form a chain. The keys stay in the records: a
 * `same` tells whether a given record has the key in question.
 */
export interface ChainIndex {
  /** Some record with this key, the head of its chain; NONE when there is none. */
  first(hash: number, same: (id: number) => boolean): number;
  /** The record after `id` in its chain, or NONE. */
  next(id: number): number;
  /** How many records the chain has whose head `id` is. */
  count(id: number): number;
  /** The head of the chain that a record is in. */
  headOf(id: number): number;
  /** Adds a record, the hash being that of its key. */
  insert(id: number, hash: number): void;
  /** Takes a record out again; its key must be what it was. */
  remove(id: number): void;
  /** The hash that a record was added with. */
  hashOf(id: number): number;
  /**
   * Adds many records at once, which is faster; `hashAt` gives the hash of each. Gives those that were not
   * the first with their key.
   */
  insertAll(many: Many, hashAt: (id: number) => number): readonly number[];
}

/** Many records, all below `limit`, with room for as many numbers twice, for every index in turn. */
export interface Many {
  readonly ids: Int32Array;
  readonly limit: number;
  readonly scratch: readonly [Int32Array, Int32Array];
}

const LEAST_SLOTS = 16;
/** In how many parts, as a power of two, the slots are filled; each part of a million fits into a cache. */
const PARTITION_BITS = 8;

/**
 * An empty index: linear probing, at most half full, 12 to 20 octets a record, and 8 more once there is a
 * chain of two. `sameKey` compares two records.
 */
export function createChainIndex(sameKey: (a: number, b: number) => boolean, capacity = 0): ChainIndex {
  const slots = createSlots(capacity);
  // By record number, for those up to the largest that has ever been in a chain with another. `before` of a
  // head, which nothing precedes, holds minus the length of its chain. What is missing is alone: -1 in both.
  let after = new Int32Array(0);
  let before = new Int32Array(0);

  function reserveLinks(id: number): void {
    if (id < after.length) return;
    after = enlarged(after, id, ALONE);
    before = enlarged(before, id, ALONE);
  }

  /** Also of a record that has just been taken out of the middle of its chain. */
  const headOf = (id: number): number =>
    slots.headAt(slots.locate(slots.hashOf(id), (other) => sameKey(other, id)));

  /** Enters a record whose hash is known. */
  function link(id: number): void {
    const head = slots.headOrNew(id, sameKey);
    if (head === NONE) {
      if (id >= after.length) return;
      after[id] = ALONE;
      before[id] = ALONE;
      return;
    }
    reserveLinks(Math.max(id, head));
    const second = at(after, head);
    after[id] = second;
    before[id] = head;
    after[head] = id;
    before[head] = at(before, head) - 1;
    if (second !== NONE) before[second] = id;
  }

  return {
    first: (hash, same) => slots.headAt(slots.locate(hash, same)),
    next: (id) => at(after, id),
    count: (id) => -at(before, id),
    headOf,

    insert(id, hash) {
      slots.setHash(id, hash);
      link(id);
    },

    remove(id) {
      const following = at(after, id);
      const preceding = at(before, id);
      if (preceding < 0) {
        slots.replaceHead(id, following);
        if (following !== NONE) before[following] = preceding + 1;
        return;
      }
      after[preceding] = following;
      if (following !== NONE) before[following] = preceding;
      const head = headOf(id);
      before[head] = at(before, head) + 1;
    },

    hashOf: (id) => slots.hashOf(id),

    insertAll(many, hashAt) {
      slots.reserve(many.limit);
      const others = slots.addHeads(many, hashAt, sameKey);
      for (const id of others) link(id);
      return others;
    },
  };
}

const at = (array: Int32Array, index: number): number => array[index] ?? ALONE;

/** No record after it, a chain of one. */
const ALONE = -1;

/** Every record of the chain whose head this is; none for NONE. */
export function chainFrom(index: ChainIndex, head: number): number[] {
  const found: number[] = [];
  for (let id = head; id !== NONE; id = index.next(id)) found.push(id);
  return found;
}

/** The open-addressing table behind the chains: knows heads and hashes, nothing of what hangs on a head. */
interface Slots {
  /** The slot whose head has this key, else the empty slot where it would go. */
  locate(hash: number, same: (id: number) => boolean): number;
  headAt(slot: number): number;
  hashOf(id: number): number;
  setHash(id: number, hash: number): void;
  /** The head that has the key of `id`; else NONE, and `id` has become a head itself. Its hash is set. */
  headOrNew(id: number, sameKey: (a: number, b: number) => boolean): number;
  /** Makes room for so many records, numbered from 0 on. */
  reserve(count: number): void;
  /** Makes a head of each that is the first with its key; gives the others. Sets the hashes of all. */
  addHeads(
    many: Many,
    hashAt: (id: number) => number,
    sameKey: (a: number, b: number) => boolean,
  ): readonly number[];
  /** Puts another record in the place of a head; with NONE its slot becomes free. */
  replaceHead(id: number, successor: number): void;
}

function createSlots(capacity: number): Slots {
  /** Heads plus one, 0 where a slot is empty; the size is a power of two. */
  let slots = new Int32Array(powerOfTwo(capacity * 2));
  let mask = slots.length - 1;
  let heads = 0;
  /** By record number, of every record, since each may become a head. */
  let hashes = new Int32Array(capacity);

  const headAt = (slot: number): number => (slots[slot] ?? 0) - 1;
  const hashOf = (id: number): number => hashes[id] ?? 0;

  function locate(hash: number, same: (id: number) => boolean): number {
    let slot = hash & mask;
    for (;;) {
      const head = headAt(slot);
      if (head === NONE || (hashOf(head) === hash && same(head))) return slot;
      slot = (slot + 1) & mask;
    }
  }

  /** There is room. As `headOrNew`; its own loop, since a closure for each record would cost as much. */
  function enter(id: number, hash: number, sameKey: (a: number, b: number) => boolean): number {
    let slot = hash & mask;
    for (let head = headAt(slot); head !== NONE; head = headAt(slot)) {
      if (hashOf(head) === hash && sameKey(head, id)) return head;
      slot = (slot + 1) & mask;
    }
    slots[slot] = id + 1;
    heads++;
    return NONE;
  }

  function grow(size: number): void {
    const old = slots;
    slots = new Int32Array(size);
    mask = slots.length - 1;
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = hashOf(entry - 1) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
  }

  /** Empties a slot and moves up what lay behind it only because it was taken. */
  function vacate(slot: number): void {
    let hole = slot;
    for (let i = (slot + 1) & mask; slots[i] !== 0; i = (i + 1) & mask) {
      const home = hashOf(headAt(i)) & mask;
      if (((i - home) & mask) < ((i - hole) & mask)) continue;
      slots[hole] = slots[i] ?? 0;
      hole = i;
    }
    slots[hole] = 0;
    heads--;
  }

  return {
    locate,
    headAt,
    hashOf,
    setHash(id, hash) {
      if (id >= hashes.length) hashes = enlarged(hashes, id, 0);
      hashes[id] = hash;
    },
    headOrNew(id, sameKey) {
      if (heads * 2 >= slots.length) grow(slots.length * 2);
      return enter(id, hashOf(id), sameKey);
    },
    reserve(count) {
      const size = powerOfTwo(count * 2);
      if (size > slots.length) grow(size);
      if (count > hashes.length) hashes = enlarged(hashes, count - 1, 0);
    },
    addHeads(many, hashAt, sameKey) {
      const { ids } = many;
      for (let i = 0; i < ids.length; i++) hashes[at(ids, i)] = hashAt(at(ids, i));
      const ordered = inParts(many, hashes, mask);
      const others: number[] = [];
      for (let i = 0; i < ids.length; i++) {
        const id = at(ordered.ids, i);
        if (enter(id, at(ordered.hashes, i), sameKey) !== NONE) others.push(id);
      }
      return others;
    },
    replaceHead(id, successor) {
      let slot = hashOf(id) & mask;
      while (headAt(slot) !== id) slot = (slot + 1) & mask;
      if (successor === NONE) vacate(slot);
      else slots[slot] = successor + 1;
    },
  };
}

/**
 * Records and their hashes, roughly in the order of their slots: so that filling a large table does not miss
 * the processor's caches with every single one.
 */
function inParts(
  { ids, scratch }: Many,
  hashes: Int32Array,
  mask: number,
): { readonly ids: Int32Array; readonly hashes: Int32Array } {
  const shift = Math.max(0, 32 - Math.clz32(mask) - PARTITION_BITS);
  const starts = new Int32Array((1 << PARTITION_BITS) + 1);
  for (let i = 0; i < ids.length; i++) {
    const next = ((at(hashes, at(ids, i)) & mask) >>> shift) + 1;
    starts[next] = at(starts, next) + 1;
  }
  for (let part = 1; part < starts.length; part++) starts[part] = at(starts, part) + at(starts, part - 1);
  const ordered = { ids: scratch[0], hashes: scratch[1] };
  for (let i = 0; i < ids.length; i++) {
    const id = at(ids, i);
    const hash = at(hashes, id);
    const part = (hash & mask) >>> shift;
    const place = at(starts, part);
    ordered.ids[place] = id;
    ordered.hashes[place] = hash;
    starts[part] = place + 1;
  }
  return ordered;
}

function enlarged(array: Int32Array, id: number, filling: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(LEAST_SLOTS, id + 1, array.length * 2));
  larger.set(array);
  if (filling !== 0) larger.fill(filling, array.length);
  return larger;
}

function powerOfTwo(least: number): number {
  let size = LEAST_SLOTS;
  while (size < least) size *= 2;
  return size;
}
