import { ip6, maskIp6, overlaps, type Prefix } from "../shared/prefix.js";
import type { Downlink } from "./downlinks.js";
import type { Choice, Division } from "./subnets.js";

/** Bits that Dibbler puts behind the delegated ones. */
const STRICT_BITS = 8;

/**
 * Divides as Dibbler 1.0.1 does: a single downlink gets the prefix as it is; of several each one gets a part
 * eight bits longer, which hold its interface number modulo 256. Only what would overlap is left out.
 */
export function divideStrictly(
  prefix: Prefix,
  downlinks: readonly Downlink[],
  taken: readonly Prefix[] = [],
): Division {
  const choices: Choice[] = [];
  const isFree = (subnet: Prefix): boolean =>
    ![...taken, ...choices.map((choice) => choice.subnet)].some((other) => overlaps(other, subnet));
  for (const { name, index } of downlinks) {
    const subnet = downlinks.length === 1 ? prefix : partOf(prefix, index);
    if (subnet !== undefined && isFree(subnet)) choices.push({ downlink: name, subnet });
  }
  const served = choices.map(({ downlink }) => downlink);
  return { choices, leftOut: downlinks.map(({ name }) => name).filter((name) => !served.includes(name)) };
}

/** `undefined` where there is no room for eight bits more. */
function partOf({ address, length }: Prefix, index: number): Prefix | undefined {
  if (length + STRICT_BITS > 128) return undefined;
  const octets = Uint8Array.from(maskIp6(address, length));
  const first = length >> 3;
  const number = (index & 0xff) << (8 - (length & 7));
  octets[first] = (octets[first] ?? 0) | (number >> 8);
  if (first < 15) octets[first + 1] = (octets[first + 1] ?? 0) | (number & 0xff);
  return { address: ip6(octets), length: length + STRICT_BITS };
}
