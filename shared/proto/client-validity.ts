import type { Xid } from "../brand.js";
import { type Duid, isDuidLength, sameDuid } from "../duid.js";
import type { ClientServerMessage, Message } from "../wire/message.js";
import { find } from "../wire/options.js";

/** Why a client throws a message away; stable words for logs and tests. */
export type ClientDiscard =
  /** Relay-forward or Relay-reply (RFC 8415 16.13, 16.14). */
  | "relay-message"
  /** A type that only servers and relays receive (16.2-16.9, 16.12). */
  | "not-for-clients"
  /** An unassigned type (16). */
  | "unknown-type"
  /** Sent to a multicast address, where no client listens (16). */
  | "multicast"
  /** No message with this transaction-id is out (16.3, 16.10). */
  | "unknown-xid"
  | "no-server-id"
  /** A Server Identifier that is no DUID: fewer than 3 or more than 130 octets (11.1). */
  | "bad-server-id"
  | "no-client-id"
  /** For a client with another DUID. */
  | "foreign-client-id"
  /** A Reconfigure although Reconfigure Accept was never sent (16.11, 20.4). */
  | "reconfigure-not-accepted";

/** An Advertise or Reply that may be looked at, and the server it is from. */
export interface ServerMessage {
  readonly type: "advertise" | "reply";
  readonly server: Duid;
  readonly message: ClientServerMessage;
}

/** Outcome of `checkForClient`. */
export type ClientVerdict =
  | { readonly ok: true; readonly received: ServerMessage }
  | { readonly ok: false; readonly why: ClientDiscard };

/**
 * The rules for a message that reached a client (RFC 8415 16). `xids` are those of the messages it has out;
 * it always sends its Client Identifier, so one has to come back.
 */
export function checkForClient(
  message: Message,
  multicast: boolean,
  clientId: Duid,
  xids: readonly Xid[],
): ClientVerdict {
  if (message.form === "relay") return discard("relay-message");
  if (multicast) return discard("multicast");
  const { type } = message;
  if (type === "unknown") return discard("unknown-type");
  if (type === "reconfigure") return discard("reconfigure-not-accepted");
  if (type !== "advertise" && type !== "reply") return discard("not-for-clients");
  if (!xids.includes(message.xid)) return discard("unknown-xid");
  const server = find(message.options, "serverId");
  if (server === undefined) return discard("no-server-id");
  if (!isDuidLength(server.length)) return discard("bad-server-id");
  const client = find(message.options, "clientId");
  if (client === undefined) return discard("no-client-id");
  if (!sameDuid(client, clientId)) return discard("foreign-client-id");
  return { ok: true, received: { type, server, message } };
}

const discard = (why: ClientDiscard): ClientVerdict => ({ ok: false, why });
