import { type Iaid, iaid, seconds, xid } from "../../../shared/brand.js";
import { type Duid, duid } from "../../../shared/duid.js";
import { formatPrefix, type Prefix } from "../../../shared/prefix.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  decodeMessage,
  encodeMessage,
} from "../../../shared/wire/message.js";
import { find, type Option, option } from "../../../shared/wire/options.js";
import { ask } from "./craft.js";
import type { Host } from "./host.js";

/** A prefix that a well-behaved client has been given, and what it needs to renew it. */
export interface GoodLease {
  readonly prefix: string;
  /** Longest wait for an answer. */
  readonly milliseconds: number;
  readonly renew: () => Promise<GoodLease>;
}

const onlyIaid: Iaid = iaid(1);

/** The DUID of a client. */
export const goodDuid = (client: number): Duid =>
  duid(Uint8Array.of(0, 3, 0, 1, 2, 0xfe, 0, 0, client >>> 8, client & 0xff));

/** A good Solicit, ready to send; each number is a client of its own. */
export function goodSolicit(client: number): Uint8Array {
  return encodeMessage(clientServerMessage("solicit", xid(client), identity(client)));
}

/** What a client says to a server in the course of a lease: Request, Renew, Rebind and Release. */
export function goodTalk(client: number, lease: Prefix, server: Duid): readonly Uint8Array[] {
  const named = [...identity(client, lease), option("serverId", server)];
  return [
    ...(["request", "renew", "release"] as const).map((type) =>
      clientServerMessage(type, xid(client), named),
    ),
    clientServerMessage("rebind", xid(client), identity(client, lease)),
  ].map(encodeMessage);
}

/**
 * Leases a prefix with a Solicit and a Request, each sent once. Throws when an answer stays away for a second
 * or is not what a client can use.
 */
export async function leaseWell(host: Host, client: number): Promise<GoodLease> {
  const offer = await exchange(host, goodSolicit(client), "advertise");
  const request = [...identity(client, offer.prefix), serverIdOf(offer.message)];
  const reply = await exchange(
    host,
    encodeMessage(clientServerMessage("request", xid(client + 1), request)),
    "reply",
  );
  return holdLease(host, client, reply);
}

/** An answer that delegates one prefix. */
interface Grant {
  readonly message: ClientServerMessage;
  readonly prefix: Prefix;
  readonly milliseconds: number;
}

function holdLease(host: Host, client: number, { message, prefix, milliseconds }: Grant): GoodLease {
  return {
    prefix: formatPrefix(prefix),
    milliseconds,
    renew: async () => {
      const options = [...identity(client, prefix), serverIdOf(message)];
      const renew = encodeMessage(clientServerMessage("renew", xid(client + 2), options));
      return holdLease(host, client, await exchange(host, renew, "reply"));
    },
  };
}

async function exchange(host: Host, question: Uint8Array, type: "advertise" | "reply"): Promise<Grant> {
  const { answer, milliseconds } = await ask(host, question);
  const decoded = decodeMessage(Buffer.from(answer, "hex"));
  if (!decoded.ok || decoded.message.form !== "message" || decoded.message.type !== type)
    throw new Error(`no ${type} for a good client, but "${answer}"`);
  const { message } = decoded;
  const granted = find(find(message.options, "iaPd")?.options ?? [], "iaPrefix");
  if (granted === undefined || granted.valid === 0) throw new Error(`no prefix in the ${type}: ${answer}`);
  return { message, prefix: granted.prefix, milliseconds };
}

/** What a client says of itself and of what it wants in any message, with the prefix that it has. */
export function identity(client: number, prefix?: Prefix): readonly Option[] {
  const lifetimes = { preferred: seconds(0), valid: seconds(0) };
  const wish = prefix === undefined ? [] : [option("iaPrefix", { ...lifetimes, prefix, options: [] })];
  const ia = { iaid: onlyIaid, t1: seconds(0), t2: seconds(0), options: wish };
  return [option("clientId", goodDuid(client)), option("elapsedTime", 0), option("iaPd", ia)];
}

/** The Server Identifier of an answer. */
export function serverIdOf({ options }: ClientServerMessage): Option {
  const id = find(options, "serverId");
  if (id === undefined) throw new Error("an answer without a Server Identifier");
  return option("serverId", id);
}
