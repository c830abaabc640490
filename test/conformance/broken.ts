import { octetsOf } from "../../shared/wire/kinds.js";
import { SERVER_ID } from "../server/settings.js";

/** Octets put one after the other. */
export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
/** So many octets of one value. */
export const octets = (count: number, value = 0x20): Uint8Array => new Uint8Array(count).fill(value);

/** An option, with a length that may be a lie. */
export const tlv = (code: number, data: Uint8Array, length = data.length): Uint8Array =>
  join(Uint8Array.of(code >>> 8, code, length >>> 8, length), data);

/** The DUID of who sends all this. */
export const MALLORY = Uint8Array.of(0, 3, 0, 1, 2, 0xba, 0xd0, 0, 0, 1);
export const CLIENT = tlv(1, MALLORY);
export const SERVER = tlv(2, SERVER_ID);
/** A prefix of the pool that only who names it gets: who gets it was believed in the broken part. */
export const BAIT = "2001:db8:1000:ba00::/56";
const BAIT_OCTETS = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0x10, 0, 0xba, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** A message of this type and transaction-id 1. */
export const message = (type: number, ...options: readonly Uint8Array[]): Uint8Array =>
  join(Uint8Array.of(type, 0, 0, 1), ...options);

/** What clients send: Solicit, Request, Confirm, Renew, Rebind, Release, Decline, Information-request. */
export const CLIENT_TYPES = [1, 3, 4, 5, 6, 8, 9, 11] as const;
const TO_ONE_SERVER: readonly number[] = [3, 5, 8, 9];

/** These options in a message of each type that clients send, with the identifiers that it needs. */
export const inEach = (...options: readonly Uint8Array[]): readonly Uint8Array[] =>
  CLIENT_TYPES.map((type) =>
    message(type, CLIENT, ...(TO_ONE_SERVER.includes(type) ? [SERVER] : []), ...options),
  );

/** The body of an IA, with IAID 1: T1 and T2 are there for IA_NA and IA_PD only. */
const iaBody = (timers: boolean, ...options: readonly Uint8Array[]): Uint8Array =>
  join(Uint8Array.of(0, 0, 0, 1), octets(timers ? 8 : 0, 0), ...options);
export const iaPd = (...options: readonly Uint8Array[]): Uint8Array => tlv(25, iaBody(true, ...options));
export const iaNa = (...options: readonly Uint8Array[]): Uint8Array => tlv(3, iaBody(true, ...options));
export const iaTa = (...options: readonly Uint8Array[]): Uint8Array => tlv(4, iaBody(false, ...options));

/** The data of an IAPREFIX with lifetimes 0 and 0, BAIT unless told otherwise. */
export const prefixData = (length = 56, address: Uint8Array = BAIT_OCTETS): Uint8Array =>
  join(octets(8, 0), Uint8Array.of(length), address);
export const iaPrefix = (length?: number, address?: Uint8Array): Uint8Array =>
  tlv(26, prefixData(length, address));
/** BAIT with bits behind its length. */
export const HOST_BITS = BAIT_OCTETS.map((octet, i) => (i > 6 ? 0xff : octet));

/** A Relay-forward of line1 around these options. */
export const relayForward = (
  options: readonly Uint8Array[],
  { hops = 0, link = LINE1, peer = PEER }: { hops?: number; link?: Uint8Array; peer?: Uint8Array } = {},
): Uint8Array => join(Uint8Array.of(12, hops), link, peer, ...options);
const LINE1 = Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0xa, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const PEER = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xba, 0xd0);
/** A good Solicit and Request for a prefix. */
export const SOLICIT = message(1, CLIENT, iaPd());
export const REQUEST = message(3, CLIENT, SERVER, iaPd());

/** Relay-forwards of so many levels around a message. */
export const nested = (levels: number, inner: Uint8Array): Uint8Array => {
  let bytes = inner;
  for (let level = 0; level < levels; level++) bytes = relayForward([tlv(9, bytes)], { hops: level & 0xff });
  return bytes;
};

/** So many octets of noise, always the same ones. */
export function noise(count: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
}

/** Names that programs have stumbled over: Client FQDN options with flags and these octets. */
export const BAD_NAMES: readonly Uint8Array[] = [
  octets(0),
  Uint8Array.of(0, 63, 97, 98),
  Uint8Array.of(0, 0xc0, 1),
  join(
    Uint8Array.of(0),
    ...Array.from({ length: 9 }, () => join(Uint8Array.of(63), octets(63, 97))),
    Uint8Array.of(0),
  ),
  join(Uint8Array.of(0, 5), octetsOf("a\0b\0c"), Uint8Array.of(0)),
  join(Uint8Array.of(7, 29), octetsOf('$(touch /pwned)"><b>&`pwned`;'), Uint8Array.of(0)),
];
