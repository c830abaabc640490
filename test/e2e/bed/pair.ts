import { startServer } from "./guide-server.js";
import type { Host } from "./host.js";
import { addAddress, connect, linkLocal } from "./network.js";
import { installOurs, ours } from "./programs.js";
import type { World } from "./world.js";

/** Our server on `eth0` and one other host on that link, which sends by `wan0`: a client, a relay, a tool. */
export interface Pair {
  readonly server: Host;
  readonly other: Host;
  /** Link-local address of the server, and that of the other host with `%wan0`. */
  readonly serverLocal: string;
  readonly otherLocal: string;
}

/** Global addresses of the two. */
export const pairAddresses = { server: "2001:db8:c::1", other: "2001:db8:c::2" } as const;

/**
 * A host for a server, our programs on it, and one for its clients, which sends by `wan0`; nothing is
 * configured or started.
 */
export async function layOutPair(
  world: World,
  device = "eth0",
): Promise<{ readonly server: Host; readonly client: Host }> {
  const [server, client] = await Promise.all([world.addHost("server"), world.addHost("client")]);
  await connect({ host: server, device }, { host: client, device: "wan0" });
  await linkLocal(server, device);
  await linkLocal(client, "wan0");
  installOurs(server);
  return { server, client };
}

/** Lays out the two hosts, and starts the server with this configuration. */
export async function buildPair(world: World, configuration: string): Promise<Pair> {
  const [server, other] = await Promise.all([world.addHost("server"), world.addHost("other")]);
  await connect({ host: server, device: "eth0" }, { host: other, device: "wan0" });
  await addAddress(server, "eth0", `${pairAddresses.server}/64`);
  await addAddress(other, "wan0", `${pairAddresses.other}/64`);
  const serverLocal = await linkLocal(server, "eth0");
  const otherLocal = `${await linkLocal(other, "wan0")}%wan0`;
  installOurs(server);
  server.writeFile("/etc/dibbler/server.conf", configuration);
  const { stderr } = await startServer(server, ours.server);
  if (stderr !== "") throw new Error(`the server complains: ${stderr}`);
  return { server, other, serverLocal, otherLocal };
}
