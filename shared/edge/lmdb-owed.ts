import type { Database, RootDatabase } from "lmdb";
import type { OwedChange } from "../lease/owed.js";
import type { LeaseStore } from "../lease/store.js";

/** The database of the calls that are owed, by their numbers. */
export type OwedDatabase = Database<Uint8Array, number>;

/** Opens it, made when the file has none, as those of older versions. */
export const openOwed = (env: RootDatabase<Uint8Array, string>): OwedDatabase =>
  env.openDB<Uint8Array, number>({ name: "owed", keyEncoding: "uint32", encoding: "binary" });

/** To be called within a batch; the promises are those of the batch. */
export function applyOwed(database: OwedDatabase, changes: readonly OwedChange[]): void {
  for (const change of changes) {
    if (change.type === "owe") void database.put(change.number, change.call);
    else void database.remove(change.number);
  }
}

/** See `LeaseStore`. */
export function readOwed(database: OwedDatabase, visit: Parameters<LeaseStore["owed"]>[0]): void {
  for (const { key, value } of database.getRange()) {
    visit(key, new Uint8Array(value.buffer, value.byteOffset, value.length));
  }
}
