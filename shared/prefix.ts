import ipaddr from "ipaddr.js";
import type { Brand } from "./brand.js";

/** An IPv6 address: 16 octets in network order. Never changed once made. */
export type Ip6 = Brand<Uint8Array, "Ip6">;

/**
 * A prefix: address octets and length 0..128. From the wire it may carry bits beyond its length; see
 * `masked`.
 */
export interface Prefix {
  readonly address: Ip6;
  readonly length: number;
}

/** Addresses from `first` to `last`, both included; `first` is not above `last`. */
export interface AddressRange {
  readonly first: Ip6;
  readonly last: Ip6;
}

/** The address `::`. */
export const UNSPECIFIED: Ip6 = ip6(new Uint8Array(16));

/** Takes 16 octets as an address, without copying. Asserts the size: callers have checked it. */
export function ip6(octets: Uint8Array): Ip6 {
  if (octets.length !== 16) throw new Error(`an IPv6 address has 16 octets, not ${octets.length}`);
  return octets as Ip6;
}

/**
 * Parses RFC 4291 text, embedded IPv4 included, without zone; `undefined` when it is none. About 2 us: never
 * per packet.
 */
export function parseIp6(text: string): Ip6 | undefined {
  if (!text.includes(":") || text.includes("%")) return undefined;
  try {
    return ip6(Uint8Array.from(ipaddr.IPv6.parse(text.replace(COMPATIBLE, "::0:")).toByteArray()));
  } catch {
    return undefined;
  }
}

/** `::192.0.2.1`, which ipaddr.js takes for `::ffff:192.0.2.1`, and nobody else (RFC 4291 2.5.5). */
const COMPATIBLE = /^::(?=\d+\.)/;

/**
 * RFC 5952 text: compressed, lower case; one spelling for one address, because Neutron compares text. Of our
 * own, as logs and files for other programs are full of addresses: many times faster than a general library.
 */
export function formatIp6(address: Ip6): string {
  const { from, to } = longestGap(address);
  let text = "";
  for (let i = 0; i < 16; i += 2) {
    if (i >= from && i < to) {
      if (i === from) text += i === 0 ? "::" : ":";
      continue;
    }
    const high = address[i] ?? 0;
    const low = address[i + 1] ?? 0;
    text += (high === 0 ? SHORT_HEX[low] : `${SHORT_HEX[high]}${LONG_HEX[low]}`) ?? "";
    if (i < 14) text += ":";
  }
  return text;
}

/** One octet in hexadecimal, without and with a leading zero. */
const SHORT_HEX: readonly string[] = Array.from({ length: 256 }, (_none, octet) => octet.toString(16));
const LONG_HEX: readonly string[] = SHORT_HEX.map((digits) => digits.padStart(2, "0"));

/** The octets of the first of the longest runs of two zero groups or more (RFC 5952 4.2). */
export function longestGap(address: Ip6): { readonly from: number; readonly to: number } {
  let longest = { from: 16, to: 16 };
  let from = 0;
  for (let i = 0; i <= 16; i += 2) {
    if (i < 16 && address[i] === 0 && address[i + 1] === 0) continue;
    if (i - from > Math.max(2, longest.to - longest.from)) longest = { from, to: i };
    from = i + 2;
  }
  return longest;
}

/** Parses `address/length`; `undefined` when it is none. Host bits stay as written. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf("/");
  const address = slash < 0 ? undefined : parseIp6(text.slice(0, slash));
  const digits = text.slice(slash + 1);
  if (address === undefined || !/^\d{1,3}$/.test(digits) || Number(digits) > 128) return undefined;
  return { address, length: Number(digits) };
}

/** `address/length` in RFC 5952 text. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp6(prefix.address)}/${prefix.length}`;
}

/** True when both addresses have the same octets. */
export function sameIp6(a: Ip6, b: Ip6): boolean {
  for (let i = 0; i < 16; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** True when address (as masked by its own rules) and length agree. */
export function samePrefix(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && sameIp6(a.address, b.address);
}

/** Orders addresses as 128-bit numbers: negative, zero or positive. */
export function compareIp6(a: Ip6, b: Ip6): number {
  for (let i = 0; i < 16; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** True when the address lies in the range. */
export function inRange({ first, last }: AddressRange, address: Ip6): boolean {
  return compareIp6(first, address) <= 0 && compareIp6(address, last) <= 0;
}

/** All addresses of a prefix. */
export function rangeOf({ address, length }: Prefix): AddressRange {
  const last = Uint8Array.from(address, (octet, i) => octet | hostBits(i, length));
  return { first: maskIp6(address, length), last: ip6(last) };
}

/** True for `::`. */
export function isUnspecified(address: Ip6): boolean {
  return sameIp6(address, UNSPECIFIED);
}

/** True for fe80::/10. */
export function isLinkLocal(address: Ip6): boolean {
  return address[0] === 0xfe && ((address[1] ?? 0) & 0xc0) === 0x80;
}

/** True for ff00::/8. */
export function isMulticast(address: Ip6): boolean {
  return address[0] === 0xff;
}

/** True when the first `length` bits of both addresses agree. */
export function sharesBits(a: Ip6, b: Ip6, length: number): boolean {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false;
  const rest = length & 7;
  if (rest === 0) return true;
  const mask = 0xff00 >> rest;
  return (((a[whole] ?? 0) ^ (b[whole] ?? 0)) & mask & 0xff) === 0;
}

/** True when `address` lies in `prefix`. */
export function contains(prefix: Prefix, address: Ip6): boolean {
  return sharesBits(prefix.address, address, prefix.length);
}

/** True when the whole of `inner` lies in `outer` (equal ones too). */
export function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return inner.length >= outer.length && contains(outer, inner.address);
}

/** True when the two prefixes have an address in common. */
export function overlaps(a: Prefix, b: Prefix): boolean {
  return sharesBits(a.address, b.address, Math.min(a.length, b.length));
}

/** The address with every bit beyond `length` cleared (RFC 8415 21.22 leaves them to be ignored). */
export function maskIp6(address: Ip6, length: number): Ip6 {
  const octets = new Uint8Array(16);
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) octets[i] = address[i] ?? 0;
  if (whole < 16) octets[whole] = (address[whole] ?? 0) & (0xff00 >> (length & 7));
  return ip6(octets);
}

/** The prefix without host bits; itself when it has none. */
export function masked(prefix: Prefix): Prefix {
  const address = maskIp6(prefix.address, prefix.length);
  return sameIp6(address, prefix.address) ? prefix : { address, length: prefix.length };
}

/** Which bits of octet `index` of an address lie behind the first `length` ones. */
function hostBits(index: number, length: number): number {
  const bits = length - index * 8;
  return bits >= 8 ? 0 : bits <= 0 ? 0xff : 0xff >> bits;
}
