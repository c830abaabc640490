import fc from "fast-check";
import { type AddressRange, type Ip6, ip6, type Prefix } from "../../shared/prefix.js";

/** An address as a number. */
export const numberOf = (address: Ip6): bigint =>
  address.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);

/** A number as an address, modulo 2^128. */
export function addressOf(value: bigint): Ip6 {
  const text = BigInt.asUintN(128, value).toString(16).padStart(32, "0");
  return ip6(Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
}

/** How many addresses a prefix has. */
export const sizeOf = ({ length }: Prefix): bigint => 1n << BigInt(128 - length);

/** From one number to another, both included. */
export const rangeFrom = (first: bigint, last: bigint): AddressRange => ({
  first: addressOf(first),
  last: addressOf(last),
});

const TOP = (1n << 128n) - 1n;

/** Where ranges like to begin: at the ends of everything, and just before octets carry. */
const corners = fc
  .tuple(fc.constantFrom(0n, 0x100n, 0x1000000n, 1n << 127n, 0x20010db8n << 96n, TOP), fc.nat(300))
  .map(([corner, before]) => corner - BigInt(before))
  .map((value) => (value < 0n ? 0n : value));
const starts = fc.oneof(corners, fc.bigInt({ min: 0n, max: TOP }));

const ranges = (sizes: fc.Arbitrary<bigint>): fc.Arbitrary<AddressRange> =>
  fc.tuple(starts, sizes).map(([start, size]) => {
    const last = start + size - 1n;
    return last > TOP ? rangeFrom(TOP - size + 1n, TOP) : rangeFrom(start, last);
  });

/** Ranges of 1 to 300 addresses anywhere, `::` and `ffff:...:ffff` included. */
export const smallRanges = ranges(fc.bigInt({ min: 1n, max: 300n }));

/** Ranges of more than 2^24 addresses, up to all there are. */
export const hugeRanges = ranges(
  fc.tuple(fc.integer({ min: 25, max: 127 }), fc.bigInt({ min: 1n, max: TOP })).map(([bits, rest]) => {
    const least = 1n << BigInt(bits);
    return least + (rest % least);
  }),
);

/** The fewest prefixes that make up exactly the numbers `from` to `to`, both included; none if to < from. */
export function prefixesOf(from: bigint, to: bigint): Prefix[] {
  const prefixes: Prefix[] = [];
  for (let at = from; at <= to; ) {
    let bits = 0;
    while (bits < 128 && at % (1n << BigInt(bits + 1)) === 0n && at + (1n << BigInt(bits + 1)) - 1n <= to)
      bits++;
    prefixes.push({ address: addressOf(at), length: 128 - bits });
    at += 1n << BigInt(bits);
  }
  return prefixes;
}
