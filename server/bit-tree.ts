/**
 * Which of `size` places are taken, with the next free one found in a handful of steps however full it is.
 */
export interface BitTree {
  readonly size: number;
  /** Marks places `from` (inclusive) to `to` (exclusive). */
  fill(from: number, to: number): void;
  /** Unmarks them. */
  clear(from: number, to: number): void;
  isTaken(place: number): boolean;
  /** The first free place at or after `from`, else the first one before it; -1 when all are taken. */
  nextFree(from: number): number;
}

const FULL = 0xffffffff;

/**
 * An empty tree for 1 to 2^31 places. A bit on one level says that a word of 32 bits on the level below is
 * full. Takes size/8 octets and a little more; memory that was never marked costs nothing.
 */
export function createBitTree(size: number): BitTree {
  const levels: Uint32Array[] = [];
  for (let bits = size; levels.length === 0 || bits > 1; bits = Math.ceil(bits / 32)) {
    levels.push(emptyLevel(bits));
  }

  return {
    size,
    fill: (from, to) => {
      fillFrom(levels, 0, from, to);
    },
    clear: (from, to) => {
      clearFrom(levels, 0, from, to);
    },
    isTaken: (place) => ((wordOf(levels, 0, place >>> 5) >>> (place & 31)) & 1) !== 0,
    nextFree: (from) => {
      const found = search(levels, from);
      return found < 0 && from > 0 ? search(levels, 0) : found;
    },
  };
}

/** Words for `bits` bits; bits that pad the last word count as taken. */
function emptyLevel(bits: number): Uint32Array {
  const words = new Uint32Array(Math.ceil(bits / 32));
  if (bits % 32 !== 0) words[words.length - 1] = FULL << (bits % 32);
  return words;
}

function fillFrom(levels: readonly Uint32Array[], level: number, from: number, to: number): void {
  const words = levels[level];
  if (words === undefined || from >= to) return;
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  change(words, first, last, from, to, (word, mask) => word | mask);
  // Only the words at both ends may still have room.
  const fullFrom = words[first] === FULL ? first : first + 1;
  const fullTo = words[last] === FULL ? last + 1 : last;
  fillFrom(levels, level + 1, fullFrom, fullTo);
}

function clearFrom(levels: readonly Uint32Array[], level: number, from: number, to: number): void {
  const words = levels[level];
  if (words === undefined || from >= to) return;
  const first = from >>> 5;
  const last = (to - 1) >>> 5;
  change(words, first, last, from, to, (word, mask) => word & ~mask);
  clearFrom(levels, level + 1, first, last + 1);
}

/** Applies `apply` to the bits from..to, which lie in the words first..last. */
function change(
  words: Uint32Array,
  first: number,
  last: number,
  from: number,
  to: number,
  apply: (word: number, mask: number) => number,
): void {
  const head = FULL << (from & 31);
  const tail = FULL >>> (31 - ((to - 1) & 31));
  const one = first === last;
  words[first] = apply(words[first] ?? 0, one ? head & tail : head);
  if (one) return;
  words.fill(apply(0, FULL), first + 1, last);
  words[last] = apply(words[last] ?? 0, tail);
}

/** First free place at or after `from`; -1 when there is none. */
function search(levels: readonly Uint32Array[], from: number): number {
  let at = from;
  for (let level = 0; level < levels.length; level++) {
    const free = ~wordOf(levels, level, at >>> 5) & (FULL << (at & 31));
    if (free !== 0) return descend(levels, level, ((at >>> 5) << 5) + lowestBit(free));
    at = (at >>> 5) + 1;
    if (at >>> 5 >= (levels[level + 1]?.length ?? 0)) return -1;
  }
  return -1;
}

/** From a word with room on the level below to its first free place. */
function descend(levels: readonly Uint32Array[], level: number, index: number): number {
  let at = index;
  for (let below = level - 1; below >= 0; below--) {
    at = at * 32 + lowestBit(~wordOf(levels, below, at));
  }
  return at;
}

const wordOf = (levels: readonly Uint32Array[], level: number, at: number): number =>
  levels[level]?.[at] ?? FULL;
const lowestBit = (word: number): number => 31 - Math.clz32(word & -word);
