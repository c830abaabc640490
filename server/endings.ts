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
export function endLease(
  { ledger, affinity, network }: ServerState,
  id: LeaseId,
  lease: Lease,
  now: Millis,
): void {
  remember(affinity, lease);
  const quarantine = toMillis(network.links.get(lease.interfaceName)?.settings.quarantine ?? seconds(0));
  if (quarantine === 0) remove(ledger, id);
  else amend(ledger, id, { ...lease, state: "resting", since: now, until: millis(now + quarantine) });
}

/** Keeps an address from everybody for a while: somebody was found to use it (RFC 8415 18.3.8). */
export function setAside({ ledger }: ServerState, id: LeaseId, lease: Lease, now: Millis): void {
  amend(ledger, id, { ...lease, state: "declined", since: now, until: millis(now + DECLINED_MILLIS) });
}
