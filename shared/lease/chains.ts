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
  /** Makes room for the hashes of so many records. */
  readonly reserve: (count: number) => void;
  /** Notes the hash of one of many records that are to be added at once. */
  announce(id: number, hash: number): void;
  /**
   * Adds many records at once, which is faster; each has been announced. Gives those that were not the first
   * with their key.
   */
  insertAll(many: Many): readonly number[];
}

/** Many records, with room for as many numbers twice, for every index in turn. */
export interface Many {
  readonly ids: Int32Array;
  readonly scratch: readonly [Int32Array, Int32Array];
}

/** Fewest slots of a segment, and fewest records that links are kept for. */
const LEAST_SLOTS = 4;
const LEAST_LINKS = 16;
/** In how many segments, as a power of two, the slots are; each of a million records fits into a cache. */
const SEGMENT_BITS = 8;
const SEGMENTS = 2 ** SEGMENT_BITS;
/** The share of its slots from which on a segment grows, and how many slots each record has then. */
const FULLEST = 0.6;
const ROOM = 2.5;

/**
 * An empty index: linear probing, at most three fifths full, 11 to 14 octets a record, and 8 more once there
 * is a chain of two. `sameKey` compares two records.
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
  const headOf = (id: number): number => slots.first(slots.hashOf(id), (other) => sameKey(other, id));

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
    first: (hash, same) => slots.first(hash, same),
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

    reserve: slots.reserve,

    announce: (id, hash) => {
      slots.setHash(id, hash);
    },

    insertAll(many) {
      const others = slots.addHeads(many, sameKey);
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
  /** The head that has this key, or NONE. */
  first(hash: number, same: (id: number) => boolean): number;
  hashOf(id: number): number;
  setHash(id: number, hash: number): void;
  readonly reserve: (count: number) => void;
  /** The head that has the key of `id`; else NONE, and `id` has become a head itself. Its hash is set. */
  headOrNew(id: number, sameKey: (a: number, b: number) => boolean): number;
  /** Makes a head of each that is the first with its key; gives the others. Their hashes are set. */
  addHeads(many: Many, sameKey: (a: number, b: number) => boolean): readonly number[];
  /** Puts another record in the place of a head; with NONE its slot becomes free. */
  replaceHead(id: number, successor: number): void;
}

/** One part of the table: that of the hashes with the same upper bits. */
interface Segment {
  /** Heads plus one, 0 where a slot is empty. */
  slots: Int32Array;
  heads: number;
  /** What makes a place among the slots out of the lower bits of a hash. */
  scale: number;
}

const LOWER_BITS = 32 - SEGMENT_BITS;
const LOWER = 2 ** LOWER_BITS - 1;

/**
 * Segments grow one at a time and by as much as they need, so that neither a pause nor twice the memory comes
 * with one more record: the more there are, the smaller is each step.
 */
function createSlots(capacity: number): Slots {
  const segments: Segment[] = [];
  const least = capacity >> SEGMENT_BITS;
  for (let i = 0; i < SEGMENTS; i++) segments.push(segmentOf(least * 2));
  /** By record number, of every record, since each may become a head. */
  let hashes = new Int32Array(capacity);

  const hashOf = (id: number): number => hashes[id] ?? 0;

  function first(hash: number, same: (id: number) => boolean): number {
    const { slots, scale } = segmentFor(segments, hash);
    for (let slot = ((hash & LOWER) * scale) | 0; ; ) {
      const head = (slots[slot] ?? 0) - 1;
      if (head === NONE || (hashOf(head) === hash && same(head))) return head;
      if (++slot === slots.length) slot = 0;
    }
  }

  /** There is room. As `headOrNew`; its own loop, since a closure for each record would cost as much. */
  function enter(
    segment: Segment,
    id: number,
    hash: number,
    sameKey: (a: number, b: number) => boolean,
  ): number {
    const { slots } = segment;
    let slot = ((hash & LOWER) * segment.scale) | 0;
    for (let head = (slots[slot] ?? 0) - 1; head !== NONE; head = (slots[slot] ?? 0) - 1) {
      if (hashOf(head) === hash && sameKey(head, id)) return head;
      if (++slot === slots.length) slot = 0;
    }
    slots[slot] = id + 1;
    segment.heads++;
    return NONE;
  }

  function resize(segment: Segment, size: number): void {
    const old = segment.slots;
    const { slots, scale } = Object.assign(segment, emptySlots(size));
    for (const entry of old) {
      if (entry === 0) continue;
      let slot = ((hashOf(entry - 1) & LOWER) * scale) | 0;
      while (slots[slot] !== 0) if (++slot === slots.length) slot = 0;
      slots[slot] = entry;
    }
  }

  /** Empties a slot and moves up what lay behind it only because it was taken. */
  function vacate(segment: Segment, slot: number): void {
    const { slots, scale } = segment;
    const from = (place: number, start: number): number =>
      place < start ? place - start + slots.length : place - start;
    const after = (place: number): number => (place + 1 === slots.length ? 0 : place + 1);
    let hole = slot;
    for (let i = after(slot); slots[i] !== 0; i = after(i)) {
      const home = ((hashOf((slots[i] ?? 0) - 1) & LOWER) * scale) | 0;
      if (from(i, home) < from(i, hole)) continue;
      slots[hole] = slots[i] ?? 0;
      hole = i;
    }
    slots[hole] = 0;
    segment.heads--;
  }

  return {
    first,
    hashOf,
    setHash(id, hash) {
      if (id >= hashes.length) hashes = enlarged(hashes, id, 0);
      hashes[id] = hash;
    },
    reserve(count) {
      if (count > hashes.length) hashes = enlarged(hashes, count - 1, 0);
    },
    headOrNew(id, sameKey) {
      const segment = segmentFor(segments, hashOf(id));
      if (segment.heads >= segment.slots.length * FULLEST) resize(segment, segment.heads * ROOM);
      return enter(segment, id, hashOf(id), sameKey);
    },
    addHeads(many, sameKey) {
      const ordered = inSegments(many, hashes);
      const others: number[] = [];
      for (let i = 0, part = 0; part < SEGMENTS; part++) {
        const segment = segmentFor(segments, part << LOWER_BITS);
        const end = at(ordered.ends, part);
        const wanted = segment.heads + end - i;
        if (wanted >= segment.slots.length * FULLEST) resize(segment, wanted * ROOM);
        for (; i < end; i++) {
          const id = at(ordered.ids, i);
          if (enter(segment, id, at(ordered.hashes, i), sameKey) !== NONE) others.push(id);
        }
      }
      return others;
    },
    replaceHead(id, successor) {
      const segment = segmentFor(segments, hashOf(id));
      const { slots } = segment;
      let slot = ((hashOf(id) & LOWER) * segment.scale) | 0;
      while (slots[slot] !== id + 1) if (++slot === slots.length) slot = 0;
      if (successor === NONE) vacate(segment, slot);
      else slots[slot] = successor + 1;
    },
  };
}

function segmentFor(segments: readonly Segment[], hash: number): Segment {
  const segment = segments[hash >>> LOWER_BITS];
  if (segment === undefined) throw new Error(`there is no segment for ${hash}`);
  return segment;
}

const segmentOf = (size: number): Segment => ({ ...emptySlots(size), heads: 0 });

function emptySlots(size: number): Pick<Segment, "slots" | "scale"> {
  const slots = new Int32Array(Math.max(LEAST_SLOTS, Math.ceil(size)));
  return { slots, scale: slots.length / 2 ** LOWER_BITS };
}

/**
 * Records and their hashes by segments, with the end of each: so that filling a large table does not miss the
 * processor's caches with every single one.
 */
function inSegments(
  { ids, scratch }: Many,
  hashes: Int32Array,
): { readonly ids: Int32Array; readonly hashes: Int32Array; readonly ends: Int32Array } {
  const starts = new Int32Array(SEGMENTS + 1);
  for (let i = 0; i < ids.length; i++) {
    const next = (at(hashes, at(ids, i)) >>> LOWER_BITS) + 1;
    starts[next] = at(starts, next) + 1;
  }
  for (let part = 1; part < starts.length; part++) starts[part] = at(starts, part) + at(starts, part - 1);
  const ordered = { ids: scratch[0], hashes: scratch[1], ends: starts };
  for (let i = 0; i < ids.length; i++) {
    const id = at(ids, i);
    const hash = at(hashes, id);
    const part = hash >>> LOWER_BITS;
    const place = at(starts, part);
    ordered.ids[place] = id;
    ordered.hashes[place] = hash;
    starts[part] = place + 1;
  }
  return ordered;
}

/** So that growing by a share of what there is wastes little, and copies each number few times. */
const SLACK = 2;

function enlarged(array: Int32Array, id: number, filling: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(LEAST_LINKS, id + 1, array.length + (array.length >> SLACK)));
  larger.set(array);
  if (filling !== 0) larger.fill(filling, array.length);
  return larger;
}
