import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid, seconds, xid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { MESSAGE_CODE, messageTypeOf } from "../../shared/wire/codes.js";
import { decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { has, type Option, option, rawOption } from "../../shared/wire/options.js";
import type { ServerEvent } from "../../server/engine.js";
import { loadVectors } from "../wire/vectors.js";
import { createClient, createRig, pd, prefixIn, type Rig } from "./rig.js";
import { configure, iface, ip, pdClass, SERVER_ID, START } from "./settings.js";

const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { rapidCommit: true })]);

const datagram = (bytes: Uint8Array, interfaceName = "eth0"): ServerEvent => ({
  type: "datagram",
  bytes,
  from: ip("fe80::bad"),
  port: 546,
  interfaceName,
  interfaceIndex: 2,
  multicast: true,
});

const message = (code: number, options: readonly Option[]): Uint8Array =>
  encodeMessage({
    form: "message",
    type: messageTypeOf(code) === undefined ? "unknown" : "solicit",
    code,
    xid: xid(1),
    options,
  });

/** The message with our DUID as its Server Identifier, if it has one. */
function meantForUs(bytes: Uint8Array): readonly Uint8Array[] {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok || decoded.message.form !== "message") return [];
  const { options } = decoded.message;
  if (!has(options, "serverId")) return [];
  const ours = options.map((one) => (one.name === "serverId" ? option("serverId", SERVER_ID) : one));
  return [encodeMessage({ ...decoded.message, options: ours })];
}

/** A client that held a lease before still has it, and a new one is served. */
function expectService(rig: Rig, held: string): void {
  expect(prefixIn(createClient(rig, 1).renew(pd(1, held)))).toBe(held);
  const fresh = createClient(rig, 0xabcde);
  fresh.release(pd(1, fresh.lease()));
}

describe("server: what is dropped, with the reason logged and counted", () => {
  const client = option("clientId", duid(Uint8Array.of(0, 3, 0, 1, 1)));
  const server = option("serverId", SERVER_ID);
  const foreign = option("serverId", duid(Uint8Array.of(0, 3, 0, 1, 9)));
  const ia = option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: [] });
  const relay = { hopCount: 0, linkAddress: ip("2001:db8::1"), peerAddress: ip("fe80::1"), options: [] };
  const unicast: ServerEvent = { ...datagram(message(1, [client, ia])), multicast: false } as ServerEvent;

  const rows: readonly (readonly [string, ServerEvent, string])[] = [
    ["three octets", datagram(Uint8Array.of(1, 0, 0)), "SERVER-DROP-UNDECODABLE"],
    ["two Client Identifiers", datagram(message(1, [client, client])), "SERVER-DROP-UNDECODABLE"],
    ["an interface of no block", datagram(message(1, [client, ia]), "eth7"), "SERVER-DROP-UNKNOWN-LINK"],
    ["message type 200", datagram(message(200, [client])), "SERVER-DROP-UNKNOWN-TYPE"],
    ["a Reply", datagram(message(7, [client, server])), "SERVER-DROP-NOT-FOR-SERVERS"],
    ["an Advertise", datagram(message(2, [client, server])), "SERVER-DROP-NOT-FOR-SERVERS"],
    ["a Reconfigure", datagram(message(10, [client, server])), "SERVER-DROP-NOT-FOR-SERVERS"],
    [
      "a Relay-reply",
      datagram(encodeMessage({ form: "relay", type: "relayReply", ...relay })),
      "SERVER-DROP-NOT-FOR-SERVERS",
    ],
    ["a Leasequery without query", datagram(message(14, [client])), "SERVER-DROP-NO-QUERY"],
    ["a StartTLS", datagram(message(23, [client])), "SERVER-DROP-NOT-SERVED"],
    ["unicast", unicast, "SERVER-DROP-UNICAST"],
    ["no Client Identifier", datagram(message(1, [ia])), "SERVER-DROP-NO-CLIENT-ID"],
    [
      "an empty one",
      datagram(message(1, [rawOption(1, new Uint8Array(0)), ia])),
      "SERVER-DROP-BAD-CLIENT-ID",
    ],
    ["no Server Identifier", datagram(message(3, [client, ia])), "SERVER-DROP-NO-SERVER-ID"],
    ["another server's", datagram(message(3, [client, foreign, ia])), "SERVER-DROP-FOREIGN-SERVER-ID"],
    ["one where none may be", datagram(message(1, [client, server, ia])), "SERVER-DROP-UNEXPECTED-SERVER-ID"],
    ["IA in an Information-request", datagram(message(11, [client, ia])), "SERVER-DROP-UNEXPECTED-IA"],
    ["a Confirm without address", datagram(message(4, [client])), "SERVER-DROP-NOTHING-TO-SAY"],
  ];
  test.each(rows)("%s", (_what, event, id) => {
    const rig = createRig(LAN);
    expect(rig.give(event)).toEqual([]);
    expect(rig.logs()).toEqual([id]);
    expect(Object.entries(rig.state.counters.dropped).filter(([, count]) => count > 0)).toEqual([[id, 1]]);
    expect([rig.table.size, rig.hooks()]).toEqual([0, []]);
  });

  test("an answer longer than a datagram", () => {
    const names = Array.from({ length: 4000 }, () => ip("2001:db8::53"));
    const options = [option("dnsServers", names), option("sntpServers", names)];
    const rig = createRig(configure([iface("eth0", [], { options })]));
    const asked = option("optionRequest", [23, 31]);
    expect(createClient(rig, 1).ask("informationRequest", [], { options: [asked] })).toBeUndefined();
    expect(rig.logs()).toContain("SERVER-DROP-ANSWER-TOO-LONG");
  });

  test("every message type there is gets an answer or a reason", () => {
    for (const code of [...Object.values(MESSAGE_CODE), 0, 38, 255]) {
      const rig = createRig(LAN);
      const bytes = message(1, [client, ia]);
      bytes[0] = code;
      const answers = rig.give(datagram(bytes));
      const reasons = rig.logs().filter((id) => id.startsWith("SERVER-DROP-"));
      expect(answers.length + reasons.length).toBe(1);
    }
  });

  test("counters tell what came and what was answered", () => {
    const rig = createRig(LAN);
    const good = createClient(rig, 1);
    const held = good.lease();
    good.renew(pd(1, held));
    good.renew(pd(1, held));
    rig.give(datagram(new Uint8Array(0)));
    const { received, answered } = rig.state.counters;
    expect(received).toMatchObject({ request: 1, renew: 2, undecodable: 1, solicit: 0 });
    expect(answered).toMatchObject({ request: 1, renew: 2, solicit: 0 });
    expect(rig.logs()).toContain("SERVER-ANSWERED");
  });
});

describe("server: hostile input", () => {
  const bytesOf = loadVectors()
    .filter(({ transport }) => transport === "udp")
    .map(({ bytes }) => bytes);

  test("every known packet, good or bad, as it is and as if it were meant for us: good clients are served after it", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    for (const bytes of bytesOf.flatMap((original) => [original, ...meantForUs(original)])) {
      rig.give(datagram(bytes));
      expectService(rig, held);
    }
  });

  test("mutated packets: nothing is thrown, nothing malformed is sent, and good clients are served after them", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const own = ["solicit", "request", "renew", "rebind", "release", "confirm"] as const;
    const good = own.map((type) => createClient(rig, 0xbbccdd).event(type, [pd(1, held), pd(2)]));
    const seeds = [...bytesOf, ...good.flatMap((event) => (event.type === "datagram" ? [event.bytes] : []))];
    const change = fc.record({ at: fc.nat(), to: fc.nat(255) });
    fc.assert(
      fc.property(
        fc.constantFrom(...seeds),
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.nat(3),
        (seed, changes, cut) => {
          const bytes = seed.slice(0, Math.max(0, seed.length - (cut === 3 ? 7 : cut)));
          for (const { at, to } of changes) if (bytes.length > 0) bytes[at % bytes.length] = to;
          rig.give(datagram(bytes));
        },
      ),
      { numRuns: 3000 },
    );
    expectService(rig, held);
  });

  const octets = (count: number): Uint8Array => new Uint8Array(count).fill(0xff);
  const iaPd = (...inner: readonly Option[]): Option =>
    option("iaPd", { iaid: iaid(1), t1: seconds(0), t2: seconds(0), options: inner });
  const cut: readonly (readonly [string, Option])[] = [
    ...[0, 1, 4, 8, 11].map((count) => [`IA_PD of ${count} octets`, rawOption(25, octets(count))] as const),
    ...[0, 1, 8, 9, 24].map(
      (count) => [`IAPREFIX of ${count} octets`, iaPd(rawOption(26, octets(count)))] as const,
    ),
    [
      "IAPREFIX of length 129",
      iaPd(
        rawOption(
          26,
          Uint8Array.from({ length: 25 }, (_, i) => (i === 8 ? 129 : 0x20)),
        ),
      ),
    ],
    [
      "IAPREFIX of length 0",
      iaPd(
        rawOption(
          26,
          Uint8Array.from({ length: 25 }, (_, i) => (i === 8 ? 0 : 0x20)),
        ),
      ),
    ],
    ["all-ones IA_PD", rawOption(25, octets(12))],
    ["IAADDR in IA_PD", iaPd(rawOption(5, octets(24)))],
    ["IA_PD in IA_PD", iaPd(iaPd())],
    ["identifiers in IA_PD", iaPd(option("serverId", SERVER_ID))],
    [
      "30,000 codes in the Option Request",
      option(
        "optionRequest",
        Array.from({ length: 30_000 }, (_, i) => i),
      ),
    ],
    ["an odd Option Request", rawOption(6, octets(3))],
    ["15,000 empty options", rawOption(9999, octets(60_000))],
  ];
  test.each(cut)("%s, in every message: no address or prefix from the broken part", (_what, part) => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const client = createClient(rig, 2);
    for (const type of ["solicit", "request", "renew", "rebind", "release", "decline", "confirm"] as const) {
      const answer = client.ask(type, [], { options: [part] });
      const alive = answer?.ias.flatMap(({ leases }) => leases.filter(({ valid }) => valid > 0)) ?? [];
      expect(alive.filter(({ prefix }) => !/^2001:db8:.*\/56$/.test(prefix))).toEqual([]);
    }
    expectService(rig, held);
  });

  test("500 Solicits at once, then an ordinary client: served", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    for (let n = 100; n < 600; n++) createClient(rig, n).solicit(pd(1));
    expectService(rig, held);
    expect(rig.now()).toBe(START);
  });
});
