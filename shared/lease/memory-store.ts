import type { LeaseChange } from "./changes.js";
import { type Journal, journalOf, slotOctets, slotOf } from "./journal.js";
import { leaseId, type LeaseId } from "./lease.js";
import type { LeaseStore } from "./store.js";

/**
 * What the memory of a store consists of; hand the same one to a second store and that one finds it all
 * there.
 */
export interface StoreMemory {
  readonly records: Map<number, Uint8Array>;
  readonly meta: Map<string, Uint8Array>;
  readonly owed: Map<number, Uint8Array>;
  /** By slots. */
  readonly journal: Map<number, Uint8Array>;
}

/** Settings of a memory store, for tests of those who use a store. */
export interface MemoryStoreOptions {
  readonly memory?: StoreMemory;
  /** Says which changes another server has beaten us to. */
  readonly refuse?: (change: LeaseChange) => boolean;
  /** When it gives an error, the commit is rejected with it and nothing is changed. */
  readonly fail?: () => Error | undefined;
}

/** An empty memory. */
export const createStoreMemory = (): StoreMemory => ({
  records: new Map(),
  meta: new Map(),
  owed: new Map(),
  journal: new Map(),
});

/**
 * A store that lives as long as its memory, for tests and simulations. Commits are done when `commit`
 * returns.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): LeaseStore {
  const { memory = createStoreMemory(), refuse = () => false, fail = () => undefined } = options;
  const { records, meta, owed } = memory;
  const journal: Journal = journalOf((slot) => memory.journal.get(slot));

  return {
    load(visit) {
      for (const id of [...records.keys()].sort((a, b) => a - b)) {
        const record = copy(records.get(id));
        visit(leaseId(id), record, 0, record.length);
      }
    },
    commit(changes, notes = [], entries = []) {
      const error = fail();
      if (error !== undefined) return Promise.reject(error);
      const refused = changes.filter(refuse);
      for (const change of changes) if (!refused.includes(change)) apply(records, change);
      for (const note of notes) {
        if (note.type === "owe") owed.set(note.number, copy(note.call));
        else owed.delete(note.number);
      }
      for (const entry of entries) memory.journal.set(slotOf(entry.number), slotOctets(entry));
      return Promise.resolve([...new Set<LeaseId>(refused.map(({ id }) => id))]);
    },
    commitMany(ids, changeOf) {
      return this.commit(ids.map(changeOf)).then(() => undefined);
    },
    read(id) {
      return records.has(id) ? copy(records.get(id)) : undefined;
    },
    meta(name) {
      return meta.has(name) ? copy(meta.get(name)) : undefined;
    },
    setMeta(name, value) {
      if (value === undefined) meta.delete(name);
      else meta.set(name, copy(value));
      return Promise.resolve();
    },
    owed(visit) {
      for (const number of ascending(owed)) visit(number, copy(owed.get(number)));
    },
    journal,
    close() {
      return Promise.resolve();
    },
  };
}

const ascending = (rows: ReadonlyMap<number, unknown>): readonly number[] =>
  [...rows.keys()].sort((a, b) => a - b);

function apply(records: Map<number, Uint8Array>, change: LeaseChange): void {
  if (change.type === "put") records.set(change.id, copy(change.record));
  else records.delete(change.id);
}

const copy = (octets: Uint8Array | undefined): Uint8Array => Uint8Array.from(octets ?? []);
