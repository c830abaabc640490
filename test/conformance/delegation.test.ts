import { describe, expect, test } from "vitest";
import type { PdClass, ServerConfig, ServerInterface } from "../../shared/config/types.js";
import { contains, formatPrefix, overlaps } from "../../shared/prefix.js";
import { decodeExclude } from "../../shared/wire/prefix-exclude.js";
import { codeOf, find, findAll, type IaPrefix, type Option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, na, pd, prefixIn } from "../server/rig.js";
import { addressClass, configure, iface, pdClass, prefix, range, subnet } from "../server/settings.js";
import { boundIn } from "./setup.js";
import { givenIn, LINES, lineOf, relayed, RELAY2, wants, withLeases } from "./lines.js";

const ADDRESSES = {
  subnets: [subnet("2001:db8:2000::/64")],
  addressClasses: [addressClass(["2001:db8:2000::100-2001:db8:2000::1ff"])],
} satisfies Partial<ServerInterface>;
const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8:1000::/40"])])]);
const NO_PD = configure([iface("eth0", [], ADDRESSES)]);
/** A server on eth0 of one class. */
const ofClass = (...classes: readonly PdClass[]): ServerConfig => configure([iface("eth0", classes)]);
const NO_PREFIX = { type: "pd", iaid: 7, t1: 0, t2: 0, status: 6, leases: [] };

/** The IAPREFIX options of an answer. */
const iaPrefixes = (answer: Answer | undefined): readonly IaPrefix[] =>
  findAll(answer?.options ?? [], "iaPd").flatMap(({ options }) => findAll(options, "iaPrefix"));

describe("conformance: what is delegated", () => {
  test("S-PD-01 a link with addresses only, Solicit for both -> the address, NoPrefixAvail in the IA_PD only", () => {
    const answer = createClient(createRig(NO_PD), 1).solicit(na(1), pd(7));
    expect(answer).toMatchObject({
      type: "advertise",
      status: undefined,
      ias: [{ type: "na", status: 0 }, NO_PREFIX],
    });
    expect(givenIn(answer)).toEqual([expect.stringMatching(/^2001:db8:2000::1..\/128$/)]);
  });

  test("S-PD-02 a link without prefixes, Request -> NoPrefixAvail in the IA_PD", () => {
    const rig = createRig(NO_PD);
    const answer = createClient(rig, 1).request(pd(7, "2001:db8:1000::/56"));
    expect(answer).toMatchObject({ type: "reply", status: undefined, ias: [NO_PREFIX] });
    expect(rig.records.size).toBe(0);
  });

  test("S-PD-03 a link without prefixes, Solicit for a prefix alone -> Advertise with NoPrefixAvail in the IA_PD", () => {
    const answer = createClient(createRig(NO_PD), 1).solicit(pd(7));
    expect(answer).toMatchObject({ type: "advertise", status: undefined, ias: [NO_PREFIX] });
  });

  test("S-PD-04 500 clients with two IA_PDs each -> 1000 /56s of the pool, none over another", () => {
    const rig = createRig(LAN);
    const given = Array.from({ length: 500 }, (_, n) =>
      givenIn(createClient(rig, n).request(pd(1), pd(2))),
    ).flat();
    expect(given).toHaveLength(1000);
    const prefixes = given.map(prefix);
    const pool = prefix("2001:db8:1000::/40");
    expect(prefixes.filter(({ address, length }) => length !== 56 || !contains(pool, address))).toEqual([]);
    const clashes = prefixes.filter((one, i) => prefixes.slice(0, i).some((other) => overlaps(one, other)));
    expect(clashes).toEqual([]);
  });

  test("S-PD-05 nothing is excluded, PD Exclude asked for -> served, without that option anywhere", () => {
    const client = createClient(createRig(LAN), 1);
    for (const type of ["solicit", "request", "renew"] as const) {
      const answer = client.ask(type, [pd(1)], { options: [wants(67)] });
      expect(answer?.codes).toEqual([1, 2, 25]);
      expect(iaPrefixes(answer).map(({ options }) => options)).toEqual([[]]);
    }
  });

  test("S-PD-06 a lease that is valid -> nobody else gets it, until its last second", () => {
    const { rig, held } = withLeases(ofClass(pdClass(56, ["2001:db8:1000::/55"])), 2);
    const other = createClient(rig, 9);
    for (const seconds of [0, 1001, 997]) {
      rig.wait(seconds);
      expect(other.solicit(pd(1, held[0] ?? ""))?.ias).toMatchObject([{ status: 6 }]);
      expect(other.request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    }
    rig.wait(1.999);
    expect(other.request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
  });

  test("S-PD-07 the valid lifetime is over -> the prefix can be had again", () => {
    const { rig, held } = withLeases(ofClass(pdClass(56, ["2001:db8:1000::/55"])), 2);
    rig.wait(1000);
    createClient(rig, 2).renew(pd(1));
    rig.wait(1000);
    const other = createClient(rig, 9);
    expect(prefixIn(other.request(pd(1)))).toBe(held[0]);
    expect(createClient(rig, 10).request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
  });

  test("S-PD-08 all-ones T1, T2 and lifetimes of the client -> the configured ones", () => {
    const client = createClient(createRig(LAN), 1);
    const ones = 0xffffffff;
    for (const type of ["solicit", "request", "renew", "rebind"] as const) {
      const named: [string, number, number] = [prefixIn(client.solicit(pd(1))) ?? "", ones, ones];
      const answer = client.ask(type, [{ ...pd(1, named), t1: ones, t2: ones }]);
      expect(answer?.ias, type).toMatchObject([
        { t1: 500, t2: 800, leases: [{ preferred: 1000, valid: 2000 }] },
      ]);
    }
  });

  const EXCLUDING = pdClass(56, ["2001:db8:1000::/40"], { exclude: prefix("2001:db8:1000:c0::/60") });

  test("S-PD-09 a part is excluded, PD Exclude asked for -> it stands in each IAPREFIX, once", () => {
    const client = createClient(createRig(ofClass(EXCLUDING)), 1);
    for (const type of ["solicit", "request", "renew", "rebind"] as const) {
      const answer = client.ask(type, [pd(1, "2001:db8:1000:ab00::/56"), pd(2)], { options: [wants(67)] });
      const leases = iaPrefixes(answer);
      expect(leases, type).toHaveLength(2);
      for (const { prefix: given, options } of leases) {
        expect(options.map((each: Option) => codeOf(each))).toEqual([67]);
        const found = find(options, "pdExclude");
        // The four bits 1100 between /56 and /60, left aligned in an octet.
        expect(found).toEqual({ length: 60, subnetId: Uint8Array.of(0xc0) });
        const excluded = found && decodeExclude(given, found);
        expect(excluded && contains(given, excluded.address)).toBe(true);
      }
      expect(answer?.codes, type).toEqual([1, 2, 25, 25]);
    }
    // On the wire: option 67, two octets, prefix length 60, subnet id.
    const bytes = client.ask("solicit", [pd(1)], { options: [wants(67)] })?.bytes ?? new Uint8Array(0);
    expect(Buffer.from(bytes).toString("hex")).toContain("004300023cc0");
  });

  test("S-PD-10 a part is excluded, PD Exclude not asked for -> NoPrefixAvail, or a prefix of another class whole", () => {
    const client = createClient(createRig(ofClass(EXCLUDING)), 1);
    expect(client.solicit(pd(1))?.ias).toMatchObject([{ status: 6, leases: [] }]);
    expect(client.request(pd(1, "2001:db8:1000:ab00::/56"))?.ias).toMatchObject([{ status: 6, leases: [] }]);
    const both = createClient(createRig(ofClass(EXCLUDING, pdClass(60, ["2001:db8:2000::/40"]))), 1);
    const answer = both.request(pd(1));
    expect(givenIn(answer)).toEqual([expect.stringMatching(/^2001:db8:20.*\/60$/)]);
    expect(iaPrefixes(answer).map(({ options }) => options)).toEqual([[]]);
  });

  test("S-PD-11 endless lifetimes configured -> all-ones on the wire, T1 and T2 too; the lease never ends", () => {
    const endless = range(0xffffffff);
    const rig = createRig(
      ofClass(pdClass(56, ["2001:db8:1000::/56"], { preferred: endless, valid: endless })),
    );
    const [ia] = createClient(rig, 1).request(pd(1))?.ias ?? [];
    expect(ia).toMatchObject({ t1: 0xffffffff, t2: 0xffffffff });
    expect(ia?.leases).toMatchObject([{ preferred: 0xffffffff, valid: 0xffffffff }]);
    rig.wait(200 * 365 * 86_400);
    expect(createClient(rig, 2).request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
  });

  test("S-PD-12 no T1 and T2 configured -> 0.5 and 0.8 of the shortest preferred lifetime, in every IA", () => {
    const long = pdClass(56, ["2001:db8:1000::/40"], { preferred: range(9000), valid: range(9999) });
    const short = pdClass(60, ["2001:db8:2000::/40"], { preferred: range(3600), valid: range(9999) });
    const timers = (...hints: readonly string[]): readonly (readonly [number, number])[] | undefined =>
      createClient(createRig(ofClass(long, short)), 1)
        .request(...hints.map((hint, n) => pd(n + 1, hint)))
        ?.ias.map(({ t1, t2 }) => [t1, t2]);
    expect(timers("::/56")).toEqual([[4500, 7200]]);
    expect(timers("::/56", "::/60")).toEqual([
      [1800, 2880],
      [1800, 2880],
    ]);
  });

  test("S-PD-13 T1 and T2 configured 0 -> both 0", () => {
    const rig = createRig(ofClass(pdClass(56, ["2001:db8:1000::/40"], { t1: range(0), t2: range(0) })));
    expect(createClient(rig, 1).request({ ...pd(1), t1: 100, t2: 200 })?.ias).toMatchObject([
      { t1: 0, t2: 0, leases: [{ preferred: 1000, valid: 2000 }] },
    ]);
  });

  test("S-PD-14 pools of /48s and /56s, an IA_PD with a hint for each -> each from its pool", () => {
    const config = ofClass(pdClass(48, ["2001:db8:1000::/36"]), pdClass(56, ["2001:db8:2000::/40"]));
    for (const type of ["solicit", "request"] as const) {
      const answer = createClient(createRig(config), 1).ask(type, [pd(1, "::/56"), pd(2, "::/48")]);
      expect(
        answer?.ias.map(({ iaid, leases }) => [iaid, ...leases.map(({ prefix: text }) => text)]),
      ).toEqual([
        [1, expect.stringMatching(/^2001:db8:20.*\/56$/)],
        [2, expect.stringMatching(/^2001:db8:1[0-9a-f]{3}::\/48$/)],
      ]);
    }
  });

  test("S-PD-15 a client moves to another link, Rebind -> the old prefix with lifetimes 0, none of it confirmed", () => {
    const rig = createRig(LINES);
    const held = prefixIn(relayed(rig, 1).request(pd(1))) ?? "";
    expect(held).not.toBe("");
    const answer = relayed(rig, 1, RELAY2).rebind(pd(1, held));
    expect(answer?.ias[0]?.leases).toContainEqual({ prefix: held, preferred: 0, valid: 0 });
    expect(givenIn(answer)).not.toContain(held);
    expect([undefined, "line2"]).toContain(lineOf(answer));
  });

  test("S-PD-16 the pool shrinks to a half -> leases of that half go on, the others get lifetimes 0", () => {
    const { rig } = withLeases(ofClass(pdClass(56, ["2001:db8:1000::/52"])), 16);
    const half = prefix("2001:db8:1000::/53");
    const next = rig.restart(ofClass(pdClass(56, ["2001:db8:1000::/53"])));
    const ends = Array.from({ length: 16 }, (_, n) => {
      const client = createClient(next, n + 1);
      const old = rig.table.ofClient(client.duid).map((id) => rig.table.prefixOf(id))[0];
      if (old === undefined) throw new Error("no lease");
      const [first] =
        client.renew(pd(1))?.ias[0]?.leases.filter(({ prefix: text }) => text === formatPrefix(old)) ?? [];
      return { inside: contains(half, old.address), first };
    });
    expect(ends.filter(({ inside }) => inside)).toHaveLength(8);
    for (const { inside, first } of ends) {
      expect(first).toMatchObject(inside ? { preferred: 1000, valid: 2000 } : { preferred: 0, valid: 0 });
    }
    expect(boundIn(next)).toHaveLength(8);
    const grown = next.restart(ofClass(pdClass(56, ["2001:db8:1000::/48"])));
    expect(prefixIn(createClient(grown, 99).request(pd(1)))).toBeDefined();
    expect(boundIn(grown)).toHaveLength(9);
  });

  test("S-PD-17 a pool of 256 prefixes, nothing reserved -> 256 clients get one each, the next none", () => {
    const { rig, held } = withLeases(ofClass(pdClass(56, ["2001:db8:1000::/48"])), 256);
    const all = Array.from(
      { length: 256 },
      (_, i) => `2001:db8:1000:${i === 0 ? "" : (i << 8).toString(16)}::/56`,
    );
    expect([...held].sort()).toEqual(all.map((text) => text.replace(":::", "::")).sort());
    expect(createClient(rig, 300).request(pd(1))?.ias).toMatchObject([{ status: 6, leases: [] }]);
    expect(createClient(rig, 301).solicit(pd(1))?.ias).toMatchObject([{ status: 6, leases: [] }]);
  });
});
