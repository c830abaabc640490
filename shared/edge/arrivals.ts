import type { BulkLeasequery, InterfaceSelector, ServerInterface } from "../config/types.js";
import { formatIp6, type Ip6, sameIp6 } from "../prefix.js";
import { SERVERS_GROUP } from "../proto/well-known.js";
import type { AddressRow } from "./interface-tables.js";
import type { Place } from "./place.js";

/** An interface of the system that the server listens on, and for what. */
export interface Arrival {
  readonly selector: InterfaceSelector;
  /** Addresses of `unicast` lines. */
  readonly unicast: readonly Ip6[];
  /** Relays send here: by multicast to the site, or to any global address. */
  readonly relays: boolean;
  readonly bulk: BulkListening | undefined;
}

/** Leasequery over TCP, and the relay interface that allows it; undefined for the interface's own block. */
export interface BulkListening {
  readonly settings: BulkLeasequery;
  readonly link: string | undefined;
}

/** A socket that an interface needs, and the name by which it is known to be there already. */
export interface WantedSocket {
  readonly key: string;
  readonly address: Ip6;
  readonly group: boolean;
}

/**
 * The interfaces of the system that these blocks of the configuration need, each once, in the order of the
 * file.
 */
export function arrivalsOf(interfaces: readonly ServerInterface[]): readonly Arrival[] {
  const arrivals = new Map<string, Arrival>();
  // An Interface-Id or a subnet is there for relays, whatever interface they use.
  const expectsRelays = interfaces.some(({ relay, subnets }) => relay !== undefined || subnets.length > 0);
  for (const { selector, relay, unicast, bulkLeasequery } of interfaces) {
    const used = relay === undefined ? selector : relay.over;
    if (used === undefined) continue;
    const key = "name" in used ? used.name : `#${used.index}`;
    const known = arrivals.get(key);
    const before = known?.unicast ?? [];
    const isNew = unicast !== undefined && !before.some((address) => sameIp6(address, unicast));
    const link = relay !== undefined && "name" in selector ? selector.name : undefined;
    arrivals.set(key, {
      selector: used,
      unicast: isNew ? [...before, unicast] : before,
      relays: expectsRelays,
      bulk: known?.bulk ?? (bulkLeasequery && { settings: bulkLeasequery, link }),
    });
  }
  return [...arrivals.values()];
}

/**
 * The sockets for an interface at a place: its link-local address, the multicast group of the link, global
 * addresses. Node knows no packet information: which one a datagram came through tells how it was sent. A
 * re-created interface has another index, and the sockets of its former life hear nothing.
 */
export function wantedSockets(
  place: Place,
  arrival: Arrival,
  rows: readonly AddressRow[],
): readonly WantedSocket[] {
  const wanted = (address: Ip6, group: boolean): WantedSocket => ({
    key: `${place.index} ${formatIp6(address)}`,
    address,
    group,
  });
  const global = globalAddresses(place.name, arrival, rows).map((address) => wanted(address, false));
  return [wanted(place.address, false), wanted(SERVERS_GROUP, true), ...global];
}

/**
 * The configured addresses; where relays are about also the others, so that relays may be told any of them
 * and get their answers from one that they can reach.
 */
function globalAddresses(
  name: string,
  { unicast, relays }: Arrival,
  rows: readonly AddressRow[],
): readonly Ip6[] {
  if (!relays) return unicast;
  const others = rows.filter((row) => {
    const isUsable = !row.linkLocal && !row.tentative && !row.dadFailed && !row.deprecated;
    return row.name === name && isUsable && !unicast.some((address) => sameIp6(address, row.address));
  });
  return [...unicast, ...others.map(({ address }) => address)];
}
