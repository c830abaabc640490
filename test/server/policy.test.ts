import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import type { Access, Condition, Rate, ServerInterface } from "../../shared/config/types.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { find, option, type Option } from "../../shared/wire/options.js";
import { decodeExclude } from "../../shared/wire/prefix-exclude.js";
import { formatPrefix } from "../../shared/prefix.js";
import type { Answer } from "./answer.js";
import { createClient, createRig, pd, prefixIn, type Rig } from "./rig.js";
import { behind, configure, EVERYBODY, iface, ip, pdClass, prefix, subnet } from "./settings.js";

const POOL = "2001:db8::/40";
const lan = (settings: Partial<ServerInterface> = {}) =>
  configure([iface("eth0", [pdClass(56, [POOL])], settings)]);
const asking = (...codes: number[]) => ({ options: [option("optionRequest", codes)] });
const status = (answer: Answer | undefined): number | undefined => answer?.ias[0]?.status;

describe("server: who may use a class", () => {
  const is = (field: "client.vendor-class.en" | "client.vendor-class.data", text: string): Condition => ({
    operator: "==",
    left: { field },
    right: { text },
  });
  const cable = is("client.vendor-class.en", "4491");
  const modem = option("vendorClass", { enterprise: 4491, classes: [octetsOf("docsis3.0")] });
  const only = (access: Partial<Access>) =>
    configure([iface("eth0", [pdClass(56, [POOL], { access: { ...EVERYBODY, ...access } })])]);
  const answered = (access: Partial<Access>, options: readonly Option[] = []): boolean =>
    createClient(createRig(only(access)), 1).ask("solicit", [pd(1)], { options }) !== undefined;
  const { duid } = createClient(createRig(lan()), 1);
  const range = (by: "duid" | "address", first: Uint8Array, last = first) => [{ by, first, last }] as const;

  test.each<readonly [string, Partial<Access>, readonly Option[], boolean]>([
    ["allow that fits", { allow: [cable] }, [modem], true],
    ["allow that does not fit", { allow: [cable] }, [], false],
    ["deny that fits, before allow", { allow: [cable], deny: [cable] }, [modem], false],
    ["deny that does not fit", { deny: [cable] }, [], true],
    ["one of two allows", { allow: [is("client.vendor-class.data", "x"), cable] }, [modem], true],
    [
      "both, of and",
      { allow: [{ operator: "and", left: cable, right: is("client.vendor-class.data", "x") }] },
      [modem],
      false,
    ],
    [
      "one, of or",
      { allow: [{ operator: "or", left: is("client.vendor-class.data", "x"), right: cable }] },
      [modem],
      true,
    ],
    [
      "a part of a text",
      {
        allow: [
          {
            operator: "contain",
            left: { of: { field: "client.vendor-class.data" }, from: 0, length: 6 },
            right: { text: "docsis" },
          },
        ],
      },
      [modem],
      true,
    ],
    ["rejected by DUID", { reject: range("duid", duid) }, [], false],
    ["rejected by link-local address", { reject: range("address", ip("fe80::1")) }, [], false],
    ["rejected by a range around", { reject: range("address", ip("fe80::"), ip("fe80::2")) }, [], false],
    ["others rejected", { reject: range("address", ip("fe80::2"), ip("fe80::3")) }, [], true],
    ["accepted by DUID", { acceptOnly: range("duid", duid) }, [], true],
    ["others accepted", { acceptOnly: range("address", ip("fe80::2")) }, [], false],
  ])("%s", (_what, access, options, expected) => {
    expect(answered(access, options)).toBe(expected);
  });

  test("no class is left -> every message dropped, and counted for that; another class -> served from it", () => {
    const rig = createRig(only({ deny: [cable] }));
    for (const type of ["solicit", "request", "informationRequest"] as const) {
      expect(
        createClient(rig, 1).ask(type, type === "informationRequest" ? [] : [pd(1)], { options: [modem] }),
      ).toBeUndefined();
    }
    expect(rig.state.counters.dropped["SERVER-DROP-NO-CLASS"]).toBe(3);
    const access = { ...EVERYBODY, deny: [cable] };
    const two = configure([iface("eth0", [pdClass(56, [POOL], { access }), pdClass(60, ["2001:db9::/40"])])]);
    expect(prefixIn(createClient(createRig(two), 1).ask("solicit", [pd(1)], { options: [modem] }))).toMatch(
      /\/60$/,
    );
  });

  test("a Renew that lacks the option by which the client got in -> extended all the same", () => {
    const rig = createRig(only({ allow: [cable] }));
    const client = createClient(rig, 1);
    const held = prefixIn(client.ask("request", [pd(1)], { options: [modem] })) ?? "";
    expect(prefixIn(client.renew(pd(1, held)))).toBe(held);
    expect(client.release(pd(1, held))?.status).toBe(0);
    expect(client.solicit(pd(1))).toBeUndefined();
  });
});

describe("server: Prefix Exclude (RFC 6603)", () => {
  const exclude = prefix("0:0:0:ff::/64");
  const config = configure([iface("eth0", [pdClass(56, [POOL], { exclude })])]);
  const excludedIn = (answer: Answer | undefined): string | undefined => {
    const ia = find(answer?.options ?? [], "iaPd");
    const lease = find(ia?.options ?? [], "iaPrefix");
    const data = lease && find(lease.options, "pdExclude");
    const part = lease && data && decodeExclude(lease.prefix, data);
    return part && formatPrefix(part);
  };

  test("for a client that asks for it -> the last /64 of its prefix, in every answer", () => {
    const rig = createRig(config);
    const client = createClient(rig, 1);
    const held = prefixIn(client.ask("request", [pd(1)], asking(67))) ?? "";
    const last = `${held.replace(/00::\/56$/, "ff")}::/64`;
    expect(last).toMatch(/ff::\/64$/);
    const answers = (["solicit", "request", "renew", "rebind"] as const).map((type) =>
      excludedIn(client.ask(type, [pd(1, held)], asking(67))),
    );
    expect(answers).toEqual([last, last, last, last]);
  });

  test("for one that does not -> nothing of this class, but of the next one; else NoPrefixAvail, logged", () => {
    const rig = createRig(config);
    expect(status(createClient(rig, 1).request(pd(1)))).toBe(6);
    expect(rig.logs()).toContain("SERVER-NO-EXCLUSION");
    const two = configure([
      iface("eth0", [pdClass(56, [POOL], { exclude }), pdClass(60, ["2001:db9::/40"])]),
    ]);
    expect(prefixIn(createClient(createRig(two), 1).request(pd(1)))).toMatch(/\/60$/);
  });

  test("a Renew that does not ask again -> the prefix is extended, without the option", () => {
    const client = createClient(createRig(config), 1);
    const held = prefixIn(client.ask("request", [pd(1)], asking(67))) ?? "";
    const answer = client.renew(pd(1, held));
    expect([prefixIn(answer), excludedIn(answer)]).toEqual([held, undefined]);
  });

  test.each([
    ["the right part", "ff", 0, undefined],
    ["a part that was never excluded", "7", 1, 3],
  ])("Release that names %s (RFC 6603 6.2)", (_what, id, left, expected) => {
    const rig = createRig(config);
    const client = createClient(rig, 1);
    const held = prefix(prefixIn(client.ask("request", [pd(1)], asking(67))) ?? "");
    const subnetId = Uint8Array.of(Number.parseInt(id, 16));
    const lease = option("iaPrefix", {
      prefix: held,
      preferred: seconds(0),
      valid: seconds(0),
      options: [option("pdExclude", { length: 64, subnetId })],
    });
    const ia = option("iaPd", { iaid: 1 as never, t1: seconds(0), t2: seconds(0), options: [lease] });
    const answer = client.ask("release", [], { options: [ia] });
    expect([rig.table.size, status(answer)]).toEqual([left, expected]);
  });
});

describe("server: limits for new leases", () => {
  const rate = (leases: number): Rate => ({ leases, per: seconds(3600) });
  const limited = (limits: Partial<ServerInterface["limits"]>) => {
    const all = { source: undefined, relay: undefined, remoteId: undefined, ...limits };
    const block = iface("line1", [pdClass(56, [POOL])], {
      limits: all,
      subnets: [subnet("2001:db8:a::/48")],
    });
    return configure([
      iface("eth0", [pdClass(56, ["2001:db9::/40"])], { limits: all }),
      behind("eth0", block),
    ]);
  };
  const from = ip("fe80::99");
  /** Requests of `count` new clients from one place: their statuses. */
  const ask = (rig: Rig, first: number, count: number, where: Parameters<typeof createClient>[2]) =>
    Array.from({ length: count }, (_, i) => status(createClient(rig, first + i, where).request(pd(1))));

  /** The same with Solicits. */
  const offer = (rig: Rig, first: number, count: number, where: Parameters<typeof ask>[3] = { from }) =>
    Array.from({ length: count }, (_, i) => status(createClient(rig, first + i, where).solicit(pd(1))));

  test("per source: made-up DUIDs of one address get so many, others are served; more with time", () => {
    const rig = createRig(limited({ source: rate(3) }));
    expect(ask(rig, 1, 5, { from })).toEqual([0, 0, 0, 6, 6]);
    expect(rig.logs()).toContain("SERVER-LEASE-RATE");
    expect(ask(rig, 50, 1, {})).toEqual([0]);
    rig.wait(1200);
    expect(ask(rig, 60, 2, { from })).toEqual([0, 6]);
  });

  test("what is leased is extended and released whatever the limit says", () => {
    const rig = createRig(limited({ source: rate(1) }));
    const client = createClient(rig, 1, { from });
    const held = client.lease();
    expect(ask(rig, 2, 1, { from })).toEqual([6]);
    expect(prefixIn(client.renew(pd(1, held)))).toBe(held);
    expect(prefixIn(client.request(pd(1)))).toBe(held);
    expect(client.release(pd(1, held))?.status).toBe(0);
  });

  test("a Solicit costs no lease, but says NoPrefixAvail once the limit is reached", () => {
    const rig = createRig(limited({ source: rate(2) }));
    expect(offer(rig, 1, 2)).toEqual([0, 0]);
    expect(ask(rig, 1, 3, { from })).toEqual([0, 0, 6]);
    expect(offer(rig, 9, 1)).toEqual([6]);
  });

  test("made-up DUIDs are offered as many prefixes as they could lease, however often they ask", () => {
    const rig = createRig(limited({ source: rate(2) }));
    expect(offer(rig, 1, 5)).toEqual([0, 0, 6, 6, 6]);
    for (let i = 0; i < 3; i++) expect(offer(rig, 1, 5)).toEqual([0, 0, 6, 6, 6]);
    expect(rig.table.size).toBe(2);
    rig.wait(61);
    expect(offer(rig, 11, 3)).toEqual([0, 0, 6]);
    expect(offer(rig, 21, 1, {})).toEqual([0]);
  });

  test("all direct clients of a link have the limit of one relay, whatever addresses they make up", () => {
    const rig = createRig(limited({ relay: rate(3) }));
    expect(ask(rig, 1, 5, {})).toEqual([0, 0, 0, 6, 6]);
    expect(ask(rig, 9, 1, { hops: [{ link: "2001:db8:a::1" }] })).toEqual([0]);
  });

  test("of several prefixes out of the pools of a class each one counts", () => {
    const pools = ["2001:db9::/40", "2001:dba::/40", "2001:dbb::/40"];
    const limits = { source: rate(2), relay: undefined, remoteId: undefined };
    const rig = createRig(configure([iface("eth0", [pdClass(56, pools)], { limits })]));
    expect(createClient(rig, 1, { from }).request(pd(1))?.ias[0]?.leases).toHaveLength(2);
    expect(ask(rig, 2, 1, { from })).toEqual([6]);
  });

  test.each(["Request", "Solicit, Request", "Rebind"])(
    "what rests for its client is had again by %s without counting, by nobody else",
    (way) => {
      const limits = { source: rate(1), relay: undefined, remoteId: undefined };
      const block = iface("eth0", [pdClass(56, [POOL])], { limits, quarantine: seconds(600) });
      const rig = createRig(configure([block]));
      const client = createClient(rig, 1, { from });
      const held = client.lease();
      for (let i = 0; i < 5; i++) {
        expect(client.release(pd(1, held))?.status).toBe(0);
        if (way.startsWith("Solicit")) expect(prefixIn(client.solicit(pd(1)))).toBe(held);
        const answer = way === "Rebind" ? client.rebind(pd(1, held)) : client.request(pd(1));
        expect(prefixIn(answer)).toBe(held);
      }
      expect(ask(rig, 2, 1, { from })).toEqual([6]);
      expect(status(client.request(pd(2)))).toBe(6);
    },
  );

  test("several IA_PDs in one message count for themselves", () => {
    const rig = createRig(limited({ source: rate(2) }));
    const answer = createClient(rig, 1, { from }).request(pd(1), pd(2), pd(3));
    expect(answer?.ias.map((ia) => ia.status)).toEqual([0, 0, 6]);
  });

  test("bindings that a Rebind makes again count as well", () => {
    const rig = createRig(limited({ source: rate(1) }));
    const claims = [1, 2].map((n) => createClient(rig, n, { from }).rebind(pd(1, `2001:db9:0:${n}00::/56`)));
    expect(claims.map((answer) => answer?.ias.length)).toEqual([1, undefined]);
  });

  test("behind relays the source is the link-layer address that they tell (RFC 6939)", () => {
    const rig = createRig(limited({ source: rate(1) }));
    const hop = (mac: number) => ({
      link: "2001:db8:a::1",
      options: [
        option("clientLinkLayerAddress", { hardwareType: 1, address: Uint8Array.of(2, 0, 0, 0, 0, mac) }),
      ],
    });
    expect(ask(rig, 1, 2, { hops: [hop(1)] })).toEqual([0, 6]);
    expect(ask(rig, 5, 1, { hops: [hop(2)] })).toEqual([0]);
  });

  test("per relay, and per Remote-ID", () => {
    const hop = (line: string) => ({
      link: "2001:db8:a::1",
      options: [option("remoteId", { enterprise: 9, id: octetsOf(line) })],
    });
    const byRelay = createRig(limited({ relay: rate(2) }));
    expect(ask(byRelay, 1, 3, { hops: [hop("a")], relay: "fe80::a" })).toEqual([0, 0, 6]);
    expect(ask(byRelay, 9, 1, { hops: [hop("a")], relay: "fe80::b" })).toEqual([0]);
    const byLine = createRig(limited({ remoteId: rate(2) }));
    expect(ask(byLine, 1, 3, { hops: [hop("a")] })).toEqual([0, 0, 6]);
    expect(ask(byLine, 9, 1, { hops: [hop("b")] })).toEqual([0]);
    expect(ask(byLine, 20, 4, { hops: [{ link: "2001:db8:a::1" }] })).toEqual([0, 0, 0, 0]);
  });

  test("no limit configured -> none", () => {
    expect(new Set(ask(createRig(limited({})), 1, 200, { from }))).toEqual(new Set([0]));
  });
});

describe("server: what has been leased before", () => {
  const ONE = "2001:db8::/56";
  const one = (quarantine: number) =>
    configure([iface("eth0", [pdClass(56, [ONE])], { quarantine: seconds(quarantine) })]);

  test("quarantine: released -> for its client at once, for others after that time, over a restart too", () => {
    const rig = createRig(one(600));
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.release(pd(1, a.lease()));
    expect(status(b.request(pd(1)))).toBe(6);
    const after = rig.restart(one(600), 300);
    expect(status(createClient(after, 2).request(pd(1)))).toBe(6);
    expect(prefixIn(createClient(after, 1).solicit(pd(1)))).toBe(ONE);
    after.wait(301);
    expect(createClient(after, 2).lease()).toBe(ONE);
  });

  test("quarantine: expired -> the same; the script hears of the end once, when it is", () => {
    const rig = createRig(one(600));
    createClient(rig, 1).lease();
    rig.hooks();
    rig.wait(2001);
    expect(rig.hooks()).toMatchObject([{ action: "delete", variables: { REASON: "expire" } }]);
    expect(status(createClient(rig, 2).request(pd(1)))).toBe(6);
    rig.wait(601);
    expect([rig.hooks(), rig.table.size, rig.records.size]).toEqual([[], 0, 0]);
    expect(createClient(rig, 2).lease()).toBe(ONE);
  });

  test("quarantine does not count against the client's limit", () => {
    const config = configure([
      iface("eth0", [pdClass(56, [POOL])], { quarantine: seconds(600), clientMaxLease: 1 }),
    ]);
    const client = createClient(createRig(config), 1);
    client.release(pd(1, client.lease(1)));
    expect(status(client.request(pd(2)))).toBe(0);
  });

  test("none configured -> free at once", () => {
    const rig = createRig(one(0));
    const a = createClient(rig, 1);
    a.release(pd(1, a.lease()));
    expect(createClient(rig, 2).lease()).toBe(ONE);
  });
});

describe("server: what clients can have written to the log", () => {
  test("the same refusal over and over -> 20 lines a minute, then how many there were besides", () => {
    const rig = createRig(configure(lan().interfaces.map((it) => ({ ...it, clientMaxLease: 0 }))));
    const client = createClient(rig, 1);
    const lines = (): number => rig.logs().filter((id) => id === "SERVER-CLIENT-LIMIT").length;
    for (let i = 0; i < 500; i++) client.request(pd(1));
    expect(lines()).toBe(20);
    rig.wait(61);
    client.request(pd(1));
    expect(rig.logs()).toEqual(expect.arrayContaining(["SERVER-LINES-LEFT-OUT", "SERVER-CLIENT-LIMIT"]));
  });
});

describe("server: ways to speak that are not answered", () => {
  test("stateless: only Information-request", () => {
    const rig = createRig(configure(lan().interfaces, { stateless: true }));
    const client = createClient(rig, 1);
    for (const type of ["solicit", "request", "renew", "rebind", "release", "decline", "confirm"] as const) {
      expect(client.ask(type, [pd(1)])).toBeUndefined();
    }
    expect(rig.state.counters.dropped["SERVER-DROP-STATELESS"]).toBe(7);
    expect(client.ask("informationRequest", [])?.type).toBe("reply");
  });

  test.each([
    ["request", 5],
    ["renew", 5],
    ["release", 5],
    ["decline", 5],
    ["solicit", undefined],
    ["rebind", undefined],
    ["confirm", undefined],
  ] as const)("drop-unicast: %s by unicast -> UseMulticast %s, nothing changed", (type, expected) => {
    const rig = createRig(configure(lan().interfaces, { dropUnicast: true }));
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.logs();
    const answer = client.ask(type, [pd(1, held)], { unicast: true });
    expect(answer && [answer.type, answer.codes, answer.status]).toEqual(
      expected === undefined ? undefined : ["reply", [1, 2, 13], expected],
    );
    expect(rig.logs()).toEqual([expected === undefined ? "SERVER-DROP-UNICAST" : "SERVER-USE-MULTICAST"]);
    expect(rig.table.size).toBe(1);
  });

  test("drop-unicast: for another server, or without identifiers -> silence", () => {
    const client = createClient(createRig(configure(lan().interfaces, { dropUnicast: true })), 1);
    expect(client.ask("renew", [pd(1)], { unicast: true, serverId: client.duid })).toBeUndefined();
    expect(client.ask("renew", [pd(1)], { unicast: true, clientId: null })).toBeUndefined();
  });
});
