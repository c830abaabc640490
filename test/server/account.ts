import { deepEqual } from "node:assert/strict";
import type { LeaseId } from "../../shared/lease/lease.js";
import { decodeRecord } from "../../shared/lease/record.js";
import type { Lease } from "../../shared/lease/lease.js";
import type { LeaseTable } from "../../shared/lease/table.js";
import { formatPrefix } from "../../shared/prefix.js";
import type { ServerAction } from "../../server/engine.js";

/** Keeps account of leases by what the engine says has happened, and compares with the table. */
export interface Account {
  /** Takes the actions of one step; throws when they do not lead to what the table says. */
  readonly follow: (actions: readonly ServerAction[]) => void;
  /** What was decided was taken back, or decided unseen: these leases are as the table says. */
  readonly lookAgain: (ids: readonly LeaseId[]) => void;
}

/** An account of what is stored. */
export function openAccount(table: LeaseTable, records: ReadonlyMap<LeaseId, Uint8Array>): Account {
  const leases = new Map<string, Lease>();
  /** Both ways what is bound in the table. */
  const keys = new Map<LeaseId, string>();
  const ids = new Map<string, LeaseId>();
  /** Gives the keys that the id has had before and has now. */
  const assign = (id: LeaseId, lease: Lease | undefined): readonly string[] => {
    const [before, after] = [keys.get(id), lease?.state === "bound" ? keyOf(lease) : undefined];
    if (before !== undefined && ids.get(before) === id) ids.delete(before);
    keys.delete(id);
    if (after !== undefined) {
      keys.set(id, after);
      ids.set(after, id);
    }
    return [before ?? [], after ?? []].flat();
  };
  const enter = (id: LeaseId, lease: Lease | undefined): void => {
    const key = keys.get(id);
    // Another lease may have the key by now: what a decision that was taken back had given this one.
    if (key !== undefined && ids.get(key) === id) leases.delete(key);
    const [now] = assign(id, lease).slice(-1);
    if (lease?.state === "bound" && now !== undefined) leases.set(now, lease);
  };
  for (const [id, record] of records) enter(id, decodeRecord(record));
  return {
    follow(actions) {
      const touched = new Set<string>();
      for (const action of actions) if (action.type === "happened") touched.add(apply(leases, action.event));
      for (const action of actions) {
        if (action.type !== "commit") continue;
        for (const { id } of action.changes) {
          for (const key of assign(id, table.has(id) ? table.read(id) : undefined)) touched.add(key);
        }
      }
      for (const key of touched) {
        const id = ids.get(key);
        deepEqual(leases.get(key), id === undefined ? undefined : table.read(id), `account of ${key}`);
      }
    },
    lookAgain(ids) {
      for (const id of ids) enter(id, table.has(id) ? table.read(id) : undefined);
    },
  };
}

const keyOf = ({ iaType, prefix }: Lease): string => `${iaType} ${formatPrefix(prefix)}`;

function apply(
  leases: Map<string, Lease>,
  { action, lease, former }: Extract<ServerAction, { type: "happened" }>["event"],
): string {
  const key = keyOf(lease);
  const known = leases.get(key);
  if ((action === "add") !== (known === undefined)) throw new Error(`${action} of ${key}, which is wrong`);
  if (former !== undefined) deepEqual(former, known, `what ${key} was before`);
  if (action === "delete") deepEqual(lease, known, `what ${key} was at its end`);
  if (action === "delete") leases.delete(key);
  else leases.set(key, lease);
  return key;
}
