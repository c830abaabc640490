import { inRange, isUnspecified } from "../shared/prefix.js";
import { linkAddressOf, type RelayPath } from "../shared/proto/relay.js";
import type { RelayMessage } from "../shared/wire/message.js";
import { find } from "../shared/wire/options.js";
import { sameOctets } from "../shared/octets.js";
import { type Link, linkAt, type Network } from "./links.js";
import type { ServerState } from "./state.js";

/**
 * The link that a client is on (RFC 8415 13.1). Direct: the one of the interface. Relayed: what the level
 * closest to the client says, by an Interface-Id of the configuration, else by its link-address; else what
 * the levels around it say. Levels without link-address (LDRA, RFC 6221) leave it to the interface.
 */
export function linkFor(
  { network, config }: ServerState,
  interfaceName: string,
  path: RelayPath,
): Link | undefined {
  if (path.length === 0) return network.direct.get(interfaceName);
  for (let i = path.length - 1; i >= 0; i--) {
    const level = path[i];
    const link = level && linkOfLevel(network, level);
    if (link !== undefined) return link;
  }
  if (config.guessMode) return network.relayed[0];
  return linkAddressOf(path) === undefined ? network.direct.get(interfaceName) : undefined;
}

function linkOfLevel(network: Network, { linkAddress, options }: RelayMessage): Link | undefined {
  const interfaceId = find(options, "interfaceId");
  if (interfaceId !== undefined) {
    let first: Link | undefined;
    for (const link of network.relayed) {
      if (!hasId(link, interfaceId)) continue;
      // Several relays may number their interfaces alike: then the link-address tells.
      if (link.settings.subnets.some((it) => inRange(it, linkAddress))) return link;
      first ??= link;
    }
    if (first !== undefined) return first;
  }
  return isUnspecified(linkAddress) ? undefined : linkAt(network, linkAddress);
}

const hasId = ({ settings: { interfaceId } }: Link, id: Uint8Array): boolean =>
  interfaceId !== undefined && sameOctets(interfaceId, id);
