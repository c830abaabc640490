import { type Ip6, ip6, parseIp6, sameIp6 } from "../../shared/prefix.js";
import { decodeMessage, encodeMessage, type Message } from "../../shared/wire/message.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { find, option } from "../../shared/wire/options.js";

/** Where clients are: on the server's own link, or behind one or two relays. */
export interface SimLink {
  /** The server's name for it, and its Interface-Id. */
  readonly name: string;
  readonly relays: 0 | 1 | 2;
}

/** The links of a world, by number. */
export const LINKS: readonly SimLink[] = [
  { name: "srv0", relays: 0 },
  { name: "line1", relays: 1 },
  { name: "line2", relays: 2 },
];

/** What a datagram looks like when it has come through the relays of a link. */
export interface Arrived {
  readonly bytes: Uint8Array;
  readonly from: Ip6;
  readonly port: number;
}

/** The n-th client's link-local address. */
export const addressOf = (n: number): Ip6 =>
  ip6(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, n >> 8, n & 255));

/** The n-th client's number by its address; `undefined` for one of nobody's. */
export function numberOf(address: Ip6): number | undefined {
  const n = ((address[14] ?? 0) << 8) | (address[15] ?? 0);
  return sameIp6(address, addressOf(n)) ? n : undefined;
}

const NEAR = known("fe80::e:1");
const FAR = known("fe80::e:2");
const NOWHERE = known("::");
const REMOTE_ENTERPRISE = 3561;

/** Carries a client's message up through the relays of its link. */
export function carryUp(bytes: Uint8Array, client: number, link: SimLink): Arrived {
  if (link.relays === 0) return { bytes, from: addressOf(client), port: 546 };
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) throw new Error("a client sent what no relay can read");
  const near: Message = {
    form: "relay",
    type: "relayForward",
    hopCount: 0,
    linkAddress: NOWHERE,
    peerAddress: addressOf(client),
    options: [
      option("interfaceId", octetsOf(link.name)),
      option("remoteId", { enterprise: REMOTE_ENTERPRISE, id: Uint8Array.of(client >> 8, client & 255) }),
      option("relayMessage", decoded.message),
    ],
  };
  if (link.relays === 1) return { bytes: encodeMessage(near), from: NEAR, port: 547 };
  const far: Message = {
    form: "relay",
    type: "relayForward",
    hopCount: 1,
    linkAddress: NOWHERE,
    peerAddress: NEAR,
    options: [option("interfaceId", octetsOf("trunk")), option("relayMessage", near)],
  };
  return { bytes: encodeMessage(far), from: FAR, port: 547 };
}

/** Carries what the server sends down to a client; a text when no relay could do so. */
export function carryDown(
  bytes: Uint8Array,
  to: Ip6,
  port: number,
): { readonly client: number; readonly bytes: Uint8Array } | string {
  const direct = numberOf(to);
  if (direct !== undefined) return port === 546 ? { client: direct, bytes } : `port ${port} of a client`;
  const relays = sameIp6(to, NEAR) ? 1 : sameIp6(to, FAR) ? 2 : 0;
  if (relays === 0 || port !== 547) return "an answer to nobody";
  const decoded = decodeMessage(bytes);
  let message = decoded.ok ? decoded.message : undefined;
  let client: Ip6 | undefined;
  for (let level = 0; level < relays; level++) {
    if (message?.form !== "relay" || message.type !== "relayReply") return "no Relay-reply";
    if (find(message.options, "interfaceId") === undefined) return "a Relay-reply without Interface-Id";
    client = message.peerAddress;
    message = find(message.options, "relayMessage");
  }
  const n = client && numberOf(client);
  if (message?.form !== "message" || n === undefined) return "a Relay-reply for nobody";
  return { client: n, bytes: encodeMessage(message) };
}

function known(text: string): Ip6 {
  const address = parseIp6(text);
  if (address === undefined) throw new Error(text);
  return address;
}
