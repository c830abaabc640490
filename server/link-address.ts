import { linkAddressOf } from "../shared/proto/relay.js";
import type { Lease } from "../shared/lease/lease.js";
import { contains, inRange, type Ip6 } from "../shared/prefix.js";
import { type Link, linkAt, type Network } from "./links.js";
import { relayLevels } from "./trail.js";

/**
 * The link that an address of a query means: by subnets as for relays, else by what is handed out there. Not
 * every configuration says which subnets a link has.
 */
export function linkNear(network: Network, address: Ip6): Link | undefined {
  const bySubnet = linkAt(network, address);
  if (bySubnet !== undefined) return bySubnet;
  for (const link of network.links.values()) if (handsOut(link, address)) return link;
  return undefined;
}

/**
 * An address that stands for a link in an answer: where its relay is, else the first one that is configured.
 * One that leads back to this link in `linkNear` goes first: the requestor will ask again with it (RFC 5007
 * 4.3.3). Undefined when nothing is known.
 */
export function addressOfLink(network: Network, name: string, leases: readonly Lease[]): Ip6 | undefined {
  const relayed = leases.find(({ trail }) => trail !== undefined);
  const heardAt = relayed === undefined ? undefined : linkAddressOf(relayLevels(relayed));
  const link = network.links.get(name);
  const configured = link === undefined ? [] : configuredAddresses(link);
  const known = heardAt === undefined ? configured : [heardAt, ...configured];
  return known.find((address) => linkNear(network, address)?.name === name) ?? known[0];
}

function handsOut({ settings }: Link, address: Ip6): boolean {
  const { addressClasses, temporaryClasses, pdClasses } = settings;
  return (
    [...addressClasses, ...temporaryClasses].some(({ ranges }) =>
      ranges.some((range) => inRange(range, address)),
    ) || pdClasses.some(({ pools }) => pools.some((pool) => contains(pool, address)))
  );
}

const configuredAddresses = ({ settings }: Link): readonly Ip6[] => [
  ...settings.subnets.map(({ first }) => first),
  ...[...settings.addressClasses, ...settings.temporaryClasses].flatMap(({ ranges }) =>
    ranges.map(({ first }) => first),
  ),
  ...settings.pdClasses.flatMap(({ pools }) => pools.map(({ address }) => address)),
];
