import { describe, expect } from "vitest";
import { startCapture } from "./bed/capture.js";
import { configureGuideServer, guideScript, shortTimers, startServer } from "./bed/guide-server.js";
import {
  buildGuide,
  type GuideNetwork,
  type Lease,
  leaseAll,
  startTenant,
  waitForRoutes,
} from "./bed/guide.js";
import { keaLifetimes, startKea } from "./bed/kea.js";
import { linkLocal } from "./bed/network.js";
import { callClient, notifications } from "./bed/neutron.js";
import { requirePeer } from "./bed/peers.js";
import { ours } from "./bed/programs.js";
import { waitFor } from "./bed/wait.js";
import { expectWellFormed, scenario, testWorld } from "./fixture.js";

describe("e2e peers: three subnets, one side by others", () => {
  scenario("dibblerClient")("our server and Dibbler's client: lease, renewal, release, routes", async () => {
    const network = await buildGuide(await testWorld());
    const { node } = network;
    const capture = await startCapture(node, "br-ex");
    configureGuideServer(node, shortTimers);
    await startServer(node, ours.server);
    const client = requirePeer("dibblerClient");
    await waitForRoutes(network, await leaseAndRenew(network, client));
    await stopAll(network, client);
    await waitForRoutes(network, []);
    const packets = await capture?.finish();
    if (packets !== undefined) expectWellFormed(packets, [await linkLocal(node, "br-ex")]);
  });

  scenario("dibblerServer")("Dibbler's server and our client: lease, renewal, release, routes", async () => {
    const network = await buildGuide(await testWorld());
    const { node } = network;
    const capture = await startCapture(node, "br-ex");
    // Dibbler never runs a script without an interpreter line, so the guide's gets one here.
    configureGuideServer(node, shortTimers, `#!/usr/bin/env bash\n${guideScript}`);
    await startServer(node, requirePeer("dibblerServer"));
    await waitForRoutes(network, await leaseAndRenew(network, ours.client));
    await stopAll(network, ours.client);
    await waitForRoutes(network, []);
    const packets = await capture?.finish();
    if (packets !== undefined) expectWellFormed(packets, clientAddresses(network));
  });

  scenario("kea")("Kea and our client: lease, renewal, release", async () => {
    const network = await buildGuide(await testWorld());
    const { node } = network;
    const capture = await startCapture(node, "br-ex");
    await startKea(node);
    const leases = await leaseAndRenew(network, ours.client);
    await stopAll(network, ours.client);
    for (const { prefix } of leases) {
      await waitFor(
        `Kea to record the release of ${prefix}`,
        () => keaLifetimes(node, prefix),
        (lifetimes) => lifetimes.at(-1) === 0,
      );
    }
    const packets = await capture?.finish();
    if (packets !== undefined) expectWellFormed(packets, clientAddresses(network));
  });
});

/** Starts a client per tenant; each gets a prefix of its own and keeps it over a renewal. */
async function leaseAndRenew(network: GuideNetwork, client: string): Promise<readonly Lease[]> {
  const { router, tenants } = network;
  for (const tenant of tenants) await startTenant(network, tenant, client);
  const leases = await leaseAll(network);
  expect(new Set(leases.map(({ prefix }) => prefix)).size).toBe(tenants.length);
  for (const { subnet } of tenants) {
    await waitFor(`a renewal of ${subnet.device}`, () => notifications(router, subnet).includes("update"));
  }
  expect(await leaseAll(network)).toEqual(leases);
  return leases;
}

async function stopAll({ router, tenants }: GuideNetwork, client: string): Promise<void> {
  for (const { subnet } of tenants) expect((await callClient(router, client, "stop", subnet)).status).toBe(0);
}

function clientAddresses({ tenants }: GuideNetwork): readonly string[] {
  return tenants.map(({ subnet }) => subnet.bindAddress);
}
