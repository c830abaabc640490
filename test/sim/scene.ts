import { parsePrefix, overlaps } from "../../shared/prefix.js";
import type { WantedIa } from "../../client/binding.js";
import { addClient, type SimClient } from "./sim-client.js";
import { addServer, type SimServer } from "./sim-server.js";
import { createWorld, type World } from "./world.js";
import { pd } from "../client/workbench.js";

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
}

/** A server.conf with these times in seconds: T1, T2, preferred, valid. */
export const serverConf = (
  pool: string,
  [t1, t2, preferred, valid]: readonly [number, number, number, number],
): string => `iface "srv0" {
  T1 ${t1} T2 ${t2} preferred-lifetime ${preferred} valid-lifetime ${valid}
  pd-class { pd-pool ${pool} pd-length 64 }
}`;

/** Adds everybody, starts the servers, and from then on sees to it that what must never happen does not. */
export function createScene(seed: number, { clients: count, servers: texts, wanted = [pd(1)] }: Cast): Scene {
  const world = createWorld(seed);
  const clients: SimClient[] = [];
  for (let n = 1; n <= count; n++) clients.push(addClient(world, n, wanted));
  const servers = texts.map((text, index) => addServer(world, index + 1, text, clients));
  for (const server of servers) server.start();
  const inspect = createInspector(world, clients);
  world.watch(inspect);
  return { world, clients, servers };
}

/** All prefixes that the scripts of these clients believe are held. */
export const heldBy = (...clients: readonly SimClient[]): readonly string[] =>
  clients.flatMap(({ believed }) => [...believed.keys()]).sort();

/** What holds at every instant: valid lifetimes are kept, no two clients hold the same, nobody floods. */
function createInspector(world: World, clients: readonly SimClient[]): () => void {
  let looked = new Map<SimClient, number>();
  let checked = "";
  return () => {
    for (const client of clients) {
      if (client.phase() === "not running") continue;
      for (const { prefix, until } of client.believed.values()) {
        if (until + 1000 <= world.now()) fail(`${client.name} uses ${prefix} beyond its valid lifetime`);
      }
      const since = looked.get(client) ?? 0;
      const window = client.sends.slice(since).filter((at) => at > world.now() - 20_000);
      if (window.length > 20) fail(`${client.name} sent ${window.length} messages in 20 s`);
    }
    looked = new Map(clients.map((client) => [client, Math.max(0, client.sends.length - 40)]));
    const now = clients.map(({ believed }) => [...believed.keys()].join()).join("|");
    if (now === checked) return;
    checked = now;
    noneShared(clients);
  };
}

function noneShared(clients: readonly SimClient[]): void {
  const all = clients.flatMap((client) =>
    heldBy(client).map((text) => ({ client: client.name, text, prefix: parsePrefix(text) })),
  );
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (one.prefix === undefined || other.prefix === undefined) fail("not a prefix");
      else if (one.client !== other.client && overlaps(one.prefix, other.prefix)) {
        fail(`${one.client} and ${other.client} both hold ${one.text}`);
      }
    }
  }
}

function fail(what: string): never {
  throw new Error(what);
}
