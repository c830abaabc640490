import {
  INFINITY,
  type Iaid,
  type Millis,
  millis,
  type Seconds,
  seconds,
  toMillis,
} from "../shared/brand.js";
import { type Duid, sameDuid } from "../shared/duid.js";
import { formatIp6, formatPrefix, type Prefix, samePrefix } from "../shared/prefix.js";
import { backOff, type Random } from "../shared/proto/retransmit.js";

/** IA_NA for addresses, IA_PD for prefixes. */
export type IaKind = "na" | "pd";

/** What names an IA of a client: both kinds may use the same IAID (RFC 8415 12). */
export interface IaName {
  readonly kind: IaKind;
  readonly iaid: Iaid;
}

/** One lease a server granted or offered in an IA; an address is a prefix of length 128 everywhere here. */
export interface Grant {
  readonly prefix: Prefix;
  readonly preferred: Seconds;
  readonly valid: Seconds;
  /** The part of the prefix that is the server's link to us and none of ours to use (RFC 6603). */
  readonly exclude?: Prefix | undefined;
}

/** What a server says about one IA that we asked for. */
export interface IaAnswer extends IaName {
  /** Status Code of the IA, 0 when there is none. */
  readonly status: number;
  readonly statusText: string;
  readonly t1: Seconds;
  readonly t2: Seconds;
  /** Usable leases, masked, valid lifetime above 0. */
  readonly grants: readonly Grant[];
  /** Prefixes that came back with a valid lifetime of 0. */
  readonly withdrawn: readonly Prefix[];
}

/** An IA of the configuration and what is wished for; hints for prefixes may be a length only (`::/56`). */
export interface WantedIa extends IaName {
  readonly hints: readonly Grant[];
  /** T1 and T2 to send along; `undefined` sends 0, as RFC 8415 21.21 wants. */
  readonly t1: Seconds | undefined;
  readonly t2: Seconds | undefined;
}

/** One delegated prefix or assigned address in our hands. */
export interface Lease {
  /** Without host bits. */
  readonly prefix: Prefix;
  /** Lifetimes as granted at `since`. */
  readonly preferred: Seconds;
  readonly valid: Seconds;
  readonly since: Millis;
  /** End of the valid lifetime; from then on the prefix is not used any more. */
  readonly until: Millis;
  /** The part of the prefix that is not ours to use (RFC 6603). */
  readonly exclude: Prefix | undefined;
}

/** An IA and what we hold in it; without leases it is a wish that goes along in every message. */
export interface Binding {
  readonly wanted: WantedIa;
  /** Who granted the leases: the Renew and the Release go there. */
  readonly server: Duid | undefined;
  readonly leases: readonly Lease[];
  /** When to Renew and to Rebind: T1 and T2, later after attempts that were refused; `Infinity` for never. */
  readonly renewAt: Millis;
  readonly rebindAt: Millis;
  /** Refused attempts to extend since the last success; the pause between attempts grows with it. */
  readonly refusals: number;
  /** The prefixes held last, to ask for them again. */
  readonly last: readonly Prefix[];
  /** True when the hook of this run knows of the leases. */
  readonly announced: boolean;
}

/** Leases kept per IA; a server that grants more gets the rest ignored. */
export const MAX_LEASES = 64;

/** REN_TIMEOUT and REN_MAX_RT also pace what follows an answer that extended nothing (RFC 8415 7.6). */
const PAUSE = { first: millis(10_000), most: millis(600_000) } as const;

const never = millis(Infinity);

/** The binding of an IA that holds nothing. */
export function emptyBinding(wanted: WantedIa, last: readonly Prefix[] = []): Binding {
  return {
    wanted,
    server: undefined,
    leases: [],
    renewAt: never,
    rebindAt: never,
    refusals: 0,
    last,
    announced: false,
  };
}

/** True when both name the same IA. */
export const sameIa = (a: IaName, b: IaName): boolean => a.kind === b.kind && a.iaid === b.iaid;

/** The IA for people: `IA_PD 1`. */
export const iaText = ({ kind, iaid }: IaName): string => `${kind === "na" ? "IA_NA" : "IA_PD"} ${iaid}`;

/** A lease of such an IA for people: a bare address, or a prefix with its length. */
export const leaseText = ({ kind }: IaName, prefix: Prefix): string =>
  kind === "na" ? formatIp6(prefix.address) : formatPrefix(prefix);

/** True when a lease is held. */
export const isLive = (binding: Binding): boolean => binding.leases.length > 0;

/** True when the leases came from this server. */
export const isFrom = (binding: Binding, server: Duid): boolean =>
  binding.server !== undefined && sameDuid(binding.server, server);

/** When the first lease ends; `Infinity` when none does. */
export const firstEnd = (binding: Binding): Millis =>
  millis(Math.min(Infinity, ...binding.leases.map(({ until }) => until)));

/** What is left of a lifetime at `now`, in whole seconds, never more than granted; infinity stays. */
export function remaining(granted: Seconds, since: Millis, now: Millis): Seconds {
  if (granted === INFINITY) return INFINITY;
  return seconds(Math.max(0, granted - Math.ceil(Math.max(0, now - since) / 1000)));
}

/**
 * The binding after a server granted leases: new ones first, others of the IA age on (RFC 8415 18.2.10.1).
 */
export function extend(binding: Binding, answer: IaAnswer, server: Duid, now: Millis): Binding {
  const granted = answer.grants.map((grant) => leaseOf(grant, now));
  const mentioned = [...answer.withdrawn, ...granted.map(({ prefix }) => prefix)];
  const others = binding.leases.filter(({ prefix }) => !includesPrefix(mentioned, prefix));
  const leases = [...granted, ...others].slice(0, MAX_LEASES);
  const { t1, t2 } = timesOf(answer);
  return {
    ...binding,
    server,
    leases,
    renewAt: millis(now + t1),
    rebindAt: millis(now + t2),
    refusals: 0,
    last: leases.map(({ prefix }) => prefix),
  };
}

/** The binding without these prefixes; what it asks for later (`last`) stays when nothing is left. */
export function withdraw(binding: Binding, gone: readonly Prefix[]): Binding {
  const leases = binding.leases.filter(({ prefix }) => !includesPrefix(gone, prefix));
  if (leases.length === binding.leases.length) return binding;
  return leases.length === 0
    ? emptyBinding(binding.wanted, binding.last)
    : { ...binding, leases, last: leases.map(({ prefix }) => prefix) };
}

/** The binding without leases whose valid lifetime is over at `now`. */
export function expire(binding: Binding, now: Millis): Binding {
  return withdraw(
    binding,
    binding.leases.filter(({ until }) => until <= now).map(({ prefix }) => prefix),
  );
}

/**
 * After an attempt that did not extend the IA: what was due waits, longer each time (RFC 8415 14.1). Once T2
 * is over there are only Rebinds.
 */
export function pause(binding: Binding, now: Millis, random: Random): Binding {
  if (!isLive(binding) || Math.min(binding.renewAt, binding.rebindAt) > now) return binding;
  const later = millis(now + backOff(binding.refusals, PAUSE.first, PAUSE.most, random));
  const refusals = binding.refusals + 1;
  if (binding.rebindAt > now) return { ...binding, renewAt: later, refusals };
  return { ...binding, renewAt: never, rebindAt: later, refusals };
}

/** The prefixes of `before` that are not held any more in `after`. */
export function lostPrefixes(before: Binding, after: Binding): readonly Prefix[] {
  const kept = after.leases.map(({ prefix }) => prefix);
  return before.leases.map(({ prefix }) => prefix).filter((prefix) => !includesPrefix(kept, prefix));
}

/** True when `prefix` is one of `list`. */
export const includesPrefix = (list: readonly Prefix[], prefix: Prefix): boolean =>
  list.some((other) => samePrefix(other, prefix));

function leaseOf({ prefix, preferred, valid, exclude }: Grant, now: Millis): Lease {
  return { prefix, preferred, valid, since: now, until: millis(now + toMillis(valid)), exclude };
}

/**
 * T1 and T2 to go by, as durations. A server that leaves one open (0), or names one beyond the end of the
 * leases, gets 0.5 and 0.8 of the shortest preferred lifetime, not below a minute as far as the valid
 * lifetime allows, so that an absurdly short preferred lifetime starts no flood (RFC 8415 14.2, 21.21).
 */
function timesOf({ grants, t1, t2 }: IaAnswer): { readonly t1: Millis; readonly t2: Millis } {
  const valid = Math.min(...grants.map((grant) => toMillis(grant.valid)));
  const preferred = Math.min(...grants.map((grant) => toMillis(grant.preferred)));
  const base = preferred === 0 ? valid : preferred;
  const ownT1 = Math.max(0.5 * base, Math.min(60_000, 0.25 * valid));
  const ownT2 = Math.max(0.8 * base, Math.min(96_000, 0.4 * valid));
  const usable = (time: Seconds): boolean => time !== 0 && (time === INFINITY || toMillis(time) <= valid);
  const givenT1 = usable(t1) ? toMillis(t1) : undefined;
  const givenT2 = usable(t2) ? toMillis(t2) : undefined;
  const chosenT2 = givenT2 ?? Math.max(ownT2, givenT1 ?? 0);
  return { t1: millis(Math.min(givenT1 ?? ownT1, chosenT2)), t2: millis(chosenT2) };
}
