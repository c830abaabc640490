import { formatDuid } from "../shared/duid.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, type Ip6, isUnspecified, type Prefix } from "../shared/prefix.js";
import { isRouteOption, routeVariables } from "../shared/proto/hook-routes.js";
import { optionText, printableText, safeText } from "../shared/proto/hook-text.js";
import { decodePath, type RelayPath } from "../shared/proto/relay.js";
import { codeOf, find, type Option } from "../shared/wire/options.js";
import type { Lifetimes } from "./lifetimes.js";
import { nextHopTo } from "./next-hop.js";
import type { Query } from "./query.js";

/** A variable of the environment; in Dibbler's order, in which a name may come twice. */
export type Variable = readonly [name: string, value: string];

/** Where a client is, as the script is told it. */
export interface Scene {
  readonly interfaceName: string;
  /** Of the interface, or Dibbler's number for a link behind relays; undefined when there is none now. */
  readonly index: number | undefined;
  /** The interface of the system that a relay is heard on; undefined for direct clients. */
  readonly arrival: string | undefined;
  /** The client, or the relay that talks to the server. */
  readonly remote: Ip6;
  /** The client's own address. */
  readonly client: Ip6;
  /** Outermost first; of a lease that was taken over from another server none are known. */
  readonly relays: RelayPath;
  /** How many relays there are, or one when it is only known that there are some. */
  readonly levels: number;
}

/** A prefix or address with what is told of it. */
export interface Told extends Lifetimes {
  readonly prefix: Prefix;
  readonly iaid: number;
}

/** Where the client of a lease was when it was last heard. */
export function sceneOf(lease: Lease, indexes: ReadonlyMap<string, number>): Scene {
  const { interfaceName, trail, clientAddress } = lease;
  const relays = trail === undefined ? [] : decodePath(trail.message);
  return {
    interfaceName,
    index: indexes.get(interfaceName),
    arrival: trail?.arrival,
    remote: nextHopTo(lease),
    client: clientAddress,
    relays,
    levels: trail === undefined ? 0 : Math.max(1, relays.length),
  };
}

/** Where the client that asks is. */
export const sceneOfQuery = ({ state, link, arrival, from, path }: Query): Scene => ({
  interfaceName: link.name,
  index: state.indexes.get(link.name),
  arrival: path.length > 0 ? arrival.interfaceName : undefined,
  remote: arrival.source,
  client: from,
  relays: path,
  levels: path.length,
});

/** RELAYn_* count from the relay that the client talks to; a direct client has none of them. */
export function relayVariables({ relays, levels }: Scene): readonly Variable[] {
  const nearestFirst = relays.toReversed();
  return [
    ["RELAYS", String(levels)],
    ...nearestFirst.flatMap(({ peerAddress, linkAddress }, i): readonly Variable[] => [
      [`RELAY${i + 1}_PEER`, formatIp6(peerAddress)],
      [`RELAY${i + 1}_LINK`, formatIp6(linkAddress)],
    ]),
  ];
}

/** IFACE and IFINDEX, the latter only of an interface that is there. */
export const placeVariables = ({ interfaceName, index }: Scene): readonly Variable[] => [
  ["IFACE", interfaceName],
  ...indexVariable(index),
];

/** IFINDEX of an interface that is there. */
export const indexVariable = (index: number | undefined): readonly Variable[] =>
  index === undefined ? [] : [["IFINDEX", String(index)]];

/**
 * What Dibbler has no name for, of relayed clients: where their relay is heard, which is where routes go as
 * IFACE is a name of the configuration; the client's own address and link-layer address, as relays tell it.
 */
export function clientVariables({ relays, client, arrival = "" }: Scene): readonly Variable[] {
  const heard: readonly Variable[] = arrival === "" ? [] : [["ARRIVAL_IFACE", arrival]];
  const nearest = relays.at(-1);
  if (nearest === undefined) return heard;
  const mac = find(nearest.options, "clientLinkLayerAddress")?.address;
  return [
    ...heard,
    ...(isUnspecified(client) ? [] : [["CLNT_ADDR", formatIp6(client)] as const]),
    ...(mac === undefined ? [] : [["CLNT_MAC", formatDuid(mac)] as const]),
  ];
}

/** PREFIXn with its length and lifetimes. */
export const prefixVariables = (n: number, { prefix, preferred, valid }: Omit<Told, "iaid">): Variable[] => [
  [`PREFIX${n}`, formatIp6(prefix.address)],
  [`PREFIX${n}LEN`, String(prefix.length)],
  [`PREFIX${n}PREF`, String(preferred)],
  [`PREFIX${n}VALID`, String(valid)],
];

/** ADDRn with its lifetimes. */
export const addressVariables = (n: number, { prefix, preferred, valid }: Omit<Told, "iaid">): Variable[] => [
  [`ADDR${n}`, formatIp6(prefix.address)],
  [`ADDR${n}PREF`, String(preferred)],
  [`ADDR${n}VALID`, String(valid)],
];

const IA_NAMES: ReadonlySet<string> = new Set(["iaNa", "iaTa", "iaPd"]);
const isIa = ({ name }: Option): boolean => IA_NAMES.has(name);

/**
 * SRV_OPTIONc, or the route, that an option of an answer is told as; nothing for an IA. What the operator has
 * configured is as written.
 */
export function serverOption({ link, reservation }: Query): (option: Option) => readonly Variable[] {
  const configured = new Set([...link.settings.options, ...(reservation?.options ?? [])]);
  return (option) => {
    if (isIa(option)) return [];
    if (isRouteOption(option)) return routeVariables([option]);
    const text = optionText(option);
    const value = configured.has(option) ? printableText(text) : safeText(text);
    return [[`SRV_OPTION${codeOf(option)}`, value]];
  };
}

/** CLNT_OPTIONc that an option of a client's message is told as, in characters that harm no script. */
export const clientOption = (option: Option): readonly Variable[] =>
  isIa(option) ? [] : [[`CLNT_OPTION${codeOf(option)}`, safeText(optionText(option))]];

/**
 * The environment out of its variables. Of a name that comes twice all values are kept, one behind the other:
 * items of lists end with a blank, others are parted by a comma.
 */
export function joined(variables: readonly Variable[]): Readonly<Record<string, string>> {
  const all: Record<string, string> = {};
  for (const [name, value] of variables) {
    const before = all[name];
    if (before === undefined) all[name] = value;
    else if (before !== value) all[name] = before.endsWith(" ") ? before + value : `${before}, ${value}`;
  }
  return all;
}
