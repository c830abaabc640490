import { quote } from "../shared/config/diagnostics.js";
import type { Millis } from "../shared/brand.js";
import { type Duid, parseDuid, sameDuid } from "../shared/duid.js";
import type { IaType, Lease } from "../shared/lease/lease.js";
import { masked, overlaps, parseIp6, parsePrefix, type Prefix } from "../shared/prefix.js";
import { type ShownState, shownState } from "./lease-row.js";

/** Which leases are wanted; what is empty or undefined does not matter. */
export interface LeaseFilter {
  readonly client: Duid | undefined;
  /** Leases inside of it or around it. */
  readonly prefix: Prefix | undefined;
  readonly states: readonly string[];
  readonly interfaces: readonly string[];
  readonly types: readonly string[];
}

/** The same as an operator writes it. */
export interface FilterWords {
  readonly client: string | undefined;
  readonly prefix: string | undefined;
  readonly states: readonly string[];
  readonly interfaces: readonly string[];
  readonly types: readonly string[];
}

/** Reads a filter; a sentence when something in it makes no sense. */
export function readFilter(words: FilterWords): LeaseFilter | string {
  const client = words.client === undefined ? undefined : parseDuid(words.client);
  if (words.client !== undefined && client === undefined) {
    return `${quote(words.client)} is no DUID such as 00:03:00:01:02:00:00:00:00:01`;
  }
  const prefix = words.prefix === undefined ? undefined : parsePrefixOrAddress(words.prefix);
  if (words.prefix !== undefined && prefix === undefined) {
    return `${quote(words.prefix)} is neither a prefix such as 2001:db8::/56 nor an address`;
  }
  return { ...words, client, prefix };
}

/** True when the filter wants a lease. */
export function isListed(lease: Lease, filter: LeaseFilter, now: Millis): boolean {
  const { client, prefix, states, interfaces, types } = filter;
  const state: ShownState = shownState(lease, now);
  const type: IaType = lease.iaType;
  return (
    (client === undefined || sameDuid(client, lease.duid)) &&
    (prefix === undefined || overlaps(prefix, lease.prefix)) &&
    (states.length === 0 || states.includes(state)) &&
    (interfaces.length === 0 || interfaces.includes(lease.interfaceName)) &&
    (types.length === 0 || types.includes(type))
  );
}

/** A prefix without host bits, or an address as /128; `undefined` when it is neither. */
export function parsePrefixOrAddress(text: string): Prefix | undefined {
  const address = parseIp6(text);
  if (address !== undefined) return { address, length: 128 };
  const prefix = parsePrefix(text);
  return prefix && masked(prefix);
}
