import { xid } from "../../../shared/brand.js";
import { formatPrefix, type Ip6, parseIp6 } from "../../../shared/prefix.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  encodeMessage,
  type Message,
} from "../../../shared/wire/message.js";
import { find, type Option, option } from "../../../shared/wire/options.js";
import { identity, serverIdOf } from "./good-client.js";
import type { Host } from "./host.js";
import { type Heard, post } from "./talk.js";

/** Where a relay stands: it sends from an address and port of a host to the server at another address. */
export interface RelayPost {
  readonly host: Host;
  readonly from: string;
  readonly port: number;
  readonly to: string;
  /** Its address on the link of its clients. */
  readonly linkAddress: string;
  /** What it says of the client. */
  readonly options: readonly Option[];
}

/** The address of every client behind such a relay. */
export const peerAddress: Ip6 = address("fe80::fe");

/** A Relay-forward for a client's message. */
export function relayForward(
  message: Message,
  { linkAddress, options }: Pick<RelayPost, "linkAddress" | "options">,
): Message {
  const all = [...options, option("relayMessage", message)];
  return {
    form: "relay",
    type: "relayForward",
    hopCount: 0,
    linkAddress: address(linkAddress),
    peerAddress,
    options: all,
  };
}

/** Leases a prefix through the relay, by a Solicit and a Request; gives it and the last answer. */
export async function leaseRelayed(
  relay: RelayPost,
  client: number,
  more: readonly Option[] = [],
): Promise<{ readonly prefix: string; readonly heard: Heard; readonly reply: ClientServerMessage }> {
  const about = [...identity(client), ...more];
  const offer = await passOn(relay, clientServerMessage("solicit", xid(client), about));
  const request = clientServerMessage("request", xid(client + 1), [...about, serverIdOf(offer.inner)]);
  const { heard, inner } = await passOn(relay, request);
  const granted = find(find(inner.options, "iaPd")?.options ?? [], "iaPrefix");
  if (granted === undefined) throw new Error(`no prefix for client ${client} behind a relay`);
  return { prefix: formatPrefix(granted.prefix), heard, reply: inner };
}

/** Passes one message on and gives the answer with what is inside it; throws unless there is exactly one. */
async function passOn(
  relay: RelayPost,
  message: ClientServerMessage,
): Promise<{ readonly heard: Heard; readonly inner: ClientServerMessage }> {
  const { host, from, port, to } = relay;
  const question = encodeMessage(relayForward(message, relay));
  const [heard, ...others] = await post(host, from, port, { to, message: question });
  if (heard === undefined || others.length > 0) throw new Error("not one answer for a relay");
  return { heard, inner: innerMessage(heard.message) };
}

/** The client's message inside a relayed one. */
export function innerMessage(message: Message): ClientServerMessage {
  let inner: Message | undefined = message;
  while (inner?.form === "relay") inner = find(inner.options, "relayMessage");
  if (inner === undefined) throw new Error("a relayed message without message");
  return inner;
}

/** An address from its text, which is known to be one. */
export function address(text: string): Ip6 {
  const parsed = parseIp6(text);
  if (parsed === undefined) throw new Error(`"${text}" is no address`);
  return parsed;
}
