import { describe, expect, test } from "vitest";
import { iaid, millis, seconds } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import type { IpFailure } from "../../shared/edge/ip-batch.js";
import type { Lease } from "../../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../../shared/prefix.js";
import type { LeaseEvent } from "../../server/lease-event.js";
import { createNetwork } from "../../server/links.js";
import { isOurs, readRoutes, removedIn, routeOf, settingLine } from "../../server/routes.js";
import { createRoutes, type Routes } from "../../server/serve-routes.js";
import { waitFor } from "../e2e/bed/wait.js";
import { createRig, type Rig } from "./rig.js";
import { configure, iface, ip, OTHER_ID, pdClass, prefix, START } from "./settings.js";

const POOL = "2001:db8:1000::/40";
const INDEXES = new Map([["eth0", 2]]);
const config = (routes: boolean) => configure([iface("eth0", [pdClass(56, [POOL], { routes })])]);
const network = createNetwork(config(true), INDEXES);

function lease(text: string, differences: Partial<Lease> = {}): Lease {
  return {
    iaType: "pd",
    duid: OTHER_ID,
    iaid: iaid(1),
    prefix: prefix(text),
    state: "bound",
    ...{ preferred: seconds(100), valid: seconds(200), t1: seconds(50), t2: seconds(80) },
    since: START,
    until: millis(START + 200_000),
    interfaceName: "eth0",
    clientAddress: ip("fe80::1"),
    trail: undefined,
    key: undefined,
    ...differences,
  };
}

const trail = (relay: string) => ({
  ...{ relay: ip(relay), port: 547, arrival: "eth1", message: new Uint8Array() },
});

describe("routes: what a lease wants", () => {
  const one = "2001:db8:1001::/56";
  test.each([
    ["a client: through it, on its link", lease(one), "fe80::1 eth0"],
    [
      "a client with a global address",
      lease(one, { clientAddress: ip("2001:db8::1") }),
      "2001:db8::1 undefined",
    ],
    ["a relay: through it, where it is heard", lease(one, { trail: trail("fe80::9") }), "fe80::9 eth1"],
    ["a relay with a global address", lease(one, { trail: trail("2001:db8::9") }), "2001:db8::9 undefined"],
    ["taken over without an address", lease(one, { clientAddress: ip("::") }), undefined],
    ["resting", lease(one, { state: "resting" }), undefined],
    ["an address", lease("2001:db8:1001::1/128", { iaType: "na" }), undefined],
    ["a link that is not configured", lease(one, { interfaceName: "eth9" }), undefined],
    ["outside of the class with routes", lease("2001:db8:9::/56"), undefined],
  ])("%s", (_case, given, expected) => {
    const route = routeOf(network, given);
    expect(route && `${formatIp6(route.via)} ${route.device}`).toBe(expected);
  });

  test("reservations outside of classes go by what holds for the interface", () => {
    const settings = iface("eth0", [pdClass(56, [POOL])], { routes: true });
    const other = createNetwork(configure([settings]), INDEXES);
    expect(routeOf(other, lease("2001:db8:9::/56"))).toBeDefined();
    expect(routeOf(other, lease("2001:db8:1001::/56"))).toBeUndefined();
  });

  test.each([
    ["2001:db8:1001::/56", true],
    ["2001:db8:1001::/64", true],
    ["2001:db8:9::/56", false],
  ])("%s could be ours: %s", (text, expected) => {
    expect(isOurs(network, prefix(text))).toBe(expected);
  });

  test("lines for ip, and what ip prints", () => {
    const [there] = readRoutes([
      { dst: "2001:db8:1::/56", gateway: "fe80::1", dev: "eth0", metric: 547, flags: [] },
      { dst: "2001:db8:2::/56", gateway: "fe80::1", dev: "eth0", metric: 1024 },
      { dst: "default", gateway: "fe80::1", dev: "eth0", metric: 547 },
      7,
    ]);
    expect(there && formatPrefix(there.prefix)).toBe("2001:db8:1::/56");
    expect(there?.device).toBe("eth0");
    expect(readRoutes("?")).toEqual([]);
    const route = routeOf(network, lease("2001:db8:1001::/56"));
    expect(route && settingLine(route)).toBe(
      "route replace 2001:db8:1001::/56 via fe80::1 dev eth0 proto 147 metric 547",
    );
  });

  test.each([
    ["Deleted 2001:db8:1::/64 via fe80::1 dev d0 proto 147 metric 547 pref medium", "2001:db8:1::/64"],
    ["Deleted 2001:db8:1::1 via fe80::1 dev d0 proto 147 metric 547 pref medium", "2001:db8:1::1/128"],
    ["Deleted 2001:db8:1::/64 via fe80::1 dev d0 proto static metric 547 pref medium", undefined],
    ["Deleted 2001:db8:1::/64 via fe80::1 dev d0 proto 147 metric 1024 pref medium", undefined],
    ["2001:db8:1::/64 via fe80::1 dev d0 proto 147 metric 547 pref medium", undefined],
  ])("the monitor says: %s", (line, expected) => {
    const removed = removedIn(line);
    expect(removed && formatPrefix(removed)).toBe(expected);
  });
});

const until = (what: () => boolean): Promise<boolean> => waitFor("the routes to be so", what);

/** Routes over a system that is a map from prefix to next hop, and what is said. */
interface Bench {
  readonly routes: Routes;
  readonly system: Map<string, string>;
  readonly said: LogId[];
  readonly noted: boolean[];
  readonly hear: (line: string) => void;
  /** Answers with this to each line, from now on; undefined: as `ip` would. */
  refuse: string | undefined;
}

function bench(rig: Rig, hadRoutes = false): Bench {
  const system = new Map<string, string>();
  const [said, noted]: [LogId[], boolean[]] = [[], []];
  let hear: (line: string) => void = () => undefined;
  const made = { refuse: undefined as string | undefined };
  const carryOut = (text: string): string | undefined => {
    const [, verb, to = "", , via = ""] = text.split(" ");
    if (made.refuse !== undefined) return made.refuse;
    if (verb === "replace") system.set(to, via);
    else if (!system.delete(to)) return "No such process";
    else hear(`Deleted ${to} via fe80::1 dev eth0 proto 147 metric 547 pref medium`);
    return undefined;
  };
  const routes = createRoutes({
    state: rig.state,
    log: (id) => void said.push(id),
    hadRoutes,
    noteHaving: (having) => Promise.resolve(void noted.push(having)),
    ip: {
      ask: () =>
        Promise.resolve([...system].map(([dst, gateway]) => ({ dst, gateway, dev: "eth0", metric: 547 }))),
    },
    openSession: () => ({
      submit: (lines) =>
        Promise.resolve(
          lines.flatMap((text, line): IpFailure[] => {
            const why = carryOut(text);
            return why === undefined ? [] : [{ line, why }];
          }),
        ),
      close: () => Promise.resolve(),
    }),
    openMonitor: (listener) => {
      hear = listener;
      return { close: () => undefined };
    },
    isForwarding: () => true,
  });
  return Object.assign(made, {
    routes,
    system,
    said,
    noted,
    hear: (line: string) => {
      hear(line);
    },
  });
}

const event = (action: LeaseEvent["action"], given: Lease, former?: Lease): LeaseEvent => ({
  ...{ action, reason: "request", lease: given, former },
});

describe("routes: the system follows the leases", () => {
  const [a, b] = ["2001:db8:1001::/56", "2001:db8:1002::/56"];

  test("start: set what lacks, mend what is wrong, remove what nobody has, leave other servers' alone", async () => {
    const rig = createRig(config(true));
    for (const each of [a, b]) rig.table.put(lease(each));
    const { routes, system, noted, said } = bench(rig);
    system.set(b, "fe80::bad").set("2001:db8:1003::/56", "fe80::1").set("2001:db8:9::/56", "fe80::1");
    routes.refresh();
    await until(() => system.get(b) === "fe80::1" && !system.has("2001:db8:1003::/56"));
    expect([...system.keys()].sort()).toEqual([a, b, "2001:db8:9::/56"].sort());
    expect(noted).toEqual([true]);
    await until(() => said.length > 0);
    expect(said).toEqual(["SERVER-ROUTES-COMPARED"]);
    await routes.close();
  });

  test("leases that come, move and go; a renewal touches nothing", async () => {
    const { routes, system } = bench(createRig(config(true)));
    routes.refresh();
    await until(() => routes.load().wanted);
    await new Promise((resolve) => setTimeout(resolve, 20));
    routes.happened(event("add", lease(a)));
    await until(() => system.get(a) === "fe80::1");
    system.delete(a);
    routes.happened(event("update", lease(a)));
    routes.happened(event("add", lease(b)));
    await until(() => system.has(b));
    expect(system.has(a)).toBe(false);
    routes.happened(event("update", lease(b, { clientAddress: ip("fe80::2") }), lease(b)));
    await until(() => system.get(b) === "fe80::2");
    routes.happened(event("delete", lease(b)));
    routes.happened(event("add", lease(b, { clientAddress: ip("fe80::3") })));
    await until(() => system.get(b) === "fe80::3");
    routes.happened(event("delete", lease(b)));
    await until(() => !system.has(b));
    await routes.close();
  });

  test("removed by somebody else: set again; what we have removed ourselves is no such case", async () => {
    const rig = createRig(config(true));
    const id = rig.table.put(lease(a));
    const { routes, system, said, hear } = bench(rig);
    routes.refresh();
    await until(() => system.has(a));
    system.delete(a);
    hear(`Deleted ${a} via fe80::1 dev eth0 proto 147 metric 547 pref medium`);
    await until(() => system.has(a));
    rig.table.remove(id);
    const before = said.length;
    routes.happened(event("delete", lease(a)));
    await until(() => !system.has(a));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(said.length).toBe(before);
    await routes.close();
  });

  test("what cannot be set: said once for a reason, counted, and no error for what is gone already", async () => {
    const made = bench(createRig(config(true)));
    made.routes.refresh();
    await until(() => made.noted.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    made.routes.happened(event("delete", lease(a)));
    await until(() => made.routes.load().waiting === 0);
    expect(made.said).toEqual([]);
    made.refuse = "Operation not permitted";
    for (const each of [a, b]) {
      made.routes.happened(event("add", lease(each)));
      await until(() => made.routes.load().waiting === 0);
    }
    await until(() => made.routes.load().failed === 2);
    expect(made.said).toEqual(["SERVER-ROUTES-FAILED"]);
    await made.routes.close();
  });

  test("not configured: nothing is asked or set; no longer configured: all are removed, once", async () => {
    const rig = createRig(config(false));
    rig.table.put(lease(a));
    const untouched = bench(rig);
    untouched.system.set(a, "fe80::1");
    untouched.routes.refresh();
    untouched.routes.happened(event("delete", lease(a)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([...untouched.system.keys()]).toEqual([a]);
    await untouched.routes.close();

    const { routes, system, noted } = bench(rig, true);
    system.set(a, "fe80::1");
    routes.refresh();
    await until(() => noted.length > 0);
    expect([...system.keys()]).toEqual([]);
    expect(noted).toEqual([false]);
    await routes.close();
  });

  test("ip cannot be asked, the host does not forward: said", async () => {
    const rig = createRig(config(true));
    const said: LogId[] = [];
    const routes = createRoutes({
      ...{ state: rig.state, log: (id: LogId) => void said.push(id), hadRoutes: true },
      noteHaving: () => Promise.resolve(),
      ip: { ask: () => Promise.reject(new Error("ip cannot be run")) },
      openMonitor: () => ({ close: () => undefined }),
      isForwarding: () => false,
    });
    routes.refresh();
    await until(() => said.length === 2);
    expect(said).toEqual(["SERVER-NOT-FORWARDING", "SERVER-ROUTES-UNKNOWN"]);
    await routes.close();
  });
});
