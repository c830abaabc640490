import { describe, expect, test } from "vitest";
import { type Duid, duid, formatDuid } from "../../shared/duid.js";
import { contains, parsePrefix } from "../../shared/prefix.js";
import { parseDomainName } from "../../shared/wire/domain-name.js";
import { type Option, option, rawOption } from "../../shared/wire/options.js";
import { createClient, createRig, na, pd, prefixIn } from "./rig.js";
import { configure, iface, ip, pdClass, prefix, range, SERVER_ID } from "./settings.js";

const POOL = "2001:db8::/40";
const LAN = configure([iface("eth0", [pdClass(56, [POOL])])]);
const asks = (...codes: number[]): Option => option("optionRequest", codes);
const isFrom = (pool: string, text: string | undefined, length: number): boolean => {
  const given = parsePrefix(text ?? "");
  return given?.length === length && contains(prefix(pool), given.address);
};

describe("server: Solicit -> Advertise", () => {
  test("with both identifiers, the transaction id, and a prefix of the pool for the IAID", () => {
    const client = createClient(createRig(LAN), 1);
    const answer = client.ask("solicit", [pd(77)], { xid: 0xabcdef });
    expect(answer).toMatchObject({
      type: "advertise",
      xid: 0xabcdef,
      clientId: formatDuid(client.duid),
      serverId: formatDuid(SERVER_ID),
      status: undefined,
      ias: [
        { type: "pd", iaid: 77, t1: 500, t2: 800, status: 0, leases: [{ preferred: 1000, valid: 2000 }] },
      ],
    });
    expect(isFrom(POOL, prefixIn(answer), 56)).toBe(true);
  });

  test("is sent to the client's address, port 546, on its interface, whatever port it used", () => {
    const rig = createRig(LAN);
    const actions = rig.watch(createClient(rig, 1).event("solicit", [pd(1)], { port: 40_000 }));
    expect(actions.filter(({ type }) => type === "send")).toMatchObject([
      { interfaceName: "eth0", to: ip("fe80::1"), port: 546 },
    ]);
  });

  test("changes no lease: nothing is committed", () => {
    const rig = createRig(LAN);
    createClient(rig, 1).solicit(pd(1));
    expect(rig.records.size).toBe(0);
  });

  test("order of options: identifiers, Preference, IAs, then what was asked for", () => {
    const name = parseDomainName("example.com");
    if (name === undefined) throw new Error("no name");
    const options = [option("domainList", [name]), option("dnsServers", [ip("2001:db8::53")])];
    const rig = createRig(configure([iface("eth0", [pdClass(56, [POOL])], { preference: 255, options })]));
    const client = createClient(rig, 1);
    const answer = client.ask("solicit", [pd(1), na(2)], { options: [asks(23, 24, 23)] });
    expect(answer?.codes).toEqual([1, 2, 7, 25, 3, 24, 23]);
    expect(client.request(pd(1))?.codes, "a Reply has no Preference").toEqual([1, 2, 25]);
    expect(answer?.options[2]).toEqual(option("preference", 255));
  });

  test("several IAs: each has its own lease, and an IA_NA and IA_PD of one IAID are two", () => {
    const answer = createClient(createRig(LAN), 1).solicit(pd(1), pd(2), na(1));
    expect(answer?.ias.map(({ type, iaid, status }) => [type, iaid, status])).toEqual([
      ["pd", 1, 0],
      ["pd", 2, 0],
      ["na", 1, 2],
    ]);
    expect(prefixIn(answer, 0)).not.toBe(prefixIn(answer, 1));
  });

  test("a second IA with the same IAID is void", () => {
    const answer = createClient(createRig(LAN), 1).solicit(pd(1), pd(1, POOL));
    expect(answer?.ias).toHaveLength(1);
  });

  test.each([
    ["no IA", []],
    ["no IA, but options", [asks(23)]],
  ])("%s -> Advertise all the same", (_what, options) => {
    const dns = option("dnsServers", [ip("2001:db8::53")]);
    const rig = createRig(configure([iface("eth0", [], { options: [dns] })]));
    const answer = createClient(rig, 1).ask("solicit", [], { options });
    expect(answer?.codes).toEqual(options.length > 0 ? [1, 2, 23] : [1, 2]);
  });

  const duids: readonly (readonly [string, Duid])[] = [
    ["LLT", duid(Uint8Array.of(0, 1, 0, 1, 1, 2, 3, 4, 2, 0, 0, 0, 0, 1))],
    ["EN", duid(Uint8Array.of(0, 2, 0, 0, 0x22, 0xb8, 1, 2, 3))],
    ["LL", duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 1))],
    ["UUID", duid(Uint8Array.from({ length: 18 }, (_, i) => (i < 2 ? i * 4 : i)))],
    ["unassigned type", duid(Uint8Array.of(0xab, 0xcd, 1))],
    ["130 octets", duid(new Uint8Array(130).fill(5))],
  ];
  test.each(duids)("DUID %s comes back octet for octet", (_what, clientId) => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const answer = client.ask("solicit", [pd(1)], { clientId });
    expect(answer?.clientId).toBe(formatDuid(clientId));
    client.ask("request", [pd(1)], { clientId });
    expect(rig.table.ofClient(clientId)).toHaveLength(1);
  });

  const extras: readonly (readonly [string, Option])[] = [
    ["an unknown option", rawOption(4711, Uint8Array.of(1, 2))],
    ["Elapsed Time 0xffff", option("elapsedTime", 0xffff)],
    ["User Class", option("userClass", [Uint8Array.of(1)])],
    ["Vendor Class", option("vendorClass", { enterprise: 9, classes: [] })],
    [
      "Vendor Options",
      option("vendorOptions", { enterprise: 9, options: [{ code: 1, data: Uint8Array.of(2) }] }),
    ],
    ["IA_TA", rawOption(4, Uint8Array.of(0, 0, 0, 1))],
    ["Reconfigure Accept", option("reconfigureAccept", null)],
    ["a bare IAPREFIX", rawOption(26, new Uint8Array(25))],
  ];
  test.each(extras)("%s -> served as without it, and not echoed", (_what, extra) => {
    const answer = createClient(createRig(LAN), 1).ask("solicit", [pd(1)], { options: [extra] });
    expect(answer?.codes).toEqual([1, 2, 25]);
    expect(answer?.ias[0]?.leases).toHaveLength(1);
  });

  test("the client's T1, T2 and endless lifetimes are not taken over", () => {
    const wish = { ...pd(1, ["::/56", 0xffffffff, 0xffffffff]), t1: 0xffffffff, t2: 0xffffffff };
    expect(createClient(createRig(LAN), 1).solicit(wish)?.ias[0]).toMatchObject({
      t1: 500,
      t2: 800,
      leases: [{ preferred: 1000, valid: 2000 }],
    });
  });

  test("lifetimes asked for are granted within the configured bounds", () => {
    const times = { preferred: range(100, 5000), valid: range(200, 9000) };
    const rig = createRig(configure([iface("eth0", [pdClass(56, [POOL], times)])]));
    const client = createClient(rig, 1);
    expect(client.solicit(pd(1, ["::/56", 400, 600]))?.ias[0]?.leases).toMatchObject([
      { preferred: 400, valid: 600 },
    ]);
    expect(client.solicit(pd(2))?.ias[0]?.leases).toMatchObject([{ preferred: 5000, valid: 9000 }]);
  });

  test("unicast is configured -> the Reply tells the address, an Advertise does not", () => {
    const unicast = ip("2001:db8:ffff::1");
    const rig = createRig(configure([iface("eth0", [pdClass(56, [POOL])], { unicast })]));
    const client = createClient(rig, 1);
    expect(client.solicit(pd(1))?.codes).toEqual([1, 2, 25]);
    const answer = client.request(pd(1));
    expect(answer?.codes).toEqual([1, 2, 12, 25]);
    expect(answer?.options[2]).toEqual(option("unicast", unicast));
    expect(client.ask("renew", [pd(1)], { unicast: true })?.type).toBe("reply");
  });

  test("no pool on the link -> NoPrefixAvail and NoAddrsAvail, each in its IA, none at the top", () => {
    const answer = createClient(createRig(configure([iface("eth0", [])])), 1).solicit(pd(1), na(1));
    expect(answer).toMatchObject({
      type: "advertise",
      status: undefined,
      ias: [
        { type: "pd", t1: 0, t2: 0, status: 6, leases: [] },
        { type: "na", t1: 0, t2: 0, status: 2, leases: [] },
      ],
    });
  });
});

describe("server: Solicit with Rapid Commit", () => {
  const rapid = option("rapidCommit", null);
  const both = configure([
    iface("eth0", [pdClass(56, ["2001:db8::/56"])], { rapidCommit: true }),
    iface("eth1", [pdClass(56, ["2001:db8:1::/56"])]),
  ]);

  test("allowed -> Reply with the option; the lease is committed and can be renewed", () => {
    const rig = createRig(both);
    const client = createClient(rig, 1);
    const answer = client.ask("solicit", [pd(1)], { options: [rapid] });
    expect(answer).toMatchObject({ type: "reply", codes: [1, 2, 14, 25] });
    expect(rig.records.size).toBe(1);
    expect(client.renew(pd(1, "2001:db8::/56"))?.ias).toMatchObject([{ status: 0 }]);
  });

  test("not asked for -> Advertise", () => {
    expect(createClient(createRig(both), 1).solicit(pd(1))?.type).toBe("advertise");
  });

  test("not allowed on this link -> Advertise without the option", () => {
    const rig = createRig(both);
    const answer = createClient(rig, 1, { interfaceName: "eth1" }).ask("solicit", [pd(1)], {
      options: [rapid],
    });
    expect(answer).toMatchObject({ type: "advertise", codes: [1, 2, 25] });
    expect(rig.records.size).toBe(0);
  });

  test("pool used up -> Advertise with NoPrefixAvail: another server may have more", () => {
    const rig = createRig(both);
    createClient(rig, 1).lease();
    const answer = createClient(rig, 2).ask("solicit", [pd(1)], { options: [rapid] });
    expect(answer).toMatchObject({ type: "advertise", codes: [1, 2, 25], ias: [{ status: 6 }] });
    expect(rig.records.size).toBe(1);
  });
});

describe("server: offers", () => {
  const ONE = configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]);

  test("an offered prefix is kept from other Solicits for a minute, then it is free", () => {
    const rig = createRig(ONE);
    createClient(rig, 1).solicit(pd(1));
    rig.wait(59);
    expect(createClient(rig, 2).solicit(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    rig.wait(2);
    expect(prefixIn(createClient(rig, 2).solicit(pd(1)))).toBe("2001:db8::/56");
  });

  test("an offered prefix is kept from Requests of others for ten seconds; then who means it gets it", () => {
    const rig = createRig(ONE);
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    a.solicit(pd(1));
    rig.wait(9);
    expect(b.request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    rig.wait(2);
    expect(b.lease()).toBe("2001:db8::/56");
    expect(a.request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
  });

  test("an offer that runs out makes no hook call and no commit", () => {
    const rig = createRig(ONE);
    createClient(rig, 1).solicit(pd(1));
    rig.wait(100);
    expect([rig.hooks(), rig.table.size, rig.state.counters.expired]).toEqual([[], 0, 0]);
  });

  test("Solicit again -> the same offer, and its minute begins anew", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const first = prefixIn(client.solicit(pd(1)));
    rig.wait(50);
    expect(prefixIn(client.solicit(pd(1)))).toBe(first);
    rig.wait(50);
    expect(rig.table.size).toBe(1);
  });

  test("the prefix of the Advertise is the one of the Reply, hinted or not", () => {
    const rig = createRig(LAN);
    for (const n of [1, 2, 3, 4]) {
      const client = createClient(rig, n);
      const offered = prefixIn(client.solicit(pd(1)));
      expect(client.lease(1, n % 2 === 0 ? offered : undefined)).toBe(offered);
    }
  });

  test("Solicit by the holder of a lease -> its prefix again, the lease unharmed", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const leased = client.lease();
    const before = [...rig.records.values()];
    rig.wait(10);
    expect(prefixIn(client.solicit(pd(1, "2001:db8:0:ff00::/56")))).toBe(leased);
    expect([...rig.records.values()]).toEqual(before);
    expect(client.renew(pd(1, leased))?.ias).toMatchObject([{ status: 0 }]);
  });

  test("more offers than fit in memory -> the oldest go, leases stay, and the log says it", () => {
    const rig = createRig(configure([iface("eth0", [pdClass(64, ["2001:db8::/32"])])]));
    const leased = createClient(rig, 0).lease();
    for (let n = 1; n <= 65_537; n++) rig.watch(createClient(rig, n).event("solicit", [pd(1)]));
    expect(rig.table.size).toBe(65_537);
    expect(rig.state.ledger.evicted).toBe(1);
    expect(rig.logs()).toContain("SERVER-OFFER-LIMIT");
    expect(rig.table.ofClient(createClient(rig, 1).duid)).toEqual([]);
    expect(createClient(rig, 0).renew(pd(1, leased))?.ias).toMatchObject([{ status: 0 }]);
  });
});
