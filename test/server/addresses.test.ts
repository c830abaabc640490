import { describe, expect, test } from "vitest";
import { iaid } from "../../shared/brand.js";
import { formatPrefix, inRange } from "../../shared/prefix.js";
import { createClient, createRig, na, pd, prefixIn, ta, type Rig } from "./rig.js";
import { addressClass, configure, iface, pdClass, prefix, range6, subnet } from "./settings.js";

const RANGE = "2001:db8:1::100-2001:db8:1::1ff";
const NA = addressClass([RANGE]);
const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8:8000::/40"])], { addressClasses: [NA] })]);
const three = configure([
  iface("eth0", [pdClass(56, ["2001:db8:8000::/40"])], {
    addressClasses: [addressClass(["2001:db8:1::1-2001:db8:1::3"])],
  }),
]);
const isIn = (range: string, text: string | undefined): boolean =>
  text !== undefined && inRange(range6(range), prefix(text).address);

/** The address that the n-th client leases. */
const lease = (rig: Rig, n: number, id = 1): string | undefined =>
  prefixIn(createClient(rig, n).request(na(id)));

describe("server: IA_NA", () => {
  test("beside IA_PD with the same IAID -> both, one T1 and T2, two bindings", () => {
    const rig = createRig(LAN);
    const answer = createClient(rig, 1).request(na(7), pd(7));
    expect(answer?.ias).toMatchObject([
      { type: "na", iaid: 7, status: 0, t1: 500, t2: 800 },
      { type: "pd", iaid: 7, status: 0, t1: 500, t2: 800 },
    ]);
    expect(isIn(RANGE, prefixIn(answer))).toBe(true);
    expect(rig.records.size).toBe(2);
    expect(rig.hooks()).toMatchObject([
      { action: "add", variables: { ADDR1VALID: "2000", PREFIX1LEN: "56" } },
    ]);
  });

  test("on a link without addresses -> NoAddrsAvail inside the IA, the prefix all the same", () => {
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]));
    for (const type of ["solicit", "request"] as const) {
      const answer = createClient(rig, 1).ask(type, [na(1), pd(1)]);
      expect(answer?.status).toBeUndefined();
      expect(answer?.ias).toMatchObject([
        { type: "na", status: 2, leases: [] },
        { type: "pd", status: 0 },
      ]);
    }
  });

  test("every address of the pool is leased, none twice; then NoAddrsAvail, logged; one comes free again", () => {
    const rig = createRig(three);
    const given = [1, 2, 3].map((n) => lease(rig, n));
    expect(given.toSorted()).toEqual([1, 2, 3].map((n) => `2001:db8:1::${n}/128`));
    expect(createClient(rig, 4).request(na(1), pd(1))?.ias).toMatchObject([{ status: 2 }, { status: 0 }]);
    expect(rig.logs()).toContain("SERVER-NO-ADDRESS");
    createClient(rig, 2).release(na(1, given[1] ?? ""));
    expect(lease(rig, 4)).toBe(given[1]);
  });

  test("all ranges of a class are used, a hint in any of them is heeded", () => {
    const two = configure([
      iface("eth0", [], { addressClasses: [addressClass(["2001:db8:1::1", "2001:db8:1::8-2001:db8:1::9"])] }),
    ]);
    const rig = createRig(two);
    expect(prefixIn(createClient(rig, 1).request(na(1, "2001:db8:1::9/128")))).toBe("2001:db8:1::9/128");
    const given = [2, 3].map((n) => lease(rig, n));
    expect(given.toSorted()).toEqual(["2001:db8:1::1/128", "2001:db8:1::8/128"]);
  });

  test("Solicit, Request, Renew, Rebind, restart -> the same address", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const offered = prefixIn(client.solicit(na(1))) ?? "";
    expect(prefixIn(client.request(na(1, offered)))).toBe(offered);
    expect(prefixIn(client.renew(na(1, offered)))).toBe(offered);
    expect(prefixIn(client.rebind(na(1, offered)))).toBe(offered);
    expect(prefixIn(createClient(rig.restart(), 1).renew(na(1, offered)))).toBe(offered);
  });

  test("Request for an address of another link -> NotOnLink inside the IA (RFC 8415 18.3.2)", () => {
    const other = iface("eth1", [], { addressClasses: [addressClass(["2001:db8:2::1-2001:db8:2::9"])] });
    const rig = createRig(configure([...LAN.interfaces, other]));
    const answer = createClient(rig, 1).request(na(1, "2001:db8:2::5/128"), pd(1));
    expect(answer?.ias).toMatchObject([{ status: 4, leases: [] }, { status: 0 }]);
  });

  test("two classes of unlike share -> clients are spread by it, each to the same class every time", () => {
    const classes = [
      addressClass(["2001:db8:a::-2001:db8:a::ffff"], { share: 900 }),
      addressClass(["2001:db8:b::-2001:db8:b::ffff"], { share: 100 }),
    ];
    const rig = createRig(configure([iface("eth0", [], { addressClasses: classes })]));
    const given = Array.from({ length: 400 }, (_, n) => prefixIn(createClient(rig, n).solicit(na(1))) ?? "");
    const first = given.filter((text) => text.startsWith("2001:db8:a:")).length;
    expect(first).toBeGreaterThan(320);
    expect(first).toBeLessThan(395);
    expect(Array.from({ length: 50 }, (_, n) => prefixIn(createClient(rig, n).solicit(na(1))))).toEqual(
      given.slice(0, 50),
    );
  });

  test("a class that names the client goes before the others", () => {
    const rig = createRig(LAN);
    const { duid } = createClient(rig, 1);
    const acceptOnly = [{ by: "duid", first: duid, last: duid }] as const;
    const named = addressClass(["2001:db8:c::1"], {
      access: { allow: [], deny: [], reject: [], acceptOnly },
    });
    const config = configure([iface("eth0", [], { addressClasses: [NA, named] })]);
    expect([1, 2].map((n) => lease(createRig(config), n)?.startsWith("2001:db8:c:"))).toEqual([true, false]);
  });
});

describe("server: Decline (RFC 8415 18.3.8)", () => {
  test("of an address -> Success, no IA; nobody gets it for two hours, over a restart too", () => {
    const rig = createRig(three);
    const held = lease(rig, 1) ?? "";
    rig.logs();
    expect(createClient(rig, 1).ask("decline", [na(1, held)])).toMatchObject({ status: 0, ias: [] });
    expect(rig.logs()).toContain("SERVER-ADDRESS-DECLINED");
    const given = [1, 2].map((n) => lease(rig, n));
    expect(given).not.toContain(held);
    const after = rig.restart();
    expect(createClient(after, 3).request(na(1))?.ias).toMatchObject([{ status: 2 }]);
    after.wait(7201);
    expect([3, 4, 5].map((n) => lease(after, n))).toContain(held);
  });

  test("its route script hears of the end", () => {
    const rig = createRig(LAN);
    const held = lease(rig, 1) ?? "";
    rig.hooks();
    createClient(rig, 1).ask("decline", [na(1, held)]);
    expect(rig.hooks()).toMatchObject([{ action: "delete", variables: { REASON: "declined" } }]);
  });

  test("of what is not the client's, or by an unknown IA -> NoBinding, nothing set aside", () => {
    const rig = createRig(three);
    const held = lease(rig, 1) ?? "";
    expect(createClient(rig, 2).ask("decline", [na(1, held)])?.ias).toMatchObject([{ iaid: 1, status: 3 }]);
    expect(prefixIn(createClient(rig, 1).renew(na(1, held)))).toBe(held);
  });

  test("again and again -> the client reaches its limit and cannot use up the pool", () => {
    const config = configure(LAN.interfaces.map((it) => ({ ...it, clientMaxLease: 4 })));
    const rig = createRig(config);
    const client = createClient(rig, 1);
    for (let i = 0; i < 10; i++) client.ask("decline", [na(1, lease(rig, 1) ?? "::1/128")]);
    expect(client.request(na(1))?.ias).toMatchObject([{ status: 2 }]);
    expect(rig.table.size).toBe(4);
    expect(lease(rig, 2)).toBeDefined();
  });

  test("carrying an IA_PD -> the delegation is unharmed", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    expect(client.ask("decline", [pd(1, held), na(9)])?.ias).toMatchObject([{ type: "na", status: 3 }]);
    expect(prefixIn(client.renew(pd(1, held)))).toBe(held);
  });
});

describe("server: Confirm with addresses (RFC 8415 18.3.3)", () => {
  const lined = configure([
    iface("eth0", [], { addressClasses: [NA], subnets: [subnet("2001:db8:1::/64")] }),
    iface("eth1", [], { addressClasses: [addressClass(["2001:db8:2::1-2001:db8:2::9"])] }),
  ]);
  test.each([
    ["of the subnet, though of no pool -> Success", "eth0", ["2001:db8:1::1"], 0],
    ["of another subnet -> NotOnLink", "eth0", ["2001:db8:9::1"], 4],
    ["one on the link and one off it -> NotOnLink", "eth0", ["2001:db8:1::1", "2001:db8:9::1"], 4],
    ["without subnets: of the pool -> Success", "eth1", ["2001:db8:2::5"], 0],
    ["without subnets: of another link -> NotOnLink", "eth1", ["2001:db8:1::5"], 4],
    ["without subnets: of nowhere known -> silence", "eth1", ["2001:db8:9::1"], undefined],
    ["link-local -> NotOnLink", "eth1", ["fe80::1"], 4],
  ] as const)("%s", (_what, interfaceName, addresses, expected) => {
    const client = createClient(createRig(lined), 1, { interfaceName });
    const answer = client.ask("confirm", [na(1, ...addresses.map((text) => `${text}/128`))]);
    expect([answer?.status, answer?.ias]).toEqual([expected, expected === undefined ? undefined : []]);
  });

  test("with a delegated prefix beside -> judged by the address", () => {
    const client = createClient(createRig(lined), 1);
    const answer = client.ask("confirm", [na(1, "2001:db8:1::7/128"), pd(1, "2001:db8:9::/56")]);
    expect(answer).toMatchObject({ status: 0, ias: [] });
  });
});

describe("server: IA_TA", () => {
  const config = configure([
    iface("eth0", [pdClass(56, ["2001:db8:8000::/40"])], {
      temporaryClasses: [addressClass(["2001:db8:3::-2001:db8:3::ffff"])],
    }),
  ]);

  test("without a ta-class -> not answered at all, as if it were not there (RFC 9915)", () => {
    expect(createClient(createRig(LAN), 1).solicit(ta(1), pd(1))?.ias).toMatchObject([
      { type: "pd", status: 0 },
    ]);
  });

  test("with one -> an address, another one for each IA and after each end, nothing to be foretold", () => {
    const rig = createRig(config);
    const client = createClient(rig, 1);
    const answer = client.request(ta(1), ta(2), pd(1));
    expect(answer?.ias.map(({ type, status }) => [type, status])).toEqual([
      ["ta", 0],
      ["ta", 0],
      ["pd", 0],
    ]);
    const [one, two] = [prefixIn(answer, 0), prefixIn(answer, 1)];
    expect(one).not.toBe(two);
    expect(isIn("2001:db8:3::-2001:db8:3::ffff", one)).toBe(true);
    expect(prefixIn(client.renew(ta(1, one ?? "")))).toBe(one);
    client.release(ta(1, one ?? ""));
    expect(prefixIn(client.request(ta(1)))).not.toBe(one);
    client.release(
      ta(1, ...rig.table.find(client.duid, "ta", iaid(1)).map((id) => formatPrefix(rig.table.prefixOf(id)))),
    );
    expect(rig.table.find(client.duid, "ta", iaid(1))).toEqual([]);
  });

  test("of another client -> stays its own", () => {
    const rig = createRig(config);
    const held = prefixIn(createClient(rig, 1).request(ta(1))) ?? "";
    expect(createClient(rig, 2).renew(ta(1, held))?.ias).toMatchObject([{ status: 3 }]);
  });
});

describe("server: hook calls for addresses", () => {
  test("an address alone -> add with ADDR1, no PREFIX1; nothing of it at a start of the server", () => {
    const rig = createRig(LAN);
    const held = lease(rig, 1) ?? "";
    const [call] = rig.hooks();
    expect(call?.variables).toMatchObject({
      ADDR1: held.replace("/128", ""),
      ADDR1PREF: "1000",
      ADDR1VALID: "2000",
    });
    expect(Object.keys(call?.variables ?? {}).some((name) => name.startsWith("PREFIX"))).toBe(false);
    const after = rig.restart();
    after.wait(1);
    expect(after.hooks()).toEqual([]);
    after.wait(3000);
    expect(after.hooks()).toMatchObject([{ action: "delete", variables: { REASON: "expire" } }]);
  });

  test("an address that comes to a prefix -> update: the route is there already", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.hooks();
    client.request(pd(1, held), na(1));
    expect(rig.hooks()).toMatchObject([
      { action: "update", variables: { PREFIX1: held.replace("/56", ""), ADDR1VALID: "2000" } },
    ]);
  });
});
