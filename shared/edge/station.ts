import type { Datagram } from "../datagram.js";
import { type Ip6, isLinkLocal, isMulticast } from "../prefix.js";
import { SERVER_PORT, SERVERS_GROUP } from "../proto/well-known.js";
import { type Arrival, type BulkListening, type WantedSocket, wantedSockets } from "./arrivals.js";
import type { Bursts } from "./bursts.js";
import type { AddressRow } from "./interface-tables.js";
import type { Place } from "./place.js";
import type { SiteSocket } from "./site-socket.js";
import type { TcpListener } from "./tcp.js";
import { openUdp, type UdpOptions, type UdpSocket } from "./udp.js";

/** What sockets are opened with. */
export interface StationParts {
  readonly push: (datagram: Datagram) => void;
  readonly onTrouble: UdpOptions["onTrouble"];
  readonly site: SiteSocket;
  readonly bursts: Bursts;
  readonly openBulk: (place: Place, addresses: readonly Ip6[], bulk: BulkListening) => Promise<TcpListener>;
}

/** Something that is open. */
export interface Open {
  readonly close: () => Promise<void>;
}

/** An interface, and what it is served for. */
export interface Site {
  readonly place: Place;
  readonly arrival: Arrival;
}

/** What is open on an interface. */
export interface Station extends Site {
  readonly sockets: ReadonlyMap<string, UdpSocket>;
  /** The sockets for answers within the link and beyond it. */
  readonly linkLocal: UdpSocket | undefined;
  readonly global: UdpSocket | undefined;
  readonly bulk: { readonly key: string; readonly listener: TcpListener } | undefined;
}

/** A station as it is to be, and how to get there. */
export interface Refit {
  readonly next: Station;
  /** Sockets of the station before that are not in the next one. */
  readonly surplus: readonly Open[];
  /** Closes what was opened for the next one. */
  readonly abandon: () => Promise<void>;
}

/**
 * Opens what is missing for an interface to be served at a place, besides what `before` has open; everything,
 * or nothing and rejects with a SystemError. A listener for Leasequery is kept as it is.
 */
export async function refit(
  parts: StationParts,
  before: Station | undefined,
  { place, arrival }: Site,
  rows: readonly AddressRow[],
): Promise<Refit> {
  const wanted = wantedSockets(place, arrival, rows);
  const sockets = new Map<string, UdpSocket>();
  const opened: Open[] = [];
  const abandon = (): Promise<void> => closeAll(opened);
  try {
    if (arrival.relays) await parts.site.join(place);
    for (const one of wanted) {
      const known = before?.sockets.get(one.key);
      const socket = known ?? (await openSocket(parts, place, one));
      if (known === undefined) opened.push(socket);
      sockets.set(one.key, socket);
    }
    const bulk = before?.bulk ?? (await openBulk(parts, { place, arrival, sockets }));
    if (bulk !== undefined && bulk !== before?.bulk) opened.push(bulk.listener);
    const surplus = [...(before?.sockets ?? [])].filter(([key]) => !sockets.has(key));
    const [linkLocal, , global] = sockets.values();
    return {
      next: { place, arrival, sockets, linkLocal, global, bulk },
      surplus: surplus.map(([, socket]) => socket),
      abandon,
    };
  } catch (error) {
    await abandon();
    throw error;
  }
}

/** True when the station has just what its interface needs now. */
export function isFitted(station: Station, rows: readonly AddressRow[]): boolean {
  const { place, arrival, sockets } = station;
  const wanted = wantedSockets(place, arrival, rows);
  if (wanted.length !== sockets.size || !wanted.every(({ key }) => sockets.has(key))) return false;
  return station.bulk?.key === bulkKey(station);
}

/** The socket to answer from: the source shall be of the same scope as the destination. */
export const socketTowards = ({ linkLocal, global }: Station, to: Ip6): UdpSocket | undefined =>
  isLinkLocal(to) ? linkLocal : (global ?? linkLocal);

/** All that is open there. */
export const openOn = ({ sockets, bulk }: Station): readonly Open[] => [
  ...sockets.values(),
  ...(bulk === undefined ? [] : [bulk.listener]),
];

/** Closes them at the same time. */
export async function closeAll(all: readonly Open[]): Promise<void> {
  await Promise.all(all.map((one) => one.close()));
}

function openSocket(
  { push, onTrouble, bursts }: StationParts,
  { name, index }: Place,
  { address, group }: WantedSocket,
): Promise<UdpSocket> {
  const onDatagram = (bytes: Uint8Array, from: Ip6, port: number): void => {
    push({
      type: "datagram",
      bytes,
      from,
      port,
      interfaceName: name,
      interfaceIndex: index,
      multicast: group,
      at: 0,
    });
  };
  const inBursts = { bursts, interfaceIndex: index };
  const joined = group ? { multicastGroup: SERVERS_GROUP } : {};
  return openUdp({
    interfaceName: name,
    address,
    port: SERVER_PORT,
    onTrouble,
    inBursts,
    onDatagram,
    ...joined,
  });
}

type Unfinished = Site & Pick<Station, "sockets">;

async function openBulk(parts: StationParts, station: Unfinished): Promise<Station["bulk"]> {
  const key = bulkKey(station);
  const { bulk } = station.arrival;
  if (bulk === undefined || key === undefined) return undefined;
  return { key, listener: await parts.openBulk(station.place, ownAddresses(station), bulk) };
}

/** Tells one way of listening for Leasequery from another. */
function bulkKey({ arrival: { bulk }, sockets }: Unfinished): string | undefined {
  return bulk && JSON.stringify([bulk, ...sockets.keys()]);
}

const ownAddresses = ({ sockets }: Unfinished): readonly Ip6[] =>
  [...sockets.values()].map(({ address }) => address).filter((address) => !isMulticast(address));
