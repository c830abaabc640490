import { probe, type RoundTrips, startEcho } from "./bed/echo.js";
import { configureGuideServer, guidePool, shortTimers, startServer } from "./bed/guide-server.js";
import {
  buildGuide,
  type GuideNetwork,
  instanceAddress,
  internetAddress,
  type Lease,
  leasedPrefix,
  startTenant,
  type Tenant,
  usePrefix,
  waitForRoutes,
} from "./bed/guide.js";
import { checkFooting } from "./bed/namespaces.js";
import { routes } from "./bed/network.js";
import { callClient, notifications } from "./bed/neutron.js";
import { ours } from "./bed/programs.js";
import { reportWorld } from "./bed/report.js";
import { waitFor } from "./bed/wait.js";
import { openWorld, type World } from "./bed/world.js";

const begun = performance.now();

// Not by running out of work: after an interruption the story may still wait for something.
void main().then((status) => process.exit(status));

/** Sets the stage, tells the story, clears up; gives the exit status. */
async function main(): Promise<number> {
  const check = await checkFooting();
  if (!check.ok) {
    console.error(`The demo needs network namespaces. ${check.reason}`);
    return 1;
  }
  console.log(opening);
  const world = await openWorld();
  const interruption = new Promise<number>((resolve) => {
    process.once("SIGINT", () => {
      resolve(130);
    });
    process.once("SIGTERM", () => {
      resolve(143);
    });
  });
  const outcome = tellStory(world).then(
    () => 0,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const status = await Promise.race([outcome, interruption]);
  if (typeof status === "string") console.error(`${await reportWorld(world)}\nThe demo failed: ${status}`);
  await world.end();
  return typeof status === "string" ? 1 : status;
}

const opening = `
Prefix delegation as in the OpenStack guide, on real packets. Each box is a network namespace with a
file system of its own; nothing on this machine is touched, and nothing stays behind.

  +------------------+   +------------------+   +-------------------+   +------------+
  | internet         |   | network-node     |   | router            |---| instance-1 |
  |                  |---| br-ex            |---| qg-1f2e3d4c-5b    |---| instance-2 |
  | 2001:db8:ffff::2 |   | dibbler-server   |   | 3 dibbler-clients |---| instance-3 |
  +------------------+   +------------------+   +-------------------+   +------------+`;

async function tellStory(world: World): Promise<void> {
  const network = await buildGuide(world);
  await serverStarts(network);
  const leases = await clientsGetPrefixes(network);
  await routesAppear(network, leases);
  await trafficFlows(network, leases);
  await leasesAreRenewed(network);
  await prefixesAreReleased(network);
  console.log(`\nAll done in ${((performance.now() - begun) / 1000).toFixed(1)} s.`);
}

async function serverStarts({ node }: GuideNetwork): Promise<void> {
  chapter("The server starts on the network node, with the guide's configuration and a T1 of 2 s");
  configureGuideServer(node, shortTimers);
  const { milliseconds } = await startServer(node, ours.server);
  line("dibbler-server start", `serves br-ex, a /64 each from ${guidePool}`, milliseconds);
}

async function clientsGetPrefixes(network: GuideNetwork): Promise<readonly Lease[]> {
  chapter(
    "A client per subnet, as Neutron configures it, asks for a prefix (time from start to notification)",
  );
  const leases: Promise<Lease>[] = [];
  for (const tenant of network.tenants) {
    const started = performance.now();
    await startTenant(network, tenant, ours.client);
    leases.push(awaitLease(network, tenant, started));
  }
  return Promise.all(leases);
}

async function awaitLease(network: GuideNetwork, tenant: Tenant, started: number): Promise<Lease> {
  const prefix = await leasedPrefix(network, tenant);
  line(tenant.subnet.device, prefix, performance.now() - started);
  return { tenant, prefix };
}

async function routesAppear(network: GuideNetwork, leases: readonly Lease[]): Promise<void> {
  chapter("The guide's hook script has added the routes on the network node");
  await waitForRoutes(network, leases);
  for (const { dst, gateway, dev } of await routes(network.node, "br-ex")) {
    if (gateway !== undefined) line("ip -6 route", `${dst} via ${gateway} dev ${dev}`);
  }
}

async function trafficFlows({ internet, router }: GuideNetwork, leases: readonly Lease[]): Promise<void> {
  chapter("UDP echoes through each delegated /64, both ways");
  await startEcho(internet);
  for (const { tenant, prefix } of leases) {
    const { instance } = tenant;
    const address = instanceAddress(prefix);
    await usePrefix(router, tenant, prefix);
    await startEcho(instance);
    line(`internet -> ${instance.name}`, `${address}: ${describeTrips(await probe(internet, address))}`);
    line(
      `${instance.name} -> internet`,
      `${internetAddress}: ${describeTrips(await probe(instance, internetAddress))}`,
    );
  }
}

function describeTrips({ sent, milliseconds }: RoundTrips): string {
  if (milliseconds.length < sent) throw new Error(`only ${milliseconds.length} of ${sent} echoes came back`);
  return `${milliseconds.map((time) => time.toFixed(1)).join(", ")} ms`;
}

async function leasesAreRenewed({ router, tenants }: GuideNetwork): Promise<void> {
  chapter("T1 passes: the clients renew, the server extends");
  for (const { subnet } of tenants) {
    const seen = await waitFor(
      `a renewal of ${subnet.device}`,
      () => notifications(router, subnet),
      (list) => list.includes("update"),
    );
    line(subnet.device, `notified so far: ${seen.join(", ")}`);
  }
}

async function prefixesAreReleased(network: GuideNetwork): Promise<void> {
  chapter("The subnets are taken off the router: the clients release, the routes go");
  for (const { subnet } of network.tenants) {
    const { status, milliseconds, stderr } = await callClient(network.router, ours.client, "stop", subnet);
    if (status !== 0) throw new Error(`the client of ${subnet.device} did not stop: ${stderr}`);
    line(subnet.device, "released", milliseconds);
  }
  await waitForRoutes(network, []);
  line("ip -6 route", "no delegated prefix left");
  const { milliseconds } = await network.node.run([ours.server, "stop"]);
  line("dibbler-server stop", "ended", milliseconds);
}

function chapter(title: string): void {
  console.log(`\n${title}`);
}

function line(who: string, what: string, milliseconds?: number): void {
  const time = milliseconds === undefined ? "" : `${milliseconds.toFixed(0)} ms`.padStart(8);
  console.log(`  ${who.padEnd(24)} ${what.padEnd(56)} ${time}`.trimEnd());
}
