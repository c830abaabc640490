import { ip6, type Ip6 } from "../prefix.js";

/** The address at `at`, copied. */
export function readIp6(octets: Uint8Array, at: number): Ip6 {
  const address = new Uint8Array(16);
  for (let i = 0; i < 16; i++) address[i] = octets[at + i] ?? 0;
  return ip6(address);
}

/** Copies octets one by one: for as few as an address has this is faster than `set`. */
export function copyOctets(from: Uint8Array, to: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[i] ?? 0;
}

/** Copies the first `length` bits of the address at `from`; the rest becomes zero. */
export function copyPrefix(
  source: Uint8Array,
  from: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < 16; i++) to[at + i] = (source[from + i] ?? 0) & networkBits(i, length);
}

/** True when the address at `at` has bits beyond its first `length` ones. */
export function hasHostBits(octets: Uint8Array, at: number, length: number): boolean {
  for (let i = length >> 3; i < 16; i++) if ((octets[at + i] ?? 0) & ~networkBits(i, length)) return true;
  return false;
}

/** Which bits of octet `index` of an address belong to a prefix of this length. */
function networkBits(index: number, length: number): number {
  const bits = length - index * 8;
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff00 >> bits) & 0xff;
}
