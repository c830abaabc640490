import type { Lease } from "../shared/lease/lease.js";
import {
  contains,
  formatIp6,
  formatPrefix,
  type Ip6,
  isLinkLocal,
  isUnspecified,
  parseIp6,
  parsePrefix,
  type Prefix,
  sameIp6,
} from "../shared/prefix.js";
import { classOf, type Link, type Network } from "./links.js";
import { nextHopTo } from "./next-hop.js";

/** Where packets for a delegated prefix go: to the client, or to the relay that talks to us. */
export interface Route {
  readonly prefix: Prefix;
  readonly via: Ip6;
  /** The interface; undefined for a global address, which the system finds by its own routes. */
  readonly device: string | undefined;
}

/** A route with our protocol that the system has; what it has is left out where `ip` does not say it. */
export interface FoundRoute {
  readonly prefix: Prefix;
  readonly via: Ip6 | undefined;
  readonly device: string | undefined;
}

/**
 * Number of the protocol that our routes carry (rtnetlink(7)), to tell them from everybody else's: free in
 * the lists of iproute2 and FRRouting, and another one than the client's.
 */
export const ROUTE_PROTOCOL = 147;
/** Nobody else's by default: `replace` meets no route of others. */
const METRIC = 547;

/**
 * The route of a lease, as the configuration wants it; undefined for none. A lease taken over from another
 * server may lack its client's address: it has no route before its client has come.
 */
export function routeOf({ links }: Network, lease: Lease): Route | undefined {
  const { iaType, state, prefix, trail, interfaceName } = lease;
  if (iaType !== "pd" || state !== "bound") return undefined;
  const link = links.get(interfaceName);
  if (link === undefined || !isWanted(link, prefix)) return undefined;
  const via = nextHopTo(lease);
  if (isUnspecified(via)) return undefined;
  const device = isLinkLocal(via) ? (trail?.arrival ?? interfaceName) : undefined;
  return { prefix, via, device };
}

const isWanted = (link: Link, prefix: Prefix): boolean =>
  (classOf(link, "pd", prefix) ?? link.reserved).routes;

/** True when any delegated prefix is to have a route. */
export const wantsRoutes = ({ links }: Network): boolean =>
  [...links.values()].some((link) => link.reserved.routes || link.classes.pd.some(({ routes }) => routes));

/** Whether a prefix is one that we could have delegated: a route elsewhere is another server's. */
export const isOurs = ({ links }: Network, prefix: Prefix): boolean =>
  [...links.values()].some(
    ({ settings }) =>
      settings.pdClasses.some(({ pools }) => pools.some((pool) => contains(pool, prefix.address))) ||
      settings.reservations.some((it) => it.prefix !== undefined && contains(it.prefix, prefix.address)),
  );

/** The line for `ip -6 -batch -` that sets a route, whatever there was of ours for its prefix. */
export function settingLine({ prefix, via, device }: Route): string {
  const on = device === undefined ? "" : ` dev ${device}`;
  return `route replace ${formatPrefix(prefix)} via ${formatIp6(via)}${on} ${MARKS}`;
}

/** The line that takes our route to a prefix away. */
export const removalLine = (prefix: Prefix): string => `route del ${formatPrefix(prefix)} ${MARKS}`;

const MARKS = `proto ${ROUTE_PROTOCOL} metric ${METRIC}`;

/** What `ip -j -6 route show proto 147` prints; rows that are no such routes are left out. */
export function readRoutes(printed: unknown): readonly FoundRoute[] {
  return Array.isArray(printed) ? (printed as readonly unknown[]).flatMap(readRoute) : [];
}

function readRoute(row: unknown): readonly FoundRoute[] {
  if (typeof row !== "object" || row === null) return [];
  const text = (key: string): string | undefined => {
    const value: unknown = Reflect.get(row, key);
    return typeof value === "string" ? value : undefined;
  };
  const prefix = prefixOf(text("dst") ?? "");
  if (prefix === undefined || Reflect.get(row, "metric") !== METRIC) return [];
  return [{ prefix, via: parseIp6(text("gateway") ?? ""), device: text("dev") }];
}

/** `ip` writes an address without its length when that is 128. */
const prefixOf = (text: string): Prefix | undefined => parsePrefix(text.includes("/") ? text : `${text}/128`);

/** The prefix of a route of ours that is gone, as `ip -6 monitor route` tells; undefined for other lines. */
export function removedIn(line: string): Prefix | undefined {
  const [, text = ""] = REMOVED.exec(line) ?? [];
  return prefixOf(text);
}

const REMOVED = new RegExp(
  `^Deleted ([0-9a-f:.]+(?:/\\d+)?) .*\\bproto ${ROUTE_PROTOCOL} .*\\bmetric ${METRIC}\\b`,
);

/** Whether the system has the route as it is wanted. */
export const isAsWanted = ({ via, device }: Route, found: FoundRoute): boolean =>
  found.via !== undefined && sameIp6(via, found.via) && (device === undefined || device === found.device);
