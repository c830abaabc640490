import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { option } from "../../shared/wire/options.js";
import { createClient, createRig, na, pd, prefixIn } from "./rig.js";
import { configure, iface, ip, pdClass, SERVER_ID } from "./settings.js";

const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]);
const ONE = configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]);
const OTHER = duid(Uint8Array.of(0, 3, 0, 1, 9, 9));

describe("server: Release", () => {
  test("of a binding -> Reply with Success at the top and no IA; the lease is gone from table and store", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const answer = client.release(pd(1, client.lease()));
    expect(answer).toMatchObject({ type: "reply", codes: [1, 2, 13], status: 0 });
    expect([rig.table.size, rig.records.size]).toEqual([0, 0]);
    expect(rig.logs()).toContain("SERVER-LEASE-RELEASED");
  });

  test("with an Option Request, as dhclient has it in a Release -> no options for that", () => {
    const asked = { options: [option("optionRequest", [23])] };
    const options = [option("dnsServers", [ip("2001:db8::53")])];
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])], { options })]));
    const client = createClient(rig, 1);
    const held = prefixIn(client.ask("request", [pd(1)], asked)) ?? "";
    expect(client.ask("renew", [pd(1, held)], asked)?.codes).toEqual([1, 2, 25, 23]);
    expect(client.ask("release", [pd(1, held)], asked)?.codes).toEqual([1, 2, 13]);
  });

  test("with the pool used up -> the prefix can go to another client", () => {
    const rig = createRig(ONE);
    const [a, b] = [createClient(rig, 1), createClient(rig, 2)];
    const held = a.lease();
    expect(b.request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    a.release(pd(1, held));
    expect(b.lease()).toBe(held);
  });

  test("of another client's prefix -> the holder keeps it", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    expect(createClient(rig, 2).release(pd(1, held))).toMatchObject({ status: 0, ias: [{ status: 3 }] });
    expect(rig.table.size).toBe(1);
  });

  test("of an unknown IA, or twice -> NoBinding in the IA, Success at the top", () => {
    const client = createClient(createRig(LAN), 1);
    const held = client.lease();
    expect(client.release(pd(9, held))).toMatchObject({
      status: 0,
      ias: [{ iaid: 9, t1: 0, t2: 0, status: 3, leases: [] }],
    });
    client.release(pd(1, held));
    expect(client.release(pd(1, held))).toMatchObject({ status: 0, ias: [{ iaid: 1, status: 3 }] });
  });

  test("of one known and one unknown IA -> only the unknown one comes back", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const answer = client.release(pd(1, client.lease()), pd(2, "2001:db8::/56"));
    expect(answer).toMatchObject({ status: 0, ias: [{ iaid: 2, status: 3 }] });
    expect(rig.table.size).toBe(0);
  });

  test("frees exactly the prefixes that are named", () => {
    const two = configure([iface("eth0", [pdClass(56, ["2001:db8::/48", "2001:db8:1::/48"])])]);
    const rig = createRig(two);
    const client = createClient(rig, 1);
    const leases = client.request(pd(1))?.ias[0]?.leases.map(({ prefix }) => prefix) ?? [];
    client.release(pd(1, leases[1] ?? "", "2001:db8:7::/56"));
    expect(client.renew(pd(1))?.ias[0]?.leases.map(({ prefix }) => prefix)).toEqual([leases[0]]);
    client.release(pd(1, "2001:db8:7::/56"), pd(1));
    expect(rig.table.size).toBe(1);
  });

  test.each([
    ["/64", "another length, as of a prefix that the client had before -> the lease stays", "fixed", 1],
    ["/55", "another length -> the lease stays", "fixed", 1],
    ["/64", "another length, which Dibbler does not look at -> released", "strict", 0],
    ["1/56", "bits behind the prefix -> released", "fixed", 0],
    ["1/56", "bits behind the prefix -> released", "strict", 0],
  ] as const)("with the right address and %s, %s (%s)", (end, _what, compatibility, left) => {
    const rig = createRig({ ...LAN, compatibility });
    const client = createClient(rig, 1);
    const held = client.lease();
    expect(client.release(pd(1, held.replace("/56", end)))).toMatchObject({ status: 0 });
    expect(rig.table.size).toBe(left);
  });

  test("then Renew -> a lease again, if nobody else has it", () => {
    const client = createClient(createRig(LAN), 1);
    const held = client.lease();
    client.release(pd(1, held));
    expect(prefixIn(client.renew(pd(1, held)))).toBe(held);
    client.release(pd(1, held));
    expect(prefixIn(client.renew(pd(1)))).toBe(held);
  });

  test.each([
    ["without Server Identifier", { serverId: null }],
    ["for another server", { serverId: OTHER }],
    ["without Client Identifier", { clientId: null }],
    ["by unicast", { unicast: true }],
  ])("%s -> dropped, binding kept", (_what, oddity) => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    expect(client.ask("release", [pd(1, held)], oddity)).toBeUndefined();
    expect(rig.table.size).toBe(1);
  });

  test("an offer is no binding", () => {
    const client = createClient(createRig(LAN), 1);
    const offered = prefixIn(client.solicit(pd(1))) ?? "";
    expect(client.release(pd(1, offered))?.ias).toMatchObject([{ status: 3 }]);
  });
});

describe("server: Decline", () => {
  test("of an address -> NoBinding in the IA_NA, Success at the top", () => {
    const answer = createClient(createRig(LAN), 1).ask("decline", [na(4, "2001:db8::1/128")]);
    expect(answer).toMatchObject({ type: "reply", status: 0, ias: [{ type: "na", iaid: 4, status: 3 }] });
  });

  test("with an IA_PD -> the IA_PD is ignored, the delegation unharmed", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    expect(client.ask("decline", [pd(1, client.lease())])).toMatchObject({ status: 0, ias: [] });
    expect(rig.table.size).toBe(1);
  });
});

describe("server: Confirm", () => {
  test.each([
    ["addresses of which nothing is known", [na(1, "2001:db8:9::1/128")]],
    ["no address", [na(1)]],
    ["a delegated prefix only", [pd(1, "2001:db8::/56")]],
    ["nothing", []],
  ])("with %s -> silence", (_what, ias) => {
    expect(createClient(createRig(LAN), 1).ask("confirm", ias)).toBeUndefined();
  });

  test("with an address that fits no link -> NotOnLink at the top, no IA", () => {
    const answer = createClient(createRig(LAN), 1).ask("confirm", [
      na(1, "2001:db8:9::1/128", "fe80::1/128"),
    ]);
    expect(answer).toMatchObject({ type: "reply", codes: [1, 2, 13], status: 4, ias: [] });
  });
});

describe("server: Information-request", () => {
  const dns = option("dnsServers", [ip("2001:db8::53")]);
  const refresh = option("informationRefreshTime", seconds(900));
  const config = configure([iface("eth0", [], { options: [dns, refresh] })]);
  const asking = (...codes: number[]) => ({ options: [option("optionRequest", codes)] });

  test("-> Reply with what is asked for and configured, no IA", () => {
    const answer = createClient(createRig(config), 1).ask("informationRequest", [], asking(23, 24, 32));
    expect(answer).toMatchObject({ type: "reply", codes: [1, 2, 23, 32] });
  });

  test("without Client Identifier -> Reply without one", () => {
    const answer = createClient(createRig(config), 1).ask("informationRequest", [], {
      ...asking(23),
      clientId: null,
    });
    expect(answer?.codes).toEqual([2, 23]);
  });

  test("nothing of what is asked is configured -> Reply with the identifiers", () => {
    expect(createClient(createRig(config), 1).ask("informationRequest", [], asking(56))?.codes).toEqual([
      1, 2,
    ]);
  });

  test("naming this server -> Reply; another one, or with an IA -> dropped", () => {
    const client = createClient(createRig(config), 1);
    expect(client.ask("informationRequest", [], { serverId: SERVER_ID })?.codes).toEqual([1, 2]);
    expect(client.ask("informationRequest", [], { serverId: OTHER })).toBeUndefined();
    expect(client.ask("informationRequest", [pd(1)])).toBeUndefined();
    expect(client.ask("informationRequest", [na(1)])).toBeUndefined();
  });

  test("changes nothing and calls no script", () => {
    const rig = createRig(config);
    createClient(rig, 1).ask("informationRequest", [], asking(23));
    expect([rig.hooks(), rig.records.size, rig.table.size]).toEqual([[], 0, 0]);
  });
});
