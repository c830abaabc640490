import { describe, expect, test } from "vitest";
import { option, rawOption } from "../../shared/wire/options.js";
import { createClient, createRig, na, pd, prefixIn } from "./rig.js";
import { configure, iface, ip, pdClass, range } from "./settings.js";

const CLASS = pdClass(56, ["2001:db8::/40"]);
const LAN = configure([iface("eth0", [CLASS]), iface("eth1", [CLASS])]);
const TWO_POOLS = configure([iface("eth0", [pdClass(56, ["2001:db8::/48", "2001:db8:1::/48"])])]);
const address = (prefix: string): string => prefix.replace(/\/.*/, "");

describe("server: hook calls", () => {
  test("Request -> add, with everything a route needs and the options of both messages", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease(7);
    expect(rig.hooks()).toEqual([
      {
        action: "add",
        order: [held],
        variables: {
          RELAYS: "0",
          IFACE: "eth0",
          IFINDEX: "2",
          REMOTE_ADDR: "fe80::1",
          CLNT_MESSAGE: "REQUEST",
          SRV_MESSAGE: "REPLY",
          PREFIX1: address(held),
          PREFIX1LEN: "56",
          PREFIX1PREF: "1000",
          PREFIX1VALID: "2000",
          SRV_OPTION1: "00:03:00:01:02:00:00:00:00:01",
          SRV_OPTION2: "00:03:00:01:02:00:00:00:00:fe",
          CLNT_OPTION1: "00:03:00:01:02:00:00:00:00:01",
          CLNT_OPTION2: "00:03:00:01:02:00:00:00:00:fe",
          PREFIX1IAID: "7",
          REASON: "new",
          CLNT_DUID: "00:03:00:01:02:00:00:00:00:01",
        },
      },
    ]);
  });

  test("endless lifetimes are written as on the wire", () => {
    const endless = pdClass(56, ["2001:db8::/40"], {
      preferred: range(0xffffffff),
      valid: range(0xffffffff),
    });
    const rig = createRig(configure([iface("eth0", [endless])]));
    createClient(rig, 1).lease();
    expect(rig.hooks()[0]?.variables).toMatchObject({
      PREFIX1PREF: "4294967295",
      PREFIX1VALID: "4294967295",
    });
  });

  test("Solicit with Rapid Commit -> add", () => {
    const rig = createRig(configure([iface("eth0", [CLASS], { rapidCommit: true })]));
    createClient(rig, 1).ask("solicit", [pd(1)], { options: [option("rapidCommit", null)] });
    expect(rig.hooks()).toMatchObject([{ action: "add", variables: { CLNT_MESSAGE: "SOLICIT" } }]);
  });

  test.each(["request", "renew", "rebind"] as const)("%s with nothing changed -> update", (verb) => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.hooks();
    client[verb](pd(1, held));
    expect(rig.hooks()).toMatchObject([
      {
        action: "update",
        order: [held],
        variables: {
          REASON: "renewed",
          CLNT_MESSAGE: verb.toUpperCase(),
          PREFIX1: address(held),
          PREFIX1VALID: "2000",
          REMOTE_ADDR: "fe80::1",
        },
      },
    ]);
  });

  test("Release -> delete, lifetimes 0", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.hooks();
    client.release(pd(1, held));
    expect(rig.hooks()).toMatchObject([
      {
        action: "delete",
        order: [held],
        variables: { PREFIX1: address(held), PREFIX1PREF: "0", PREFIX1VALID: "0", REASON: "released" },
      },
    ]);
  });

  test("the client has another address now -> delete with the old one, then add with the new one", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    rig.hooks();
    createClient(rig, 1, { interfaceName: "eth0", from: ip("fe80::abc") }).renew(pd(1, held));
    expect(rig.hooks()).toMatchObject([
      {
        action: "delete",
        order: [held],
        variables: { REMOTE_ADDR: "fe80::1", REASON: "moved", PREFIX1VALID: "0" },
      },
      {
        action: "add",
        order: [held],
        variables: { REMOTE_ADDR: "fe80::abc", REASON: "moved", PREFIX1VALID: "2000" },
      },
    ]);
    expect(rig.logs()).toContain("SERVER-LEASE-MOVED");
  });

  test("the client is behind another interface with the same pool -> delete there, add here", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    rig.hooks();
    createClient(rig, 1, { interfaceName: "eth1" }).request(pd(1, held));
    expect(rig.hooks()).toMatchObject([
      { action: "delete", variables: { IFACE: "eth0", IFINDEX: "2", PREFIX1: address(held) } },
      { action: "add", variables: { IFACE: "eth1", IFINDEX: "3", PREFIX1: address(held) } },
    ]);
    expect(rig.table.size).toBe(1);
  });

  test("a new IA beside a known one -> one add, the new prefix first", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const old = client.lease(1);
    rig.hooks();
    const fresh = prefixIn(client.request(pd(1), pd(2)), 1) ?? "";
    expect(rig.hooks()).toMatchObject([
      {
        action: "add",
        order: [fresh, old],
        variables: { PREFIX1: address(fresh), PREFIX1IAID: "2", PREFIX2: address(old), PREFIX2IAID: "1" },
      },
    ]);
  });

  test("several prefixes -> one call, numbered in the order of the Reply, and again in that order", () => {
    const rig = createRig(TWO_POOLS);
    const client = createClient(rig, 1);
    const order = client
      .request(pd(1), pd(2))
      ?.ias.flatMap(({ leases }) => leases.map((lease) => lease.prefix));
    client.renew(pd(1), pd(2));
    expect(order).toHaveLength(4);
    expect(rig.hooks().map((call) => [call.action, call.order])).toEqual([
      ["add", order],
      ["update", order],
    ]);
  });

  test("a withdrawn prefix -> last in the add of its replacement, then a delete of its own", () => {
    const rig = createRig(LAN);
    const old = createClient(rig, 1).lease();
    const changed = rig.restart(configure([iface("eth0", [pdClass(56, ["2001:db8:aa00::/40"])])]));
    changed.hooks();
    const fresh = prefixIn(createClient(changed, 1).renew(pd(1, old))) ?? "";
    expect(changed.hooks()).toMatchObject([
      {
        action: "add",
        order: [fresh, old],
        variables: { PREFIX1: address(fresh), PREFIX2: address(old), PREFIX2VALID: "0" },
      },
      { action: "delete", order: [old], variables: { PREFIX1: address(old), REASON: "withdrawn" } },
    ]);
  });

  test("one client's delete and the next one's add of a prefix have a key in common", () => {
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]));
    const client = createClient(rig, 1);
    client.release(pd(1, client.lease()));
    createClient(rig, 2).lease();
    expect(rig.hooks().map(({ action, order }) => [action, order])).toEqual([
      ["add", ["2001:db8::/56"]],
      ["delete", ["2001:db8::/56"]],
      ["add", ["2001:db8::/56"]],
    ]);
  });

  test("nothing delegated, nothing given back -> no call", () => {
    const rig = createRig(configure([iface("eth0", [])]));
    const client = createClient(rig, 1);
    client.solicit(pd(1));
    client.request(pd(1), na(2));
    client.renew(pd(1, "2001:db8::/56"));
    client.release(pd(1, "2001:db8::/56"));
    client.ask("decline", [na(1)]);
    client.ask("confirm", [na(1, "fe80::1/128")]);
    client.ask("informationRequest", []);
    expect(rig.hooks()).toEqual([]);
  });

  test("no script -> no call at all", () => {
    const rig = createRig(configure([iface("eth0", [CLASS])], { script: undefined }));
    const client = createClient(rig, 1);
    const held = client.lease();
    client.renew(pd(1, held));
    rig.wait(3000);
    rig.restart();
    expect(rig.hooks()).toEqual([]);
  });

  test("whatever a client sends, no variable holds a character that a shell reacts to", () => {
    const rig = createRig(configure([iface("eth0", [CLASS])], { relaySuppliedOptions: [41] }));
    const evil = new TextEncoder().encode("$(reboot)\n;`id`\0*");
    const hops = [{ options: [option("rsoo", { options: [option("posixTimezone", evil)] })] }];
    createClient(rig, 1, { hops }).ask("request", [pd(1)], {
      options: [
        option("userClass", [evil]),
        option("vendorClass", { enterprise: 1, classes: [evil] }),
        option("vendorOptions", { enterprise: 1, options: [{ code: 1, data: evil }] }),
        option("tzdbTimezone", evil),
        option("bootfileUrl", evil),
        rawOption(65001, evil),
      ],
    });
    const variables = rig.hooks()[0]?.variables ?? {};
    expect(variables).toMatchObject({
      SRV_OPTION41: "__reboot____id___",
      CLNT_OPTION42: "__reboot____id___",
      CLNT_OPTION65001: "[generic]",
    });
    const values = Object.values(variables).filter((value) => value !== "[generic]");
    expect(values.filter((value) => !/^[\w .:/,=+@%-]+$/.test(value))).toEqual([]);
  });

  test("an option of the configuration -> as the operator wrote it; twice the same -> both values", () => {
    const options = [
      rawOption(102, new TextEncoder().encode("a&b"), "text"),
      option("dnsServers", [ip("2001:db8::53")]),
      option("dnsServers", [ip("2001:db8::54")]),
      rawOption(102, new TextEncoder().encode("c"), "text"),
    ];
    const rig = createRig(configure([iface("eth0", [CLASS], { options })]));
    const asking = { options: [option("optionRequest", [23, 102])] };
    rig.watch(createClient(rig, 1).event("request", [pd(1)], asking));
    expect(rig.hooks()[0]?.variables).toMatchObject({
      SRV_OPTION23: "2001:db8::53 2001:db8::54 ",
      SRV_OPTION102: "a&b, c",
      CLNT_OPTION6: "[generic]",
    });
  });
});
