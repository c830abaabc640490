import { pd } from "../client/workbench.js";
import type { WantedIa } from "../../client/binding.js";
import { addClient, type SimClient } from "./sim-client.js";
import { addServer, type SimServer } from "./sim-server.js";
import { LINKS } from "./topology.js";
import { createHoldings } from "./uniqueness.js";
import { createWorld, type World } from "./world.js";

/** A link with clients and servers on it, watched all the time. */
export interface Scene {
  readonly world: World;
  readonly clients: readonly SimClient[];
  readonly servers: readonly SimServer[];
}

/** What a scene is made of. */
export interface Cast {
  readonly clients: number;
  readonly servers: readonly string[];
  readonly wanted?: readonly WantedIa[];
  /** The link of each client: 0 is the server's own, 1 and 2 have so many relays. */
  readonly linkOf?: (client: number) => number;
}

/** A server.conf with these times in seconds: T1, T2, preferred, valid. */
export const serverConf = (
  pool: string,
  [t1, t2, preferred, valid]: readonly [number, number, number, number],
): string => `script "/script"
iface "srv0" {
  T1 ${t1} T2 ${t2} preferred-lifetime ${preferred} valid-lifetime ${valid}
  pd-class { pd-pool ${pool} pd-length 64 }
}`;

/** Adds everybody and starts the servers; from then on what must never happen ends the world. */
export async function createScene(seed: number, cast: Cast): Promise<Scene> {
  const { clients: count, servers: texts, wanted = [pd(1)], linkOf = () => 0 } = cast;
  const world = createWorld(seed);
  const names = texts.map((_, index) => `server${index + 1}`);
  const holdings = createHoldings(world);
  const clients: SimClient[] = [];
  for (let number = 1; number <= count; number++)
    clients.push(addClient(world, { number, wanted, servers: names, holdings }));
  const where = { linkOf: (client: number) => LINKS[linkOf(client)] ?? { name: "srv0", relays: 0 as const } };
  const servers = texts.map((text, index) => addServer(world, index + 1, text, where));
  for (const server of servers) server.start();
  await world.run(100);
  return { world, clients, servers };
}

/** All prefixes that the scripts of these clients believe are held. */
export const heldBy = (...clients: readonly SimClient[]): readonly string[] =>
  clients.flatMap(({ believed }) => [...believed.keys()]).sort();
