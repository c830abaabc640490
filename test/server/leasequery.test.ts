import { describe, expect, test } from "vitest";
import { INFINITY, millis, seconds, xid } from "../../shared/brand.js";
import type { Lease } from "../../shared/lease/lease.js";
import { duid, formatDuid } from "../../shared/duid.js";
import { formatIp6 } from "../../shared/prefix.js";
import { DROP } from "../../shared/proto/validity.js";
import { STATUS } from "../../shared/wire/codes.js";
import { parseDomainName } from "../../shared/wire/domain-name.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  decodeMessage,
  encodeMessage,
} from "../../shared/wire/message.js";
import { codeOf, find, option, rawOption } from "../../shared/wire/options.js";
import { answerLeasequery } from "../../server/leasequery.js";
import {
  at,
  byAddress,
  byClient,
  byLine,
  byLink,
  byRelay,
  type Bench,
  clientId,
  createBench,
  leaseOf,
  leasequery,
  lqQuery,
  relayForward,
  REQUESTOR,
  toldIn,
  trailOf,
} from "./leasequery-bench.js";
import { createClient, createRig, pd, type Rig } from "./rig.js";
import { configure, EVERYBODY, FIXED, iface, ip, pdClass, range, SERVER_ID } from "./settings.js";

const allowed = { leasequery: true };
const subnet = (first: string, last: string) => ({ first: ip(first), last: ip(last) });
const dns = option("dnsServers", [ip("2001:db8::53")]);
const domain = (text: string) => {
  const name = parseDomainName(text);
  if (name === undefined) throw new Error(`no name: ${text}`);
  return name;
};
const TWO = configure([
  iface("eth0", [pdClass(56, ["2001:db8::/40"])], {
    ...allowed,
    subnets: [subnet("2001:db8:a000::", "2001:db8:a000::ffff")],
    options: [
      dns,
      option("domainList", [domain("example.org")]),
      option("informationRefreshTime", seconds(900)),
    ],
  }),
  iface("eth1", [pdClass(56, ["2001:db8:100::/40"])], allowed),
]);

/** Asks at eth0; gives the answer after a round trip through octets, or the reason for silence. */
function ask({ state }: Bench, message: ClientServerMessage, time = 0): ClientServerMessage | string {
  const link = state.network.links.get("eth0");
  if (link === undefined) throw new Error("no eth0");
  const answer = answerLeasequery(state, link, message, at(time));
  if (typeof answer === "string") return answer;
  const decoded = decodeMessage(encodeMessage(answer));
  if (!decoded.ok || decoded.message.form !== "message") throw new Error("no message");
  expect(decoded.faults).toEqual([]);
  return decoded.message;
}

function expectReply(answer: ClientServerMessage | string, codes: readonly number[]): ClientServerMessage {
  if (typeof answer === "string") throw new Error(answer);
  expect({ type: answer.type, xid: answer.xid }).toEqual({ type: "leasequeryReply", xid: 0x0a0b23 });
  expect(answer.options.map(codeOf)).toEqual([1, 2, ...codes]);
  expect(find(answer.options, "clientId")).toEqual(REQUESTOR);
  expect(find(answer.options, "serverId")).toEqual(SERVER_ID);
  return answer;
}

const statusOf = (answer: ClientServerMessage | string): number | undefined =>
  find(expectReply(answer, [13]).options, "statusCode")?.status;

function withLeases(...leases: readonly Lease[]): Bench {
  const bench = createBench(TWO);
  for (const lease of leases) bench.table.put(lease);
  return bench;
}

describe("leasequery: by client id", () => {
  test("one client, 100 s after its Request -> its leases with what is left of them, and 100 s", () => {
    const bench = withLeases(
      leaseOf(1, "2001:db8:0:100::/56"),
      leaseOf(1, "2001:db8::1/128"),
      leaseOf(2, "2001:db8:0:200::/56"),
    );
    expect(toldIn(expectReply(ask(bench, byClient(clientId(1)), 100), [45]))).toEqual({
      client: formatDuid(clientId(1)),
      leases: ["2001:db8:0:100::/56 900 1900", "2001:db8::1/128 900 1900"],
      cltTime: 100,
      codes: [1, 26, 5, 46],
    });
  });

  test("lifetimes: preferred over -> 0; endless -> endless; a part of a second -> not counted", () => {
    const bench = withLeases(
      leaseOf(1, "2001:db8:0:100::/56"),
      leaseOf(1, "2001:db8:0:200::/56", { preferred: INFINITY, valid: INFINITY, until: millis(Infinity) }),
    );
    const told = toldIn(expectReply(ask(bench, byClient(clientId(1)), 1200.5), [45]));
    expect(told?.leases).toEqual([
      "2001:db8:0:100::/56 0 799",
      `2001:db8:0:200::/56 ${INFINITY} ${INFINITY}`,
    ]);
    expect(told?.cltTime).toBe(1200);
  });

  test("leases of different age -> the time since the youngest one", () => {
    const bench = withLeases(
      leaseOf(1, "2001:db8:0:100::/56"),
      leaseOf(1, "2001:db8:0:200::/56", { since: at(60) }),
    );
    expect(toldIn(expectReply(ask(bench, byClient(clientId(1)), 100), [45]))?.cltTime).toBe(40);
  });

  test("a clock that was set back while the server was down -> nothing negative, nothing beyond the grant", () => {
    const bench = withLeases(leaseOf(1, "2001:db8:0:100::/56"));
    const told = toldIn(expectReply(ask(bench, byClient(clientId(1)), -86_400), [45]));
    expect(told).toMatchObject({ leases: ["2001:db8:0:100::/56 1000 2000"], cltTime: 0 });
  });

  test.each([
    ["nothing", []],
    ["an offer", [leaseOf(1, "2001:db8:0:100::/56", { state: "offered" })]],
    ["a lease that rests", [leaseOf(1, "2001:db8:0:100::/56", { state: "resting" })]],
    ["a declined address", [leaseOf(1, "2001:db8::1/128", { state: "declined" })]],
    ["a lease that is over", [leaseOf(1, "2001:db8:0:100::/56", { until: at(99) })]],
    ["less than a second", [leaseOf(1, "2001:db8:0:100::/56", { until: millis(at(100) + 999) })]],
  ])("a client with %s -> success and nothing else", (_what, leases) => {
    expectReply(ask(withLeases(...leases), byClient(clientId(1)), 100), []);
  });

  const both = [
    leaseOf(1, "2001:db8:0:100::/56"),
    leaseOf(1, "2001:db8:100::/56", { interfaceName: "eth1" }),
  ] as const;

  test("leases on two links, any link asked for -> the links only, each with an address that leads to it", () => {
    const bench = withLeases(...both);
    const reply = expectReply(ask(bench, byClient(clientId(1))), [48]);
    const links = find(reply.options, "lqClientLink")?.map(formatIp6);
    expect(links).toEqual(["2001:db8:a000::", "2001:db8:100::"]);
    const again = links?.map((link) =>
      toldIn(expectReply(ask(bench, byClient(clientId(1), { link })), [45])),
    );
    expect(again?.map((told) => told?.leases)).toEqual([
      ["2001:db8:0:100::/56 1000 2000"],
      ["2001:db8:100::/56 1000 2000"],
    ]);
  });

  test("leases on two links, behind relays -> the link-address nearest to the client", () => {
    const near = relayForward("2001:db8:a000::1", [], relayForward("::"));
    const far = relayForward("2001:db8:b000::1", [], relayForward("2001:db8:1ff:ffff::1"));
    const bench = withLeases({ ...both[0], trail: trailOf(near) }, { ...both[1], trail: trailOf(far) });
    const reply = expectReply(ask(bench, byClient(clientId(1))), [48]);
    expect(find(reply.options, "lqClientLink")?.map(formatIp6)).toEqual([
      "2001:db8:a000::1",
      "2001:db8:1ff:ffff::1",
    ]);
  });

  test("of more leases than a datagram has room for -> dropped", () => {
    const leases = Array.from({ length: 1001 }, (_, i) => leaseOf(1, `2001:db8:0:${i.toString(16)}::/64`));
    expect(ask(withLeases(...leases), byClient(clientId(1)))).toBe(DROP.answerTooLong);
    expectReply(ask(withLeases(...leases.slice(1)), byClient(clientId(1))), [45]);
  });
});

describe("leasequery: by address", () => {
  const bench = withLeases(
    leaseOf(1, "2001:db8:0:100::/56"),
    leaseOf(1, "2001:db8::1/128"),
    leaseOf(1, "2001:db8:100::/56", { interfaceName: "eth1" }),
    leaseOf(2, "2001:db8:0:200::/56", { state: "offered" }),
  );

  test.each([
    ["the first of a prefix", "2001:db8:0:100::"],
    ["one inside a prefix", "2001:db8:0:1ab::7"],
    ["the last of a prefix", "2001:db8:0:1ff:ffff:ffff:ffff:ffff"],
    ["a leased one", "2001:db8::1"],
  ])("%s -> the holder, with all it has on that link", (_what, address) => {
    const told = toldIn(expectReply(ask(bench, byAddress(address)), [45]));
    expect(told?.leases).toEqual(["2001:db8:0:100::/56 1000 2000", "2001:db8::1/128 1000 2000"]);
  });

  test.each([
    ["beside a prefix", "2001:db8:0:300::1", undefined],
    ["offered", "2001:db8:0:200::1", undefined],
    ["of a subnet", "2001:db8:a000::5", undefined],
    ["held on another link than the one asked about", "2001:db8:100::1", "2001:db8:a000::1"],
  ])("an address %s -> success and nothing else", (_what, address, link) => {
    expectReply(ask(bench, byAddress(address, link === undefined ? {} : { link })), []);
  });

  test("an address of no configured link -> NotConfigured", () => {
    expect(statusOf(ask(bench, byAddress("2001:db9::1")))).toBe(STATUS.notConfigured);
  });

  test("a lease that no configured link has any more -> told all the same", () => {
    const old = withLeases(leaseOf(1, "2001:db9::/56", { interfaceName: "eth9" }));
    expectReply(ask(old, byAddress("2001:db9::1")), [45]);
  });
});

describe("leasequery: the link that is asked about", () => {
  const bench = withLeases(leaseOf(1, "2001:db8:0:100::/56"));
  test.each([
    ["by its subnet", "2001:db8:a000::7", [45]],
    ["by its pool", "2001:db8:ff::", [45]],
    ["another one", "2001:db8:100::1", []],
  ])("%s", (_what, link, codes) => {
    expectReply(ask(bench, byClient(clientId(1), { link })), codes);
  });

  test("by an address class -> found", () => {
    const na = {
      ...FIXED,
      ranges: [subnet("2001:db8:c::10", "2001:db8:c::20")],
      share: 100,
      shownMaxLease: 1,
      access: EVERYBODY,
    };
    const other = createBench(configure([iface("eth0", [], { ...allowed, addressClasses: [na] })]));
    other.table.put(leaseOf(1, "2001:db8:c::11/128"));
    expectReply(ask(other, byClient(clientId(1), { link: "2001:db8:c::1f" })), [45]);
    expect(statusOf(ask(other, byClient(clientId(1), { link: "2001:db8:c::21" })))).toBe(9);
  });

  test("an unknown one -> NotConfigured", () => {
    expect(statusOf(ask(bench, byClient(clientId(1), { link: "2001:db9::" })))).toBe(STATUS.notConfigured);
    expect(statusOf(ask(bench, byAddress("2001:db8:0:100::", { link: "2001:db9::" })))).toBe(9);
  });
});

describe("leasequery: options of the client", () => {
  const relay = relayForward("2001:db8:a000::1", [option("interfaceId", Uint8Array.of(1, 2, 3))]);
  const bench = withLeases(leaseOf(1, "2001:db8:0:100::/56", { trail: trailOf(relay) }));
  const codesFor = (...codes: number[]) =>
    toldIn(expectReply(ask(bench, byClient(clientId(1), { codes })), [45]))?.codes.slice(3);

  test.each([
    ["configured and asked for", [23, 56], [23]],
    ["all that is configured for others than Information-requests", [23, 24, 32], [23, 24]],
    ["secrets and its own parts", [1, 2, 5, 11, 13, 26, 45, 46], []],
    ["none", [], []],
  ])("%s", (_what, codes, told) => {
    expect(codesFor(...codes)).toEqual(told);
  });

  test("relay data, asked for -> the relay's address and its message, octet by octet", () => {
    const reply = expectReply(ask(bench, byClient(clientId(1), { codes: [47] })), [45]);
    const data = find(find(reply.options, "clientData")?.options ?? [], "lqRelayData");
    expect(data?.peerAddress).toEqual(ip("2001:db8:ffff::1"));
    expect(data === undefined ? undefined : encodeMessage(data.message)).toEqual(encodeMessage(relay));
  });

  test("relay data of a client that has none, or whose trail is broken -> left out", () => {
    const broken = { ...trailOf(relay), message: Uint8Array.of(12, 0, 0) };
    for (const trail of [undefined, broken]) {
      const other = withLeases(leaseOf(1, "2001:db8:0:100::/56", { trail }));
      expect(toldIn(expectReply(ask(other, byClient(clientId(1), { codes: [47] })), [45]))?.codes).toEqual([
        1, 26, 46,
      ]);
    }
  });

  test("more of them than leave room for leases -> none of them", () => {
    const huge = [rawOption(65_000, new Uint8Array(20_000)), rawOption(65_001, new Uint8Array(20_000))];
    const other = createBench(configure([iface("eth0", [], { ...allowed, options: huge })]));
    other.table.put(leaseOf(1, "2001:db8:0:100::/56"));
    const told = (codes: readonly number[]) =>
      toldIn(expectReply(ask(other, byClient(clientId(1), { codes })), [45]))?.codes;
    expect([told([65_000]), told([65_000, 65_001])]).toEqual([
      [1, 26, 46, 65_000],
      [1, 26, 46],
    ]);
  });
});

describe("leasequery: what is wrong with a query", () => {
  const bench = withLeases(leaseOf(1, "2001:db8:0:100::/56"));
  const good = [option("clientId", REQUESTOR), lqQuery(2, [option("clientId", clientId(1))])] as const;
  const cut = rawOption(44, new Uint8Array(16));
  const asked = (...options: readonly Parameters<typeof codeOf>[0][]) =>
    ask(bench, leasequery(2, [], { options }));

  test("naming this server, or none -> answered", () => {
    expectReply(asked(...good, option("serverId", SERVER_ID)), [45]);
    expectReply(asked(...good), [45]);
  });

  test.each([
    ["no Client Identifier", [good[1]], DROP.noClientId],
    ["an empty Client Identifier", [rawOption(1, new Uint8Array(0)), good[1]], DROP.badClientId],
    ["another server's identifier", [...good, option("serverId", clientId(7))], DROP.foreignServerId],
    ["no query", [good[0]], DROP.noQuery],
    ["a query cut short", [good[0], cut], DROP.noQuery],
  ])("%s -> dropped", (_what, options, reason) => {
    const message = decodeMessage(encodeMessage(clientServerMessage("leasequery", xid(1), options)));
    if (!message.ok || message.message.form !== "message") throw new Error("no message");
    expect(ask(bench, message.message)).toBe(reason);
  });

  test.each([
    ["type 0", leasequery(0, []), STATUS.unknownQueryType],
    ["type 6", leasequery(6, []), STATUS.unknownQueryType],
    ["by relay id, which is for TCP", byRelay(clientId(9)), STATUS.unknownQueryType],
    ["by relay id without one, which is for TCP all the same", leasequery(3, []), STATUS.unknownQueryType],
    ["by link, which is for TCP", byLink("2001:db8:a000::"), STATUS.unknownQueryType],
    ["by remote id, which is for TCP", byLine(1, Uint8Array.of(1)), STATUS.unknownQueryType],
    ["by address without one", leasequery(1, []), STATUS.malformedQuery],
    ["by client without one", leasequery(2, []), STATUS.malformedQuery],
    ["by a client that is none", byClient(duid(new Uint8Array(131))), STATUS.malformedQuery],
  ])("%s -> its status", (_what, message, status) => {
    expect(statusOf(ask(bench, message))).toBe(status);
  });

  test("on a link where it is not allowed -> NotAllowed and no lease, whatever is asked", () => {
    const closed = createBench(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]));
    closed.table.put(leaseOf(1, "2001:db8:0:100::/56"));
    for (const message of [byClient(clientId(1)), byAddress("2001:db8:0:100::"), leasequery(9, [])]) {
      expect(statusOf(ask(closed, message))).toBe(STATUS.notAllowed);
    }
    expect(ask(closed, leasequery(2, [], { options: [good[0]] }))).toBe(DROP.noQuery);
  });
});

describe("server: a Leasequery datagram", () => {
  const OPEN = configure([
    iface("eth0", [pdClass(56, ["2001:db8::/40"], { preferred: range(1000), valid: range(2000) })], allowed),
  ]);
  const sent = (rig: Rig, message: ClientServerMessage, multicast = true) =>
    rig.watch({
      type: "datagram",
      bytes: encodeMessage(message),
      from: ip("fe80::e1"),
      port: 40_000,
      interfaceName: "eth0",
      interfaceIndex: 2,
      multicast,
    });

  test.each([
    ["multicast", true],
    ["unicast", false],
  ])("by %s -> one answer, to where it came from; nothing changes; counted and logged", (_how, multicast) => {
    const rig = createRig(OPEN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.hooks();
    rig.sleep(30);
    const actions = sent(rig, byClient(client.duid), multicast);
    const sends = actions.flatMap((action) => (action.type === "send" ? [action] : []));
    expect(sends).toMatchObject([{ interfaceName: "eth0", to: ip("fe80::e1"), port: 40_000 }]);
    const decoded = decodeMessage(sends[0]?.bytes ?? new Uint8Array(0));
    if (!decoded.ok || decoded.message.form !== "message") throw new Error("no message");
    expect(toldIn(decoded.message)).toMatchObject({ leases: [`${held} 970 1970`], cltTime: 30 });
    expect(rig.logs()).toContain("SERVER-LEASEQUERY");
    expect(rig.hooks()).toEqual([]);
    expect(rig.state.counters).toMatchObject({ received: { leasequery: 1 }, answered: { leasequery: 1 } });
  });

  test("a renewal -> the time starts anew; a release -> no binding", () => {
    const rig = createRig(OPEN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.sleep(500);
    client.renew(pd(1, held));
    rig.sleep(5);
    const told = () => {
      const [send] = sent(rig, byClient(client.duid)).flatMap((one) => (one.type === "send" ? [one] : []));
      const decoded = decodeMessage(send?.bytes ?? new Uint8Array(0));
      return decoded.ok && decoded.message.form === "message" ? toldIn(decoded.message) : "no answer";
    };
    expect(told()).toMatchObject({ cltTime: 5 });
    client.release(pd(1, held));
    expect(told()).toBeUndefined();
  });

  test("without query -> dropped, counted, logged", () => {
    const rig = createRig(OPEN);
    const message = leasequery(2, [], { options: [option("clientId", REQUESTOR)] });
    expect(sent(rig, message).some(({ type }) => type === "send")).toBe(false);
    expect(rig.logs()).toEqual(["SERVER-DROP-NO-QUERY"]);
    expect(rig.state.counters.dropped["SERVER-DROP-NO-QUERY"]).toBe(1);
  });
});
