import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { option } from "../../shared/wire/options.js";
import { createClient, createRig, na, pd, prefixIn } from "./rig.js";
import { configure, iface, ip, pdClass, range } from "./settings.js";

const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]);
/** Four prefixes. */
const SMALL = configure([iface("eth0", [pdClass(58, ["2001:db8::/56"])])]);

describe("server: Request -> Reply", () => {
  test("with the prefix, T1/T2, lifetimes and both identifiers; the lease is in the commit of the same step", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const offered = prefixIn(client.solicit(pd(1))) ?? "";
    const answer = client.ask("request", [pd(1, offered)], { xid: 5 });
    expect(answer).toMatchObject({
      type: "reply",
      xid: 5,
      codes: [1, 2, 25],
      ias: [{ t1: 500, t2: 800, status: 0, leases: [{ prefix: offered, preferred: 1000, valid: 2000 }] }],
    });
    expect(rig.records.size).toBe(1);
    expect(rig.logs()).toEqual(["SERVER-ANSWERED", "SERVER-ANSWERED", "SERVER-LEASE-ADDED"]);
  });

  test("without Solicit before -> granted", () => {
    expect(createClient(createRig(LAN), 1).request(pd(1))?.ias).toMatchObject([{ status: 0 }]);
  });

  test("again, with another transaction id or the same -> the same single prefix, computed afresh", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const first = client.ask("request", [pd(1)], { xid: 9 });
    rig.wait(100);
    const second = client.ask("request", [pd(1)], { xid: 9 });
    expect(second?.ias).toEqual(first?.ias);
    expect(client.request(pd(1))?.ias).toEqual(first?.ias);
    expect(rig.table.size).toBe(1);
  });

  test("a binding is keyed by DUID, IA type and IAID", () => {
    const rig = createRig(LAN);
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    const prefixes = [a.lease(1), b.lease(1), a.lease(2), a.lease(0xffffffff)];
    expect(new Set(prefixes).size).toBe(4);
    expect([a.lease(1), a.lease(2)]).toEqual([prefixes[0], prefixes[2]]);
  });

  test("three IA_PDs and an IA_NA: each answered for itself, with one T1 and T2", () => {
    const rig = createRig(SMALL);
    createClient(rig, 9).lease(1);
    createClient(rig, 9).lease(2);
    const answer = createClient(rig, 1).request(pd(1), pd(2), pd(3), na(4));
    expect(answer?.ias.map(({ status, leases, t1 }) => [status, leases.length, t1])).toEqual([
      [0, 1, 500],
      [0, 1, 500],
      [6, 0, 0],
      [2, 0, 0],
    ]);
    expect(answer?.status).toBeUndefined();
  });

  test("several classes in one message: T1 and T2 by the shortest preferred lifetime, in every IA", () => {
    const short = pdClass(58, ["2001:db8::/58"], { preferred: range(100) });
    const rig = createRig(configure([iface("eth0", [short, pdClass(58, ["2001:db8:1::/56"])])]));
    const answer = createClient(rig, 1).request(pd(1), pd(2));
    expect(answer?.ias).toMatchObject([
      { t1: 50, t2: 80, leases: [{ preferred: 100 }] },
      { t1: 50, t2: 80, leases: [{ preferred: 1000 }] },
    ]);
  });

  test("a prefix that another client holds -> another one, and the holder keeps it", () => {
    const rig = createRig(SMALL);
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    const held = a.lease();
    const given = b.lease(1, held);
    expect(given).not.toBe(held);
    expect(given).toMatch(/\/58$/);
    expect(prefixIn(a.renew(pd(1, held)))).toBe(held);
  });

  test("pool used up -> Reply with NoPrefixAvail in the IA; the holders are unharmed", () => {
    const rig = createRig(SMALL);
    for (const n of [1, 2, 3, 4]) createClient(rig, n).lease();
    rig.logs();
    expect(createClient(rig, 5).request(pd(1))).toMatchObject({
      type: "reply",
      status: undefined,
      ias: [{ status: 6, leases: [], t1: 0, t2: 0 }],
    });
    expect(rig.logs()).toContain("SERVER-NO-PREFIX");
    expect(rig.records.size).toBe(4);
  });

  test.each([
    ["a link-local address", "fe80::1/128", 4],
    ["a multicast address", "ff0e::1/128", 4],
    ["an address that may be another server's", "2001:db8:ffff::1/128", 2],
  ])("IA_NA with %s -> status %s %i in it, the IA_PD beside it is served", (_what, address, status) => {
    const answer = createClient(createRig(LAN), 1).request(na(1, address), pd(1));
    expect(answer?.ias).toMatchObject([
      { type: "na", status, leases: [] },
      { type: "pd", status: 0 },
    ]);
  });

  test("an address in a Solicit is only a hint -> NoAddrsAvail", () => {
    const answer = createClient(createRig(LAN), 1).solicit(na(1, "fe80::1/128"));
    expect(answer?.ias).toMatchObject([{ status: 2 }]);
  });

  test("options that are configured and asked for come back, others not", () => {
    const dns = option("dnsServers", [ip("2001:db8::53"), ip("2001:db8::54")]);
    const configured = [
      dns,
      option("solMaxRt", seconds(600)),
      option("informationRefreshTime", seconds(900)),
    ];
    const rig = createRig(
      configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { options: configured })]),
    );
    const client = createClient(rig, 1);
    const asked = (...codes: number[]) =>
      client.ask("request", [pd(1)], { options: [option("optionRequest", codes)] });
    expect(asked(23, 21, 32)?.options[3]).toEqual(dns);
    expect(asked(23, 21, 32)?.codes).toEqual([1, 2, 25, 23]);
    expect(asked(82)?.codes).toEqual([1, 2, 25, 82]);
    expect(asked()?.codes).toEqual([1, 2, 25]);
    expect(client.ask("request", [pd(1)], { options: [dns] })?.codes).toEqual([1, 2, 25, 23]);
  });

  test("a client at its limit -> NoPrefixAvail for what is new, and its leases as before", () => {
    const rig = createRig(
      configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { clientMaxLease: 2 })]),
    );
    const client = createClient(rig, 1);
    const first = client.lease(1);
    const answer = client.request(pd(1), pd(2), pd(3));
    expect(answer?.ias.map(({ status }) => status)).toEqual([0, 0, 6]);
    expect(prefixIn(answer)).toBe(first);
    expect(rig.logs()).toContain("SERVER-CLIENT-LIMIT");
    client.release(pd(1, first));
    expect(client.request(pd(3))?.ias).toMatchObject([{ status: 0 }]);
  });

  test("more IAs than one message may have -> the first 512 are answered, and the log says it", () => {
    const rig = createRig(LAN);
    const many = Array.from({ length: 600 }, (_, i) => pd(i));
    const answer = createClient(rig, 1).request(...many);
    expect(answer?.ias).toHaveLength(512);
    expect(answer?.ias.filter(({ status }) => status === 0)).toHaveLength(10);
    expect(rig.logs()).toContain("SERVER-IA-LIMIT");
  });

  test("a thousand prefixes named in one IA -> one prefix", () => {
    const named = Array.from(
      { length: 1000 },
      (_, i) => `2001:db8:0:${(i * 256).toString(16).slice(0, 4)}::/56`,
    );
    expect(createClient(createRig(LAN), 1).request(pd(1, ...named))?.ias[0]?.leases).toHaveLength(1);
  });

  test("transaction ids 000000 and ffffff are like any other", () => {
    const client = createClient(createRig(LAN), 1);
    for (const xid of [0, 0xffffff]) expect(client.ask("request", [pd(1)], { xid })?.xid).toBe(xid);
  });

  test("a Request for another server leaves everything as it is", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const other = duid(Uint8Array.of(0, 3, 0, 1, 9, 9));
    expect(client.ask("request", [pd(1)], { serverId: other })).toBeUndefined();
    expect([rig.table.size, rig.state.counters.dropped["SERVER-DROP-FOREIGN-SERVER-ID"]]).toEqual([0, 1]);
  });
});
