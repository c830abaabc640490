import { describe, expect, test } from "vitest";
import { octetsOf } from "../../shared/wire/kinds.js";
import { encodeMessage } from "../../shared/wire/message.js";
import { codeOf, type Option, option, rawOption } from "../../shared/wire/options.js";
import type { Answer } from "./answer.js";
import { createClient, createRig, type Hop, pd, prefixIn, type Rig, type TestClient } from "./rig.js";
import { behind, configure, iface, ip, OTHER_ID, pdClass, subnet } from "./settings.js";

const id = (text: string): Uint8Array => octetsOf(text);
const interfaceId = (text: string): Option => option("interfaceId", id(text));
const remoteId = (text: string): Option => option("remoteId", { enterprise: 9, id: id(text) });

/** Two lines behind relays and one that is at hand, each with a pool of its own. */
const LINES = [
  iface("eth0", [pdClass(56, ["2001:db8:100::/40"])], { subnets: [subnet("2001:db8:f::/64")] }),
  behind(
    "eth0",
    iface("line1", [pdClass(56, ["2001:db8:1100::/40"])], {
      subnets: [subnet("2001:db8:a::/48")],
      interfaceId: id("one"),
      options: [option("dnsServers", [ip("2001:db8:a::53")])],
    }),
  ),
  behind(
    "eth0",
    iface("line2", [pdClass(56, ["2001:db8:1200::/40"])], {
      subnets: [subnet("2001:db8:b::/48")],
      interfaceId: id("two"),
      rapidCommit: true,
    }),
  ),
];
const POOL_OF: Readonly<Record<string, string>> = {
  "2001:db8:1": "eth0",
  "2001:db8:11": "line1",
  "2001:db8:12": "line2",
};
const CONFIG = configure(LINES);
const LINE1: readonly Hop[] = [{ link: "2001:db8:a::1" }];

/** The link that an answer was made for, by the pool of its prefix. */
function linkOf(answer: Answer | undefined): string | undefined {
  const given = prefixIn(answer);
  return given === undefined ? undefined : POOL_OF[given.slice(0, given.indexOf(":", 9)).slice(0, -2)];
}

const relayed = (rig: Rig, n: number, hops: readonly Hop[] = LINE1): TestClient =>
  createClient(rig, n, { hops });
const codesOf = ({ path }: Answer): number[][] => path.map(({ options }) => options.map(codeOf));

describe("server, relayed: which link", () => {
  const far = "2001:db8:ee::1";
  test.each<readonly [string, readonly Hop[], string | undefined]>([
    ["by link-address", [{ link: "2001:db8:a::1" }], "line1"],
    ["by link-address of an interface at hand", [{ link: "2001:db8:f::1" }], "eth0"],
    ["by Interface-Id", [{ options: [interfaceId("two")] }], "line2"],
    ["Interface-Id before link-address", [{ link: "2001:db8:a::1", options: [interfaceId("two")] }], "line2"],
    [
      "unknown Interface-Id, known link-address",
      [{ link: "2001:db8:a::1", options: [interfaceId("x")] }],
      "line1",
    ],
    ["the hop closest to the client", [{ link: "2001:db8:a::1" }, { link: "2001:db8:b::1" }], "line1"],
    ["the next hop when the closest says nothing", [{}, { link: "2001:db8:b::1" }], "line2"],
    ["the next hop when the closest is unknown", [{ link: far }, { link: "2001:db8:b::1" }], "line2"],
    ["the next hop's Interface-Id", [{ link: far }, { options: [interfaceId("one")] }], "line1"],
    ["an LDRA alone: the interface it comes by", [{ options: [interfaceId("port 7")] }], "eth0"],
    ["nothing fits", [{ link: far }], undefined],
    ["nothing fits, at two hops", [{ link: far }, { link: far, options: [interfaceId("x")] }], undefined],
  ])("%s", (_what, hops, expected) => {
    const rig = createRig(CONFIG);
    expect(linkOf(relayed(rig, 1, hops).solicit(pd(1)))).toBe(expected);
    expect(rig.state.counters.dropped["SERVER-DROP-UNKNOWN-LINK"]).toBe(expected === undefined ? 1 : 0);
  });

  test("two relays number their interfaces alike -> the link-address tells", () => {
    const rig = createRig(configure(LINES.map((line) => ({ ...line, interfaceId: id("same") }))));
    const asked = (link: string): string | undefined =>
      linkOf(relayed(rig, 1, [{ link, options: [interfaceId("same")] }]).solicit(pd(1)));
    expect([asked("2001:db8:b::1"), asked("2001:db8:a::1"), asked("2001:db8:c::1")]).toEqual([
      "line2",
      "line1",
      "line1",
    ]);
  });

  test("guess-mode -> what nothing places is on the first line behind relays", () => {
    const rig = createRig(configure(LINES, { guessMode: true }));
    expect(linkOf(relayed(rig, 1, [{ link: far }]).solicit(pd(1)))).toBe("line1");
  });

  test("an interface that only has relays -> no direct client is served on it", () => {
    const rig = createRig(configure(LINES.slice(1)));
    expect(createClient(rig, 1).solicit(pd(1))).toBeUndefined();
    expect(linkOf(relayed(rig, 1).solicit(pd(1)))).toBe("line1");
  });

  test("the same client at hand and behind a relay -> from the pool of each, both bound", () => {
    const rig = createRig(CONFIG);
    const answers = [createClient(rig, 1).request(pd(1)), relayed(rig, 1).request(pd(1))];
    expect(answers.map(linkOf)).toEqual(["eth0", "line1"]);
    expect(rig.table.size).toBe(2);
  });

  test("the same Solicit by two relays of one link -> the same prefix on both ways (RFC 9663 7)", () => {
    const rig = createRig(CONFIG);
    const [one, two] = ["fe80::a", "fe80::b"].map((relay) => createClient(rig, 1, { hops: LINE1, relay }));
    const prefixes = [one, two].map((client) => prefixIn(client?.solicit(pd(1))));
    expect(prefixes[0]).toBeDefined();
    expect(prefixes[1]).toBe(prefixes[0]);
    expect([one, two].map((client) => prefixIn(client?.request(pd(1))))).toEqual(prefixes);
    expect(rig.table.size).toBe(1);
  });
});

describe("server, relayed: the Relay-reply", () => {
  test("goes to the relay that sent, port 547, with a copy of its header and Advertise inside", () => {
    const rig = createRig(CONFIG);
    const hops = [{ link: "2001:db8:a::1", hops: 3, peer: "fe80::77" }];
    const answer = createClient(rig, 1, { hops, relay: "2001:db8:f::2" }).solicit(pd(1));
    expect(answer).toMatchObject({ type: "advertise", to: "2001:db8:f::2 port 547 over eth0" });
    expect(answer?.path).toMatchObject([
      { hopCount: 3, linkAddress: ip("2001:db8:a::1"), peerAddress: ip("fe80::77") },
    ]);
    expect(answer?.clientId).toBeDefined();
    expect(answer?.serverId).toBeDefined();
  });

  test("port 547 whatever port the relay sent from; its own port when it asks for that (RFC 8357)", () => {
    const rig = createRig(CONFIG);
    const from = (hop: Hop): Answer | undefined =>
      createClient(rig, 1, { hops: [{ ...LINE1[0], ...hop }], relayPort: 5555 }).solicit(pd(1));
    expect(from({})?.to).toBe("fe80::ee port 547 over eth0");
    const asked = from({ options: [option("relayPort", 0)] });
    expect(asked?.to).toBe("fe80::ee port 5555 over eth0");
    expect(asked && codesOf(asked)).toEqual([[135, 9]]);
  });

  test("Relay Source Port of an inner relay only -> port 547, given back to that relay", () => {
    const rig = createRig(CONFIG);
    const hops = [{ ...LINE1[0], options: [option("relayPort", 0)] }, {}];
    const answer = createClient(rig, 1, { hops, relayPort: 5555 }).solicit(pd(1));
    expect(answer?.to).toBe("fe80::ee port 547 over eth0");
    expect(answer && codesOf(answer)).toEqual([[9], [135, 9]]);
  });

  test("two hops with Interface-Ids -> each back at its level, outermost first", () => {
    const hops = [
      { link: "2001:db8:a::1", options: [interfaceId("inner")] },
      { peer: "2001:db8:f::9", options: [interfaceId("outer")] },
    ];
    const answer = relayed(createRig(CONFIG), 1, hops).solicit(pd(1));
    expect(answer?.path.map(({ hopCount, options }) => [hopCount, options[0]])).toEqual([
      [1, interfaceId("outer")],
      [0, interfaceId("inner")],
    ]);
  });

  test.each([
    ["before", [[18, 9, 37]]],
    ["after", [[9, 18, 37]]],
    ["omit", [[9, 37]]],
  ] as const)("interface-id-order %s, with Echo Request (RFC 4994)", (interfaceIdOrder, expected) => {
    const options = [interfaceId("one"), remoteId("a"), option("echoRequest", [37])];
    const rig = createRig(configure(LINES, { interfaceIdOrder }));
    const answer = relayed(rig, 1, [{ options }]).solicit(pd(1));
    expect(answer && codesOf(answer)).toEqual(expected);
  });

  test("eight hops -> eight levels back; nine too; ten -> dropped", () => {
    const through = (count: number): Answer | undefined => {
      const hops = [...LINE1, ...Array.from({ length: count - 1 }, () => ({}))];
      return relayed(createRig(CONFIG), 1, hops).solicit(pd(1));
    };
    expect([8, 9].map((count) => through(count)?.path.length)).toEqual([8, 9]);
    expect(through(10)).toBeUndefined();
  });

  test("a hop-count of 255 -> answered, copied", () => {
    const answer = relayed(createRig(CONFIG), 1, [{ ...LINE1[0], hops: 255 }]).solicit(pd(1));
    expect(answer?.path[0]?.hopCount).toBe(255);
  });

  test("all that relays say beside -> served, none of it given back unasked", () => {
    const options = [
      remoteId("port"),
      option("subscriberId", id("sub")),
      option("relayId", OTHER_ID),
      option("clientLinkLayerAddress", { hardwareType: 1, address: Uint8Array.of(2, 0, 0, 0, 0, 9) }),
      rawOption(60_000, id("?")),
    ];
    const answer = relayed(createRig(CONFIG), 1, [{ ...LINE1[0], options }]).solicit(pd(1));
    expect(answer && codesOf(answer)).toEqual([[9]]);
  });

  test.each([
    ["multicast", "::"],
    ["unspecified", "::"],
    ["loopback", "::1"],
  ])("a peer-address that is %s -> copied all the same", (_what, peer) => {
    const address = _what === "multicast" ? "ff02::1" : peer;
    const answer = relayed(createRig(CONFIG), 1, [{ ...LINE1[0], peer: address }]).solicit(pd(1));
    expect(answer?.path[0]?.peerAddress).toEqual(ip(address));
  });

  test("what a relay wants echoed does not fit into a datagram -> dropped, nothing bound, the next one served", () => {
    const rig = createRig(CONFIG);
    const big = rawOption(60_001, new Uint8Array(30_000));
    const asking = [big, option("echoRequest", [60_001])];
    const hops = [{ ...LINE1[0], options: asking }, { options: asking }, { options: [big] }];
    const event = relayed(rig, 1, hops).event("request", [pd(1)], {});
    if (event.type !== "datagram") throw new Error("no datagram");
    expect(event.bytes.length).toBeGreaterThan(65_527);
    const three = [{ ...LINE1[0], options: asking }, { options: [option("echoRequest", [60_001]), big] }];
    const answer = relayed(rig, 1, three).request(pd(1));
    expect(answer?.bytes.length).toBeGreaterThan(60_000);
    const dns = rawOption(23, new Uint8Array(16 * 600));
    const wide = configure(LINES.map((line) => ({ ...line, options: [dns] })));
    const other = createRig(wide);
    const silent = relayed(other, 1, three).ask("request", [pd(1)], {
      options: [option("optionRequest", [23])],
    });
    expect(silent).toBeUndefined();
    expect(other.logs()).toContain("SERVER-DROP-ANSWER-TOO-LONG");
    expect(other.records.size).toBe(0);
    expect(prefixIn(relayed(other, 1).request(pd(1)))).toBeDefined();
  });
});

describe("server, relayed: every message", () => {
  test("Request, Renew, Rebind, Release -> as for a direct client, and the lease says where it is", () => {
    const rig = createRig(CONFIG);
    const client = relayed(rig, 1);
    const held = prefixIn(client.request(pd(1))) ?? "";
    expect(prefixIn(client.renew(pd(1, held)))).toBe(held);
    expect(prefixIn(client.rebind(pd(1, held)))).toBe(held);
    const [lease] = rig.table.ofClient(client.duid).map((each) => rig.table.read(each));
    expect(lease).toMatchObject({
      interfaceName: "line1",
      trail: { relay: ip("fe80::ee"), arrival: "eth0" },
    });
    expect(client.release(pd(1, held))).toMatchObject({ type: "reply", status: 0 });
    expect(rig.table.size).toBe(0);
  });

  test("Information-request -> the options of that link", () => {
    const client = relayed(createRig(CONFIG), 1);
    const answer = client.ask("informationRequest", [], { options: [option("optionRequest", [23])] });
    expect(answer?.options).toContainEqual(option("dnsServers", [ip("2001:db8:a::53")]));
  });

  test("Rapid Commit where the link allows it, only there", () => {
    const rig = createRig(CONFIG);
    const types = ["2001:db8:a::1", "2001:db8:b::1"].map((link) =>
      relayed(rig, 1, [{ link }]).ask("solicit", [pd(1)], { options: [option("rapidCommit", null)] }),
    );
    expect(types.map((answer) => [answer?.type, answer?.codes.includes(14)])).toEqual([
      ["advertise", false],
      ["reply", true],
    ]);
  });

  test("by unicast -> served: the rule is about clients", () => {
    expect(relayed(createRig(CONFIG), 1).ask("solicit", [pd(1)], { unicast: true })?.type).toBe("advertise");
  });

  test("no Server Unicast for a client behind relays", () => {
    const config = configure(LINES.map((line) => ({ ...line, unicast: ip("2001:db8::547") })));
    const rig = createRig(config);
    expect(relayed(rig, 1).request(pd(1))?.codes).not.toContain(12);
    expect(createClient(rig, 2).request(pd(1))?.codes).toContain(12);
  });

  test.each<readonly [string, Parameters<TestClient["ask"]>]>([
    ["a Request for another server", ["request", [pd(1)], { serverId: OTHER_ID }]],
    ["a Solicit without Client Identifier", ["solicit", [pd(1)], { clientId: null }]],
    ["a Confirm with a Server Identifier", ["confirm", [], { serverId: OTHER_ID }]],
    ["an Advertise", ["advertise", [pd(1)]]],
    ["a Reply", ["reply", [pd(1)]]],
  ])("%s inside -> dropped", (_what, args) => {
    expect(relayed(createRig(CONFIG), 1).ask(...args)).toBeUndefined();
  });

  test.each<readonly [string, Uint8Array, string]>([
    ["no Relay Message", relayBytes([interfaceId("one")]), "SERVER-DROP-EMPTY-RELAY"],
    ["an empty one", relayBytes([rawOption(9, new Uint8Array(0))]), "SERVER-DROP-EMPTY-RELAY"],
    ["one of three octets", relayBytes([rawOption(9, Uint8Array.of(1, 2, 3))]), "SERVER-DROP-EMPTY-RELAY"],
    ["two of them", relayBytes([message(1), message(2)]), "SERVER-DROP-UNDECODABLE"],
    ["a Relay-reply", relayBytes([inner("relayReply")]), "SERVER-DROP-NOT-FOR-SERVERS"],
    [
      "a message of no known type",
      relayBytes([rawOption(9, Uint8Array.of(99, 0, 0, 1))]),
      "SERVER-DROP-UNKNOWN-TYPE",
    ],
  ])("a Relay-forward with %s -> dropped, and counted for that", (_what, bytes, reason) => {
    const rig = createRig(CONFIG);
    const event = { ...relayed(rig, 1).event("solicit", [pd(1)]), bytes };
    expect(rig.give(event)).toEqual([]);
    expect(rig.logs()).toEqual([reason]);
    expect(Object.entries(rig.state.counters.dropped).filter(([, count]) => count > 0)).toEqual([
      [reason, 1],
    ]);
  });
});

function inner(type: "relayForward" | "relayReply"): Option {
  const header = { form: "relay", type, hopCount: 0, linkAddress: ip("::"), peerAddress: ip("::") } as const;
  return option("relayMessage", { ...header, options: [message(1)] });
}

function message(xid: number): Option {
  return rawOption(9, Uint8Array.of(1, 0, 0, xid));
}

function relayBytes(options: readonly Option[]): Uint8Array {
  const header = { form: "relay", type: "relayForward", hopCount: 0 } as const;
  return encodeMessage({ ...header, linkAddress: ip("2001:db8:a::1"), peerAddress: ip("fe80::1"), options });
}
