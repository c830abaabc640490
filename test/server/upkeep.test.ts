import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { deadline } from "../../server/engine.js";
import { EXPIRY_BATCH } from "../../server/upkeep.js";
import { createClient, createRig, pd, prefixIn } from "./rig.js";
import { configure, iface, pdClass, range, START } from "./settings.js";

const LAN = configure([iface("eth0", [pdClass(56, ["2001:db8::/40"])])]);
const ONE = configure([iface("eth0", [pdClass(56, ["2001:db8::/56"])])]);
const address = (prefix: string): string => prefix.replace(/\/.*/, "");

describe("server: end of the valid lifetime", () => {
  test("-> on time and once: gone from table and store, one delete for the script, one line in the log", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease(5);
    rig.hooks();
    expect(deadline(rig.state)).toBe(START + 2_000_000);
    rig.wait(1999);
    expect([rig.table.size, rig.hooks()]).toEqual([1, []]);
    rig.wait(1);
    expect([rig.table.size, rig.records.size, rig.state.counters.expired]).toEqual([0, 0, 1]);
    expect(rig.hooks()).toEqual([
      {
        action: "delete",
        order: [held],
        variables: {
          RELAYS: "0",
          IFACE: "eth0",
          IFINDEX: "2",
          REMOTE_ADDR: "fe80::1",
          PREFIX1: address(held),
          PREFIX1LEN: "56",
          PREFIX1PREF: "0",
          PREFIX1VALID: "0",
          PREFIX1IAID: "5",
          IAID: "5",
          SRV_OPTION1: "00:03:00:01:02:00:00:00:00:01",
          REASON: "expire",
          CLNT_DUID: "00:03:00:01:02:00:00:00:00:01",
        },
      },
    ]);
    expect(rig.logs()).toContain("SERVER-LEASE-EXPIRED");
    rig.wait(100_000);
    expect([rig.hooks(), deadline(rig.state)]).toEqual([[], Infinity]);
  });

  test("compatibility strict -> the script is called with expire, as by Dibbler", () => {
    const rig = createRig({ ...LAN, compatibility: "strict" });
    createClient(rig, 1).lease();
    rig.wait(2000);
    expect(rig.hooks().map(({ action }) => action)).toEqual(["add", "expire"]);
  });

  test("a Renew just before it -> the lease goes on for its whole time", () => {
    const rig = createRig(LAN);
    const client = createClient(rig, 1);
    const held = client.lease();
    rig.wait(1999);
    client.renew(pd(1, held));
    rig.wait(1999);
    expect(rig.table.size).toBe(1);
  });

  test("the prefix is free for others at that instant, even if the timer is late", () => {
    const rig = createRig(ONE);
    createClient(rig, 1).lease();
    rig.wait(1999);
    expect(createClient(rig, 2).request(pd(1))?.ias).toMatchObject([{ status: 6 }]);
    rig.sleep(1);
    expect(createClient(rig, 2).lease()).toBe("2001:db8::/56");
    expect(rig.hooks().map(({ action, variables }) => `${action} ${variables["REASON"]}`)).toEqual([
      "add new",
      "delete expire",
      "add new",
    ]);
  });

  test("endless leases never end", () => {
    const times = { preferred: range(0xffffffff), valid: range(0xffffffff) };
    const rig = createRig(configure([iface("eth0", [pdClass(56, ["2001:db8::/40"], times)])]));
    createClient(rig, 1).lease();
    expect(deadline(rig.state)).toBe(Infinity);
    rig.wait(1e9);
    expect(rig.table.size).toBe(1);
  });

  test("thousands at once -> a bounded number in a step, all of them in the end", () => {
    const rig = createRig(LAN);
    for (let n = 0; n < 1500; n++) createClient(rig, n).lease();
    rig.hooks();
    rig.sleep(2000);
    rig.give({ type: "timer" });
    expect(rig.table.size).toBe(1500 - EXPIRY_BATCH.timer);
    expect(deadline(rig.state)).toBeLessThanOrEqual(rig.now());
    rig.wait(0);
    expect([rig.table.size, rig.hooks().length]).toEqual([0, 1500]);
  });
});

describe("server: start with leases in the store", () => {
  test("every live lease -> add with REASON=start and what is left of its lifetimes; the leases stand", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    rig.wait(100);
    const again = rig.restart(LAN, 50);
    expect(again.hooks()).toMatchObject([
      {
        action: "add",
        order: [held],
        variables: {
          REASON: "start",
          PREFIX1: address(held),
          PREFIX1PREF: "850",
          PREFIX1VALID: "1850",
          IFINDEX: "2",
        },
      },
    ]);
    expect(prefixIn(createClient(again, 1).renew(pd(1)))).toBe(held);
  });

  test("after a reboot with a clock that is behind -> add, although the lease is from later", () => {
    const rig = createRig(LAN);
    rig.wait(100);
    const held = createClient(rig, 1).lease();
    expect(rig.restart(LAN, -50).hooks()).toMatchObject([{ action: "add", order: [held] }]);
  });

  test("a lease ends while others are told, and the commit of that fails -> all are told, each once", () => {
    const rig = createRig(LAN);
    createClient(rig, 0).lease();
    rig.sleep(1);
    for (let n = 1; n <= 300; n++) createClient(rig, n).lease();
    const again = rig.restart(LAN, 1998);
    again.sleep(1);
    again.giveInVain({ type: "timer" });
    again.wait(0.5);
    const calls = again.hooks().map(({ action, order }) => `${action} ${order.join()}`);
    expect([calls.length, new Set(calls).size]).toEqual([302, 302]);
  });

  test("a lease ended meanwhile, and the first commit of it fails -> the others are told once", () => {
    const rig = createRig(LAN);
    createClient(rig, 0).lease();
    rig.sleep(1);
    for (let n = 1; n <= 3; n++) createClient(rig, n).lease();
    const again = createRig(LAN, rig.records, millis(rig.now() + 1_999_000));
    again.giveInVain({ type: "started" });
    again.give({ type: "started" });
    again.wait(0.5);
    expect(again.hooks().map(({ action }) => action)).toEqual(["delete", "add", "add", "add"]);
  });

  test("expired meanwhile -> delete, once, and no add", () => {
    const rig = createRig(LAN);
    createClient(rig, 1).lease();
    const again = rig.restart(LAN, 5000);
    expect(again.hooks()).toMatchObject([{ action: "delete", variables: { REASON: "expire" } }]);
    again.wait(10);
    expect([again.hooks(), again.records.size]).toEqual([[], 0]);
    expect(again.restart().hooks()).toEqual([]);
  });

  test("script-replay 0 -> no add", () => {
    const rig = createRig(LAN);
    createClient(rig, 1).lease();
    expect(rig.restart({ ...LAN, scriptReplay: false }).hooks()).toEqual([]);
  });

  test("offers are not remembered", () => {
    const rig = createRig(ONE);
    createClient(rig, 1).solicit(pd(1));
    expect(createClient(rig.restart(), 2).lease()).toBe("2001:db8::/56");
  });

  test("leases of an interface that is no longer there -> no add, and a delete when they end", () => {
    const rig = createRig(configure([iface("eth0", []), iface("eth1", [pdClass(56, ["2001:db8::/40"])])]));
    createClient(rig, 1, { interfaceName: "eth1" }).lease();
    const again = rig.restart(LAN);
    expect(again.hooks()).toEqual([]);
    again.wait(2000);
    expect(again.hooks()).toMatchObject([{ action: "delete", variables: { IFACE: "eth1" } }]);
  });

  test("an interface that appears later -> its leases are told then, with its index", () => {
    const rig = createRig(LAN);
    const held = createClient(rig, 1).lease();
    const again = createRig(LAN, rig.records, rig.now(), new Map());
    again.give({ type: "started" });
    expect(again.hooks()).toEqual([]);
    again.give({ type: "interfaceReady", interfaceName: "eth0", interfaceIndex: 17 });
    expect(again.hooks()).toMatchObject([
      { action: "add", order: [held], variables: { REASON: "start", IFINDEX: "17" } },
    ]);
  });

  test("many leases -> told bit by bit, each once, without those that ask for themselves meanwhile", () => {
    const rig = createRig(LAN);
    for (let n = 0; n < 500; n++) createClient(rig, n).lease();
    const again = rig.restart(LAN, 1);
    expect(again.hooks()).toHaveLength(200);
    const [late, later] = [createClient(again, 450), createClient(again, 451)];
    again.sleep(0.1);
    later.renew(pd(1));
    late.release(pd(1, prefixIn(late.renew(pd(1))) ?? ""));
    expect(again.hooks().map(({ action }) => action)).toEqual(["update", "update", "delete"]);
    again.wait(10);
    const rest = again.hooks();
    expect(rest).toHaveLength(298);
    expect(new Set(rest.flatMap(({ order }) => order)).size).toBe(298);
  });
});
