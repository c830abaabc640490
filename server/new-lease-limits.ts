import type { NewLeaseLimits } from "../shared/config/types.js";
import { innermost } from "../shared/proto/relay.js";
import { find } from "../shared/wire/options.js";
import { allows, type Limiter, take } from "./limits.js";
import type { Query } from "./query.js";

/** True when no limit stands against one more new lease for this client. */
export function isWithinLimits(query: Query): boolean {
  return limitsOf(query).every(([limiter, key]) => allows(limiter, key, query.now));
}

/** Counts one new lease. */
export function spend(query: Query): void {
  for (const [limiter, key] of limitsOf(query)) take(limiter, key, query.now, 1);
}

/** The limits that are about this client, and what it is to each of them. */
function limitsOf(query: Query): readonly (readonly [Limiter, Uint8Array])[] {
  const limiters = query.state.limiters.get(query.link.name);
  if (limiters === undefined) return NONE;
  const keys = keysOf(query);
  const all: [Limiter, Uint8Array][] = [];
  for (const name of ["source", "relay", "remoteId"] as const) {
    const [limiter, key] = [limiters[name], keys[name]];
    if (limiter !== undefined && key !== undefined) all.push([limiter, key]);
  }
  return all;
}

const NONE: readonly (readonly [Limiter, Uint8Array])[] = [];

/**
 * The source is the client's link-layer address where a relay tells it (RFC 6939), else its own address: the
 * server sees no more of it. A line is what a relay calls by a Remote-ID (RFC 4649).
 */
function keysOf({
  path,
  from,
  arrival,
}: Query): Readonly<Record<keyof NewLeaseLimits, Uint8Array | undefined>> {
  const level = innermost(path);
  if (level === undefined) return { source: from, relay: undefined, remoteId: undefined };
  const remoteId = find(level.options, "remoteId");
  return {
    source: find(level.options, "clientLinkLayerAddress")?.address ?? from,
    relay: arrival.source,
    remoteId: remoteId && Uint8Array.of(...bytesOf(remoteId.enterprise), ...remoteId.id),
  };
}

const bytesOf = (value: number): readonly number[] => [value >>> 24, value >>> 16, value >>> 8, value];
