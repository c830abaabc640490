import { type Seconds, seconds, type Xid } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import { type ClientServerMessage, clientServerMessage } from "../shared/wire/message.js";
import { OPTIONS, type Option, option } from "../shared/wire/options.js";
import {
  type Binding,
  type Grant,
  type IaAnswer,
  type IaName,
  isFrom,
  isLive,
  type Lease,
  sameIa,
} from "./binding.js";
import type { Offer } from "./choose.js";
import { hintsOf, missingLengths } from "./hints.js";
import type { ClientSetup } from "./state.js";

/** The messages this machine sends. */
export type OutgoingType =
  | "solicit"
  | "request"
  | "renew"
  | "rebind"
  | "confirm"
  | "release"
  | "decline"
  | "informationRequest";

/** An IA as it goes into a message. */
export interface IaContent extends IaName {
  readonly t1: Seconds;
  readonly t2: Seconds;
  readonly prefixes: readonly Grant[];
}

/** What differs from message to message; the rest is the same for all. */
export interface Outgoing {
  readonly type: OutgoingType;
  /** To whom; `undefined` for the messages that every server may answer. */
  readonly server: Duid | undefined;
  readonly ias: readonly IaContent[];
}

/** Asks every server for all IAs (RFC 8415 18.2.1). */
export function solicit(bindings: readonly Binding[]): Outgoing {
  return { type: "solicit", server: undefined, ias: bindings.map((b) => contentOf(b, hintsOf(b))) };
}

/**
 * Asks one server for all IAs: what it offered, else what was granted last, else the hints (RFC 8415 18.2.2,
 * 18.2.10.1). An older prefix that runs out beside its successor is left out: ISC's dhcpd answers a Renew
 * with both by NoBinding, and a Request with both not at all.
 */
export function request(bindings: readonly Binding[], server: Duid, offer: Offer | undefined): Outgoing {
  const ias = bindings.map((binding) => {
    const offered = offer?.ias.find((ia) => sameIa(ia, binding.wanted));
    if (offered === undefined || offered.grants.length === 0)
      return contentOf(binding, heldOrWished(binding, grantedLast(binding)));
    return withSaneTimers(contentOf(binding, withWishes(binding, offered.grants)), offered);
  });
  return { type: "request", server, ias };
}

/**
 * Asks the server of these leases to extend them; IAs that hold nothing are asked for again (RFC 8415
 * 18.2.4).
 */
export function renew(bindings: readonly Binding[], server: Duid): Outgoing {
  const theirs = bindings.filter((binding) => !isLive(binding) || isFrom(binding, server));
  return { type: "renew", server, ias: theirs.map((b) => contentOf(b, heldOrWished(b))) };
}

/** Asks every server to extend everything (RFC 8415 18.2.5, 18.2.12). */
export function rebind(bindings: readonly Binding[]): Outgoing {
  return { type: "rebind", server: undefined, ias: bindings.map((b) => contentOf(b, heldOrWished(b))) };
}

/** Asks every server whether the addresses still fit the link (RFC 8415 18.2.3). */
export function confirm(bindings: readonly Binding[]): Outgoing {
  return { type: "confirm", server: undefined, ias: bindings.filter(isLive).map(heldContent) };
}

/** Gives leases back (RFC 8415 18.2.7). */
export function release(bindings: readonly Binding[], server: Duid): Outgoing {
  return { type: "release", server, ias: bindings.map(heldContent) };
}

/** Tells the server that these addresses are in use by somebody else (RFC 8415 18.2.8). */
export function decline(bindings: readonly Binding[], server: Duid): Outgoing {
  return { type: "decline", server, ias: bindings.map(heldContent) };
}

/** Asks for options only: every server, or the one whose Reconfigure wants it (RFC 8415 18.2.6, 18.2.11). */
export const informationRequest = (server: Duid | undefined): Outgoing => ({
  type: "informationRequest",
  server,
  ias: [],
});

/** The whole message, made anew for each copy: client, server, IAs, flags, elapsed time, option request. */
export function compose(
  { duid, rapidCommit, hmacMd5, requestedOptions, sentOptions }: ClientSetup,
  { type, server, ias }: Outgoing,
  xid: Xid,
  elapsed: number,
): ClientServerMessage {
  const options: Option[] = [option("clientId", duid)];
  if (server !== undefined) options.push(option("serverId", server));
  options.push(...ias.map(iaOption));
  if (type === "solicit" && rapidCommit) options.push(option("rapidCommit", null));
  if (asks(type) && hmacMd5 !== undefined) options.push(option("reconfigureAccept", null));
  if (asks(type)) options.push(...sentOptions);
  options.push(option("elapsedTime", elapsed));
  if (asks(type)) options.push(option("optionRequest", requestList(type, requestedOptions)));
  return clientServerMessage(type, xid, options);
}

/** Confirm, Release and Decline get nothing but a status: they have no Option Request (RFC 8415 21.7). */
const asks = (type: OutgoingType): boolean => !["confirm", "release", "decline"].includes(type);

/** Codes that never stand in an Option Request option (RFC 8415 21.7). */
const UNREQUESTABLE: readonly number[] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 18, 19, 20, 25, 26,
];

/**
 * SOL_MAX_RT is asked for in every message that has an Option Request; an Information-request asks for its
 * own times instead (RFC 8415 18.2.1, 18.2.6, 21.23-21.25).
 */
function requestList(type: OutgoingType, configured: readonly number[]): readonly number[] {
  const { solMaxRt, infMaxRt, informationRefreshTime } = OPTIONS;
  const own = type === "informationRequest" ? [informationRefreshTime.code, infMaxRt.code] : [solMaxRt.code];
  const codes = new Set([...configured, ...own]);
  return [...codes].filter((code) => !UNREQUESTABLE.includes(code));
}

function contentOf({ wanted }: Binding, prefixes: readonly Grant[]): IaContent {
  const { kind, iaid, t1, t2 } = wanted;
  return { kind, iaid, t1: t1 ?? seconds(0), t2: t2 ?? seconds(0), prefixes };
}

/** Exactly what is held, times and lifetimes 0 (RFC 8415 18.2.3, 18.2.7). */
function heldContent({ wanted: { kind, iaid }, leases }: Binding): IaContent {
  return { kind, iaid, t1: seconds(0), t2: seconds(0), prefixes: leases.map(withoutLifetimes) };
}

/**
 * Dibbler's server takes T1 and T2 from the client and only clamps them: our zeros (RFC 8415 21.21) become
 * five and ten seconds, with a Renew and a call of the hook each time. A server whose offer looks like that
 * is told the usual half and four fifths of the preferred lifetime; an RFC server does not look at them.
 */
function withSaneTimers(content: IaContent, { t1, grants }: IaAnswer): IaContent {
  const shortest = Math.min(...grants.map(({ preferred }) => preferred));
  const isHasty = t1 > 0 && t1 * HASTY_RATIO < shortest;
  if (!isHasty || content.t1 !== 0 || content.t2 !== 0) return content;
  return { ...content, t1: seconds(Math.floor(0.5 * shortest)), t2: seconds(Math.floor(0.8 * shortest)) };
}

/** A T1 below this part of the preferred lifetime is nobody's intention. */
const HASTY_RATIO = 100;

function heldOrWished(binding: Binding, held: readonly Grant[] = binding.leases): readonly Grant[] {
  return isLive(binding) ? withWishes(binding, held) : hintsOf(binding);
}

function grantedLast({ leases }: Binding): readonly Lease[] {
  const newest = Math.max(...leases.map(({ since }) => since));
  return leases.filter(({ since }) => since === newest);
}

/**
 * Leases with lifetimes 0, and the length that is still wished for beside them (RFC 8415 21.22, RFC 8168
 * 3.2).
 */
function withWishes(binding: Binding, leases: readonly Grant[]): readonly Grant[] {
  return [...leases.map(withoutLifetimes), ...missingLengths(binding, leases)];
}

const withoutLifetimes = ({ prefix }: Grant): Grant => ({
  prefix,
  preferred: seconds(0),
  valid: seconds(0),
});

function iaOption({ kind, iaid, t1, t2, prefixes }: IaContent): Option {
  if (kind === "na") {
    const addresses = prefixes.map(({ prefix: { address }, preferred, valid }) =>
      option("iaAddr", { address, preferred, valid, options: [] }),
    );
    return option("iaNa", { iaid, t1, t2, options: addresses });
  }
  const options = prefixes.map((prefix) => option("iaPrefix", { ...prefix, options: [] }));
  return option("iaPd", { iaid, t1, t2, options });
}
