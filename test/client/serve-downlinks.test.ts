import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LogId } from "../../shared/catalogue.js";
import type { HookCall } from "../../shared/hook.js";
import type { DownlinkSystem } from "../../client/serve-downlinks.js";
import { temporaryDirectory } from "../edge/workbench.js";
import { addressOf, createRig, holding, linkOf, open, type Rig } from "./downlinks-bench.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

const SET = [
  "address replace 2001:db8::1/64 dev lan1 valid_lft 2000 preferred_lft 1000 noprefixroute",
  "route replace 2001:db8::/64 dev lan1 proto 146 metric 546 expires 2000",
  "address replace 2001:db8:0:1::1/64 dev lan2 valid_lft 2000 preferred_lft 1000 noprefixroute",
  "route replace 2001:db8:0:1::/64 dev lan2 proto 146 metric 546 expires 2000",
  "route replace unreachable 2001:db8::/56 dev lo proto 146 metric 2147483546",
];
const REMOVED = [
  "address delete 2001:db8::1/64 dev lan1",
  "route delete 2001:db8::/64 dev lan1 proto 146 metric 546",
  "address delete 2001:db8:0:1::1/64 dev lan2",
  "route delete 2001:db8:0:1::/64 dev lan2 proto 146 metric 546",
  "route delete unreachable 2001:db8::/56 dev lo proto 146 metric 2147483546",
];

const idsOf = ({ logged }: Rig): LogId[] => logged.splice(0).map(([id]) => id);

describe("a prefix at work", () => {
  test("set in one go, kept current at a renewal, removed at the end; the hook comes afterwards", async () => {
    const rig = createRig();
    const service = open(rig);
    await settle();
    expect(rig.told()).toEqual([]);
    const hooks: HookCall[] = [];
    const hook = { action: "add", order: ["client"], variables: { PREFIX1: "2001:db8::" } } as const;
    service.update("wan0", holding("2001:db8::/56"));
    service.afterwards("wan0", hook, (call) => {
      hooks.push({ ...call, variables: { ...call.variables, BATCHES: String(rig.batches.length) } });
    });
    expect(rig.batches).toEqual([]);
    await settle();
    expect(rig.batches).toHaveLength(1);
    expect(rig.told()).toEqual(SET);
    expect(hooks).toMatchObject([
      {
        action: "add",
        variables: {
          PREFIX1: "2001:db8::",
          DOWNLINK_PREFIX_IFACES: "lan1 lan2 ",
          DOWNLINK_PREFIXES: "lan1 2001:db8::/64 lan2 2001:db8:0:1::/64 ",
          BATCHES: "1",
        },
      },
    ]);
    expect(idsOf(rig)).toEqual(["DOWNLINK-ADDED", "DOWNLINK-ADDED"]);

    await vi.advanceTimersByTimeAsync(500_000);
    expect(rig.told()).toEqual([]);
    service.update("wan0", holding("2001:db8::/56"));
    await settle();
    expect(rig.told()).toEqual(SET.slice(0, 4));

    service.giveBack();
    service.update("wan0", holding(undefined));
    service.afterwards("wan0", { ...hook, action: "delete" }, (call) => hooks.push(call));
    await service.close();
    expect(rig.told()).toEqual(REMOVED);
    expect(hooks[1]).toMatchObject({ action: "delete", variables: { DOWNLINK_PREFIXES: "" } });
    expect(idsOf(rig)).toEqual(["DOWNLINK-REMOVED", "DOWNLINK-REMOVED"]);
    expect(vi.getTimerCount()).toBe(0);
    const served = ["lan1 2001:db8::/64", "lan2 2001:db8:0:1::/64"];
    const changes = rig.radvd.filter((one, index) => String(one) !== String(rig.radvd[index - 1]));
    expect(changes).toEqual([[], served, []]);
  });

  test("withdrawn: deprecated, and gone two hours later although nothing happens", async () => {
    const rig = createRig();
    const service = open(rig, 'downlink-prefix-ifaces "lan1" iface wan0 { pd }');
    service.update("wan0", holding("2001:db8::/56", 50_000, 100_000));
    await settle();
    rig.told();
    service.update("wan0", holding(undefined));
    await settle();
    expect(rig.told()).toEqual([
      "route delete unreachable 2001:db8::/56 dev lo proto 146 metric 2147483546",
      "address replace 2001:db8::1/64 dev lan1 valid_lft 7200 preferred_lft 0 noprefixroute",
      "route replace 2001:db8::/64 dev lan1 proto 146 metric 546 expires 7200",
    ]);
    expect(idsOf(rig)).toEqual(["DOWNLINK-ADDED", "DOWNLINK-DEPRECATED"]);
    await vi.advanceTimersByTimeAsync(7_204_000);
    expect(rig.told().sort()).toEqual(REMOVED.slice(0, 2).sort());
    expect(idsOf(rig)).toEqual(["DOWNLINK-REMOVED"]);
    // Hosts are told from the first moment that it is over.
    expect(new Set(rig.radvd.slice(1).flat())).toEqual(new Set());
  });

  test("an interface that comes later, goes down, or is made anew is seen to within seconds", async () => {
    const rig = createRig();
    const [lan2] = rig.links.splice(2);
    const service = open(rig, "downlink-prefix-ifaces lan1, lan2 iface wan0 { pd }");
    service.update("wan0", holding("2001:db8::/56"));
    await settle();
    expect(rig.told()).toEqual([...SET.slice(0, 2), ...SET.slice(4)]);
    expect(idsOf(rig)).toEqual(["DOWNLINK-MISSING", "DOWNLINK-ADDED"]);
    if (lan2 !== undefined) rig.links.push({ ...lan2, up: false });
    await vi.advanceTimersByTimeAsync(3000);
    expect(rig.told()).toEqual([]);
    if (lan2 !== undefined) rig.links.splice(2, 1, lan2);
    await vi.advanceTimersByTimeAsync(4000);
    expect(rig.told().map((line) => line.replace(/ (valid_lft|expires).*/, ""))).toEqual([
      "address replace 2001:db8:0:1::1/64 dev lan2",
      "route replace 2001:db8:0:1::/64 dev lan2 proto 146 metric 546",
    ]);
    rig.links.splice(1, 1, linkOf("lan1", 9));
    await vi.advanceTimersByTimeAsync(4000);
    expect(rig.told().map((line) => line.replace(/ (valid_lft|expires).*/, ""))).toEqual([
      "address replace 2001:db8::1/64 dev lan1",
      "route replace 2001:db8::/64 dev lan1 proto 146 metric 546",
    ]);
    await service.close();
  });

  test("an address that others have set stays theirs", async () => {
    const rig = createRig();
    rig.links.splice(1, 1, linkOf("lan1", 3, [addressOf("2001:db8::1/64")]));
    const service = open(rig, "downlink-prefix-ifaces lan1 iface wan0 { pd }");
    service.update("wan0", holding("2001:db8::/56"));
    await settle();
    await service.close();
    expect(rig.told().filter((line) => line.startsWith("address"))).toEqual([]);
  });
});

describe("what goes wrong is said once, and the rest works", () => {
  test.each<[string, string, LogId]>([
    ["no room", "2001:db8::/64", "DOWNLINK-LEFT-OUT"],
    ["longer than /64", "2001:db8::/72", "DOWNLINK-TOO-LONG"],
  ])("%s", async (_case, text, id) => {
    const rig = createRig();
    const service = open(rig);
    service.update("wan0", holding(text));
    await settle();
    service.update("wan0", holding(text));
    await settle();
    expect(idsOf(rig).filter((one) => one === id)).toEqual([id]);
    await service.close();
  });

  test("no downlink, no forwarding", async () => {
    const rig = createRig(undefined, false);
    const lans = rig.links.splice(1);
    const service = open(rig);
    service.update("wan0", holding("2001:db8::/56"));
    await settle();
    expect(idsOf(rig)).toEqual(["DOWNLINK-NONE"]);
    rig.links.push(...lans);
    await vi.advanceTimersByTimeAsync(9000);
    expect(idsOf(rig)).toEqual(["DOWNLINK-ADDED", "DOWNLINK-ADDED", "DOWNLINK-NO-FORWARDING"]);
    await service.close();
  });

  test("ip refuses a line: told with the line, tried again at the next renewal; nothing to delete is fine", async () => {
    const rig = createRig();
    rig.failing.set("route replace 2001:db8::/64", "Operation not permitted");
    const service = open(rig);
    service.update("wan0", holding("2001:db8::/56"));
    await settle();
    expect(rig.logged.find(([id]) => id === "DOWNLINK-FAILED")?.[1]).toEqual({
      line: SET[1],
      why: "Operation not permitted",
    });
    rig.failing.clear();
    rig.failing.set("delete", "No such process");
    idsOf(rig);
    rig.told();
    service.update("wan0", holding("2001:db8::/56"));
    await settle();
    expect(rig.told()).toContain(SET[1]);
    await service.close();
    expect(idsOf(rig)).not.toContain("DOWNLINK-FAILED");
  });
});

test("interfaces cannot be read: said, scripts are called all the same, and the end does not wait", async () => {
  const rig = createRig();
  const blind: DownlinkSystem = {
    ...rig.system,
    readInterfaces: () => {
      throw new Error("cannot read /proc/net/dev");
    },
  };
  const service = open({ ...rig, system: blind });
  const called: string[] = [];
  service.update("wan0", holding("2001:db8::/56"));
  service.afterwards("wan0", { action: "add", order: [], variables: {} }, ({ action }) =>
    called.push(action),
  );
  await service.close();
  expect(called).toEqual(["add"]);
  expect(rig.logged).toContainEqual(["LEASE-USE-TROUBLE", { sentence: "cannot read /proc/net/dev" }]);
});

describe("from run to run", () => {
  test("killed: the next run adopts what is there, with the same subnets, and removes what is not right", async () => {
    const workDir = temporaryDirectory();
    const first = createRig(workDir);
    open(first).update("wan0", holding("2001:db8::/56"));
    await settle();
    const held = holding("2001:db8::/56");
    const second = createRig(workDir);
    second.links.splice(0, 3, ...first.links);
    second.answers["route"] = [
      { dst: "2001:db8::/64", dev: "lan1" },
      { dst: "2001:db8:0:7::/64", dev: "lan2" },
      { type: "unreachable", dst: "2001:db8::/56", dev: "lo" },
    ];
    second.answers["address"] = [
      { ifname: "lan1", addr_info: [{ local: "2001:db8::1", noprefixroute: true }] },
      { ifname: "lan2", addr_info: [{ local: "2001:db8:0:1::1", noprefixroute: true }] },
    ];
    const service = open(second, undefined, held);
    await settle();
    expect(second.told()).toEqual([
      "route delete 2001:db8:0:7::/64 dev lan2 proto 146 metric 546",
      ...SET.slice(0, 4),
    ]);
    expect(idsOf(second)).toContain("DOWNLINK-LEFTOVERS");
    await service.close();
  });

  test("after a clean end nothing is looked for, and each gets its subnet again", async () => {
    const workDir = temporaryDirectory();
    const first = createRig(workDir);
    const before = open(first);
    before.update("wan0", holding("2001:db8::/56"));
    await settle();
    await before.close();
    const second = createRig(workDir);
    second.links.splice(1, 1);
    const service = open(second, undefined, holding("2001:db8::/56"));
    await settle();
    expect(second.told()).toEqual(SET.slice(2));
    expect(idsOf(second)).toEqual(["DOWNLINK-ADDED"]);
    await service.close();
  });

  test("leftovers cannot be looked for: said, and everything is set all the same", async () => {
    const workDir = temporaryDirectory();
    open(createRig(workDir)).update("wan0", holding("2001:db8::/56"));
    await settle();
    const rig = createRig(workDir);
    const service = open(rig, undefined, holding("2001:db8::/56"));
    await settle();
    expect(idsOf(rig)).toContain("DOWNLINK-UNSEEN");
    expect(rig.told()).toEqual(SET);
    await service.close();
  });

  test("a file that cannot be read is moved aside; one that cannot be written is told once", async () => {
    const workDir = temporaryDirectory();
    writeFileSync(join(workDir, "client-downlinks.json"), "nonsense");
    const rig = createRig(workDir);
    const service = open(rig);
    expect(idsOf(rig)).toEqual(["DOWNLINK-FILE-BROKEN"]);
    expect(readFileSync(join(workDir, "client-downlinks.json.broken"), "utf8")).toBe("nonsense");
    await settle();
    expect(existsSync(join(workDir, "client-downlinks.json"))).toBe(false);
    await service.close();

    const nowhere = createRig(join(workDir, "nowhere"));
    const other = open(nowhere);
    other.update("wan0", holding("2001:db8::/56"));
    await settle();
    other.update("wan0", holding("2001:db8::/56", 9, 99));
    await settle();
    expect(idsOf(nowhere).filter((id) => id === "DOWNLINK-FILE-UNSAVED")).toHaveLength(1);
    expect(nowhere.told()).toHaveLength(SET.length + 4);
    await other.close();
  });
});
