import type { Prefix } from "../prefix.js";
import { chainFrom, createChainIndex, type ChainIndex, type Many, NONE } from "./chains.js";
import type { KeyedHash } from "../hash.js";
import type { Places } from "./places.js";
import { prefixLengthOf, sameBits, startsWith } from "./record-keys.js";
import { FIELD } from "./record-layout.js";
import { copyPrefix } from "./record-octets.js";

/**
 * Finds records by where their prefixes lie. Insert a record once it is written, remove it before it
 * changes.
 */
export interface PrefixIndex {
  /** Some record that overlaps the prefix, or NONE. */
  holder(prefix: Prefix): number;
  /** Every record that overlaps the prefix. */
  holders(prefix: Prefix): number[];
  /** How many records lie in the prefix, those equal to it included. */
  countWithin(prefix: Prefix): number;
  watch(length: number): void;
  insert(id: number): void;
  remove(id: number): void;
  /** Makes room for so many records. */
  reserve(count: number): void;
  /** Notes one of many that are to be inserted at once, once it is written. */
  announce(id: number): void;
  /** Inserts many at once, all of them announced. */
  insertAll(many: Many): void;
}

/** What an index over prefixes is made with; all numbers of records are below `limit`. */
export interface PrefixIndexParts {
  readonly places: Places;
  readonly hash: KeyedHash;
  readonly limit: () => number;
  readonly capacity: number;
}

/** An index, empty. Each record is found by its whole prefix, and by the watched lengths above it. */
export function createPrefixIndex(parts: PrefixIndexParts): PrefixIndex {
  const { places, hash, capacity } = parts;
  const probe = createProbe(places, hash);
  const longer = createLongerIndex(parts, probe);
  const lengths = createLengthCounts();
  const exact = createChainIndex(
    (a, b) => prefixLengthOf(places, a) === prefixLengthOf(places, b) && sameBits(places, a, b, 128),
    capacity,
  );
  const isProbe = (id: number): boolean =>
    prefixLengthOf(places, id) === probe.bits() && startsWith(places, id, probe.octets, 0, 128);

  function insert(id: number): void {
    const length = prefixLengthOf(places, id);
    lengths.add(length);
    exact.insert(id, probe.hashAt(id, length));
    longer.insert(id, length);
  }

  return {
    holders(prefix) {
      const found: number[] = [];
      for (const bits of lengths.present()) {
        if (bits > prefix.length) return [...found, ...longer.all(prefix)];
        found.push(...chainFrom(exact, exact.first(probe.aim(prefix.address, 0, bits), isProbe)));
      }
      return found;
    },
    holder(prefix) {
      for (const bits of lengths.present()) {
        if (bits > prefix.length) return longer.first(prefix);
        const id = exact.first(probe.aim(prefix.address, 0, bits), isProbe);
        if (id !== NONE) return id;
      }
      return NONE;
    },
    countWithin(prefix) {
      const head = exact.first(probe.aim(prefix.address, 0, prefix.length), isProbe);
      return chainLength(exact, head) + longer.count(prefix);
    },
    watch: (length) => {
      longer.watch(length, lengths.present().at(-1) ?? 0);
    },
    insert,
    reserve: exact.reserve,
    announce(id) {
      const length = prefixLengthOf(places, id);
      lengths.add(length);
      longer.insert(id, length);
      exact.announce(id, probe.hashAt(id, length));
    },
    insertAll: (many) => void exact.insertAll(many),
    remove(id) {
      const length = prefixLengthOf(places, id);
      lengths.drop(length);
      exact.remove(id);
      longer.remove(id, length);
    },
  };
}

/** Finds records that are longer than a prefix and lie in it. */
interface LongerIndex {
  /** Some such record, or NONE. */
  first(prefix: Prefix): number;
  all(prefix: Prefix): number[];
  count(prefix: Prefix): number;
  /** `longest` is the greatest length there is. */
  watch(length: number, longest: number): void;
  insert(id: number, length: number): void;
  remove(id: number, length: number): void;
}

/**
 * For each watched length an index over all longer records, by the bits that they share with a prefix of that
 * length. For other lengths it has to look at every record.
 */
function createLongerIndex({ places, limit }: PrefixIndexParts, probe: Probe): LongerIndex {
  const watched = new Map<number, ChainIndex>();
  const isInProbe = (id: number): boolean => startsWith(places, id, probe.octets, 0, probe.bits());
  const firstIn = (index: ChainIndex, { address, length }: Prefix): number =>
    index.first(probe.aim(address, 0, length), isInProbe);

  function* search({ address, length }: Prefix): Generator<number> {
    for (let id = 0; id < limit(); id++) {
      if (!places.has(id) || prefixLengthOf(places, id) <= length) continue;
      if (startsWith(places, id, address, 0, length)) yield id;
    }
  }

  return {
    first(prefix) {
      const index = watched.get(prefix.length);
      if (index !== undefined) return firstIn(index, prefix);
      for (const id of search(prefix)) return id;
      return NONE;
    },
    all(prefix) {
      const index = watched.get(prefix.length);
      return index === undefined ? [...search(prefix)] : chainFrom(index, firstIn(index, prefix));
    },
    count(prefix) {
      const index = watched.get(prefix.length);
      return index === undefined ? [...search(prefix)].length : chainLength(index, firstIn(index, prefix));
    },
    watch(length, longest) {
      if (watched.has(length)) return;
      const index = createChainIndex((a, b) => sameBits(places, a, b, length));
      watched.set(length, index);
      if (longest <= length) return;
      for (let id = 0; id < limit(); id++) {
        if (!places.has(id) || prefixLengthOf(places, id) <= length) continue;
        index.insert(id, probe.hashAt(id, length));
      }
    },
    insert(id, length) {
      for (const [bits, index] of watched) if (bits < length) index.insert(id, probe.hashAt(id, bits));
    },
    remove(id, length) {
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
  /** The hash of the first `bits` of the prefix of a record, without pointing the probe at it. */
  hashAt(id: number, bits: number): number;
}

const ADDRESS_OCTETS = 16;

/** Sets prefixes apart that have the same octets and another length; the hash is what nobody can foresee. */
const withLength = (hash: number, bits: number): number => hash ^ Math.imul(bits, 0x9e3779b1);

function createProbe(places: Places, hash: KeyedHash): Probe {
  const octets = new Uint8Array(ADDRESS_OCTETS + 1);
  const shortened = new Uint8Array(ADDRESS_OCTETS);

  function aim(source: Uint8Array, from: number, bits: number): number {
    copyPrefix(source, from, bits, octets, 0);
    octets[ADDRESS_OCTETS] = bits;
    return withLength(hash(octets, 0, ADDRESS_OCTETS), bits);
  }
  return {
    octets,
    bits: () => octets[ADDRESS_OCTETS] ?? 0,
    aim,
    hashAt(id, bits) {
      const { octets: record, at } = places.place(id);
      const from = at + FIELD.prefix;
      // Its own prefix has no bits beyond its length, so that it can be hashed where it lies.
      if (record[at + FIELD.prefixLength] === bits) {
        return withLength(hash(record, from, from + ADDRESS_OCTETS), bits);
      }
      copyPrefix(record, from, bits, shortened, 0);
      return withLength(hash(shortened, 0, ADDRESS_OCTETS), bits);
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

  function change(length: number, by: 1 | -1): void {
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
