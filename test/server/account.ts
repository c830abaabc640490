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
  const keys = new Map<LeaseId, string>();
  const enter = (id: LeaseId, lease: Lease | undefined): void => {
    const key = keys.get(id);
    if (key !== undefined) leases.delete(key);
    keys.delete(id);
    if (lease?.state !== "bound") return;
    keys.set(id, keyOf(lease));
    leases.set(keyOf(lease), lease);
  };
  for (const [id, record] of records) enter(id, decodeRecord(record));
  return {
    follow(actions) {
      const touched = new Set<string>();
      for (const action of actions) if (action.type === "happened") touched.add(apply(leases, action.event));
      for (const action of actions) {
        if (action.type !== "commit") continue;
        for (const { id } of action.changes) {
          const lease = table.has(id) ? table.read(id) : undefined;
          touched.add(keys.get(id) ?? "");
          keys.delete(id);
          if (lease?.state === "bound") keys.set(id, keyOf(lease));
          touched.add(keys.get(id) ?? "");
        }
      }
      const now = new Map([...keys].map(([id, key]) => [key, id] as const));
      for (const key of touched) {
        const id = now.get(key);
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
