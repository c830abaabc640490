import type { NewLeaseLimits, Rate } from "../shared/config/types.js";
import { createLimiter, type Limiter } from "./limits.js";
import type { Network } from "./links.js";

/** The limits of a link, each with what it has let pass. */
export type LinkLimiters = Readonly<Record<keyof NewLeaseLimits, Limiter | undefined>>;

/** The limiters that the configuration of a link asks for; `undefined` when it asks for none. */
export function createLinkLimiters(
  { source, relay, remoteId }: NewLeaseLimits,
  seed: Uint8Array,
): LinkLimiters | undefined {
  if (source === undefined && relay === undefined && remoteId === undefined) return undefined;
  const make = (rate: Rate | undefined): Limiter | undefined => rate && createLimiter(rate, seed);
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
