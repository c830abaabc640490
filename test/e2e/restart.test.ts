import { describe, expect } from "vitest";
import { startCapture } from "./bed/capture.js";
import { configureGuideServer, guideScript, shortTimers, startServer } from "./bed/guide-server.js";
import {
  buildGuide,
  type GuideNetwork,
  type Lease,
  leasedPrefix,
  startTenant,
  type Tenant,
  waitForRoutes,
} from "./bed/guide.js";
import type { Host } from "./bed/host.js";
import { linkLocal } from "./bed/network.js";
import { callClient, notifications, notifiedPrefix, prepareArea } from "./bed/neutron.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { isLogged } from "../log-lines.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

/** What the server's script was called for, in order. */
const diary = "/var/lib/dibbler/diary";

describe("e2e restart: server", () => {
  scenario().each(["kill -9", "stop"])(
    "after %s and a start: leases kept, renewed, not given to others",
    async (how) => {
      const network = await buildGuide(await testWorld());
      const { node, router, tenants } = network;
      configureGuideServer(node, shortTimers, `echo "$1 $REASON $PREFIX1/64" >>${diary}\n${guideScript}`);
      await startServer(node, ours.server);
      const leases = await leaseFor(network, tenants.slice(0, 2));
      await waitForRoutes(network, leases);

      await endServer(node, how);
      // As after a reboot of the node: the server brings the routes back, from what it has stored.
      await node.shell("ip -6 route flush root 2222:2222:2222::/48");
      node.remove(diary);
      const capture = await startCapture(node, "br-ex");
      const before = leases.map(({ tenant }) => notifications(router, tenant.subnet).length);
      expect(await startServer(node, ours.server)).toMatchObject({ status: 0, stderr: "" });
      await waitForRoutes(network, leases);
      for (const [index, { tenant, prefix }] of leases.entries()) {
        const count = before[index] ?? 0;
        await waitFor("a renewal", () => notifications(router, tenant.subnet).length > count);
        expect(notifiedPrefix(router, tenant.subnet)).toBe(prefix);
        // The script hears of the renewal at the same time as the client.
        const calls = await waitFor(
          "two calls of the script",
          () => (node.readFile(diary) ?? "").split("\n").filter((line) => line.endsWith(prefix)),
          ({ length }) => length >= 2,
        );
        expect(calls.slice(0, 2)).toEqual([`add start ${prefix}`, `update renewed ${prefix}`]);
      }
      const others = await leaseFor(network, tenants.slice(2));
      const prefixes = [...leases, ...others].map(({ prefix }) => prefix);
      expect(new Set(prefixes).size).toBe(prefixes.length);
      await waitForRoutes(network, [...leases, ...others]);

      const packets = await capture?.finish();
      if (packets === undefined) return;
      const old = leases.map(({ tenant }) => tenant.subnet.bindAddress);
      expectWellFormed(packets, [...old, await linkLocal(node, "br-ex")]);
      const types = packets.filter(({ source }) => old.includes(source)).flatMap((packet) => packet.types);
      expect(types).not.toContain("1");
    },
  );
});

describe("e2e restart: server on a machine whose clock was set meanwhile", () => {
  scenario().each([
    ["a day ahead", 86_400_000],
    ["a day back", -86_400_000],
  ])("%s: leases neither end nor change hands", async (_how, step) => {
    const network = await buildGuide(await testWorld());
    const { node, router, tenants } = network;
    configureGuideServer(node, shortTimers, `echo "$1 $REASON $PREFIX1/64" >>${diary}\n${guideScript}`);
    await startServer(node, ours.server);
    const [lease] = await leaseFor(network, tenants.slice(0, 1));
    if (lease === undefined) throw new Error("no lease");
    await endServer(node, "kill -9");
    node.remove(diary);
    // Nobody sets the clock of the machine that tests run on: the program sees another one.
    const shift = "/var/lib/dibbler/shift.cjs";
    node.writeFile(shift, `const now = Date.now;\nDate.now = () => now() + ${step};\n`);
    const before = notifications(router, lease.tenant.subnet).length;
    const env = { NODE_OPTIONS: `--require ${shift}` };
    expect(await node.run([ours.server, "start"], { env })).toMatchObject({ status: 0, stderr: "" });
    const log = "/var/log/dibbler/dibbler-server.log";
    await waitFor("a word on the clock", () => isLogged(node.readFile(log), "CLOCK-APART"));
    await waitFor("a renewal", () => notifications(router, lease.tenant.subnet).length > before);
    // The answer does not wait for the scripts.
    const calls = (): readonly string[] => (node.readFile(diary) ?? "").split("\n").slice(0, -1);
    await waitFor("two calls of the script", () => calls().length >= 2);
    expect(calls().slice(0, 2)).toEqual([`add start ${lease.prefix}`, `update renewed ${lease.prefix}`]);
    const [other] = await leaseFor(network, tenants.slice(1, 2));
    expect(other?.prefix).not.toBe(lease.prefix);
  });
});

describe("e2e restart: server for which clients had better not wait", () => {
  scenario()("it comes back without its leases: the client keeps its prefix all the same", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router } = network;
    configureGuideServer(node, shortTimers);
    await startServer(node, ours.server);
    for (const { tenant, prefix } of await leaseFor(network, network.tenants)) {
      await endServer(node, "kill -9");
      for (const file of node.listFolder("/var/lib/dibbler")) {
        if (file.startsWith("server")) node.remove(`/var/lib/dibbler/${file}`);
      }
      const before = notifications(router, tenant.subnet).length;
      await startServer(node, ours.server);
      await waitFor("news from the client", () => notifications(router, tenant.subnet).length > before);
      expect(notifiedPrefix(router, tenant.subnet)).toBe(prefix);
    }
  });

  scenario()("it stays away: Rebind, then the end of the lease, of which Neutron is told", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router } = network;
    configureGuideServer(node, "T1 1\n        T2 2\n        preferred-lifetime 3\n        valid-lifetime 5");
    await startServer(node, ours.server);
    for (const { tenant } of await leaseFor(network, network.tenants)) {
      const capture = await startCapture(node, "br-ex");
      await endServer(node, "kill -9");
      await waitFor("::/64 in Neutron", () => notifiedPrefix(router, tenant.subnet) === "::/64");
      const { status, milliseconds } = await callClient(router, ours.client, "stop", tenant.subnet);
      expect(status).toBe(0);
      expect(milliseconds).toBeLessThan(3000);
      const packets = await capture?.finish();
      if (packets === undefined) continue;
      expectWellFormed(packets, [tenant.subnet.bindAddress]);
      const types = packets
        .filter(({ sourcePort }) => sourcePort === "546")
        .flatMap((packet) => packet.types);
      expect(types.filter((type) => type === "6").length).toBeGreaterThan(0);
      expect(types.at(-1)).toBe("1");
    }
  });

  scenario()(
    "it is gone when the client is told to stop: the client tries to release, and soon ends",
    async () => {
      const network = await buildGuide(await testWorld(), 1);
      const { node, router } = network;
      configureGuideServer(node);
      await startServer(node, ours.server);
      for (const { tenant } of await leaseFor(network, network.tenants)) {
        await endServer(node, "kill -9");
        const { status, milliseconds } = await callClient(router, ours.client, "stop", tenant.subnet);
        expect(status).toBe(0);
        expect(milliseconds).toBeLessThan(3000);
      }
    },
  );
});

describe("e2e restart: client", () => {
  scenario()("after kill -9 and a start, pid file left behind: Rebind first, same prefix", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router } = network;
    configureGuideServer(node);
    await startServer(node, ours.server);
    for (const lease of await leaseFor(network, network.tenants)) {
      const { subnet } = lease.tenant;
      await killClient(router, lease.tenant);
      router.remove(`${subnet.area}/prefix`);
      const capture = await startCapture(node, "br-ex");
      expect(await callClient(router, ours.client, "start", subnet)).toMatchObject({ status: 0, stderr: "" });
      expect(await leasedPrefix(network, lease.tenant)).toBe(lease.prefix);
      await waitForRoutes(network, [lease]);
      const packets = await capture?.finish();
      if (packets === undefined) continue;
      expectWellFormed(packets, [subnet.bindAddress]);
      const sent = packets.filter(({ source }) => source === subnet.bindAddress);
      expect(sent[0]).toMatchObject({ types: ["6"], prefixes: [lease.prefix] });
      expect(sent.flatMap(({ types }) => types)).not.toContain("1");
    }
  });

  scenario()(
    "after kill -9 and the loss of its area: the server knows it by its DUID, same prefix",
    async () => {
      const network = await buildGuide(await testWorld(), 1);
      const { node, router } = network;
      configureGuideServer(node);
      await startServer(node, ours.server);
      for (const { tenant, prefix } of await leaseFor(network, network.tenants)) {
        await killClient(router, tenant);
        router.remove(tenant.subnet.area);
        await startTenant(network, tenant, ours.client);
        expect(await leasedPrefix(network, tenant)).toBe(prefix);
      }
    },
  );

  scenario()("its pid file names a stranger's process: starts, and the stranger lives on", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router, tenants } = network;
    configureGuideServer(node);
    await startServer(node, ours.server);
    for (const tenant of tenants) {
      const pidFile = `${tenant.subnet.area}/client.pid`;
      prepareArea(router, tenant.subnet);
      router.writeFile(pidFile, String(router.anchor));
      expect((await callClient(router, ours.client, "start", tenant.subnet)).status).toBe(0);
      expect(router.readFile(pidFile)).not.toBe(String(router.anchor));
      await leasedPrefix(network, tenant);
      expect(router.commandLine(router.anchor)).toBeDefined();
    }
  });
});

async function leaseFor(network: GuideNetwork, tenants: readonly Tenant[]): Promise<readonly Lease[]> {
  for (const tenant of tenants) await startTenant(network, tenant, ours.client);
  const leases: Lease[] = [];
  for (const tenant of tenants) leases.push({ tenant, prefix: await leasedPrefix(network, tenant) });
  return leases;
}

async function endServer(node: Host, how: string): Promise<void> {
  if (how === "stop") await node.run([ours.server, "stop"]);
  else await node.shell("kill -9 $(cat /var/lib/dibbler/server.pid)");
  await waitFor("the server to be gone", () => !node.hasUdpPort(547));
}

async function killClient(router: Host, { subnet }: Tenant): Promise<void> {
  await router.shell(`kill -9 $(cat ${subnet.area}/client.pid)`);
  await waitFor("the client to be gone", () => !router.hasUdpPort(546));
}
