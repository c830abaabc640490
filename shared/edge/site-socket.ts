import { contains } from "../prefix.js";
import { SERVER_PORT, SITE_SERVERS_GROUP } from "../proto/well-known.js";
import type { AddressRow } from "./interface-tables.js";
import { readAddresses } from "./interfaces.js";
import type { Place } from "./place.js";
import type { ArrivedDatagram } from "./server-sockets.js";
import { openUdp, type UdpOptions, type UdpSocket } from "./udp.js";

/** The socket for ff05::1:3, where relays send when they know no server by name. */
export interface SiteSocket {
  /** Joins the group on an interface, once; opens the socket the first time. Rejects with a SystemError. */
  readonly join: (place: Place) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * One socket for all interfaces: the kernel ties a socket to an interface by its address only where that is
 * link-local. So the interface is told by the zone of the sender, else by the subnet that the sender is on,
 * else it is the first one: it matters only for where an answer to a link-local address goes, and those have
 * a zone.
 */
export function createSiteSocket(
  push: (datagram: ArrivedDatagram) => void,
  onTrouble: UdpOptions["onTrouble"],
): SiteSocket {
  const joined: { readonly place: Place; readonly addresses: readonly AddressRow[] }[] = [];
  let opening: Promise<UdpSocket> | undefined;

  function open({ name }: Place): Promise<UdpSocket> {
    return openUdp({
      interfaceName: name,
      address: SITE_SERVERS_GROUP,
      port: SERVER_PORT,
      onTrouble,
      onDatagram: (bytes, from, port, sender) => {
        const zone = sender.split("%")[1];
        const isNear = ({ place, addresses }: (typeof joined)[number]): boolean =>
          zone === undefined ? addresses.some((row) => contains(row, from)) : place.name === zone;
        const heard = joined.find(isNear) ?? (zone === undefined ? joined[0] : undefined);
        if (heard === undefined) return;
        const { name: interfaceName, index: interfaceIndex } = heard.place;
        push({ type: "datagram", bytes, from, port, interfaceName, interfaceIndex, multicast: true });
      },
    });
  }

  return {
    async join(place) {
      if (joined.some((one) => one.place.name === place.name)) return;
      opening ??= open(place);
      const socket = await opening;
      socket.join(SITE_SERVERS_GROUP, place.name);
      joined.push({
        place,
        addresses: readAddresses().filter((row) => row.name === place.name && !row.linkLocal),
      });
    },
    async close() {
      await (await opening)?.close();
    },
  };
}
