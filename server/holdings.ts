import type { Lease, LeaseId } from "../shared/lease/lease.js";
import { containsPrefix } from "../shared/prefix.js";
import type { IaAsked } from "./ia.js";
import { classOf, fitsAnywhere, type PoolClass } from "./links.js";
import type { Query } from "./query.js";

/** A bound lease and its number. */
export interface Held {
  readonly id: LeaseId;
  readonly lease: Lease;
}

/** A lease that the link still delegates, and the class that does. */
export interface HeldHere extends Held {
  readonly poolClass: PoolClass;
}

/**
 * The leases of one binding, seen from a link. Those that only another link delegates are not among them: a
 * client that has moved, or whose DUID exists twice, has a binding of its own on every link (RFC 8415
 * 13.1).
 */
export interface Holdings {
  readonly here: readonly HeldHere[];
  /** Those that no link delegates any more: the configuration has changed. */
  readonly stale: readonly Held[];
  readonly offers: readonly LeaseId[];
}

/** Looks up a binding by client, IA type and IAID. */
export function holdingsOf({ state, client, link }: Query, { type, iaid }: IaAsked): Holdings {
  const { table } = state.ledger;
  const here: HeldHere[] = [];
  const stale: Held[] = [];
  const offers: LeaseId[] = [];
  for (const id of table.find(client, type, iaid)) {
    if (table.stateOf(id) === "offered") {
      offers.push(id);
      continue;
    }
    const lease = table.read(id);
    const poolClass = classOf(link, type, lease.prefix);
    if (poolClass !== undefined) here.push({ id, lease, poolClass });
    else if (!fitsAnywhere(state.network, type, lease.prefix)) stale.push({ id, lease });
  }
  return { here: inPoolOrder(here), stale, offers };
}

/** In the order in which the link's pools stand in the file, as when they were first given. */
function inPoolOrder(here: readonly HeldHere[]): readonly HeldHere[] {
  if (here.length < 2) return here;
  const rank = ({ lease, poolClass: { pools } }: HeldHere): number =>
    pools.findIndex((pool) => containsPrefix(pool.prefix, lease.prefix));
  return here.toSorted((a, b) => rank(a) - rank(b));
}
