/** How an IA of a client stands by what the client has sent and heard, and by nothing else. */
export type Standing =
  /** Never asked for, or a Reply has confirmed its Release. */
  | { readonly kind: "free" }
  /** A Request has left and no Reply has come: there may be a lease or none. */
  | { readonly kind: "asking" }
  /** A Reply has acknowledged it. */
  | { readonly kind: "held"; readonly prefix: string }
  /** A Release has left and no Reply has come: the lease may be there or not. */
  | { readonly kind: "releasing"; readonly prefix: string };

/** One IA of the swarm. */
export interface Entry {
  readonly client: string;
  readonly iaid: number;
  readonly standing: Standing;
}

/** What `dibbler-server leases --json` tells of a lease, as far as it matters here. */
export interface ListedLease {
  readonly prefix: string;
  readonly state: string;
  readonly client: string;
  readonly iaid: number;
}

/**
 * What is wrong with a server's leases, given what it has acknowledged: each sentence is a promise that was
 * broken. With `isSettled` nothing may be in the table that was not acknowledged: who was answered knows it.
 */
export function compareLedger(
  entries: readonly Entry[],
  leases: readonly ListedLease[],
  isSettled = false,
): readonly string[] {
  const rows = new Map<string, ListedLease[]>();
  const owners = new Map<string, ListedLease>();
  const wrong: string[] = [];
  for (const lease of leases) {
    const key = keyOf(lease);
    rows.set(key, [...(rows.get(key) ?? []), lease]);
    const other = owners.get(lease.prefix);
    if (other !== undefined) wrong.push(`${lease.prefix} is leased to ${keyOf(other)} and ${key}`);
    owners.set(lease.prefix, lease);
  }
  for (const entry of entries) {
    const key = keyOf(entry);
    const found = (rows.get(key) ?? []).map(({ prefix }) => prefix);
    rows.delete(key);
    if (!fits(entry.standing, found, isSettled)) {
      wrong.push(`${key} is ${JSON.stringify(entry.standing)}, and leased is [${found.join()}]`);
    }
  }
  for (const key of rows.keys()) wrong.push(`${key} never asked for anything`);
  return wrong;
}

function fits(standing: Standing, found: readonly string[], isSettled: boolean): boolean {
  switch (standing.kind) {
    case "free":
      return found.length === 0;
    case "asking":
      return found.length <= (isSettled ? 0 : 1);
    case "held":
      return found.length === 1 && found[0] === standing.prefix;
    case "releasing":
      if (found.length === 0) return !isSettled;
      return found.length === 1 && found[0] === standing.prefix;
    default:
      return standing satisfies never;
  }
}

const keyOf = ({ client, iaid }: { readonly client: string; readonly iaid: number }): string =>
  `${client} IA ${iaid}`;
