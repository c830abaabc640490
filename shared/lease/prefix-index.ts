import type { Prefix } from "../prefix.js";
import { createChainIndex, NONE, type ChainIndex } from "./chains.js";
import type { KeyedHash } from "./hash.js";
import type { Places } from "./places.js";
import { prefixLengthOf, sameBits, startsWith } from "./record-keys.js";
import { copyPrefix, FIELD } from "./record.js";

/** Finds records by where their prefixes lie. Insert a record once it is written, remove it before it changes. */
export interface PrefixIndex {
  /** Some record that overlaps the prefix, or NONE. */
  holder(prefix: Prefix): number;
  /** How many records lie in the prefix, those equal to it included. */
  countWithin(prefix: Prefix): number;
  watch(length: number): void;
  insert(id: number): void;
  remove(id: number): void;
}

/** What an index over prefixes is made with; all numbers of records are below `limit`. */
export interface PrefixIndexParts {
  readonly places: Places;
  readonly hash: KeyedHash;
  readonly limit: () => number;
  readonly capacity: number;
}

/**
 * An index, empty. Each record is found by its whole prefix. A watched length has an index of its own: all longer
 * records, by the bits that they share with a prefix of that length.
 */
export function createPrefixIndex({ places, hash, limit, capacity }: PrefixIndexParts): PrefixIndex {
  const probe = createProbe(hash);
  const watched = new Map<number, ChainIndex>();
  const lengths = createLengthCounts();
  const exact = createChainIndex(
    (a, b) => prefixLengthOf(places, a) === prefixLengthOf(places, b) && sameBits(places, a, b, 128),
    capacity,
  );

  const isProbe = (id: number): boolean =>
    prefixLengthOf(places, id) === probe.bits() && startsWith(places, id, probe.octets, 0, 128);
  const isInProbe = (id: number): boolean => startsWith(places, id, probe.octets, 0, probe.bits());

  function hashOf(id: number, bits: number): number {
    const { octets, at } = places.place(id);
    return probe.aim(octets, at + FIELD.prefix, bits);
  }

  /** Longer records in the prefix, one by one: what is left to do for a length that nobody watches. */
  function* longerIn({ address, length }: Prefix): Generator<number> {
    for (let id = 0; id < limit(); id++) {
      if (!places.has(id) || prefixLengthOf(places, id) <= length) continue;
      if (startsWith(places, id, address, 0, length)) yield id;
    }
  }

  function longerHolder(prefix: Prefix): number {
    const index = watched.get(prefix.length);
    if (index !== undefined) return index.first(probe.aim(prefix.address, 0, prefix.length), isInProbe);
    for (const id of longerIn(prefix)) return id;
    return NONE;
  }

  return {
    holder(prefix) {
      for (const bits of lengths.present()) {
        if (bits > prefix.length) return longerHolder(prefix);
        const id = exact.first(probe.aim(prefix.address, 0, bits), isProbe);
        if (id !== NONE) return id;
      }
      return NONE;
    },

    countWithin(prefix) {
      const key = probe.aim(prefix.address, 0, prefix.length);
      const equal = exact.first(key, isProbe);
      const index = watched.get(prefix.length);
      const longer =
        index === undefined ? [...longerIn(prefix)].length : chainLength(index, index.first(key, isInProbe));
      return chainLength(exact, equal) + longer;
    },

    watch(length) {
      if (watched.has(length)) return;
      const index = createChainIndex((a, b) => sameBits(places, a, b, length));
      watched.set(length, index);
      for (let id = 0; id < limit(); id++) {
        if (places.has(id) && prefixLengthOf(places, id) > length) index.insert(id, hashOf(id, length));
      }
    },

    insert(id) {
      const length = prefixLengthOf(places, id);
      lengths.add(length);
      exact.insert(id, hashOf(id, length));
      for (const [bits, index] of watched) if (bits < length) index.insert(id, hashOf(id, bits));
    },

    remove(id) {
      const length = prefixLengthOf(places, id);
      lengths.drop(length);
      exact.remove(id);
      for (const [bits, index] of watched) if (bits < length) index.remove(id);
    },
  };
}

const chainLength = (index: ChainIndex, head: number): number => (head === NONE ? 0 : index.count(head));

/** The key that is being looked for. */
interface Probe {
  /** An address without host bits, then its length. */
  readonly octets: Uint8Array;
  bits(): number;
  /** Points the probe at the first `bits` of the address at `from`; gives the hash of that key. */
  aim(octets: Uint8Array, from: number, bits: number): number;
}

const ADDRESS_OCTETS = 16;

function createProbe(hash: KeyedHash): Probe {
  const octets = new Uint8Array(ADDRESS_OCTETS + 1);
  return {
    octets,
    bits: () => octets[ADDRESS_OCTETS] ?? 0,
    aim(source, from, bits) {
      copyPrefix(source, from, bits, octets, 0);
      octets[ADDRESS_OCTETS] = bits;
      return hash(octets, 0, octets.length);
    },
  };
}

/** Which prefix lengths occur, ascending: one as a rule, so that one look-up answers most questions. */
interface LengthCounts {
  present(): readonly number[];
  add(length: number): void;
  drop(length: number): void;
}

function createLengthCounts(): LengthCounts {
  const counts = new Uint32Array(129);
  let present: readonly number[] = [];

  function change(length: number, by: number): void {
    const before = counts[length] ?? 0;
    counts[length] = before + by;
    if (before === 0 || before + by === 0) {
      present = Array.from(counts.keys()).filter((bits) => counts[bits] !== 0);
    }
  }
  return {
    present: () => present,
    add: (length) => {
      change(length, 1);
    },
    drop: (length) => {
      change(length, -1);
    },
  };
}
