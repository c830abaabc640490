import type { BulkLeasequery, InterfaceSelector, ServerInterface } from "../config/types.js";
import type { Datagram } from "../datagram.js";
import { type Ip6, isLinkLocal, formatIp6, sameIp6 } from "../prefix.js";
import { SERVER_PORT, SERVERS_GROUP } from "../proto/well-known.js";
import { readAddresses } from "./interfaces.js";
import type { Log } from "./log.js";
import type { Place } from "./place.js";
import { openUdp, type UdpOptions, type UdpSocket } from "./udp.js";

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

/**
 * The sockets of an interface: link-local address, multicast groups, global addresses. Node knows no packet
 * information: which one a datagram came through tells how it was sent.
 */
export interface ServerSockets {
  /** The socket to answer from: the source shall be of the same scope as the destination. */
  readonly answering: (to: Ip6) => UdpSocket;
  /** Its own addresses that it is heard at. */
  readonly addresses: readonly Ip6[];
  readonly close: () => Promise<void>;
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

/** Opens the sockets of an interface; all of them or, when one cannot be opened, none. */
export async function openServerSockets(
  { name, index, address }: Place,
  arrival: Arrival,
  push: (datagram: Datagram) => void,
  onTrouble: UdpOptions["onTrouble"],
  log: Log,
): Promise<ServerSockets> {
  const receive = (multicast: boolean) => (bytes: Uint8Array, from: Ip6, port: number) => {
    push({ type: "datagram", bytes, from, port, interfaceName: name, interfaceIndex: index, multicast });
  };
  const common = { interfaceName: name, port: SERVER_PORT, onTrouble };
  const open: UdpSocket[] = [];
  const add = async (options: Pick<UdpOptions, "address" | "multicastGroup">): Promise<UdpSocket> => {
    const onDatagram = receive(options.multicastGroup !== undefined);
    const socket = await openUdp({ ...common, ...options, onDatagram });
    open.push(socket);
    return socket;
  };
  const close = async (): Promise<void> => {
    await Promise.all(open.map((socket) => socket.close()));
  };
  try {
    const linkLocal = await add({ address });
    const multicast = await add({ address: SERVERS_GROUP, multicastGroup: SERVERS_GROUP });
    const global: UdpSocket[] = [];
    for (const unicast of globalAddresses(name, arrival)) global.push(await add({ address: unicast }));
    const octets = multicast.receiveBufferBytes;
    log("SERVER-LISTENING", { interface: name, address: () => formatIp6(address), octets });
    return {
      answering: (to) => (isLinkLocal(to) ? linkLocal : (global[0] ?? linkLocal)),
      addresses: [linkLocal, ...global].map((socket) => socket.address),
      close,
    };
  } catch (error) {
    // So that all of them can be tried again.
    await close();
    throw error;
  }
}

/**
 * The configured addresses; where relays are about also the others, so that relays may be told any of them
 * and get their answers from one that they can reach.
 */
function globalAddresses(name: string, { unicast, relays }: Arrival): readonly Ip6[] {
  if (!relays) return unicast;
  const others = readAddresses().filter((row) => {
    const isUsable = !row.linkLocal && !row.tentative && !row.dadFailed && !row.deprecated;
    return row.name === name && isUsable && !unicast.some((address) => sameIp6(address, row.address));
  });
  return [...unicast, ...others.map(({ address }) => address)];
}
