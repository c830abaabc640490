import type { Host } from "./host.js";
import {
  addAddress,
  addBridge,
  addRoute,
  allowForwarding,
  connect,
  eui64,
  inPrefix,
  joinBridge,
  linkLocal,
  type Route,
  routes,
} from "./network.js";
import {
  callClient,
  installNotify,
  makeSubnet,
  notifiedPrefix,
  outerDevice,
  prepareArea,
  type Subnet,
} from "./neutron.js";
import type { Result } from "./process.js";
import { installOurs } from "./programs.js";
import { waitFor } from "./wait.js";
import type { World } from "./world.js";

/**
 * The network of the OpenStack guide: a network node with the bridge br-ex, on which the server runs; a
 * router with one outer device and one port per subnet; one instance in each subnet; and a host of the
 * internet behind the node.
 */
export interface GuideNetwork {
  readonly internet: Host;
  readonly node: Host;
  readonly router: Host;
  readonly tenants: readonly Tenant[];
}

/** A subnet and the instance in it. */
export interface Tenant {
  readonly subnet: Subnet;
  readonly instance: Host;
}

/** A prefix, with length, that a tenant's client has been given. */
export interface Lease {
  readonly tenant: Tenant;
  readonly prefix: string;
}

/** Address of the host of the internet. */
export const internetAddress = "2001:db8:ffff::2";

/** A router as Neutron names them. */
export const routerId = "cb9b7a2c-0ffa-412f-989a-1e6c60e1c02f";
const instanceMac = "fa:16:3e:00:00:02";

/**
 * Lays out the guide's network with `count` subnets (up to 15), everything up and addressed but nothing
 * delegated.
 */
export async function buildGuide(world: World, count = 3): Promise<GuideNetwork> {
  const [internet, node, router, ...instances] = await Promise.all([
    world.addHost("internet"),
    world.addHost("network-node"),
    world.addHost("router"),
    ...Array.from({ length: count }, (_none, index) => world.addHost(`instance-${index + 1}`)),
  ]);
  const tenants = instances.map((instance, index) => ({ subnet: makeSubnet(routerId, index + 1), instance }));
  await connectNode(internet, node);
  await connectRouter(node, router);
  for (const tenant of tenants) await connectTenant(router, tenant);
  for (const host of [node, router]) installOurs(host);
  installNotify(router);
  return { internet, node, router, tenants };
}

/** Just a host where the guide's server can run: `br-ex` is one end of a cable that goes nowhere. */
export async function buildServerHost(world: World): Promise<Host> {
  const node = await world.addHost("network-node");
  await connect({ host: node, device: "br-ex" }, { host: node, device: "nowhere" });
  await linkLocal(node, "br-ex");
  installOurs(node);
  return node;
}

/**
 * Starts a tenant's client as Neutron's driver does, hint and all; the hint is a prefix with length. Rejects
 * with what the client said when it does not start.
 */
export async function startTenant(
  { router }: GuideNetwork,
  { subnet }: Tenant,
  client: string,
  hint?: string,
): Promise<Result> {
  prepareArea(router, subnet, hint);
  const result = await callClient(router, client, "start", subnet);
  if (result.status !== 0) throw new Error(`the client did not start: ${result.stdout}${result.stderr}`);
  return result;
}

/** Waits until the tenant's client has notified a prefix, and gives it. */
export async function leasedPrefix({ router }: GuideNetwork, { subnet }: Tenant): Promise<string> {
  const notified = await waitFor(
    `a prefix for ${subnet.device}`,
    () => notifiedPrefix(router, subnet),
    (prefix) => prefix !== undefined && prefix !== "::/64",
  );
  return notified ?? "";
}

/** Waits until every tenant's client has notified a prefix. */
export async function leaseAll(network: GuideNetwork): Promise<readonly Lease[]> {
  const leases: Lease[] = [];
  for (const tenant of network.tenants) leases.push({ tenant, prefix: await leasedPrefix(network, tenant) });
  return leases;
}

/**
 * Waits until the node's routes through br-ex are exactly those of the guide's hook script for these leases.
 */
export async function waitForRoutes({ node }: GuideNetwork, leases: readonly Lease[]): Promise<void> {
  const wanted = leases
    .map(({ prefix, tenant }) => `${prefix} via ${tenant.subnet.bindAddress}`)
    .sort()
    .join(", ");
  await waitFor(
    `the routes "${wanted}" on br-ex`,
    async () => (await routes(node, "br-ex")).flatMap(describeRoute).sort().join(", "),
    (seen) => seen === wanted,
  );
}

/**
 * What Neutron does with a new prefix: `::1` on the router's port, and the instance gets its address and way
 * out.
 */
export async function usePrefix(router: Host, { subnet, instance }: Tenant, prefix: string): Promise<void> {
  await addAddress(router, subnet.device, `${inPrefix(prefix, ["1"])}/64`);
  await addAddress(instance, "eth0", `${instanceAddress(prefix)}/64`);
  await addRoute(instance, "default", subnet.bindAddress, "eth0");
}

/** Address that every instance gets inside its subnet's prefix. */
export function instanceAddress(prefix: string): string {
  return eui64(prefix, instanceMac);
}

/**
 * Makes the subnet's own link-local address on the outer device, as Neutron does before it starts the client.
 */
export async function addBindAddress(router: Host, { bindAddress }: Subnet): Promise<void> {
  await addAddress(router, outerDevice, `${bindAddress}/64`);
}

async function connectNode(internet: Host, node: Host): Promise<void> {
  await addBridge(node, "br-ex");
  await connect({ host: internet, device: "eth0" }, { host: node, device: "uplink" });
  await addAddress(internet, "eth0", `${internetAddress}/64`);
  await addAddress(node, "uplink", "2001:db8:ffff::1/64");
  await addRoute(internet, "default", "2001:db8:ffff::1", "eth0");
  await allowForwarding(node);
}

async function connectRouter(node: Host, router: Host): Promise<void> {
  const port = "tap-router";
  await connect({ host: router, device: outerDevice }, { host: node, device: port });
  await joinBridge(node, "br-ex", port);
  await allowForwarding(router);
  await addRoute(router, "default", await linkLocal(node, "br-ex"), outerDevice);
}

async function connectTenant(router: Host, { subnet, instance }: Tenant): Promise<void> {
  const port = { host: router, device: subnet.device, mac: subnet.mac };
  await connect(port, { host: instance, device: "eth0", mac: instanceMac });
  await addBindAddress(router, subnet);
}

/** Routes with a next hop; what the kernel adds by itself has none. */
function describeRoute({ dst, gateway }: Route): readonly string[] {
  return gateway === undefined ? [] : [`${dst} via ${gateway}`];
}
