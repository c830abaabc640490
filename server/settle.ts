import { type Millis, millis, type Seconds, toMillis } from "../shared/brand.js";
import type { Lease, Trail } from "../shared/lease/lease.js";
import { TRAIL_OCTETS } from "../shared/lease/record-tail.js";
import { appended } from "../shared/lists.js";
import { isUnspecified, sameIp6 } from "../shared/prefix.js";
import { nextHopTo } from "./next-hop.js";
import { encodePath } from "../shared/proto/relay.js";
import type { Answer } from "./answers.js";
import type { Grant, IaResult } from "./bindings.js";
import type { Held } from "./holdings.js";
import type { IaAsked } from "./ia.js";
import { endLease, setAside, toldUntil, withdrawLease } from "./endings.js";
import { amend } from "./ledger.js";
import type { Timers } from "./lifetimes.js";
import type { Query } from "./query.js";
import { leaseToReach } from "./reconfigure.js";
import { type Move, NO_STORY, type Story } from "./story.js";

/** What a Reply says besides its leases: T1 and T2, and a new key for Reconfigure. */
export interface Extras {
  readonly timers: (result: IaResult) => Timers;
  readonly key: Uint8Array | undefined;
}

/** Binds what a Reply promises and ends what it withdraws or takes back. */
export function settle(query: Query, { results, givenUp }: Answer, extras: Extras): Story {
  const { state } = query;
  let added: Lease[] | undefined;
  let kept: Lease[] | undefined;
  let moved: Move[] | undefined;
  const trail = results.some(({ grants }) => grants.length > 0) ? trailOf(query) : undefined;
  // The client has one key for all of its leases, also for those that it gets without a new one.
  const key = extras.key ?? (state.config.reconfigure ? leaseToReach(state, query.client)?.key : undefined);
  for (const result of results) {
    const timers = extras.timers(result);
    for (const grant of result.grants) {
      const { before } = grant;
      const after = bind(query, result.ia, grant, timers, key ?? before?.key, trail);
      amend(state.ledger, grant.id, after);
      if (before === undefined) added = appended(added, after);
      else if (isAtSamePlace(before, after)) kept = appended(kept, after);
      else moved = appended(moved, { before, after });
    }
  }
  return {
    added: added ?? NO_STORY.added,
    kept: kept ?? NO_STORY.kept,
    moved: moved ?? NO_STORY.moved,
    ended: endOld(query, results, givenUp),
  };
}

/** Ends what the client gives up and what does not fit any more. */
function endOld(query: Query, results: readonly IaResult[], givenUp: readonly Held[]): readonly Lease[] {
  const { state } = query;
  if (givenUp.length === 0 && results.every(({ stale }) => stale.length === 0)) return NO_STORY.ended;
  const stale = results.flatMap((result) => result.stale);
  for (const { id, lease } of givenUp) {
    if (query.type === "decline") setAside(state, id, lease, query.now);
    else endLease(state, id, lease, query.now);
  }
  for (const { id, lease } of stale) withdrawLease(state, id, lease, query.now);
  return [...givenUp, ...stale].map(({ lease }) => lease);
}

function bind(
  query: Query,
  { type, iaid }: IaAsked,
  { prefix, preferred, valid, before }: Grant,
  { t1, t2 }: Timers,
  key: Uint8Array | undefined,
  trail: Trail | undefined,
): Lease {
  return {
    iaType: type,
    duid: query.client,
    iaid,
    prefix,
    state: "bound",
    preferred,
    valid,
    t1,
    t2,
    since: query.now,
    until: endOf(query.now, valid, before),
    interfaceName: query.link.name,
    clientAddress: query.from,
    trail,
    key,
  };
}

/** When the lease is over for us: with a shorter lifetime not sooner than the client was told before. */
function endOf(now: Millis, valid: Seconds, before: Lease | undefined): Millis {
  const told = before === undefined ? now : toldUntil(before, now);
  return millis(Math.max(now + toMillis(valid), told));
}

function trailOf({ path, arrival }: Query): Trail | undefined {
  if (path.length === 0) return undefined;
  const { source, port, interfaceName } = arrival;
  return { relay: source, port, arrival: interfaceName, message: encodePath(path, TRAIL_OCTETS) };
}

/**
 * A lease that was taken over from another server may be without its client's address, or without the next
 * hop: then nobody could install a route for it before.
 */
const isAtSamePlace = (a: Lease, b: Lease): boolean =>
  a.interfaceName === b.interfaceName &&
  (isUnspecified(a.clientAddress) || sameIp6(a.clientAddress, b.clientAddress)) &&
  sameIp6(nextHopTo(a), nextHopTo(b));
