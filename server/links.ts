import type { PdClass, ServerConfig, ServerInterface } from "../shared/config/types.js";
import type { IaType } from "../shared/lease/lease.js";
import {
  containsPrefix,
  formatPrefix,
  inRange,
  type Ip6,
  isLinkLocal,
  isMulticast,
  type Prefix,
} from "../shared/prefix.js";
import { createPool, type Pool } from "./pool.js";

/** One `pd-class`: its bounds of times and its pools, all delegating the same length. */
export interface PoolClass {
  readonly bounds: PdClass;
  readonly length: number;
  readonly pools: readonly Pool[];
}

/** An interface of the configuration: what can be had there, by IA type and in file order. */
export interface Link {
  readonly name: string;
  readonly settings: ServerInterface;
  readonly classes: Readonly<Record<IaType, readonly PoolClass[]>>;
}

/** All links, and every pool once however many links share it. */
export interface Network {
  readonly links: ReadonlyMap<string, Link>;
  readonly pools: readonly Pool[];
}

/**
 * Whether a prefix or address can be valid on a link. `elsewhere`: not here, as far as we know anything of
 * it.
 */
export type Fitness = "fits" | "wrong" | "elsewhere";

/** The network that the configuration describes. `interfaces` gives names to those configured by index. */
export function createNetwork(config: ServerConfig, interfaces: ReadonlyMap<string, number>): Network {
  const pools = new Map<string, Pool>();
  const links = new Map<string, Link>();
  for (const settings of config.interfaces) {
    const name = nameOf(settings, interfaces);
    if (name === undefined) continue;
    const pd = settings.pdClasses.map((pdClass) => makeClass(pdClass, pools));
    links.set(name, { name, settings, classes: { pd, na: [], ta: [] } });
  }
  return { links, pools: [...pools.values()] };
}

/** The class that would delegate exactly this prefix on the link; `undefined` when none would. */
export function classOf(link: Link, iaType: IaType, prefix: Prefix): PoolClass | undefined {
  for (const poolClass of link.classes[iaType]) {
    if (poolClass.length === prefix.length && isInPools(poolClass.pools, prefix)) return poolClass;
  }
  return undefined;
}

/** The link that an address of a relay is on, by the configured subnets; the first one in the file. */
export function linkAt(network: Network, address: Ip6): Link | undefined {
  for (const link of network.links.values()) {
    if (link.settings.subnets.some((subnet) => inRange(subnet, address))) return link;
  }
  return undefined;
}

/** True when any link has a class for this prefix. */
export function fitsAnywhere(network: Network, iaType: IaType, prefix: Prefix): boolean {
  for (const link of network.links.values()) if (classOf(link, iaType, prefix) !== undefined) return true;
  return false;
}

/**
 * What can be said of a prefix (or address) that a client believes to have on this link. Wrong is what our
 * pools prove: a piece of them of another length or of another link, and what is never delegated. Of
 * anything else another server of the link may know more (RFC 8415 18.3.5).
 */
export function judge(network: Network, link: Link, iaType: IaType, prefix: Prefix): Fitness {
  if (classOf(link, iaType, prefix) !== undefined) return "fits";
  if (isNeverUnicast(prefix.address)) return "wrong";
  if (iaType === "na") return "elsewhere";
  return isInPools(network.pools, prefix) ? "wrong" : "elsewhere";
}

/** True for what cannot be a client's address or prefix whatever the link: multicast and link-local. */
export const isNeverUnicast = (address: Ip6): boolean => isMulticast(address) || isLinkLocal(address);

function makeClass(bounds: PdClass, known: Map<string, Pool>): PoolClass {
  // Written twice in one class a pool would give two prefixes; it gives one.
  const pools = new Set(bounds.pools.map((prefix) => sharedPool(prefix, bounds.length, known)));
  return { bounds, length: bounds.length, pools: [...pools] };
}

/** Equal pools of several classes or links are one pool: what one of them gives, the others must not. */
function sharedPool(prefix: Prefix, length: number, known: Map<string, Pool>): Pool {
  const key = `${formatPrefix(prefix)} ${length}`;
  const pool = known.get(key) ?? createPool(prefix, length);
  known.set(key, pool);
  return pool;
}

function nameOf({ selector }: ServerInterface, interfaces: ReadonlyMap<string, number>): string | undefined {
  if ("name" in selector) return selector.name;
  for (const [name, index] of interfaces) if (index === selector.index) return name;
  return undefined;
}

const isInPools = (pools: readonly Pool[], prefix: Prefix): boolean =>
  pools.some((pool) => containsPrefix(pool.prefix, prefix));
