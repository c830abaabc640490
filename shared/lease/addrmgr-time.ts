import { INFINITY, type Millis, millis, type Seconds, toMillis } from "../brand.js";
import type { ReadTimes } from "./foreign.js";

/**
 * Unix times below this (September 2001) are none: no Dibbler existed then, and 1.0.2 writes the seconds
 * since the machine was booted instead.
 */
const LEAST_UNIX_SECONDS = 1_000_000_000;
/** Times ahead of ours by less are the inaccuracy of clocks. */
const AHEAD_MILLIS = 2000;

/** How the time of a lease was found out. */
export type TimeBasis = "written" | "since boot" | "ahead";

/** When a lease began and ends. */
export interface LeaseTime {
  readonly since: Millis;
  readonly until: Millis;
  readonly basis: TimeBasis;
}

/** When the file was written: its own `timestamp`, or what the file system says when that is no Unix time. */
export const writtenAt = (timestamp: number | undefined, { written }: ReadTimes): Millis =>
  timestamp !== undefined && timestamp >= LEAST_UNIX_SECONDS ? millis(timestamp * 1000) : written;

/**
 * The time of a lease. Where it is not written in a way that can be trusted, it is taken to last longer
 * rather than shorter, for a prefix must not be given to somebody else while its client uses it: seconds
 * since boot cannot be compared over a restart of the machine, so such a lease begins when the file was
 * written; one that begins in the future (the clock was set back) begins now.
 */
export function timeOf(seconds: number, valid: Seconds, written: Millis, now: Millis): LeaseTime {
  const isUnix = seconds >= LEAST_UNIX_SECONDS;
  const told = isUnix ? millis(seconds * 1000) : written;
  const isAhead = told > now + AHEAD_MILLIS;
  const since = millis(Math.min(told, now));
  const until = valid === INFINITY ? millis(Infinity) : millis(since + toMillis(valid));
  return { since, until, basis: isAhead ? "ahead" : isUnix ? "written" : "since boot" };
}
