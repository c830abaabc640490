import type { Host } from "./host.js";
import { layOutPair } from "./pair.js";
import { ours } from "./programs.js";
import { startServer } from "./guide-server.js";
import type { ListedLease } from "./swarm-ledger.js";
import type { CommandOptions } from "./process.js";
import type { World } from "./world.js";

/** The state directory, and where the server says what it does. */
export const swarmState = "/var/lib/dibbler";
/** See `swarmState`. */
export const swarmLog = "/var/log/dibbler/dibbler-server.log";

/**
 * A server with 128 prefixes, few enough for them to change hands all the time; `more` is for the top of its
 * configuration.
 */
export async function layOutSwarm(
  world: World,
  more = "log-level 5",
  lifetimes = "",
): Promise<{ readonly server: Host; readonly client: Host }> {
  const { server, client } = await layOutPair(world);
  server.writeFile(
    "/etc/dibbler/server.conf",
    `${more}\niface eth0 { pd-class { pd-pool 2001:db8:1000::/49 pd-length 56 ${lifetimes} } }\n`,
  );
  return { server, client };
}

/** Starts the server, which must say nothing; gives its process id. */
export async function startQuietly(server: Host, options?: CommandOptions): Promise<number> {
  const { stderr } = await startServer(server, ours.server, options);
  if (stderr !== "") throw new Error(`the server says: ${stderr}`);
  return serverPid(server);
}

/** The process id of the server that runs. */
export const serverPid = (server: Host): number =>
  Number.parseInt(server.readFile(`${swarmState}/server.pid`) ?? "", 10);

/** What the server has stored. */
export async function listLeases(server: Host): Promise<readonly ListedLease[]> {
  const { status, stdout, stderr } = await server.run([ours.server, "leases", "--json"]);
  if (status !== 0) throw new Error(`the leases cannot be listed: ${stderr}`);
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as ListedLease);
}

/** How many times: what a variable of the environment says, or else what will do for a short run. */
export function wanted(variable: string, short: number): number {
  const text = process.env[variable];
  if (text === undefined || text === "") return short;
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${variable}=${text} is not a number of times`);
  return count;
}

/** For `startQuietly`: garbage is collected soon, so that what shows of the server's memory is what stays. */
export const smallHeap = { NODE_OPTIONS: "--max-semi-space-size=1 --max-old-space-size=32" } as const;
