import { describe, expect, test } from "vitest";
import { createClient, createRig, na, pd, prefixIn, type TestClient } from "./rig.js";
import { configure, iface, pdClass, range } from "./settings.js";

const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]);
const FREE = "2001:db8:0:700::/56";
const ELSEWHERE = "2001:db8:ff00::/56";
const OTHER_LENGTH = "2001:db8:0:780::/60";
/** Both messages by the name of the client's verb. */
const BOTH = ["renew", "rebind"] as const;

const gone = (prefix: string) => ({ prefix, preferred: 0, valid: 0 });
const whole = (prefix: string) => ({ prefix, preferred: 1000, valid: 2000 });

describe.each(BOTH)("server: %s of a binding that is known", (verb) => {
  const status = verb === "renew" ? 0 : undefined;

  test("-> the same prefix with full lifetimes, T1 and T2, both identifiers, no status at the top", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.wait(900);
    const answer = client[verb](pd(1, held));
    expect(answer).toMatchObject({
      type: "reply",
      codes: [1, 2, 25],
      ias: [{ iaid: 1, t1: 500, t2: 800, status, leases: [whole(held)] }],
    });
    rig.wait(1999);
    expect(rig.table.size).toBe(1);
    rig.wait(1);
    expect(rig.table.size).toBe(0);
  });

  test("without IAPREFIX -> answered all the same", () => {
    const client = createClient(createRig(LAN), 1);
    const held = client.lease();
    expect(client[verb](pd(1))?.ias).toMatchObject([{ status, leases: [whole(held)] }]);
  });

  test("several IAs, one T1 and T2 for all", () => {
    const client = createClient(createRig(LAN), 1);
    const held = [client.lease(1), client.lease(2)];
    const answer = client[verb](pd(1, held[0] ?? ""), pd(2, held[1] ?? ""));
    expect(answer?.ias.map(({ leases, t1 }) => [leases, t1])).toEqual(held.map((one) => [[whole(one)], 500]));
  });

  test("a prefix of the pool that is not in the binding -> lifetimes 0 beside the right one", () => {
    const client = createClient(createRig(LAN), 1);
    const held = client.lease();
    expect(client[verb](pd(1, FREE, held))?.ias).toMatchObject([{ leases: [whole(held), gone(FREE)] }]);
    expect(client[verb](pd(1, FREE))?.ias).toMatchObject([{ leases: [whole(held), gone(FREE)] }]);
  });

  test("a prefix of elsewhere -> lifetimes 0 in a Renew, no word of it in a Rebind", () => {
    const client = createClient(createRig(LAN), 1);
    const held = client.lease();
    const leases = verb === "renew" ? [whole(held), gone(ELSEWHERE)] : [whole(held)];
    expect(client[verb](pd(1, ELSEWHERE, held))?.ias).toMatchObject([{ leases }]);
  });

  test("lifetimes that the client echoes as they run down do not shrink the lease", () => {
    const times = { preferred: range(10, 1000), valid: range(10, 2000) };
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"], times)])]));
    const client = createClient(rig, 1);
    const held = prefixIn(client.request(pd(1, ["::/56", 400, 600]))) ?? "";
    rig.wait(200);
    expect(client[verb](pd(1, [held, 200, 400]))?.ias[0]?.leases).toMatchObject([
      { preferred: 400, valid: 600 },
    ]);
  });

  test("the pool has gone from the configuration -> lifetimes 0 and a replacement beside it", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const changed = rig.restart(configure([iface("eth0", [pdClass(56, ["2001:db8:aa00::/40"])])]));
    changed.hooks();
    const answer = createClient(changed, 1)[verb](pd(1, held));
    const replacement = prefixIn(answer) ?? "";
    expect(replacement).toMatch(/^2001:db8:aa/);
    expect(answer?.ias).toMatchObject([{ t1: 500, leases: [whole(replacement), gone(held)] }]);
    // The one that went rests until it would have ended.
    expect([changed.table.size, changed.records.size]).toEqual([2, 2]);
    expect(changed.logs()).toContain("SERVER-LEASE-WITHDRAWN");
  });

  test("the pool is cut to another length now -> as if it had gone", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const changed = rig.restart(configure([iface("eth0", [pdClass(60, ["2001:db8::/40"])])]));
    const answer = createClient(changed, 1)[verb](pd(1, held));
    expect(prefixIn(answer)).toMatch(/\/60$/);
    expect(answer?.ias[0]?.leases[1]).toEqual(gone(held));
  });

  test("a client at its limit gets the replacement all the same", () => {
    const limited = { clientMaxLease: 1 };
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], limited)]));
    const held = createClient(rig, 1).lease();
    const changed = rig.restart(configure([iface("eth0", [pdClass(56, ["2001:db8:aa00::/40"])], limited)]));
    expect(prefixIn(createClient(changed, 1)[verb](pd(1, held)))).toMatch(/^2001:db8:aa/);
  });

  test("shorter lifetimes are configured now -> these, but the prefix is kept as long as was told before", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const told = rig.table.nextExpiry() - rig.now();
    const times = { preferred: range(30), valid: range(60) };
    const changed = rig.restart(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"], times)])]));
    const answer = createClient(changed, 1)[verb](pd(1, held));
    expect(answer?.ias).toMatchObject([{ t1: 15, t2: 24, leases: [{ preferred: 30, valid: 60 }] }]);
    expect(changed.restart().hooks()).toMatchObject([
      { variables: { PREFIX1PREF: "30", PREFIX1VALID: "60" } },
    ]);
    // The client may never have got the Reply with the shorter ones.
    changed.wait(told / 1000 - 1);
    expect(changed.table.size).toBe(1);
    changed.wait(1);
    expect(changed.table.size).toBe(0);
  });

  test("no pool is left at all -> lifetimes 0", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const changed = rig.restart(configure([iface("eth0", [])]));
    const answer = createClient(changed, 1)[verb](pd(1, held));
    expect(answer?.ias).toMatchObject([{ t1: 0, t2: 0, status: undefined, leases: [gone(held)] }]);
  });

  test("the pool has grown -> the lease goes on", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const changed = rig.restart(configure([iface("eth0", [pdClass(56, ["2001:db8::/32"])])]));
    expect(createClient(changed, 1)[verb](pd(1, held))?.ias).toMatchObject([{ leases: [whole(held)] }]);
  });

  test("one good and one bad IA -> the good one is extended", () => {
    const client = createClient(createRig(LAN), 1);
    const held = client.lease();
    const answer = client[verb](pd(1, held), pd(2, OTHER_LENGTH));
    expect(answer?.ias[0]?.leases).toEqual([whole(held)]);
    expect(answer?.ias[1]).toMatchObject(
      verb === "renew" ? { status: 3, leases: [] } : { status: undefined, leases: [gone(OTHER_LENGTH)] },
    );
  });
});

describe("server: a binding that is not known", () => {
  test("Renew of an IA without leases -> what a Request would get, not NoBinding", () => {
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]));
    const [first, second] = [createClient(rig, 1), createClient(rig, 2)];
    const held = first.lease();
    expect(second.renew(pd(1), na(2))?.ias).toMatchObject([{ status: 6 }, { status: 2 }]);
    first.release(pd(1, held));
    expect(prefixIn(second.renew(pd(1), na(2)))).toBe(held);
  });

  type Expected = "lease" | "any lease" | "NoBinding" | "lifetimes 0" | "silence";
  const rows: readonly (readonly [what: string, named: string[], renew: Expected, rebind: Expected])[] = [
    ["a free prefix of the pool", [FREE], "lease", "lease"],
    ["the same with host bits", ["2001:db8:0:7ff::1/56"], "lease", "lease"],
    ["nothing: it is still wanted", [], "any lease", "silence"],
    ["a prefix of elsewhere", [ELSEWHERE], "NoBinding", "silence"],
    ["another length in the pool", [OTHER_LENGTH], "NoBinding", "lifetimes 0"],
    ["the whole pool", ["2001:db8::/40"], "NoBinding", "lifetimes 0"],
    ["::/0, which says nothing", ["::/0"], "any lease", "silence"],
    ["a length only", ["::/56"], "any lease", "silence"],
    ["a multicast prefix", ["ff0e::/56"], "NoBinding", "lifetimes 0"],
  ];
  test.each(rows)("naming %s: %j -> Renew %s, Rebind %s", (_what, named, renew, rebind) => {
    for (const [verb, expected] of [
      ["renew", renew],
      ["rebind", rebind],
    ] as const) {
      const rig = createRig(LAN);
      const answer = createClient(rig, 1)[verb](pd(1, ...named));
      const ia = answer?.ias[0];
      const alive = ia?.leases.some(({ valid }) => valid > 0) === true;
      const got =
        answer === undefined ? "silence" : ia?.status === 3 ? "NoBinding" : alive ? "lease" : "lifetimes 0";
      expect(`${verb} ${got}`).toBe(`${verb} ${expected.replace("any ", "")}`);
      expect(rig.records.size).toBe(got === "lease" ? 1 : 0);
      if (expected === "lease") expect(prefixIn(answer)).toBe(FREE);
    }
  });

  test.each(BOTH)(
    "%s of a prefix that another client holds -> not confirmed, and the holder keeps it",
    (verb) => {
      const rig = createRig(LAN);
      const holder = createClient(rig, 1);
      const held = holder.lease();
      const answer = createClient(rig, 2)[verb](pd(1, held));
      expect(answer?.ias).toMatchObject([
        verb === "renew" ? { status: 3, leases: [] } : { leases: [gone(held)] },
      ]);
      expect(holder.renew(pd(1, held))?.ias).toMatchObject([{ leases: [whole(held)] }]);
    },
  );

  test.each(BOTH)(
    "%s of an own prefix under another IAID -> not confirmed there, unharmed under its own",
    (verb) => {
      const rig = createRig(LAN);
      const client = createClient(rig, 1);
      const held = client.lease(1);
      const answer = client[verb](pd(77, held));
      expect(answer?.ias).toMatchObject([verb === "renew" ? { status: 3 } : { leases: [gone(held)] }]);
      expect(client.renew(pd(1, held))?.ias).toMatchObject([{ leases: [whole(held)] }]);
      expect(rig.table.size).toBe(1);
    },
  );

  test.each(BOTH)("%s after the lease ran out and went to somebody else -> not confirmed", (verb) => {
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]));
    const old = createClient(rig, 1);
    const held = old.lease();
    rig.wait(2001);
    expect(createClient(rig, 2).lease()).toBe(held);
    expect(old[verb](pd(1, held))?.ias[0]?.leases.filter(({ valid }) => valid > 0)).toEqual([]);
  });

  test.each(BOTH)("%s after the server has lost its leases -> the client keeps its prefix", (verb) => {
    const held = createClient(createRig(LAN), 1).lease();
    const fresh = createRig(LAN);
    createClient(fresh, 2).solicit(pd(1));
    expect(createClient(fresh, 1)[verb](pd(1, held))?.ias).toMatchObject([{ leases: [whole(held)] }]);
  });

  test("two prefixes of one pool named -> one is given back", () => {
    const answer = createClient(createRig(LAN), 1).renew(pd(1, FREE, "2001:db8:0:800::/56"));
    expect(answer?.ias[0]?.leases).toEqual([whole(FREE), gone("2001:db8:0:800::/56")]);
  });

  test("one prefix of each of two pools named -> both are given back", () => {
    const two = configure([iface("eth0", [pdClass(56, ["2001:db8::/48", "2001:db8:1::/48"])])]);
    const named = ["2001:db8:1:100::/56", "2001:db8:0:200::/56"];
    expect(createClient(createRig(two), 1).rebind(pd(1, ...named))?.ias[0]?.leases).toEqual(named.map(whole));
  });

  test("an address is nobody's here: Renew NoBinding, Rebind silence", () => {
    const client = createClient(createRig(LAN), 1);
    expect(client.renew(na(1, "2001:db8::1/128"))?.ias).toMatchObject([{ type: "na", status: 3 }]);
    expect(client.rebind(na(1, "2001:db8::1/128"))).toBeUndefined();
  });

  test("at the client's limit nothing is made again", () => {
    const rig = createRig(
      configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { clientMaxLease: 1 })]),
    );
    const client = createClient(rig, 1);
    client.lease(1);
    expect(client.renew(pd(2, FREE))?.ias).toMatchObject([{ status: 3 }]);
  });

  test("Rebind without any IA -> silence; Renew without any IA -> Reply", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    expect([client.rebind(), client.renew()?.ias]).toEqual([undefined, []]);
    expect(rig.logs()).toContain("SERVER-DROP-NOTHING-TO-SAY");
  });
});

describe("server: a client that moves to another link", () => {
  const TWO = configure([
    iface("eth0", [pdClass(56, ["2001:db8::/40"])]),
    iface("eth1", [pdClass(56, ["2001:db8:1100::/40"])]),
  ]);
  const moved = (): { client: TestClient; old: string; left: TestClient } => {
    const rig = createRig(TWO);
    const left = createClient(rig, 1, { interfaceName: "eth0" });
    return { left, client: createClient(rig, 1, { interfaceName: "eth1" }), old: left.lease() };
  };

  test("Rebind there -> its old prefix with lifetimes 0", () => {
    const { client, old } = moved();
    expect(client.rebind(pd(1, old))?.ias).toMatchObject([{ leases: [gone(old)] }]);
  });

  test("Renew there -> NoBinding; Solicit -> a prefix of the new link; the old binding stands", () => {
    const { client, left, old } = moved();
    expect(client.renew(pd(1, old))?.ias).toMatchObject([{ status: 3 }]);
    expect(client.lease()).toMatch(/^2001:db8:11/);
    expect(prefixIn(left.renew(pd(1, old)))).toBe(old);
  });
});
