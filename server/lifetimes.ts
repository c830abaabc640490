import { INFINITY, type Seconds, seconds } from "../shared/brand.js";

/** Least and greatest value that the configuration allows. */
export interface Bounds {
  readonly min: Seconds;
  readonly max: Seconds;
}

/** What a class of prefixes says about times. */
export interface TimeBounds {
  readonly t1: Bounds;
  readonly t2: Bounds;
  readonly preferred: Bounds;
  readonly valid: Bounds;
}

/** Preferred and valid lifetime of a lease; preferred <= valid. */
export interface Lifetimes {
  readonly preferred: Seconds;
  readonly valid: Seconds;
}

/** When the client shall renew and rebind; the same for every IA of a message. */
export interface Timers {
  readonly t1: Seconds;
  readonly t2: Seconds;
}

/** For an IA without leases: the client chooses (RFC 8415 14.2). */
export const NO_TIMERS: Timers = { t1: seconds(0), t2: seconds(0) };

/** They tell a client to stop using a lease (RFC 8415 18.2.10.1). */
export const NO_LIFETIMES: Lifetimes = { preferred: seconds(0), valid: seconds(0) };

/**
 * Lifetimes for a lease. What the client asks for is a wish, brought into the configured bounds as Dibbler
 * does; 0 or no wish gives the maximum (RFC 8415 21.22 would have a server ignore wishes altogether).
 */
export function grantLifetimes(bounds: TimeBounds, wish: Lifetimes | undefined): Lifetimes {
  const valid = clamp(wished(wish?.valid), bounds.valid);
  const preferred = clamp(wished(wish?.preferred), bounds.preferred);
  return { preferred: preferred > valid ? valid : preferred, valid };
}

/**
 * The wish to go by when a lease is asked for again: the longer of what is held and what is asked for,
 * since clients that send what is left of their lease must not shrink it.
 */
export function renewedWish(held: Lifetimes, wish: Lifetimes | undefined): Lifetimes | undefined {
  if (wish === undefined) return undefined;
  return { preferred: longer(held.preferred, wish.preferred), valid: longer(held.valid, wish.valid) };
}

/**
 * T1 and T2 for a whole message: 0.5 and 0.8 of the shortest preferred lifetime in it, brought into the
 * bounds of every class involved, the tightest winning; T1 <= T2 <= the shortest valid lifetime (RFC 8415
 * 14.2, 21.21). Of a client's own T1 and T2 nothing is taken. A configured 0 stays 0 and leaves the choice
 * to the client.
 */
export function timersFor(leases: readonly (Lifetimes & { readonly bounds: TimeBounds })[]): Timers {
  if (leases.length === 0) return NO_TIMERS;
  let [preferred, valid, t1, t2] = [INFINITY, INFINITY, INFINITY, INFINITY];
  for (const lease of leases) {
    preferred = least(preferred, lease.preferred);
    valid = least(valid, lease.valid);
  }
  for (const { bounds } of leases) {
    t1 = least(t1, clamp(share(preferred, 5), bounds.t1));
    t2 = least(t2, clamp(share(preferred, 8), bounds.t2));
  }
  const rebind = t2 > valid ? valid : t2;
  const latest = rebind === 0 ? valid : rebind;
  return { t1: t1 > latest ? latest : t1, t2: rebind };
}

const longer = (held: Seconds, wish: Seconds): Seconds => (wish === 0 || wish > held ? wish : held);

const wished = (value: Seconds | undefined): Seconds =>
  value === undefined || value === 0 ? INFINITY : value;

/** A time brought into bounds. */
export function clamp(value: Seconds, { min, max }: Bounds): Seconds {
  if (value > max) return max;
  return value < min ? min : value;
}

/** So many tenths of a duration; of one without end, no end. */
const share = (value: Seconds, tenths: number): Seconds =>
  value === INFINITY ? INFINITY : seconds(Math.floor((value * tenths) / 10));

const least = (a: Seconds, b: Seconds): Seconds => (b < a ? b : a);
