import { type LeaseId, leaseId } from "../shared/lease/lease.js";
import type { Prefix } from "../shared/prefix.js";

/** Ids in the order of their prefixes: some 30 octets each, however many there are. */
export interface PrefixOrder {
  readonly size: () => number;
  readonly add: (id: LeaseId, prefix: Prefix) => void;
  /** By address, of equal ones the shorter first. */
  readonly sorted: () => Iterable<LeaseId>;
}

/** Words of an entry: the address, its length, the id. */
const WORDS = 6;
const FIRST = 1024;

/** An order of nothing yet. */
export function createPrefixOrder(): PrefixOrder {
  let words = new Uint32Array(FIRST * WORDS);
  let count = 0;

  function add(id: LeaseId, { address, length }: Prefix): void {
    if ((count + 1) * WORDS > words.length) words = enlarged(words);
    const at = count * WORDS;
    for (let i = 0; i < 4; i++) words[at + i] = wordOf(address, i * 4);
    words[at + 4] = length;
    words[at + 5] = id;
    count += 1;
  }

  function compare(a: number, b: number): number {
    for (let i = 0; i < WORDS; i++) {
      const difference = (words[a * WORDS + i] ?? 0) - (words[b * WORDS + i] ?? 0);
      if (difference !== 0) return difference;
    }
    return 0;
  }

  function* sorted(): Iterable<LeaseId> {
    const order = Uint32Array.from({ length: count }, (_, i) => i).sort(compare);
    for (const index of order) yield leaseId(words[index * WORDS + WORDS - 1] ?? 0);
  }

  return { size: () => count, add, sorted };
}

function enlarged(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(words.length * 2);
  larger.set(words);
  return larger;
}

const wordOf = (octets: Uint8Array, at: number): number =>
  (((octets[at] ?? 0) << 24) |
    ((octets[at + 1] ?? 0) << 16) |
    ((octets[at + 2] ?? 0) << 8) |
    (octets[at + 3] ?? 0)) >>>
  0;
