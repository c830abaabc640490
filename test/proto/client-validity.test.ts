import { describe, expect, test } from "vitest";
import { xid } from "../../shared/brand.js";
import { checkForClient } from "../../shared/proto/client-validity.js";
import { MESSAGE_CODE, type MessageType } from "../../shared/wire/codes.js";
import { clientServerMessage, type Message } from "../../shared/wire/message.js";
import { option } from "../../shared/wire/options.js";
import { duid } from "../../shared/duid.js";
import { UNSPECIFIED } from "../../shared/prefix.js";

const OURS = duid(Uint8Array.of(0, 4, 1));
const OTHER = duid(Uint8Array.of(0, 4, 2));
const clientId = option("clientId", OURS);
const serverId = option("serverId", OTHER);
const ids = [clientId, serverId];

const check = (message: Message, multicast = false): string => {
  const verdict = checkForClient(message, multicast, OURS, [xid(7), xid(8)]);
  return verdict.ok ? verdict.received.type : verdict.why;
};

describe("messages that reach a client (RFC 8415 16)", () => {
  test.each<[string, string, Message, boolean?]>([
    ["Advertise with both ids", "advertise", clientServerMessage("advertise", xid(7), ids)],
    ["Reply with both ids", "reply", clientServerMessage("reply", xid(8), ids)],
    ["another transaction-id", "unknown-xid", clientServerMessage("reply", xid(9), ids)],
    ["no server id", "no-server-id", clientServerMessage("reply", xid(7), [clientId])],
    ...[0, 1, 2, 131, 1000].map((octets): [string, string, Message] => [
      `a server id of ${octets} octets, which is no DUID`,
      "bad-server-id",
      clientServerMessage("reply", xid(7), [clientId, option("serverId", duid(new Uint8Array(octets)))]),
    ]),
    ["no client id", "no-client-id", clientServerMessage("advertise", xid(7), [serverId])],
    [
      "another client's id",
      "foreign-client-id",
      clientServerMessage("reply", xid(7), [option("clientId", OTHER), serverId]),
    ],
    ["to a multicast address", "multicast", clientServerMessage("reply", xid(7), ids), true],
    [
      "Reconfigure, never accepted",
      "reconfigure-not-accepted",
      clientServerMessage("reconfigure", xid(0), ids),
    ],
    [
      "a type nobody has assigned",
      "unknown-type",
      { form: "message", type: "unknown", code: 200, xid: xid(7), options: ids },
    ],
    [
      "Relay-reply",
      "relay-message",
      {
        form: "relay",
        type: "relayReply",
        hopCount: 0,
        linkAddress: UNSPECIFIED,
        peerAddress: UNSPECIFIED,
        options: ids,
      },
    ],
  ])("%s: %s", (_name, verdict, message, multicast) => {
    expect(check(message, multicast)).toBe(verdict);
  });

  const fromServers: readonly string[] = ["advertise", "reply", "reconfigure", "relayForward", "relayReply"];
  const others = Object.keys(MESSAGE_CODE).filter(
    (type): type is Exclude<MessageType, "relayForward" | "relayReply"> => !fromServers.includes(type),
  );
  test.each(others)("%s is not for clients", (type) => {
    expect(check(clientServerMessage(type, xid(7), ids))).toBe("not-for-clients");
  });
});
