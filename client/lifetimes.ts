import { type Millis, millis, toMillis } from "../shared/brand.js";
import type { Lease } from "./binding.js";

/** Until when a lease is preferred and valid; `Infinity` for ever. */
export interface Lifetimes {
  readonly preferredUntil: Millis;
  readonly validUntil: Millis;
}

/** The ends of both lifetimes of a lease. */
export const lifetimesOf = ({ preferred, since, until }: Lease): Lifetimes => ({
  preferredUntil: millis(since + toMillis(preferred)),
  validUntil: until,
});

/** Whole seconds, never more than are left; `Infinity` for ever. */
export const secondsLeft = (until: Millis, now: Millis): number =>
  Math.max(0, Math.floor((until - now) / 1000));

/** The lifetimes of an address as `ip` wants them. */
export function ipLifetimes({ preferredUntil, validUntil }: Lifetimes, now: Millis): string {
  const text = (until: Millis): string => (until === Infinity ? "forever" : String(secondsLeft(until, now)));
  return `valid_lft ${text(validUntil)} preferred_lft ${text(preferredUntil)}`;
}
