import type { LeaseId } from "./lease.js";
import type { LeaseTable } from "./table.js";

/**
 * What a store has to do for one lease: keep exactly this record (see record.ts) under this id, or forget
 * the id.
 */
export type LeaseChange =
  | { readonly type: "put"; readonly id: LeaseId; readonly record: Uint8Array }
  | { readonly type: "remove"; readonly id: LeaseId };

/**
 * The change that brings the store to what the table says about `id` now: `put` with a copy of the record
 * when a lease is there, else `remove` (offers are never stored, so none is needed for an offer that went
 * away).
 */
export function changeFor(table: LeaseTable, id: LeaseId): LeaseChange {
  if (!table.has(id) || table.stateOf(id) === "offered") return { type: "remove", id };
  return { type: "put", id, record: table.recordOf(id) };
}

/**
 * Makes the table hold exactly `record` under `id`, or nothing: for loading a store and for taking a
 * refused or failed change back. False when the record cannot be read (damaged, or of a newer version); the
 * id is then empty.
 */
export function restore(table: LeaseTable, id: LeaseId, record: Uint8Array | undefined): boolean {
  if (record !== undefined) return table.setRecord(id, record);
  if (table.has(id)) table.remove(id);
  return true;
}
