import { xid } from "../../../shared/brand.js";
import { type Duid, duid } from "../../../shared/duid.js";
import { formatIp6, formatPrefix } from "../../../shared/prefix.js";
import type { ClientServerType } from "../../../shared/wire/codes.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  decodeMessage,
  encodeMessage,
} from "../../../shared/wire/message.js";
import { find, findAll, type IaNa, type Option, option } from "../../../shared/wire/options.js";
import { type Hop, type IaSpec, relayThrough, writeIa } from "../../server/rig.js";
import { ip } from "../../server/settings.js";
import { innerMessage } from "./good-relay.js";
import type { Host } from "./host.js";
import { type Mouth, openMouth, type Place } from "./mouth.js";
import { addAddress, linkLocal } from "./network.js";
import { outer } from "./clients.js";

/** A client that is one of many on a host, with no program of its own. */
export interface Member {
  readonly name: string;
  readonly duid: Duid;
  /** What it asks for. */
  readonly ias: readonly IaSpec[];
  /** What else it says in each message. */
  readonly more: readonly Option[];
  /** Relays on its way, its own first. */
  readonly hops: readonly Hop[];
}

/** What a member has been given: prefixes and addresses (as /128) by IA, with the Reply. */
export interface Given {
  readonly ias: readonly { readonly spec: IaSpec; readonly leases: readonly string[] }[];
  readonly reply: ClientServerMessage;
}

/** All members that are on one host. */
export interface Crowd {
  /** A Request without a Solicit before it. Throws unless each IA gets something. */
  readonly request: (member: Member, server: Duid) => Promise<Given>;
  /** A Renew of what it was given. Throws unless each IA gets something. */
  readonly renew: (member: Member, had: Given) => Promise<Given>;
}

/** A member with a DUID of its own, which asks for one prefix unless told otherwise. */
export function member(
  name: string,
  number: number,
  ias: readonly IaSpec[],
  otherwise: Partial<Pick<Member, "duid" | "more" | "hops">> = {},
): Member {
  const own = duid(Uint8Array.of(0, 3, 0, 1, 2, 0xc0, 0, 0, number >>> 8, number & 0xff));
  return { name, duid: own, ias, more: [], hops: [], ...otherwise };
}

/** Opens the sockets for the members on a host; it gets a global address for those behind relays. */
export async function openCrowd(host: Host, globalAddress: string): Promise<Crowd> {
  await addAddress(host, outer, `${globalAddress}/64`);
  const direct: Place = { address: `${await linkLocal(host, outer)}%${outer}`, port: 546 };
  const relaying: Place = { address: globalAddress, port: 547 };
  const mouth = await openMouth(host, [direct, relaying]);
  let exchanges = 0;

  const exchange = async (from: Member, type: ClientServerType, options: readonly Option[]) => {
    const message = clientServerMessage(type, xid(++exchanges), options);
    const isRelayed = from.hops.length > 0;
    const bytes = encodeMessage(relayThrough(message, from.hops, ip("fe80::c1")));
    mouth.take();
    mouth.say({
      from: isRelayed ? relaying : direct,
      to: `${isRelayed ? "ff05::1:3" : "ff02::1:2"}%${outer}`,
      hex: Buffer.from(bytes).toString("hex"),
    });
    return hearReply(mouth, message.xid);
  };
  const ask = async (from: Member, type: "request" | "renew", server: Duid, ias: readonly IaSpec[]) => {
    const options = [
      option("clientId", from.duid),
      option("serverId", server),
      option("elapsedTime", 0),
      ...ias.map(writeIa),
      ...from.more,
    ];
    return readGiven(from, await exchange(from, type, options));
  };
  return {
    request: (from, server) => ask(from, "request", server, from.ias),
    renew: (from, { ias, reply }) => {
      const server = find(reply.options, "serverId");
      if (server === undefined) throw new Error("a Reply without Server Identifier");
      const held = ias.map(({ spec, leases }) => ({ ...spec, prefixes: leases }));
      return ask(from, "renew", server, held);
    },
  };
}

async function hearReply(mouth: Mouth, exchange: number): Promise<ClientServerMessage> {
  const read = (hex: string): ClientServerMessage | undefined => {
    const decoded = decodeMessage(Buffer.from(hex, "hex"));
    return decoded.ok ? innerMessage(decoded.message) : undefined;
  };
  await mouth.hear(({ hex }) => read(hex)?.xid === exchange);
  const reply = mouth
    .take()
    .map(({ hex }) => read(hex))
    .find((message) => message?.xid === exchange);
  if (reply?.type !== "reply") throw new Error(`no Reply, but ${reply?.type ?? "nothing"}`);
  return reply;
}

function readGiven({ name, ias }: Member, reply: ClientServerMessage): Given {
  const given = ias.map((spec) => {
    const answers = findAll(reply.options, spec.type === "pd" ? "iaPd" : "iaNa");
    const answer = answers.find(({ iaid }) => iaid === spec.iaid >>> 0);
    const leases = answer === undefined ? [] : leasesIn(answer);
    const status = find(answer?.options ?? [], "statusCode")?.status ?? 0;
    if (leases.length === 0 || status !== 0) throw new Error(`${name} gets status ${status} and no lease`);
    return { spec, leases };
  });
  return { ias: given, reply };
}

/** What is to be used. */
function leasesIn({ options }: IaNa): readonly string[] {
  const alive = ({ valid }: { readonly valid: number }): boolean => valid > 0;
  return [
    ...findAll(options, "iaPrefix")
      .filter(alive)
      .map(({ prefix }) => formatPrefix(prefix)),
    ...findAll(options, "iaAddr")
      .filter(alive)
      .map(({ address }) => `${formatIp6(address)}/128`),
  ];
}
