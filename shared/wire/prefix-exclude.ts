import { containsPrefix, type Ip6, ip6, maskIp6, type Prefix } from "../prefix.js";
import type { PdExclude } from "./kinds-ia.js";

/**
 * Data of the PD Exclude option for a prefix inside a delegated one (RFC 6603 4.2). Throws when it is not
 * inside or not longer: callers choose it.
 */
export function encodeExclude(delegated: Prefix, excluded: Prefix): PdExclude {
  if (excluded.length <= delegated.length || !containsPrefix(delegated, excluded)) {
    throw new Error(`a prefix of /${excluded.length} is not a part of the delegated /${delegated.length}`);
  }
  const address = maskIp6(excluded.address, excluded.length);
  const octets = (excluded.length - delegated.length + 7) >> 3;
  const subnetId = Uint8Array.from({ length: octets }, (_, index) =>
    octetAt(address, delegated.length + 8 * index),
  );
  return { length: excluded.length, subnetId };
}

/**
 * The excluded prefix, without host bits; `undefined` when the option does not fit the delegated prefix. In a
 * decoded IAPREFIX it always fits, because one that does not is kept raw.
 */
export function decodeExclude(delegated: Prefix, { length, subnetId }: PdExclude): Prefix | undefined {
  const bits = length - delegated.length;
  if (length > 128 || bits <= 0 || subnetId.length !== (bits + 7) >> 3) return undefined;
  const octets = Uint8Array.from(maskIp6(delegated.address, delegated.length));
  subnetId.forEach((octet, index) => {
    orAt(octets, delegated.length + 8 * index, octet);
  });
  return { address: maskIp6(ip6(octets), length), length };
}

/** Eight bits of an address from any bit on, with zeros behind its end. */
function octetAt(address: Ip6, bit: number): number {
  const pair = ((address[bit >> 3] ?? 0) << 8) | (address[(bit >> 3) + 1] ?? 0);
  return (pair >> (8 - (bit & 7))) & 0xff;
}

/** Sets eight bits from any bit on; those behind the end of the address are lost. */
function orAt(octets: Uint8Array, bit: number, value: number): void {
  const pair = value << (8 - (bit & 7));
  const first = bit >> 3;
  octets[first] = (octets[first] ?? 0) | (pair >> 8);
  if (first + 1 < octets.length) octets[first + 1] = (octets[first + 1] ?? 0) | (pair & 0xff);
}
