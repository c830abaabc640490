import type { IaType, Lease, LeaseId } from "../shared/lease/lease.js";
import { appended } from "../shared/lists.js";
import { type Prefix, samePrefix } from "../shared/prefix.js";
import type { IaAsked } from "./ia.js";
import { classOf, type Fitness, fitsAnywhere, judge, type PoolClass } from "./links.js";
import { mannersOf } from "./manners.js";
import { holds } from "./pool.js";
import type { Query } from "./query.js";
import { isReservedForOther, reservedPrefix } from "./reservations.js";
import { ownersOf } from "./reserved.js";

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
  /** Offers, and leases that are over and kept for the client. */
  readonly loose: readonly LeaseId[];
}

/** Looks up a binding by client, IA type and IAID. */
export function holdingsOf(query: Query, { type, iaid }: IaAsked): Holdings {
  const { ledger, config } = query.state;
  const { table } = ledger;
  const keepsOutdated = mannersOf(config).keepsOutdated(config);
  const ids = table.find(query.client, type, iaid);
  if (ids.length === 0) return NOTHING;
  let here: HeldHere[] | undefined;
  let stale: Held[] | undefined;
  let loose: LeaseId[] | undefined;
  for (const id of ids) {
    const state = table.stateOf(id);
    if (state === "offered" || state === "resting") loose = appended(loose, id);
    if (state !== "bound") continue;
    const lease = table.read(id);
    const poolClass = classFor(query, type, lease.prefix);
    if (isReservedForOther(query, lease.prefix)) stale = appended(stale, { id, lease });
    else if (poolClass !== undefined) here = appended(here, { id, lease, poolClass });
    else if (fitsElsewhere(query, lease)) continue;
    else if (keepsOutdated) here = appended(here, { id, lease, poolClass: query.link.reserved });
    else stale = appended(stale, { id, lease });
  }
  const found = {
    here: here ?? NOTHING.here,
    stale: stale ?? NOTHING.stale,
    loose: loose ?? NOTHING.loose,
  };
  return here === undefined ? found : placed(query, type, found);
}

const NOTHING: Holdings = { here: [], stale: [], loose: [] };

function placed(query: Query, iaType: IaType, found: Holdings): Holdings {
  const { config } = query.state;
  const { here, stale, loose } = found;
  if (!mannersOf(config).keepsOutdated(config) && isToMove(query, iaType, here)) {
    return { here: [], stale: [...stale, ...here], loose };
  }
  return here.length < 2 ? found : { here: inPoolOrder(here), stale, loose };
}

/** The class that delegates this prefix to the client on its link, be it by a reservation. */
export function classFor(query: Query, iaType: IaType, prefix: Prefix): PoolClass | undefined {
  const poolClass = classOf(query.link, iaType, prefix);
  if (poolClass !== undefined) return poolClass;
  const reserved = reservedPrefix(query, iaType);
  return reserved !== undefined && samePrefix(reserved, prefix) ? query.link.reserved : undefined;
}

/** What can be said of a prefix or address on the client's link, its own reservation included. */
export const fitness = (query: Query, iaType: IaType, prefix: Prefix): Fitness =>
  classFor(query, iaType, prefix) === undefined
    ? judge(query.state.network, query.link, iaType, prefix)
    : "fits";

/** Leases of a link that is behind other relays, or reserved there, are nothing to do with this one. */
function fitsElsewhere({ state, link }: Query, { iaType, prefix, interfaceName }: Lease): boolean {
  if (interfaceName === link.name) return false;
  return fitsAnywhere(state.network, iaType, prefix) || ownersOf(state.reserved, prefix).length > 0;
}

/** A reservation made after the lease: the client moves to it as soon as it is free. */
function isToMove(query: Query, iaType: IaType, here: readonly HeldHere[]): boolean {
  const reserved = reservedPrefix(query, iaType);
  if (reserved === undefined || here.some(({ lease }) => samePrefix(lease.prefix, reserved))) return false;
  return here.length > 0 && query.state.ledger.table.holder(reserved) === undefined;
}

/** In the order in which the link's pools stand in the file, as when they were first given. */
function inPoolOrder(here: readonly HeldHere[]): readonly HeldHere[] {
  const rank = ({ lease, poolClass: { pools } }: HeldHere): number =>
    pools.findIndex((pool) => holds(pool, lease.prefix));
  return here.toSorted((a, b) => rank(a) - rank(b));
}
