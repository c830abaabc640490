import type { Database, RootDatabase } from "lmdb";
import { type Journal, type JournalEntry, journalOf, slotOctets, slotOf } from "../lease/journal.js";

/** The database of the journal, by slots. */
export type JournalDatabase = Database<Uint8Array, number>;

/** Opens it, made when the file has none, as those of older versions. */
export const openJournal = (env: RootDatabase<Uint8Array, string>): JournalDatabase =>
  env.openDB<Uint8Array, number>({ name: "journal", keyEncoding: "uint32", encoding: "binary" });

/** To be called within a batch; the promises are those of the batch. */
export function enterAll(database: JournalDatabase, entries: readonly JournalEntry[]): void {
  for (const entry of entries) void database.put(slotOf(entry.number), slotOctets(entry));
}

/** See `LeaseStore`. */
export const readJournal = (database: JournalDatabase): Journal =>
  journalOf((slot) => database.getBinary(slot));
