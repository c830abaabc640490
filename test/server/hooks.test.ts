import { describe, expect, test } from "vitest";
import { option } from "../../shared/wire/options.js";
import { createClient, createRig, na, pd, prefixIn } from "./rig.js";
import { configure, iface, ip, pdClass, range } from "./settings.js";

const CLASS = pdClass(56, ["2001:db8::/40"]);
const LAN = configure([iface("eth0", [CLASS]), iface("eth1", [CLASS])]);
const TWO_POOLS = configure([iface("eth0", [pdClass(56, ["2001:db8::/48", "2001:db8:1::/48"])])]);
const address = (prefix: string): string => prefix.replace(/\/.*/, "");

describe("server: hook calls", () => {
  test("Request -> add, with everything a route needs and nothing else", () => {
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

  test("whatever a client sends, values are digits, hexadecimal and colons, or names of ours", () => {
    const rig = createRig(LAN);
    createClient(rig, 1).ask("request", [pd(1)], {
      options: [
        option("userClass", [new TextEncoder().encode("$(reboot)")]),
        option("vendorClass", { enterprise: 1, classes: [new TextEncoder().encode("\n;`id`")] }),
      ],
    });
    const { IFACE, REASON, CLNT_MESSAGE, SRV_MESSAGE, ...rest } = rig.hooks()[0]?.variables ?? {};
    expect([IFACE, REASON, CLNT_MESSAGE, SRV_MESSAGE]).toEqual(["eth0", "new", "REQUEST", "REPLY"]);
    expect(Object.values(rest).filter((value) => !/^[0-9a-f:]+$/.test(value))).toEqual([]);
  });
});
