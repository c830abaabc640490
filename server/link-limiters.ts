import type { NewLeaseLimits, Rate } from "../shared/config/types.js";
import { createLimiter, type Limiter } from "./limits.js";

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
