import { describe, expect, test } from "vitest";
import { codeOf, type Option, option, rawOption } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, type Hop, pd, prefixIn } from "../server/rig.js";
import { behind, configure, iface, ip, OTHER_ID, pdClass, SERVER_ID, subnet } from "../server/settings.js";
import {
  answerThrough,
  BLOCKS,
  DNS,
  givenIn,
  interfaceId,
  LINES,
  lineOf,
  relayed,
  RELAY,
  RELAY2,
  wants,
} from "./lines.js";
import { parsePacket } from "./tlv.js";

const remoteId = (text: string): Option =>
  option("remoteId", { enterprise: 9, id: new TextEncoder().encode(text) });
const hex = (octets: Uint8Array | undefined): string => Buffer.from(octets ?? []).toString("hex");
/** The options of each level of an answer, outermost first. */
const codesOf = (answer: Answer | undefined): readonly (readonly number[])[] | undefined =>
  answer?.path.map(({ options }) => options.map(codeOf));
/** What an answer says, with a name for the prefix that is expected in it. */
const essence = (answer: Answer | undefined, held = ""): string =>
  JSON.stringify([answer?.type, answer?.codes, answer?.status, answer?.ias]).replaceAll(held, "held");
/** A relay of line1 that says something more. */
const saying = (...options: readonly Option[]): Hop => ({ ...RELAY, options });
const MAC = option("clientLinkLayerAddress", { hardwareType: 1, address: Uint8Array.of(2, 0, 0, 0, 0, 9) });

describe("conformance: relays", () => {
  test("S-RLY-01 a relay of a known subnet -> Relay-reply to its source, port 547, with its hop-count and addresses", () => {
    const rig = createRig(LINES);
    const hops = [{ link: "2001:db8:a::1", peer: "fe80::77", hops: 3 }];
    const answer = createClient(rig, 1, { hops, relay: "2001:db8:f::2" }).solicit(pd(1));
    expect(answer?.to).toBe("2001:db8:f::2 port 547 over eth0");
    // 13, hop-count 3, link-address, peer-address, Relay Message: nothing before it.
    const header =
      "0d03" + "20010db8000a0000" + "0000000000000001" + "fe80000000000000" + "0000000000000077" + "0009";
    expect(hex(answer?.bytes).slice(0, header.length)).toBe(header);
    expect(answer && parsePacket(answer.bytes).options.map(({ code }) => code)).toEqual([9]);
  });

  test("S-RLY-02 the same -> inside is an Advertise with both identifiers and the client's transaction-id", () => {
    const client = relayed(createRig(LINES), 1);
    const answer = client.ask("solicit", [pd(1)], { xid: 0xabcdef });
    expect(answer).toMatchObject({ type: "advertise", xid: 0xabcdef, codes: [1, 2, 25] });
    expect(answer?.options.slice(0, 2)).toEqual([
      option("clientId", client.duid),
      option("serverId", SERVER_ID),
    ]);
  });

  test("S-RLY-03 a pool for each link -> the one of the link-address", () => {
    const far = { link: "2001:db8:f::1" };
    const lines = [RELAY, RELAY2, far].map((hop) => lineOf(answerThrough(hop)));
    expect(lines).toEqual(["line1", "line2", "eth0"]);
    expect(lineOf(relayed(createRig(LINES), 1, RELAY2).request(pd(1)))).toBe("line2");
  });

  test("S-RLY-04 a configured Interface-Id -> its link, whatever the link-address; echoed octet for octet", () => {
    const id = interfaceId("two");
    for (const hop of [{ options: [id] }, { ...RELAY, options: [id] }]) {
      const answer = answerThrough(hop);
      expect(lineOf(answer)).toBe("line2");
      expect(answer?.path[0]?.options.filter((each) => codeOf(each) === 18)).toEqual([id]);
    }
  });

  test("S-RLY-05 an unknown Interface-Id -> served by link-address; echoed octet for octet", () => {
    const id = option("interfaceId", Uint8Array.of(0, 255, 10, 0));
    const answer = answerThrough(saying(id));
    expect(lineOf(answer)).toBe("line1");
    expect(answer?.path[0]?.options.filter((each) => codeOf(each) === 18)).toEqual([id]);
  });

  test("S-RLY-06 no Interface-Id -> none in the Relay-reply", () => {
    expect(codesOf(answerThrough(RELAY))).toEqual([[9]]);
    expect(codesOf(answerThrough(RELAY, saying(interfaceId("outer"))))).toEqual([[18, 9], [9]]);
  });

  test("S-RLY-07 two relays with an Interface-Id each -> two Relay-replies, each with what is its own, octet for octet", () => {
    const hops = [
      { link: "2001:db8:a::1", peer: "fe80::77", options: [interfaceId("in")] },
      { link: "::", peer: "2001:db8:f::9", hops: 1, options: [interfaceId("outer")] },
    ];
    const answer = answerThrough(...hops);
    const message = parsePacket(answer?.bytes ?? new Uint8Array(0)).inner?.options.find(
      ({ code }) => code === 9,
    )?.data;
    const size = (octets: number): string => octets.toString(16).padStart(4, "0");
    const inner =
      "0d00" +
      "20010db8000a00000000000000000001" +
      "fe800000000000000000000000000077" +
      "00120002696e" +
      `0009${size(message?.length ?? 0)}${hex(message)}`;
    const outer =
      "0d01" +
      "00000000000000000000000000000000" +
      "20010db8000f00000000000000000009" +
      "001200056f75746572" +
      `0009${size(inner.length / 2)}${inner}`;
    expect(hex(answer?.bytes)).toBe(outer);
    expect(answer).toMatchObject({ type: "advertise", codes: [1, 2, 25] });
  });

  test("S-RLY-08 eight relays, hop-counts 0 to 7 -> served, eight levels back with the same hop-counts", () => {
    const hops = Array.from({ length: 8 }, (_, n) => ({
      ...(n === 0 ? RELAY : {}),
      hops: n,
      peer: `fe80::${n + 1}`,
    }));
    const answer = answerThrough(...hops);
    expect(lineOf(answer)).toBe("line1");
    expect(answer?.path.map(({ hopCount, peerAddress }) => [hopCount, peerAddress])).toEqual(
      hops.map((hop) => [hop.hops, ip(hop.peer)]).toReversed(),
    );
  });

  test("S-RLY-09 Request, Renew, Rebind, Release through a relay -> each as for a direct client", () => {
    const rig = createRig(LINES);
    const client = relayed(rig, 1);
    const direct = createClient(createRig(LINES), 1);
    const [held, own] = [client, direct].map((each) => prefixIn(each.request(pd(1))) ?? "");
    expect([held, own]).toEqual([
      expect.stringMatching(/^2001:db8:11/),
      expect.stringMatching(/^2001:db8:10/),
    ]);
    for (const type of ["request", "renew", "rebind", "release"] as const) {
      const answer = client.ask(type, [pd(1, held ?? "")]);
      expect(essence(answer, held), type).toEqual(essence(direct.ask(type, [pd(1, own ?? "")]), own));
      expect(answer?.to, type).toBe("fe80::ee port 547 over eth0");
    }
    expect(rig.records.size).toBe(0);
  });

  test("S-RLY-10 Information-request through relays of two links -> the options of each", () => {
    for (const [hop, expected] of [
      [RELAY, DNS.line1],
      [RELAY2, DNS.line2],
    ] as const) {
      const answer = relayed(createRig(LINES), 1, hop).ask("informationRequest", [], {
        options: [wants(23)],
      });
      expect(answer?.options.filter((each) => codeOf(each) === 23)).toEqual([expected]);
    }
  });

  test("S-RLY-11 a link-address that is nowhere -> dropped, nothing bound", () => {
    const rig = createRig(LINES);
    const lost = relayed(rig, 1, { link: "2001:db8:ee::1" });
    for (const type of ["solicit", "request", "renew", "rebind", "informationRequest"] as const) {
      expect(
        lost.ask(type, type === "informationRequest" ? [] : [pd(1, "2001:db8:1100::/56")]),
        type,
      ).toBeUndefined();
      expect(rig.logs()).toEqual(["SERVER-DROP-UNKNOWN-LINK"]);
    }
    expect([rig.table.size, rig.hooks()]).toEqual([0, []]);
    expect(lineOf(relayed(rig, 1).request(pd(1)))).toBe("line1");
  });

  test.each<readonly [string, Option]>([
    ["Remote-Id", remoteId("port 3")],
    ["Subscriber-Id", option("subscriberId", Uint8Array.of(1, 2, 3))],
    ["Relay-Id", option("relayId", OTHER_ID)],
    ["Client Link-Layer Address", MAC],
    ["an option that nobody knows", rawOption(60_000, Uint8Array.of(1))],
  ])("S-RLY-12 a relay that says %s -> served; it is not given back", (_what, said) => {
    const answer = answerThrough(saying(said));
    expect([lineOf(answer), codesOf(answer)]).toEqual(["line1", [[9]]]);
  });

  test("S-RLY-13 Echo Request -> what it names is in the Relay-reply, at its level only", () => {
    const asked = saying(remoteId("port 3"), MAC, option("echoRequest", [37, 38]));
    const answer = answerThrough(asked, { options: [remoteId("outer")] });
    expect(codesOf(answer)).toEqual([[9], [9, 37]]);
    expect(answer?.path[1]?.options[1]).toEqual(remoteId("port 3"));
  });

  test("S-RLY-14 sent to a group of servers, ff05::1:3, from a global address -> served, answered to that address", () => {
    const client = createClient(createRig(LINES), 1, { hops: [RELAY], relay: "2001:db8:f::2" });
    const answer = client.ask("solicit", [pd(1)], { unicast: false });
    expect([lineOf(answer), answer?.to]).toEqual(["line1", "2001:db8:f::2 port 547 over eth0"]);
  });

  test("S-RLY-15 sent to ff02::1:2 from a link-local address -> served, answered to that address", () => {
    const answer = createClient(createRig(LINES), 1, { hops: [RELAY], relay: "fe80::2" }).solicit(pd(1));
    expect([lineOf(answer), answer?.to]).toEqual(["line1", "fe80::2 port 547 over eth0"]);
  });

  test("S-RLY-16 sent from another port, no Relay Source Port -> answered to port 547", () => {
    for (const relayPort of [1024, 546, 65_535]) {
      const answer = createClient(createRig(LINES), 1, { hops: [RELAY], relayPort }).solicit(pd(1));
      expect(answer?.to).toBe("fe80::ee port 547 over eth0");
    }
  });

  test("S-RLY-17 several link-addresses -> the one closest to the client that is not 0 decides", () => {
    const cases = [
      [RELAY, {}],
      [{}, RELAY2],
      [RELAY, RELAY2],
      [RELAY2, RELAY],
      [{}, {}, RELAY2],
    ] as const;
    expect(cases.map((hops) => lineOf(answerThrough(...hops)))).toEqual([
      "line1",
      "line2",
      "line1",
      "line2",
      "line2",
    ]);
  });

  test("S-RLY-18 a relayed Request with the Server Identifier of another -> dropped", () => {
    const rig = createRig(LINES);
    expect(relayed(rig, 1).ask("request", [pd(1)], { serverId: OTHER_ID })).toBeUndefined();
    expect([rig.logs(), rig.table.size]).toEqual([["SERVER-DROP-FOREIGN-SERVER-ID"], 0]);
  });

  test("S-RLY-19 a relayed Solicit without Client Identifier -> dropped", () => {
    const rig = createRig(LINES);
    expect(relayed(rig, 1).ask("solicit", [pd(1)], { clientId: null })).toBeUndefined();
    expect([rig.logs(), rig.table.size]).toEqual([["SERVER-DROP-NO-CLIENT-ID"], 0]);
  });

  test("S-RLY-20 a Relay-forward around an Advertise, a Reply, a Reconfigure, a Relay-reply -> dropped", () => {
    const rig = createRig(LINES);
    for (const type of ["advertise", "reply", "reconfigure"] as const) {
      expect(relayed(rig, 1).ask(type, [pd(1)], { serverId: SERVER_ID }), type).toBeUndefined();
    }
    const event = relayed(rig, 1, RELAY, {}).event("solicit", [pd(1)]);
    if (event.type !== "datagram") throw new Error("no datagram");
    const bytes = event.bytes.slice();
    expect(bytes[38]).toBe(12);
    bytes[38] = 13;
    expect(rig.give({ ...event, bytes })).toEqual([]);
    expect(rig.logs()).toEqual(Array.from({ length: 4 }, () => "SERVER-DROP-NOT-FOR-SERVERS"));
    expect(rig.table.size).toBe(0);
  });

  test("S-RLY-21 Relay Source Port -> answered to the port that the relay sent from, the option given back", () => {
    const asking = saying(option("relayPort", 0));
    const outermost = createClient(createRig(LINES), 1, { hops: [asking], relayPort: 5555 }).solicit(pd(1));
    expect([outermost?.to, codesOf(outermost)]).toEqual(["fe80::ee port 5555 over eth0", [[135, 9]]]);
    // Of an inner relay it is for the relay above, which finds its port there again.
    const above = option("relayPort", 1234);
    const inner = createClient(createRig(LINES), 1, { hops: [saying(above), {}], relayPort: 5555 }).solicit(
      pd(1),
    );
    expect([inner?.to, inner?.path[1]?.options[0]]).toEqual(["fe80::ee port 547 over eth0", above]);
  });

  test("S-RLY-22 the same client directly and relayed -> from the pool of each link, both bound", () => {
    const rig = createRig(LINES);
    const ways = [createClient(rig, 1), relayed(rig, 1), relayed(rig, 1, RELAY2)];
    expect(ways.map((client) => lineOf(client.solicit(pd(1))))).toEqual(["eth0", "line1", "line2"]);
    expect(ways.map((client) => lineOf(client.request(pd(1))))).toEqual(["eth0", "line1", "line2"]);
    expect(rig.records.size).toBe(3);
    expect(ways.map((client) => lineOf(client.renew(pd(1))))).toEqual(["eth0", "line1", "line2"]);
  });

  test("S-RLY-23 sent to a global address of the server -> served; answered over the same interface", () => {
    const config = configure([
      ...BLOCKS,
      behind(
        "eth1",
        iface("line3", [pdClass(56, ["2001:db8:1300::/40"])], { subnets: [subnet("2001:db8:c::/48")] }),
      ),
    ]);
    const hops = [{ link: "2001:db8:c::1" }];
    const client = createClient(createRig(config), 1, {
      hops,
      relay: "2001:db8:77::2",
      interfaceName: "eth1",
    });
    const answer = client.ask("request", [pd(1)], { unicast: true });
    expect(answer).toMatchObject({ type: "reply", to: "2001:db8:77::2 port 547 over eth1" });
    expect(givenIn(answer)).toEqual([expect.stringMatching(/^2001:db8:13.*\/56$/)]);
  });

  test("S-RLY-24 a Reconfigure for a relayed client -> in Relay-replies with the addresses that it was heard by", () => {
    const rig = createRig({ ...LINES, reconfigure: true });
    const hops = [
      { ...saying(interfaceId("port 7")), peer: "fe80::5" },
      { peer: "2001:db8:f::9", options: [interfaceId("up")] },
    ];
    const client = createClient(rig, 1, { hops, relay: "2001:db8:f::2" });
    client.ask("request", [pd(1)], { options: [option("reconfigureAccept", null)] });
    for (const server of [rig, rig.restart()]) {
      const [sent] = server.give({ type: "reconfigure", client: client.duid, asks: "renew" });
      expect(sent).toMatchObject({ type: "reconfigure", to: "2001:db8:f::2 port 547 over eth0" });
      expect(sent?.path).toMatchObject([
        { hopCount: 1, linkAddress: ip("::"), peerAddress: ip("2001:db8:f::9") },
        { hopCount: 0, linkAddress: ip("2001:db8:a::1"), peerAddress: ip("fe80::5") },
      ]);
      expect(sent?.path.map(({ options }) => options[0])).toEqual([interfaceId("up"), interfaceId("port 7")]);
    }
  });

  test("S-RLY-25 a relay supplies options -> those that may be so reach the client, unless the server has its own", () => {
    const domain = rawOption(65, Uint8Array.of(1, 97, 0));
    const dns = option("dnsServers", [ip("2001:db8::bad")]);
    const supply = saying(option("rsoo", { options: [domain, dns] }));
    const ask = (config = LINES): Answer | undefined =>
      relayed(createRig(config), 1, supply).ask("solicit", [pd(1)], { options: [wants(23)] });
    expect(ask()?.codes).toEqual([1, 2, 25, 23, 65]);
    expect(ask()?.options[3]).toEqual(DNS.line1);
    expect(ask()?.options[4]).toMatchObject({ name: "erpLocalDomain", value: [Uint8Array.of(1, 97, 0)] });
    expect(ask({ ...LINES, relaySuppliedOptions: [] })?.codes).toEqual([1, 2, 25, 23]);
    expect(ask({ ...LINES, relaySuppliedOptions: [23] })?.options.slice(3)).toEqual([DNS.line1]);
  });

  test("S-RLY-26 a hop-count above what the nesting suggests -> answered, the value copied", () => {
    for (const hops of [1, 8, 9, 32, 255]) {
      const answer = answerThrough({ ...RELAY, hops });
      expect([lineOf(answer), answer?.path[0]?.hopCount]).toEqual(["line1", hops]);
    }
  });
});
