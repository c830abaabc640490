import { inner, outer } from "./clients.js";
import type { Host } from "./host.js";
import { addBridge, connect, joinBridge, linkLocal } from "./network.js";
import type { World } from "./world.js";

/** Adds `count` hosts for clients, as `addHosts` does. */
export function addClients(world: World, hub: Host, bridge: string, count: number): Promise<readonly Host[]> {
  const names = Array.from({ length: count }, (_none, index) => `client-${index + 1}`);
  return addHosts(world, hub, bridge, names);
}

/**
 * Adds hosts with these names, `wan0` of each on a new bridge of `hub`. Their `lan0` is a cable with both ends
 * in the host: up, and with nobody else on it.
 */
export async function addHosts(
  world: World,
  hub: Host,
  bridge: string,
  names: readonly string[],
): Promise<readonly Host[]> {
  const clients = await Promise.all(names.map((name) => world.addHost(name)));
  await addBridge(hub, bridge);
  for (const [index, client] of clients.entries()) {
    await connect({ host: client, device: outer }, { host: hub, device: `port${index}` });
    await joinBridge(hub, bridge, `port${index}`);
    await connect({ host: client, device: inner }, { host: client, device: "lan1" });
    await linkLocal(client, outer);
  }
  await linkLocal(hub, bridge);
  return clients;
}
