import { describe, expect, test } from "vitest";
import { leaseId } from "../../shared/lease/lease.js";
import { overlaps, type Prefix } from "../../shared/prefix.js";
import { createClient, createRig, pd, prefixIn, type Rig } from "./rig.js";
import { configure, iface, pdClass, prefix } from "./settings.js";

const one = (length: number, ...pools: string[]) => configure([iface("eth0", [pdClass(length, pools)])]);
const leasesOf = (rig: Rig, n: number, id = 1): readonly string[] =>
  createClient(rig, n)
    .request(pd(id))
    ?.ias[0]?.leases.map((lease) => lease.prefix) ?? [];

/** Lets new clients ask until one gets nothing. */
function drain(rig: Rig, from = 1): readonly string[] {
  const given: string[] = [];
  for (let n = from; ; n++) {
    const leases = leasesOf(rig, n);
    if (leases.length === 0) return given;
    given.push(...leases);
  }
}

function expectDisjoint(prefixes: readonly Prefix[]): void {
  const pairs = prefixes.flatMap((a, i) => prefixes.slice(i + 1).filter((b) => overlaps(a, b)));
  expect(pairs).toEqual([]);
}

describe("server: every prefix of a pool is delegated, none twice", () => {
  test.each([
    ["2001:db8::/120", 124, 16],
    ["2001:db8::/64", 64, 1],
    ["2001:db8::/62", 64, 4],
    ["2001:db8::/56", 64, 256],
    ["2001:db8::/53", 64, 2048],
    ["2001:db8::/127", 128, 2],
  ])("%s cut to /%i -> %i clients, then NoPrefixAvail", (pool, length, count) => {
    const given = drain(createRig(one(length, pool)));
    expect(new Set(given).size).toBe(count);
    expect(given).toHaveLength(count);
    expect(given.every((text) => text.endsWith(`/${length}`) && overlaps(prefix(text), prefix(pool)))).toBe(
      true,
    );
  });

  test("a freed prefix of a full pool is found again", () => {
    const rig = createRig(one(64, "2001:db8::/56"));
    drain(rig);
    const client = createClient(rig, 17);
    const held = prefixIn(client.renew(pd(1))) ?? "";
    client.release(pd(1, held));
    expect(leasesOf(rig, 5000)).toEqual([held]);
    expect(leasesOf(rig, 5001)).toEqual([]);
  });

  test("after a restart of the full server nothing is free, and nothing is given twice", () => {
    const rig = createRig(one(64, "2001:db8::/58"));
    const given = drain(rig);
    const again = rig.restart();
    expect(leasesOf(again, 1000)).toEqual([]);
    expect(prefixIn(createClient(again, 3).renew(pd(1)))).toBe(given[2]);
  });
});

describe("server: a pool that other leases reach into", () => {
  test("leases of longer prefixes from an earlier configuration are kept clear of", () => {
    const rig = createRig(one(64, "2001:db8::/56"));
    const old = [1, 2, 3].map((n) => createClient(rig, n).lease());
    const now = rig.restart(one(60, "2001:db8::/56"));
    const given = drain(now, 10);
    const blocked = new Set(old.map((text) => text.slice(0, text.indexOf("::") - 1)));
    expect(given).toHaveLength(16 - blocked.size);
    expectDisjoint([...given, ...old].map(prefix));
  });

  test("a piece comes free with the last of the longer leases in it", () => {
    const rig = createRig(one(64, "2001:db8::/63"));
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    const old = [a.lease(), b.lease()];
    const now = rig.restart(one(63, "2001:db8::/63"));
    createClient(now, 1).release(pd(1, old[0] ?? ""));
    expect(leasesOf(now, 9)).toEqual([]);
    createClient(now, 2).release(pd(1, old[1] ?? ""));
    expect(leasesOf(now, 9)).toEqual(["2001:db8::/63"]);
  });

  test("a lease of a shorter prefix blocks every piece in it until it ends", () => {
    const rig = createRig(one(57, "2001:db8::/56"));
    const old = createClient(rig, 1).lease();
    const now = rig.restart(one(64, "2001:db8::/56"), 1000);
    expect(drain(now, 10)).toHaveLength(128);
    // Its client may not get the Reply that withdraws it.
    expect(createClient(now, 1).renew(pd(1, old))?.ias[0]?.leases).toMatchObject([{ prefix: old, valid: 0 }]);
    expect(drain(now, 1000)).toEqual([]);
    now.wait(1001);
    expect(drain(now, 2000)).toHaveLength(128);
  });

  test("a store with overlapping leases, which none of ours makes -> nothing of either is given away", () => {
    const [wide, narrow] = [createRig(one(57, "2001:db8::/57")), createRig(one(64, "2001:db8:0:7::/64"))];
    createClient(wide, 1).lease();
    createClient(narrow, 2).lease();
    const record = [...narrow.records.values()][0] ?? new Uint8Array(0);
    wide.records.set(leaseId(1), record);
    const rig = wide.restart(one(64, "2001:db8::/56"));
    createClient(rig, 1).release(pd(1, "2001:db8::/57"));
    const given = drain(rig, 10);
    expect(given).toHaveLength(255);
    expect(given).not.toContain("2001:db8:0:7::/64");
  });

  test("the same pool on two interfaces and in two lengths -> no overlap", () => {
    const rig = createRig(
      configure([
        iface("eth0", [pdClass(60, ["2001:db8::/56"])]),
        iface("eth1", [pdClass(64, ["2001:db8::/56"])]),
      ]),
    );
    const given: string[] = [];
    for (let n = 1; n <= 60; n++) {
      given.push(
        prefixIn(createClient(rig, n, { interfaceName: n % 3 === 0 ? "eth0" : "eth1" }).request(pd(1))) ?? "",
      );
    }
    expectDisjoint(given.filter((text) => text !== "").map(prefix));
    expect(given.filter((text) => text.endsWith("/60")).length).toBeGreaterThan(0);
  });
});

describe("server: pools too large for a bitmap", () => {
  test.each([
    ["2001:db8::/32", 64],
    ["2001:db8::/32", 96],
    ["2000::/3", 128],
    ["::/0", 128],
  ])("%s cut to /%i: 300 clients get 300 prefixes", (pool, length) => {
    const rig = createRig(one(length, pool));
    const given = Array.from({ length: 300 }, (_, n) => createClient(rig, n).lease());
    expectDisjoint(given.map(prefix));
  });

  test("every bit of a large pool is used", () => {
    const rig = createRig(one(128, "::/0"));
    const octets = createClient(rig, 1).lease().replace("/128", "").split(":");
    expect(octets.filter((group) => group.length > 1).length).toBeGreaterThan(5);
  });

  test("with all hashed places taken the next free one is found", () => {
    const pool = "2001:db8::/32";
    const rig = createRig(one(64, pool));
    // A lease of 2001:db8::/33 and more from an earlier configuration leaves 2001:db8:ffff:ff00::/56 only.
    const blocks = configure([
      iface(
        "eth0",
        Array.from({ length: 24 }, (_, i) => pdClass(33 + i, [block(i)])),
        { clientMaxLease: 100 },
      ),
    ]);
    const before = rig.restart(blocks);
    for (let i = 0; i < 24; i++) createClient(before, 1).lease(i, block(i));
    const now = before.restart(one(64, pool));
    const given = drainSome(now, 256, 10);
    expect(new Set(given).size).toBe(256);
    expect(given.every((text) => overlaps(prefix(text), prefix("2001:db8:ffff:ff00::/56")))).toBe(true);
    expect(leasesOf(now, 9999)).toEqual([]);
  });
});

/** 2001:db8::/33, 2001:db8:8000::/34, ... */
function block(i: number): string {
  const bits = (0xffffffff << (32 - i)) >>> 0;
  const text = i === 0 ? 0 : bits;
  return `2001:db8:${(text >>> 16).toString(16)}:${(text & 0xffff).toString(16)}::/${33 + i}`;
}

const drainSome = (rig: Rig, count: number, from: number): string[] =>
  Array.from({ length: count }, (_, i) => leasesOf(rig, from + i)[0] ?? "");

describe("server: hints", () => {
  const LAN = one(56, "2001:db8::/40");
  test.each([
    ["a free prefix of the pool", ["2001:db8:0:300::/56"], "2001:db8:0:300::/56"],
    ["the same with host bits", ["2001:db8:0:3ab::1/56"], "2001:db8:0:300::/56"],
    ["in another length, which does not count", ["2001:db8:0:380::/60"], "2001:db8:0:300::/56"],
    [
      "the second of two, the first being outside",
      ["2001:db9::/56", "2001:db8:0:300::/56"],
      "2001:db8:0:300::/56",
    ],
    ["beside a wish for a length", ["::/64", "2001:db8:0:300::/56"], "2001:db8:0:300::/56"],
  ])("%s %j -> that one, offered and granted", (_what, hints, expected) => {
    const client = createClient(createRig(LAN), 1);
    expect(prefixIn(client.solicit(pd(1, ...hints)))).toBe(expected);
    expect(prefixIn(client.request(pd(1, ...hints)))).toBe(expected);
  });

  test.each([
    ["outside every pool", "2001:db9::/56"],
    ["::/0", "::/0"],
    ["the delegated length", "::/56"],
    ["a longer length than there is", "::/64"],
    ["a shorter length than there is", "::/48"],
    ["with preferred > valid, which makes it void", ["2001:db8:0:300::/56", 10, 5]],
    ["multicast", "ff0e::/56"],
    ["link-local", "fe80::/56"],
  ] as const)("%s (%s) -> the prefix as without hint", (_what, hint) => {
    const plain = createClient(createRig(LAN), 1).lease();
    expect(prefixIn(createClient(createRig(LAN), 1).request(pd(1, hint)))).toBe(plain);
  });

  test("offered for a hint, then requested without it -> the offered prefix", () => {
    const client = createClient(createRig(LAN), 1);
    client.solicit(pd(1, "2001:db8:0:300::/56"));
    expect(client.lease()).toBe("2001:db8:0:300::/56");
  });

  test("taken -> another prefix, without host bits", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    expect(createClient(rig, 2).lease(1, held)).not.toBe(held);
  });

  test("in a later class -> that class", () => {
    const rig = createRig(
      configure([iface("eth0", [pdClass(56, ["2001:db8::/40"]), pdClass(60, ["2001:db8:ff00::/40"])])]),
    );
    expect(createClient(rig, 1).lease(1, "2001:db8:ff12:3450::/60")).toBe("2001:db8:ff12:3450::/60");
  });

  const LENGTHS = configure([
    iface("eth0", [
      pdClass(104, ["2001:db8:1::/96"]),
      pdClass(88, ["2001:db8:2::/80"]),
      pdClass(96, ["2001:db8:3::/88"]),
    ]),
  ]);
  test.each([
    ["none", undefined, 104],
    ["exact", "::/96", 96],
    ["between two: the next shorter", "::/90", 88],
    ["shorter than all: the nearest longer", "::/64", 88],
    ["longer than all: the longest", "::/120", 104],
    ["of a prefix that cannot be had", "2001:db9::/96", 96],
  ])("pools of several lengths, wish %s (%s) -> /%i", (_what, hint, length) => {
    expect(createClient(createRig(LENGTHS), 1).lease(1, hint)).toMatch(new RegExp(`/${length}$`));
  });
});

describe("server: classes and pools", () => {
  const TWO = one(56, "2001:db8::/48", "2001:db8:1::/48");

  test("several pools of a class: one prefix of each, in Advertise and Reply alike, with like bits if they are free", () => {
    const client = createClient(createRig(TWO), 1);
    const offered = client.solicit(pd(1))?.ias[0]?.leases;
    expect(offered?.map(({ prefix: text }) => text.replace("db8:0:", "db8:"))).toHaveLength(2);
    expect(offered?.[1]?.prefix).toBe(offered?.[0]?.prefix.replace("db8:0:", "db8:1:"));
    expect(client.request(pd(1))?.ias[0]?.leases).toEqual(offered);
    const named = offered?.map(({ prefix: text }) => text) ?? [];
    expect(client.request(pd(1, ...named))?.ias[0]?.leases).toEqual(offered);
    expect(client.renew(pd(1, ...named))?.ias[0]?.leases).toEqual(offered);
  });

  test("several pools: every hint is one for its pool, and pools without hint are filled", () => {
    const hint = "2001:db8:1:700::/56";
    const leases = createClient(createRig(TWO), 1).request(pd(1, hint))?.ias[0]?.leases;
    expect(leases).toHaveLength(2);
    expect(leases?.[1]?.prefix).toBe(hint);
  });

  test("the same pool twice in a class -> one prefix", () => {
    expect(leasesOf(createRig(one(56, "2001:db8::/48", "2001:db8::/48")), 1)).toHaveLength(1);
  });

  test("several classes: in the order of the file, the next one when one is used up", () => {
    const rig = createRig(
      configure([iface("eth0", [pdClass(64, ["2001:db8::/63"]), pdClass(64, ["2001:db8:1::/63"])])]),
    );
    const given = drain(rig);
    expect(given.map((text) => text.startsWith("2001:db8:1:"))).toEqual([false, false, true, true]);
  });

  test("the same client gets the same prefix from an empty server, on any link with the same pool", () => {
    const first = createClient(createRig(TWO), 1).lease();
    expect(createClient(createRig(TWO), 1).lease()).toBe(first);
    expect(createClient(createRig(TWO), 2).lease()).not.toBe(first);
    expect(createClient(createRig(TWO), 1).lease(2)).not.toBe(first);
  });
});

describe("server: a nearly full pool stays quick", () => {
  test("however few are left, a handful of looks into the table finds them or tells that there are none", () => {
    const rig = createRig(one(64, "2001:db8::/52"));
    drain(rig);
    expect(rig.table.size).toBe(4096);
    const looks = countLooks(rig);
    expect(leasesOf(rig, 5000)).toEqual([]);
    expect(looks()).toBe(0);

    const client = createClient(rig, 17);
    const held = prefixIn(client.renew(pd(1))) ?? "";
    client.release(pd(1, held));
    looks();
    expect(leasesOf(rig, 5001)).toEqual([held]);
    expect(looks()).toBeLessThan(12);
  });
});

describe("server: a pool without bits that leases of larger pieces fill", () => {
  test("-> nothing is free, after a bounded search once; what comes free is found at once", () => {
    const large = { interfaceName: "eth1" };
    const rig = createRig(
      configure([
        iface("eth0", [pdClass(72, ["2001:db8::/40"])]),
        iface("eth1", [pdClass(52, ["2001:db8::/40"])]),
      ]),
    );
    const held = Array.from({ length: 4096 }, (_, n) => createClient(rig, n, large).lease());
    const looks = countLooks(rig);
    for (let n = 5000; n < 5005; n++) {
      expect(leasesOf(rig, n)).toEqual([]);
      expect(looks()).toBeLessThan(1100);
    }
    expect(leasesOf(rig, 6000)).toEqual([]);
    expect(looks()).toBe(0);

    const freed = held[1234] ?? "";
    createClient(rig, 1234, large).release(pd(1, freed));
    looks();
    const [given = ""] = leasesOf(rig, 6001);
    expect(overlaps(prefix(given), prefix(freed))).toBe(true);
    expect(looks()).toBeLessThan(20);
    createClient(rig, 6001).release(pd(1, given));
    expect(createClient(rig, 7000, large).lease()).toBe(freed);
    for (let n = 6002; n < 6007; n++) expect(leasesOf(rig, n)).toEqual([]);
    looks();
    expect([leasesOf(rig, 6008), looks()]).toEqual([[], 0]);
  });
});

/** How often the table was asked for the holder of a prefix since the last call. */
function countLooks({ table }: Rig): () => number {
  let looks = 0;
  const holder = table.holder.bind(table);
  Object.assign(table, {
    holder: (wanted: Prefix) => {
      looks += 1;
      return holder(wanted);
    },
  });
  return () => {
    const seen = looks;
    looks = 0;
    return seen;
  };
}
