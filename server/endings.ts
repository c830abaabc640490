import { type Millis, millis, seconds, toMillis } from "../shared/brand.js";
import type { Lease, LeaseId } from "../shared/lease/lease.js";
import { remember } from "./affinity.js";
import { amend, remove } from "./ledger.js";
import type { ServerState } from "./state.js";

/** Milliseconds that a declined address is kept from everybody: Dibbler's two hours. */
export const DECLINED_MILLIS: Millis = millis(7_200_000);

/**
 * Ends a lease: its prefix is free, or rests for a while so that only its client can have it again. What the
 * client had is remembered.
 */
export function endLease(state: ServerState, id: LeaseId, lease: Lease, now: Millis): void {
  remember(state.affinity, lease);
  rest(state, id, lease, now, millis(now + quarantineOf(state, lease)));
}

/** Ends a lease that the configuration takes away: its prefix rests as long as its client may use it. */
export function withdrawLease(state: ServerState, id: LeaseId, lease: Lease, now: Millis): void {
  remember(state.affinity, lease);
  const quarantined = millis(now + quarantineOf(state, lease));
  rest(state, id, lease, now, millis(Math.max(toldUntil(lease, now), quarantined)));
}

/**
 * Until when a client may use what it was told of last, whatever is decided now: it may never get that Reply.
 * What was to last for ever ends now.
 */
export const toldUntil = ({ until }: Lease, now: Millis): Millis => (until === Infinity ? now : until);

/** Keeps an address from everybody for a while: somebody was found to use it (RFC 8415 18.3.8). */
export function setAside({ ledger }: ServerState, id: LeaseId, lease: Lease, now: Millis): void {
  amend(ledger, id, { ...lease, state: "declined", since: now, until: millis(now + DECLINED_MILLIS) });
}

function rest({ ledger }: ServerState, id: LeaseId, lease: Lease, now: Millis, until: Millis): void {
  if (until <= now) remove(ledger, id);
  else amend(ledger, id, { ...lease, state: "resting", since: now, until });
}

const quarantineOf = ({ network }: ServerState, { interfaceName }: Lease): Millis =>
  toMillis(network.links.get(interfaceName)?.settings.quarantine ?? seconds(0));
