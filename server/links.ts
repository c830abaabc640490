import type { Access, PdClass, ServerConfig, ServerInterface } from "../shared/config/types.js";
import type { IaType } from "../shared/lease/lease.js";
import {
  type AddressRange,
  formatIp6,
  formatPrefix,
  inRange,
  type Ip6,
  isLinkLocal,
  isMulticast,
  type Prefix,
} from "../shared/prefix.js";
import { isForEverybody } from "./classify.js";
import type { TimeBounds } from "./lifetimes.js";
import { createPool, createRangePool, holds, type Pool } from "./pool.js";

/** A class of the configuration: its bounds of times and its pools, all delegating the same length. */
export interface PoolClass {
  readonly bounds: TimeBounds;
  readonly length: number;
  readonly pools: readonly Pool[];
  readonly access: Access;
  /** What to leave out of each prefix, see `PdClass.exclude`. */
  readonly exclude: Prefix | undefined;
  /** Whether the server sets the route of each prefix. */
  readonly routes: boolean;
  /** Weight among the classes for addresses. */
  readonly share: number;
}

/** One `iface` block: what can be had there, by IA type and in file order. */
export interface Link {
  readonly name: string;
  readonly settings: ServerInterface;
  readonly classes: Readonly<Record<IaType, readonly PoolClass[]>>;
  /** Who may use its classes, a row for each class. */
  readonly accesses: readonly Access[];
  /** True when there is no class, or one that everybody may use: nobody is shut out then. */
  readonly isOpen: boolean;
  /** The types of IA that are answered: IA_TA is obsolete and only known where it is configured. */
  readonly iaTypes: readonly IaType[];
  /** The interface of the system that its messages come in through; of a link behind relays perhaps any. */
  readonly arrival: string | undefined;
  /** Stands for what is reserved outside of all pools. */
  readonly reserved: PoolClass;
}

/** All links, and every pool once however many links share it. */
export interface Network {
  readonly links: ReadonlyMap<string, Link>;
  /** The links of interfaces of the system, by its names. */
  readonly direct: ReadonlyMap<string, Link>;
  /** The links behind relays, in file order. */
  readonly relayed: readonly Link[];
  /** Interfaces of the system that messages are taken from. */
  readonly arrivals: ReadonlySet<string>;
  readonly pools: readonly Pool[];
  /** The same pools, by what they are. */
  readonly poolsByKey: ReadonlyMap<string, Pool>;
}

/**
 * Whether a prefix or address can be valid on a link. `elsewhere`: not here, as far as we know anything of
 * it.
 */
export type Fitness = "fits" | "wrong" | "elsewhere";

/**
 * The network that the configuration describes. `interfaces` gives names to those configured by index. Pools
 * of the network `before` that are still there are taken over, with what is taken of them.
 */
export function createNetwork(
  config: ServerConfig,
  interfaces: ReadonlyMap<string, number>,
  before?: Network,
): Network {
  const pools: PoolsByKey = { known: new Map(), before: before?.poolsByKey ?? new Map() };
  const links = new Map<string, Link>();
  const arrivals = new Set<string>();
  for (const settings of config.interfaces) {
    const arrival = nameOf(
      settings.relay === undefined ? settings.selector : settings.relay.over,
      interfaces,
    );
    if (arrival !== undefined) arrivals.add(arrival);
    const name = settings.relay === undefined ? arrival : nameOf(settings.selector, interfaces);
    if (name !== undefined) links.set(name, makeLink({ name, arrival, settings }, pools));
  }
  const all = [...links.values()];
  const direct = new Map([...links].filter(([, { settings }]) => settings.relay === undefined));
  const relayed = all.filter(({ settings }) => settings.relay !== undefined);
  return { links, direct, relayed, arrivals, pools: [...pools.known.values()], poolsByKey: pools.known };
}

/**
 * Interface indexes by name, together with the numbers that Dibbler gives to links behind relays, for its
 * files and the hook script.
 */
export const indexesOf = (
  { relayed }: Network,
  interfaces: ReadonlyMap<string, number>,
): Map<string, number> =>
  new Map([...interfaces, ...relayed.map(({ name }, i) => [name, 1024 + i] as const)]);

/** The class that would delegate exactly this prefix on the link; `undefined` when none would. */
export function classOf(link: Link, iaType: IaType, prefix: Prefix): PoolClass | undefined {
  for (const poolClass of link.classes[iaType]) {
    if (poolClass.length === prefix.length && isInPools(poolClass.pools, prefix)) return poolClass;
  }
  return undefined;
}

/** The link that an address of a relay is on, by the configured subnets; the first one in the file. */
export function linkAt(network: Network, address: Ip6): Link | undefined {
  for (const link of network.links.values()) if (isOnSubnet(link, address)) return link;
  return undefined;
}

/** True when any link has a class for this prefix. */
export function fitsAnywhere(network: Network, iaType: IaType, prefix: Prefix): boolean {
  for (const link of network.links.values()) if (classOf(link, iaType, prefix) !== undefined) return true;
  return false;
}

/**
 * What can be said of a prefix (or address) that a client believes to have on this link. Wrong is what our
 * pools and subnets prove: a piece of them of another length or of another link, and what is never delegated.
 * Of anything else another server of the link may know more (RFC 8415 18.3.5).
 */
export function judge(network: Network, link: Link, iaType: IaType, prefix: Prefix): Fitness {
  if (classOf(link, iaType, prefix) !== undefined) return "fits";
  if (isNeverUnicast(prefix.address)) return "wrong";
  if (iaType === "pd") return isInPools(network.pools, prefix) ? "wrong" : "elsewhere";
  return judgeAddress(network, link, prefix);
}

/** True for what cannot be a client's address or prefix whatever the link: multicast and link-local. */
export const isNeverUnicast = (address: Ip6): boolean => isMulticast(address) || isLinkLocal(address);

/** The `subnet` lines of a link say all about its addresses; else pools and other links say a part. */
function judgeAddress(network: Network, link: Link, address: Prefix): Fitness {
  if (isOnSubnet(link, address.address)) return "fits";
  if (link.settings.subnets.length > 0) return "wrong";
  const isOthers = linkAt(network, address.address) !== undefined || fitsAnywhere(network, "na", address);
  return isOthers ? "wrong" : "elsewhere";
}

const isOnSubnet = ({ settings }: Link, address: Ip6): boolean =>
  settings.subnets.some((subnet) => inRange(subnet, address));

/** The pools of a network while it is made, and those of the network before. */
interface PoolsByKey {
  readonly known: Map<string, Pool>;
  readonly before: ReadonlyMap<string, Pool>;
}

function makeLink(basis: Pick<Link, "name" | "arrival" | "settings">, known: PoolsByKey): Link {
  const { settings } = basis;
  const { pdClasses, addressClasses, temporaryClasses } = settings;
  const forAddresses = ({ ranges, ...it }: ServerInterface["addressClasses"][number]): PoolClass => {
    const pools = new Set(ranges.map((range) => sharedRange(range, known)));
    return {
      bounds: it,
      length: 128,
      pools: [...pools],
      access: it.access,
      exclude: undefined,
      routes: false,
      share: it.share,
    };
  };
  const pd = pdClasses.map((pdClass) => makePdClass(pdClass, known));
  const [na, ta] = [addressClasses.map(forAddresses), temporaryClasses.map(forAddresses)];
  const accesses = [...pd, ...na, ...ta].map(({ access }) => access);
  const everybody = { allow: [], deny: [], acceptOnly: [], reject: [] };
  const reserved = {
    bounds: settings,
    length: 0,
    pools: [],
    access: everybody,
    exclude: undefined,
    routes: settings.routes,
    share: 1,
  };
  return {
    ...basis,
    classes: { pd, na, ta },
    accesses,
    isOpen: accesses.length === 0 || accesses.some(isForEverybody),
    iaTypes: ta.length > 0 ? ["pd", "na", "ta"] : ["pd", "na"],
    reserved,
  };
}

function makePdClass(bounds: PdClass, known: PoolsByKey): PoolClass {
  const { length, access, exclude, routes } = bounds;
  // Written twice in one class a pool would give two prefixes; it gives one.
  const pools = new Set(bounds.pools.map((prefix) => sharedPool(prefix, length, known)));
  return { bounds, length, pools: [...pools], access, exclude, routes, share: 1 };
}

/** Equal pools of several classes or links are one pool: what one of them gives, the others must not. */
function sharedPool(prefix: Prefix, length: number, known: PoolsByKey): Pool {
  return shared(`${formatPrefix(prefix)} ${length}`, known, () => createPool(prefix, length));
}

function sharedRange(range: AddressRange, known: PoolsByKey): Pool {
  const key = `${formatIp6(range.first)}-${formatIp6(range.last)}`;
  return shared(key, known, () => createRangePool(range));
}

function shared(key: string, { known, before }: PoolsByKey, make: () => Pool): Pool {
  const pool = known.get(key) ?? before.get(key) ?? make();
  known.set(key, pool);
  return pool;
}

function nameOf(
  selector: ServerInterface["selector"] | undefined,
  interfaces: ReadonlyMap<string, number>,
): string | undefined {
  if (selector === undefined) return undefined;
  if ("name" in selector) return selector.name;
  for (const [name, index] of interfaces) if (index === selector.index) return name;
  return undefined;
}

function isInPools(pools: readonly Pool[], prefix: Prefix): boolean {
  for (const pool of pools) if (holds(pool, prefix)) return true;
  return false;
}
