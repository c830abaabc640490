import { describe, expect, test } from "vitest";
import { type PdClass } from "../../shared/config/types.js";
import { createClient, type IaSpec, na, pd, prefixIn } from "./rig.js";
import { behind, configure, iface, ip, pdClass, range } from "./settings.js";
import { both, FREE, LAN, type Mode, owner, POOL, rigFor, texts } from "./strict-rig.js";

/** What `compatibility "strict"` changes about bindings, each beside what holds without it. */

const times = (t1: number, t2: number, ia: IaSpec): IaSpec => ({ ...ia, t1, t2 });

describe("strict: times", () => {
  const bounds: Partial<PdClass> = {
    t1: range(1000, 2000),
    t2: range(1500, 3000),
    preferred: range(2000, 3600),
    valid: range(4000, 7200),
  };
  const BOUNDED = iface("eth0", [pdClass(56, [POOL], bounds)]);

  test.each([
    ["no wish", times(0, 0, pd(1)), [1000, 1500, 3600, 7200]],
    ["a wish within the bounds", times(1500, 2500, pd(1, [FREE, 3000, 5000])), [1500, 2500, 3000, 5000]],
    ["a wish beyond the bounds", times(9999, 9999, pd(1, [FREE, 9999, 9999])), [2000, 3000, 3600, 7200]],
    ["lifetimes 0", times(0, 0, pd(1, [FREE, 0, 0])), [1000, 1500, 2000, 4000]],
  ])("%s -> as Dibbler clamps it", (_what, ia, expected) => {
    const answer = createClient(rigFor("strict", BOUNDED), 1).request(ia);
    const [given] = answer?.ias ?? [];
    const [lease] = given?.leases ?? [];
    expect([given?.t1, given?.t2, lease?.preferred, lease?.valid]).toEqual(expected);
  });

  test("Dibbler's defaults -> renewal after 5 s, where T1 is half of the preferred lifetime otherwise", () => {
    const block = iface("eth0", [pdClass(56, [POOL], { t1: range(5, 3600), t2: range(10, 5400) })]);
    const seen = both(block, (rig) => createClient(rig, 1).request(pd(1))?.ias[0]);
    expect(seen).toMatchObject({ strict: { t1: 5, t2: 10 }, fixed: { t1: 500, t2: 800 } });
  });

  test("Renew -> what the lease was given, whatever the client wishes now", () => {
    const rig = rigFor("strict", BOUNDED);
    const client = createClient(rig, 1);
    client.request(times(1500, 2500, pd(1, [FREE, 3000, 5000])));
    const again = client.renew(times(1900, 2900, pd(1, [FREE, 3500, 7000])));
    expect(again?.ias).toMatchObject([
      { t1: 1500, t2: 2500, leases: [{ prefix: FREE, preferred: 3000, valid: 5000 }] },
    ]);
  });

  test("a configuration that makes no sense -> T1 <= T2 <= valid, preferred <= valid all the same", () => {
    const odd = { t1: range(900), t2: range(800), preferred: range(700), valid: range(600) };
    const answer = createClient(rigFor("strict", iface("eth0", [pdClass(56, [POOL], odd)])), 1).request(
      pd(1),
    );
    expect(answer?.ias).toMatchObject([{ t1: 600, t2: 600, leases: [{ preferred: 600, valid: 600 }] }]);
  });
});

describe("strict: bindings that are not known", () => {
  test("Renew -> NoBinding, where the prefix is given back to the client otherwise", () => {
    const seen = both(LAN, (rig) => createClient(rig, 1).renew(pd(1, FREE))?.ias[0]);
    expect(seen).toMatchObject({
      strict: { status: 3, leases: [] },
      fixed: { status: 0, leases: [{ prefix: FREE }] },
    });
  });

  test("Renew of an IA without prefixes -> NoBinding, where it gets one otherwise", () => {
    const seen = both(LAN, (rig) => createClient(rig, 1).renew(pd(1))?.ias[0]?.status);
    expect(seen).toEqual({ strict: 3, fixed: 0 });
  });

  test("Rebind -> the binding is made again as ever: Dibbler's empty IA_PD helps nobody", () => {
    const seen = both(LAN, (rig) => prefixIn(createClient(rig, 1).rebind(pd(1, FREE))));
    expect(seen).toEqual({ strict: FREE, fixed: FREE });
  });

  test("prefixes that a Renew names besides -> not looked at, where they are told to be void otherwise", () => {
    const seen = both(LAN, (rig) => {
      const client = createClient(rig, 1);
      return client.renew(pd(1, client.lease(), FREE))?.ias[0]?.leases.length;
    });
    expect(seen).toEqual({ strict: 1, fixed: 2 });
  });

  test("Release of an unknown client -> silence; of a known one -> NoBinding in the IA", () => {
    const seen = both(LAN, (rig) => createClient(rig, 1).release(pd(1, FREE)) !== undefined);
    expect(seen).toEqual({ strict: false, fixed: true });
    const client = createClient(rigFor("strict"), 1);
    client.lease(1);
    const release = client.release(pd(9, FREE));
    expect([release?.status, release?.ias[0]?.status, texts(release)]).toEqual([
      0,
      3,
      ["No such PD is bound."],
    ]);
  });

  test("Release that names none of an IA's prefixes -> NoBinding, and the lease stays", () => {
    const rig = rigFor("strict");
    const client = createClient(rig, 1);
    client.lease(1);
    expect(texts(client.release(pd(1, FREE)))).toEqual(["Not every address had binding."]);
    expect(rig.table.size).toBe(1);
  });

  test("Decline of an unknown client -> silence", () => {
    const seen = both(LAN, (rig) => createClient(rig, 1).ask("decline", [na(1)]) !== undefined);
    expect(seen).toEqual({ strict: false, fixed: true });
  });
});

describe("strict: leases that no longer fit the configuration", () => {
  const MOVED = iface("eth0", [pdClass(56, ["2001:db8:2000::/40"])]);
  const renewed = (mode: Mode, reconfigure: boolean): string | undefined => {
    const rig = rigFor(mode, LAN, { reconfigure });
    const held = createClient(rig, 1).lease(1, FREE);
    const moved = rig.restart(configure([MOVED], { compatibility: mode, reconfigure }));
    return prefixIn(createClient(moved, 1).renew(pd(1, held)));
  };

  test.each([
    ["strict", false, FREE],
    ["strict", true, undefined],
    ["fixed", false, undefined],
  ] as const)("%s, reconfigure-enabled %s", (mode, reconfigure, kept) => {
    const prefix = renewed(mode, reconfigure);
    if (kept === undefined) expect(prefix).toMatch(/^2001:db8:20/);
    else expect(prefix).toBe(kept);
  });

  test("a prefix that is reserved for another now -> is taken away in strict mode, too", () => {
    const rig = rigFor("strict");
    const held = createClient(rig, 1).lease(1, FREE);
    const reservation = { ...owner(2), prefix: { address: ip("2001:db8:10ff:ff00::"), length: 56 } };
    const moved = rig.restart(
      configure([{ ...MOVED, reservations: [reservation] }], { compatibility: "strict" }),
    );
    expect(prefixIn(createClient(moved, 1).renew(pd(1, held)))).not.toBe(FREE);
  });
});

describe("strict: what it does not bring back", () => {
  test("a Solicit of a bound client -> its lease stays", () => {
    const rig = rigFor("strict");
    const client = createClient(rig, 1);
    const held = client.lease();
    client.solicit(pd(1));
    expect(prefixIn(client.renew(pd(1, held)))).toBe(held);
  });

  test("the whole pool is used, nothing twice", () => {
    const rig = rigFor("strict", iface("eth0", [pdClass(56, ["2001:db8::/52"])]));
    const given = Array.from({ length: 16 }, (_, n) => createClient(rig, n).lease());
    expect(new Set(given).size).toBe(16);
  });

  test("relayed clients -> their script is called", () => {
    const rig = rigFor("strict", behind("eth0", iface("r", [pdClass(56, [POOL])])), { guessMode: true });
    createClient(rig, 1, { hops: [{}] }).lease();
    expect(rig.hooks()).toMatchObject([{ action: "add", variables: { RELAYS: "1", IFACE: "r" } }]);
  });
});
