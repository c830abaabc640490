/**
 * Something that has happened, under its number: 1 the first, each one higher than the one before by one.
 * Kept in the same commit as what it tells of.
 */
export interface JournalEntry {
  readonly number: number;
  readonly octets: Uint8Array;
}

/** What is kept of what has happened: the latest `JOURNAL_SIZE` entries, a ring. */
export interface Journal {
  /** The number of the latest entry; 0 when there is none. */
  readonly last: () => number;
  /** The octets of an entry, a copy; undefined when it is not there, or not any more. */
  readonly read: (number: number) => Uint8Array | undefined;
}

/** So many entries are kept: some 25 MiB, a day of 50,000 clients that renew twice a day. */
export const JOURNAL_SIZE = 100_000;

/** Octets before those of an entry, where it is kept: its number. */
const NUMBER_OCTETS = 8;

/** Where an entry is kept, in place of the one that is `JOURNAL_SIZE` older. */
export const slotOf = (number: number): number => (number - 1) % JOURNAL_SIZE;

/** An entry as it is kept in its slot. */
export function slotOctets({ number, octets }: JournalEntry): Uint8Array {
  const slot = new Uint8Array(NUMBER_OCTETS + octets.length);
  new DataView(slot.buffer).setFloat64(0, number);
  slot.set(octets, NUMBER_OCTETS);
  return slot;
}

/** A journal of slots, however they are kept. */
export function journalOf(readSlot: (slot: number) => Uint8Array | undefined): Journal {
  const numberIn = (slot: number): number | undefined => {
    const octets = readSlot(slot);
    if (octets === undefined || octets.length < NUMBER_OCTETS) return undefined;
    return new DataView(octets.buffer, octets.byteOffset).getFloat64(0);
  };
  return {
    last() {
      const first = numberIn(0);
      if (first === undefined) return 0;
      // From the first slot on the numbers follow each other up to the latest; behind it they are older.
      let [low, high] = [0, JOURNAL_SIZE];
      while (high - low > 1) {
        const middle = (low + high) >>> 1;
        if (numberIn(middle) === first + middle) low = middle;
        else high = middle;
      }
      return first + low;
    },
    read(number) {
      const octets = readSlot(slotOf(number));
      if (octets === undefined || octets.length < NUMBER_OCTETS) return undefined;
      const found = new DataView(octets.buffer, octets.byteOffset).getFloat64(0);
      return found === number ? Uint8Array.from(octets.subarray(NUMBER_OCTETS)) : undefined;
    },
  };
}
