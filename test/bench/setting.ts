import { mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Host } from "../e2e/bed/host.js";
import { linkLocal } from "../e2e/bed/network.js";
import { layOutPair } from "../e2e/bed/pair.js";
import { openWorld } from "../e2e/bed/world.js";
import { type Link, type Served, startServing, tailOf } from "./first-answer.js";
import type { Contender } from "./servers.js";

/** A server at work in a network of its own. */
export interface Setting extends Link {
  readonly served: Served;
}

/** Where leases are kept without BENCH_DIR: /tmp is in memory on many machines. */
export const ON_DISK = "/var/tmp";

/** What a server is started with. */
export interface Wanted {
  /** Leases of others that are stored when it starts. */
  readonly size?: number;
  /** Path and text of a hook script. */
  readonly script?: { readonly path: string; readonly text: string };
  /** What else its configuration says; ours only. */
  readonly lines?: string;
  /** How long its first answer is waited for; 20 s. */
  readonly patienceMs?: number;
}

/** Runs something with a server, which is killed then; an error tells the end of the server's log. */
export async function withServer<T>(
  contender: Contender,
  { size = 0, script, lines = "", patienceMs = 20_000 }: Wanted,
  run: (setting: Setting) => Promise<T>,
): Promise<T> {
  const world = await openWorld();
  const folders: string[] = [];
  try {
    const { server, client } = await layOutPair(world);
    // A Node of its own: what it shares with other programs of this machine is not to its credit.
    await server.shell(`cp '${process.execPath}' /run/bed/bin/node`);
    folders.push(...(await putOnDisk(server)));
    if (script !== undefined) server.writeFile(script.path, script.text, 0o755);
    const relay = await linkLocal(client, "wan0");
    contender.configure(server, { relay, lines, ...(script === undefined ? {} : { script: script.path }) });
    if (size > 0) await contender.store?.(server, size);
    const link = { server, client };
    const served = await startServing(contender, link, patienceMs);
    return await run({ ...link, served }).catch(async (error: unknown) => {
      const what = error instanceof Error ? error.message : String(error);
      throw new Error(`${what}\n${await tailOf(server, contender)}`);
    });
  } finally {
    await world.end();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}

/** What servers keep is on a disk, or where BENCH_DIR says. */
async function putOnDisk(server: Host): Promise<readonly string[]> {
  const base = process.env["BENCH_DIR"] ?? ON_DISK;
  const folders: string[] = [];
  for (const name of ["dibbler", "kea"]) {
    const folder = mkdtempSync(join(resolve(base), `load-bench-${name}-`));
    folders.push(folder);
    await server.shell(`mount --bind '${folder}' /var/lib/${name}`);
  }
  return folders;
}
