import { formatIp6, type Ip6, ip6, sameIp6 } from "../prefix.js";

/**
 * Reads the text in which Node hands over the sender of a datagram
 * ("fe80::1%eth0", "2001:db8::1", "::ffff:192.0.2.1"); the zone is left out.
 * `undefined` for anything else. Several times faster than a general parser.
 */
export function parseSender(text: string): Ip6 | undefined {
  const octets = new Uint8Array(16);
  let at = 0;
  let gap = -1;
  let group = -1;
  let i = 0;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === COLON) {
      if (group >= 0) {
        if (at > 14) return undefined;
        octets[at++] = group >>> 8;
        octets[at++] = group;
        group = -1;
      } else if (text.charCodeAt(i + 1) === COLON && i === 0) {
        continue;
      } else {
        if (gap >= 0 || i === 0) return undefined;
        gap = at;
      }
    } else if (c === PERCENT) {
      break;
    } else if (c === DOT) {
      return embedded(text);
    } else {
      const digit = HEX[c] ?? -1;
      if (digit < 0) return undefined;
      group = group < 0 ? digit : group * 16 + digit;
      if (group > 0xffff) return undefined;
    }
  }
  if (group >= 0) {
    if (at > 14) return undefined;
    octets[at++] = group >>> 8;
    octets[at++] = group;
  } else if (gap !== at) {
    return undefined;
  }
  if (gap < 0) return at === 16 ? ip6(octets) : undefined;
  if (at === 16) return undefined;
  octets.copyWithin(16 - (at - gap), gap, at);
  octets.fill(0, gap, 16 - (at - gap));
  return ip6(octets);
}

/**
 * Text for `send`, without zone: a link-local socket bound
 * with its scope needs none, and a zone costs system calls.
 */
export function createAddressWriter(): (address: Ip6) => string {
  const seen = new Array<{ address: Ip6; text: string } | undefined>(CACHE_SLOTS);
  return (address) => {
    const slot =
      ((address[15] ?? 0) ^ ((address[14] ?? 0) * 7) ^ ((address[7] ?? 0) * 31)) & (CACHE_SLOTS - 1);
    const hit = seen[slot];
    if (hit !== undefined && sameIp6(hit.address, address)) return hit.text;
    const text = formatIp6(address);
    seen[slot] = { address, text };
    return text;
  };
}

const COLON = 0x3a;
const PERCENT = 0x25;
const DOT = 0x2e;
const CACHE_SLOTS = 256;

/** Value of each hexadecimal digit by character code, -1 for everything else. */
const HEX: Int8Array = (() => {
  const table = new Int8Array(128).fill(-1);
  for (let i = 0; i < 10; i++) table[0x30 + i] = i;
  for (let i = 0; i < 6; i++) {
    table[0x41 + i] = 10 + i;
    table[0x61 + i] = 10 + i;
  }
  return table;
})();

/** "::ffff:192.0.2.1", the one form in which the C library prints dots. */
function embedded(text: string): Ip6 | undefined {
  const parts = /^::(?:ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:%.*)?$/i.exec(text);
  if (parts === null) return undefined;
  const octets = new Uint8Array(16);
  if (/^::ffff:/i.test(text)) octets.fill(0xff, 10, 12);
  for (let i = 0; i < 4; i++) {
    const value = Number(parts[i + 1]);
    if (value > 255) return undefined;
    octets[12 + i] = value;
  }
  return ip6(octets);
}
