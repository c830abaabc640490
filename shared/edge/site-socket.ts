import type { Datagram } from "../datagram.js";
import { contains, type Ip6 } from "../prefix.js";
import { SERVER_PORT, SITE_SERVERS_GROUP } from "../proto/well-known.js";
import type { Bursts } from "./bursts.js";
import type { AddressRow } from "./interface-tables.js";
import { readAddresses } from "./interfaces.js";
import type { Place } from "./place.js";
import { openUdp, type Sender, type UdpOptions, type UdpSocket } from "./udp.js";

/** The socket for ff05::1:3, where relays send when they know no server by name. */
export interface SiteSocket {
  /**
   * Joins the group on an interface, once, and notes its addresses; opens the socket the first time. Rejects
   * with a SystemError.
   */
  readonly join: (place: Place) => Promise<void>;
  /** The interface is gone, or is not served any more. */
  readonly leave: (interfaceName: string) => void;
  readonly close: () => Promise<void>;
}

/** An interface that has joined the group, and its global addresses. */
interface Joined {
  readonly place: Place;
  readonly addresses: readonly AddressRow[];
}

/**
 * One socket for all interfaces: the kernel ties a socket to an interface by its address only where that is
 * link-local, so the sender has to tell where it was heard.
 */
export function createSiteSocket(
  push: (datagram: Datagram) => void,
  onTrouble: UdpOptions["onTrouble"],
  bursts: Bursts,
): SiteSocket {
  let joined: readonly Joined[] = [];
  let opening: Promise<UdpSocket> | undefined;

  function open({ name, index }: Place): Promise<UdpSocket> {
    return openUdp({
      interfaceName: name,
      address: SITE_SERVERS_GROUP,
      port: SERVER_PORT,
      onTrouble,
      inBursts: { bursts, interfaceIndex: index },
      onDatagram: (bytes, from, port, sender) => {
        const heard = whereHeard(joined, from, sender);
        if (heard === undefined) return;
        const { name: interfaceName, index: interfaceIndex } = heard.place;
        push({ type: "datagram", bytes, from, port, interfaceName, interfaceIndex, multicast: true, at: 0 });
      },
    });
  }

  return {
    async join(place) {
      const known = joined.find((one) => one.place.name === place.name);
      if (known?.place.index !== place.index) {
        opening ??= open(place).catch((error: unknown) => {
          opening = undefined;
          throw error;
        });
        (await opening).join(SITE_SERVERS_GROUP, place.name);
      }
      const addresses = readAddresses().filter((row) => row.name === place.name && !row.linkLocal);
      joined = [...joined.filter((one) => one.place.name !== place.name), { place, addresses }];
    },
    leave(interfaceName) {
      joined = joined.filter(({ place }) => place.name !== interfaceName);
    },
    async close() {
      await (await opening)?.close();
    },
  };
}

/**
 * A link-local sender has the interface in its zone. A global one may be many hops away: its answer will find
 * the way from any interface with a global address, the one on the sender's subnet if there is such.
 */
function whereHeard(joined: readonly Joined[], from: Ip6, sender: Sender): Joined | undefined {
  const zone = typeof sender === "string" ? sender.split("%")[1] : sender;
  if (zone !== undefined && zone !== 0)
    return joined.find(({ place }) => place.name === zone || place.index === zone);
  return (
    joined.find(({ addresses }) => addresses.some((row) => contains(row, from))) ??
    joined.find(({ addresses }) => addresses.length > 0) ??
    joined[0]
  );
}
