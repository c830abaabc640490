import { ip6, maskIp6, type Prefix } from "../shared/prefix.js";
import type { PoolClass } from "./links.js";
import { asksFor, type Query } from "./query.js";

/**
 * True when a class is nothing for the client: from its prefixes a part is excluded, which a client that does
 * not ask for PD Exclude would use on its own side as well (RFC 6603 4.3).
 */
export const isBeyond = ({ exclude }: PoolClass, query: Query): boolean =>
  exclude !== undefined && !asksFor(query, "pdExclude");

/** What is excluded from a prefix of the class, if the client wants to hear of it (RFC 6603 4.2). */
export function excludedFrom(query: Query, { exclude }: PoolClass, prefix: Prefix): Prefix | undefined {
  if (exclude === undefined || !asksFor(query, "pdExclude")) return undefined;
  return partOf(prefix, exclude);
}

/** The part of `prefix` that the bits of `pattern` behind its length select; as long as the pattern. */
export function partOf(prefix: Prefix, pattern: Prefix): Prefix {
  const { address, length } = prefix;
  const network = maskIp6(pattern.address, length);
  const part = Uint8Array.from(pattern.address, (octet, i) => octet ^ (network[i] ?? 0) ^ (address[i] ?? 0));
  return { address: ip6(part), length: pattern.length };
}
