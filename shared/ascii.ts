import { type Ip6, longestGap, type Prefix } from "./prefix.js";

/**
 * Text that is ASCII, written as octets with no string in between: what is told of every message would
 * otherwise be most of the strings that the server makes. Each function writes from `at` on, into an array
 * that has room, and gives the offset after what it wrote.
 */
type Write<T> = (octets: Uint8Array, at: number, value: T) => number;

/** Octets that each of them needs at most, for one value or one octet of a value. */
export const ASCII_ROOM = { duidOctet: 3, ip6: 39, prefix: 43, number: 17, hex: 8 } as const;

/** As `formatDuid`. */
export const writeDuid: Write<Uint8Array> = (octets, at, value) => {
  let to = at;
  for (let i = 0; i < value.length; i++) {
    if (i > 0) octets[to++] = COLON;
    to = writeOctet(octets, to, value[i] ?? 0);
  }
  return to;
};

/** As `formatIp6` (RFC 5952). */
export const writeIp6: Write<Ip6> = (octets, at, address) => {
  let to = at;
  const { from: gapFrom, to: gapTo } = longestGap(address);
  for (let i = 0; i < 16; i += 2) {
    if (i === gapFrom) {
      octets[to++] = COLON;
      if (i === 0) octets[to++] = COLON;
      i = gapTo - 2;
      continue;
    }
    to = writeHex(octets, to, ((address[i] ?? 0) << 8) | (address[i + 1] ?? 0));
    if (i < 14) octets[to++] = COLON;
  }
  return to;
};

/** As `formatPrefix`. */
export const writePrefix: Write<Prefix> = (octets, at, { address, length }) => {
  const to = writeIp6(octets, at, address);
  octets[to] = SLASH;
  return writeDecimal(octets, to + 1, length);
};

/** A whole number from 0 to 2^53, in decimal digits. */
export const writeDecimal: Write<number> = (octets, at, value) => {
  let to = at + 1;
  for (let rest = value; rest >= 10; rest = Math.floor(rest / 10)) to++;
  for (let i = to - 1, rest = value; i >= at; i--, rest = Math.floor(rest / 10))
    octets[i] = ZERO + (rest % 10);
  return to;
};

/** A number of 32 bits at most, in lower-case hexadecimal digits without leading zeros. */
export const writeHex: Write<number> = (octets, at, value) => {
  let to = at;
  let shift = 28;
  while (shift > 0 && value >>> shift === 0) shift -= 4;
  for (; shift >= 0; shift -= 4) octets[to++] = DIGITS[(value >>> shift) & 15] ?? 0;
  return to;
};

function writeOctet(octets: Uint8Array, at: number, value: number): number {
  octets[at] = DIGITS[value >>> 4] ?? 0;
  octets[at + 1] = DIGITS[value & 15] ?? 0;
  return at + 2;
}

const COLON = 0x3a;
const SLASH = 0x2f;
const ZERO = 0x30;
const DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
