import type { NewLeaseLimits, Rate } from "../shared/config/types.js";
import { seconds } from "../shared/brand.js";
import { OFFER_MILLIS } from "./ledger.js";
import { createLimiter, type Limiter } from "./limits.js";
import type { Network } from "./links.js";

/** A limit with what it has let pass. */
export interface LeaseLimiter {
  readonly leases: Limiter;
  /** As many offers may be out, and as many again in the time that an offer holds. */
  readonly offers: Limiter;
}

/** The limits of a link. */
export type LinkLimiters = Readonly<Record<keyof NewLeaseLimits, LeaseLimiter | undefined>>;

/** The limiters that the configuration of a link asks for; `undefined` when it asks for none. */
export function createLinkLimiters(
  { source, relay, remoteId }: NewLeaseLimits,
  seed: Uint8Array,
): LinkLimiters | undefined {
  if (source === undefined && relay === undefined && remoteId === undefined) return undefined;
  const make = (rate: Rate | undefined): LeaseLimiter | undefined =>
    rate && {
      leases: createLimiter(rate, seed),
      offers: createLimiter({ ...rate, per: seconds(Math.min(rate.per, OFFER_MILLIS / 1000)) }, seed),
    };
  return { source: make(source), relay: make(relay), remoteId: make(remoteId) };
}

/** The limiters of all links that ask for some, with nothing let pass yet. */
export function createLimiters(
  { links }: Pick<Network, "links">,
  seed: Uint8Array,
): ReadonlyMap<string, LinkLimiters> {
  const all = new Map<string, LinkLimiters>();
  for (const { name, settings } of links.values()) {
    const limiters = createLinkLimiters(settings.limits, seed);
    if (limiters !== undefined) all.set(name, limiters);
  }
  return all;
}
