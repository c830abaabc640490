import type { NewLeaseLimits } from "../shared/config/types.js";
import { innermost } from "../shared/proto/relay.js";
import { find } from "../shared/wire/options.js";
import { allows, take } from "./limits.js";
import type { LeaseLimiter } from "./link-limiters.js";
import type { Query } from "./query.js";

/** True when no limit stands against one more new lease for this client. */
export function isWithinLimits(query: Query): boolean {
  const limits = limitsOf(query);
  return limits.length === 0 || limits.every(([{ leases }, key]) => allows(leases, key, query.now));
}

/** Counts one new lease; false, and nothing is counted, when a limit stands against it. */
export const spend = (query: Query): boolean => takeOne(query, "leases");

/**
 * The same for an offer, which keeps a prefix from others as long as it is out: otherwise who may have a few
 * leases could keep everybody from all the others by asking for them, and never take one.
 */
export const spendOffer = (query: Query): boolean => takeOne(query, "offers");

function takeOne(query: Query, what: keyof LeaseLimiter): boolean {
  const limits = limitsOf(query);
  if (limits.length === 0) return true;
  const isAllowed = limits.every(([limiter, key]) => allows(limiter[what], key, query.now));
  if (isAllowed) for (const [limiter, key] of limits) take(limiter[what], key, query.now, 1);
  return isAllowed;
}

/** The limits that are about this client, and what it is to each of them. */
function limitsOf(query: Query): readonly (readonly [LeaseLimiter, Uint8Array])[] {
  const limiters = query.state.limiters.get(query.link.name);
  if (limiters === undefined) return NONE;
  const keys = keysOf(query);
  const all: [LeaseLimiter, Uint8Array][] = [];
  for (const name of ["source", "relay", "remoteId"] as const) {
    const [limiter, key] = [limiters[name], keys[name]];
    if (limiter !== undefined && key !== undefined) all.push([limiter, key]);
  }
  return all;
}

const NONE: readonly (readonly [LeaseLimiter, Uint8Array])[] = [];

/** In the place of a relay's address, for all whom the server hears itself: see `keysOf`. */
const NO_RELAY = Uint8Array.of(0);

/**
 * The source is the client's link-layer address where a relay tells it (RFC 6939), else its own address: the
 * server sees no more of it, and a host can have as many as it likes. Hence the limit for a relay, which is
 * one for all direct clients of a link as well. A line is what a relay calls by a Remote-ID (RFC 4649).
 */
function keysOf({
  path,
  from,
  arrival,
}: Query): Readonly<Record<keyof NewLeaseLimits, Uint8Array | undefined>> {
  const level = innermost(path);
  if (level === undefined) return { source: from, relay: NO_RELAY, remoteId: undefined };
  const remoteId = find(level.options, "remoteId");
  return {
    source: find(level.options, "clientLinkLayerAddress")?.address ?? from,
    relay: arrival.source,
    remoteId: remoteId && Uint8Array.of(...bytesOf(remoteId.enterprise), ...remoteId.id),
  };
}

const bytesOf = (value: number): readonly number[] => [value >>> 24, value >>> 16, value >>> 8, value];
