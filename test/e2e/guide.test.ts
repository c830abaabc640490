import { describe, expect } from "vitest";
import { startCapture } from "./bed/capture.js";
import { probe, startEcho } from "./bed/echo.js";
import {
  configureGuideServer,
  configureRoutingServer,
  shortTimers,
  startServer,
} from "./bed/guide-server.js";
import {
  addBindAddress,
  buildGuide,
  type GuideNetwork,
  instanceAddress,
  internetAddress,
  type Lease,
  leaseAll,
  leasedPrefix,
  startTenant,
  usePrefix,
  waitForRoutes,
} from "./bed/guide.js";
import { linkLocal, removeAddress } from "./bed/network.js";
import { callClient, notifications, outerDevice, prepareArea } from "./bed/neutron.js";
import { ours } from "./bed/programs.js";
import { sleep, waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

describe("e2e guide: three subnets as Neutron configures them", () => {
  scenario()("leases, routes, traffic both ways, renewals, releases", async () => {
    const network = await buildGuide(await testWorld());
    const { node, router, tenants } = network;
    const capture = await startCapture(node, "br-ex");
    configureGuideServer(node, shortTimers);
    const start = await startServer(node, ours.server);
    expect(start).toMatchObject({ status: 0, stderr: "" });

    for (const tenant of tenants) {
      const { status, stderr, milliseconds } = await startTenant(network, tenant, ours.client);
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(milliseconds).toBeLessThan(2000);
      expectPidFile(network, tenant.subnet.area);
    }
    const leases = await leaseAll(network);
    expect(new Set(leases.map(({ prefix }) => prefix)).size).toBe(leases.length);
    for (const { prefix } of leases) expect(prefix).toMatch(/^2222:2222:2222:[0-9a-f:]*::\/64$/);
    await waitForRoutes(network, leases);
    await expectTraffic(network, leases);

    for (const { subnet } of tenants) {
      const renewed = ["add", "update", "update"];
      await waitFor(
        `two renewals of ${subnet.device}`,
        () => notifications(router, subnet),
        (list) => list.length >= renewed.length,
      );
      expect(notifications(router, subnet).slice(0, renewed.length)).toEqual(renewed);
    }
    expect(await leaseAll(network)).toEqual(leases);

    for (const { subnet } of tenants) {
      const { status, milliseconds } = await callClient(router, ours.client, "stop", subnet);
      expect(status).toBe(0);
      expect(milliseconds).toBeLessThan(2000);
      expect(router.listFolder(subnet.area)).not.toContain("client.pid");
      // The agent deletes the area as a user who could not empty a folder of root's.
      expect(await router.shell(`find ${subnet.area} -mindepth 1 -type d`)).toBe("");
    }
    await waitForRoutes(network, []);

    const packets = await capture?.finish();
    if (packets === undefined) return;
    const clients = tenants.map(({ subnet }) => subnet.bindAddress);
    expectWellFormed(packets, [...clients, await linkLocal(node, "br-ex")]);
    for (const client of clients) {
      const sent = packets.filter(({ source }) => source === client);
      const types = sent.flatMap((packet) => packet.types);
      expect(types.slice(0, 3)).toEqual(["1", "3", "5"]);
      expect(types.at(-1)).toBe("8");
      expect(types.filter((type) => type === "6")).toEqual([]);
      expect(new Set(sent.map(({ destination }) => destination))).toEqual(new Set(["ff02::1:2"]));
    }
  });

  scenario()("routes 1 instead of the script: routes, traffic both ways, releases", async () => {
    const network = await buildGuide(await testWorld());
    const { node, router, tenants } = network;
    configureRoutingServer(node);
    expect(await startServer(node, ours.server)).toMatchObject({ status: 0, stderr: "" });
    for (const tenant of tenants) await startTenant(network, tenant, ours.client);
    const leases = await leaseAll(network);
    await waitForRoutes(network, leases);
    await expectTraffic(network, leases);
    for (const { subnet } of tenants) await callClient(router, ours.client, "stop", subnet);
    await waitForRoutes(network, []);
  });

  scenario()("Neutron's order at the end, address first, then stop: released all the same", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router, tenants } = network;
    configureGuideServer(node);
    await startServer(node, ours.server);
    for (const tenant of tenants) {
      const { subnet } = tenant;
      await startTenant(network, tenant, ours.client);
      await waitForRoutes(network, await leaseAll(network));
      await removeAddress(router, outerDevice, `${subnet.bindAddress}/64`);
      const { status, milliseconds } = await callClient(router, ours.client, "stop", subnet);
      expect(status).toBe(0);
      expect(milliseconds).toBeLessThan(3000);
      await waitForRoutes(network, []);
    }
  });

  scenario()("a hint for a free prefix of the pool: that prefix is delegated", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, tenants } = network;
    configureGuideServer(node);
    await startServer(node, ours.server);
    const hint = "2222:2222:2222:6977::/64";
    for (const tenant of tenants) {
      await startTenant(network, tenant, ours.client, hint);
      expect(await leasedPrefix(network, tenant)).toBe(hint);
    }
  });

  scenario()("client started twice: the second start is refused, the first goes on", async () => {
    const network = await buildGuide(await testWorld(), 1);
    const { node, router, tenants } = network;
    configureGuideServer(node);
    await startServer(node, ours.server);
    for (const tenant of tenants) {
      const pidFile = `${tenant.subnet.area}/client.pid`;
      await startTenant(network, tenant, ours.client);
      await leasedPrefix(network, tenant);
      const pid = router.readFile(pidFile);
      const again = await callClient(router, ours.client, "start", tenant.subnet);
      expect(again.status).toBe(1);
      expect(again.stderr).toContain("already runs");
      expect(router.readFile(pidFile)).toBe(pid);
      expectPidFile(network, tenant.subnet.area);
      expect((await callClient(router, ours.client, "status", tenant.subnet)).status).toBe(0);
      expect((await callClient(router, ours.client, "stop", tenant.subnet)).status).toBe(0);
    }
  });

  scenario()(
    "client before the server: waits, and has its lease soon after the server is there",
    async () => {
      const network = await buildGuide(await testWorld(), 1);
      const { node, router, tenants } = network;
      configureGuideServer(node);
      for (const tenant of tenants) {
        await startTenant(network, tenant, ours.client);
        await sleep(1500);
        expect(notifications(router, tenant.subnet)).toEqual([]);
        await startServer(node, ours.server);
        await leasedPrefix(network, tenant);
      }
    },
  );

  scenario()("no server at all: stop ends the client within two seconds, exit status 0", async () => {
    const network = await buildGuide(await testWorld(), 1);
    for (const tenant of network.tenants) {
      await startTenant(network, tenant, ours.client);
      const { status, milliseconds } = await callClient(network.router, ours.client, "stop", tenant.subnet);
      expect(status).toBe(0);
      expect(milliseconds).toBeLessThan(2000);
    }
  });

  scenario()(
    "a link-local address still under duplicate address detection: the client waits for it",
    async () => {
      const network = await buildGuide(await testWorld({ duplicateAddressDetection: true }), 1);
      const { node, router, tenants } = network;
      configureGuideServer(node);
      await startServer(node, ours.server);
      for (const tenant of tenants) {
        const { subnet } = tenant;
        await removeAddress(router, outerDevice, `${subnet.bindAddress}/64`);
        await addBindAddress(router, subnet);
        prepareArea(router, subnet);
        expect(await callClient(router, ours.client, "start", subnet)).toMatchObject({ status: 0 });
        await leasedPrefix(network, tenant);
      }
    },
  );
});

/**
 * Digits only, readable by everyone, and a live process with the area in its command line: Neutron's test for
 * life.
 */
function expectPidFile({ router }: GuideNetwork, area: string): void {
  const text = router.readFile(`${area}/client.pid`) ?? "";
  expect(text).toMatch(/^\d+$/);
  expect(router.fileMode(`${area}/client.pid`)).toBe(0o644);
  expect(router.commandLine(Number(text))?.join(" ")).toContain(area);
}

/** Echoes come back from each instance to the internet and the other way round. */
async function expectTraffic({ internet, router }: GuideNetwork, leases: readonly Lease[]): Promise<void> {
  await startEcho(internet);
  for (const { tenant, prefix } of leases) {
    await usePrefix(router, tenant, prefix);
    await startEcho(tenant.instance);
    expect((await probe(internet, instanceAddress(prefix))).milliseconds).toHaveLength(3);
    expect((await probe(tenant.instance, internetAddress)).milliseconds).toHaveLength(3);
  }
}
