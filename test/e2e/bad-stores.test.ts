import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "lmdb";
import { describe, expect } from "vitest";
import { inspectDatabase } from "../../shared/edge/lmdb-file.js";
import type { Host } from "./bed/host.js";
import { mulberry32 } from "./bed/mutate.js";
import { ours } from "./bed/programs.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { layOutSwarm, listLeases, serverPid, startQuietly, swarmState } from "./bed/swarm-server.js";
import { openSwarm, type SwarmState } from "./bed/swarm.js";
import { expectRefusal, scenario, testWorld } from "./fixture.js";

const database = `${swarmState}/server-leases.mdb`;
const PAGE = 4096;

/** What becomes of the file of the leases while no server runs; `path` is where the test finds it. */
interface Damage {
  readonly what: string;
  readonly spoil: (path: string, size: number) => unknown;
}

const cut = (octets: (size: number) => number): Damage["spoil"] => {
  return (path, size) => {
    truncateSync(path, octets(size));
  };
};

const damages: readonly Damage[] = [
  { what: "cut off to nothing", spoil: cut(() => 0) },
  { what: "cut off after 100 octets", spoil: cut(() => 100) },
  { what: "cut off after a page", spoil: cut(() => PAGE) },
  { what: "cut off after its meta pages", spoil: cut(() => 2 * PAGE) },
  { what: "cut off in the middle of a page", spoil: cut((size) => Math.floor(size / 2) + 1000) },
  { what: "cut off before its last page", spoil: cut((size) => size - PAGE) },
  {
    what: "zeros all over",
    spoil: (path, size) => {
      writeFileSync(path, new Uint8Array(size));
    },
  },
  { what: "zeros in one page", spoil: zeroPage },
  {
    what: "random octets",
    spoil: (path, size) => {
      writeFileSync(path, randomOctets(size));
    },
  },
  {
    what: "random octets behind good meta pages",
    spoil: (path, size) => {
      const head = readFileSync(path).subarray(0, 2 * PAGE);
      writeFileSync(path, Buffer.concat([head, randomOctets(size - head.length)]));
    },
  },
  { what: "the database of another program", spoil: makeForeign },
];

describe("e2e bad stores: all acknowledged leases, or a refusal that says what to do", () => {
  scenario()("cut off, zeros, random octets, another program's", async () => {
    const { server, state } = await serveAndStop();
    const path = server.outside(database);
    const good = server.outside(`${swarmState}/kept`);
    copyFileSync(path, good);
    // What is behind the database holds nothing.
    truncateSync(good, inspectDatabase(good).wanted);
    const refused: string[] = [];
    for (const { what, spoil } of damages) {
      copyFileSync(good, path);
      await spoil(path, statSync(good).size);
      const before = readFileSync(path);
      const started = await server.run([ours.server, "start"]);
      if (started.status === 0) {
        expect(compareLedger(state.entries, await listLeases(server), true)).toEqual([]);
        await server.run([ours.server, "stop"]);
        continue;
      }
      refused.push(what);
      expectRefusal(started, [database]);
      expect(started.stderr).toMatch(/; .*(move it away|remove it)/);
      expect(readFileSync(path).equals(before)).toBe(true);
      expect(server.readFile(`${swarmState}/server.pid`)).toBeUndefined();
      expectRefusal(await server.run([ours.server, "leases", "--json"]), [database]);
    }
    // What nobody uses may be missing.
    const mayWork = "cut off before its last page";
    expect([...refused, mayWork]).toEqual(expect.arrayContaining(damages.map(({ what }) => what)));
    copyFileSync(good, path);
    await startQuietly(server);
    expect(compareLedger(state.entries, await listLeases(server), true)).toEqual([]);
  });

  scenario()("a lock left by a server that was killed -> the next one starts, at once", async () => {
    const { server, client } = await layOutSwarm(await testWorld());
    await startQuietly(server);
    const swarm = await openSwarm(client);
    const { entries } = await swarm.order({ do: "exchange", count: 200 });
    const pid = serverPid(server);
    // Another server on the same directory, which does not see the pid file.
    server.remove(`${swarmState}/server.pid`);
    const second = await server.run([ours.server, "run"]);
    expectRefusal(second, [database, "in use", "dibbler-server", `pid ${pid}`]);
    await server.shell(`kill -9 ${pid}`);
    await startQuietly(server);
    expect(compareLedger(entries, await listLeases(server), true)).toEqual([]);
  });

  scenario()("read-only -> refused, the reason named; writable again -> all leases", async () => {
    const { server, state } = await serveAndStop();
    await server.shell(`mount --bind ${database} ${database}; mount -o remount,bind,ro ${database}`);
    expectRefusal(await server.run([ours.server, "start"]), [database, "read-only"]);
    await server.shell(`umount ${database}`);
    await startQuietly(server);
    expect(compareLedger(state.entries, await listLeases(server), true)).toEqual([]);
  });
});

/** A server that has delegated something to a swarm and has been stopped, with what the swarm knows of it. */
async function serveAndStop(): Promise<{ readonly server: Host; readonly state: SwarmState }> {
  const { server, client } = await layOutSwarm(await testWorld());
  await startQuietly(server);
  const swarm = await openSwarm(client);
  const state = await swarm.order({ do: "exchange", count: 1500 });
  await swarm.close();
  expect((await server.run([ours.server, "stop"])).status).toBe(0);
  return { server, state };
}

function randomOctets(count: number): Buffer {
  const random = mulberry32(7);
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)));
}

/** The page that lists the databases, which every state of the file has anew. */
function zeroPage(path: string): void {
  const file = readFileSync(path);
  const root = (meta: number): bigint => file.readBigUInt64LE(meta * PAGE + 136);
  const transaction = (meta: number): bigint => file.readBigUInt64LE(meta * PAGE + 152);
  const page = Number(root(transaction(1) > transaction(0) ? 1 : 0));
  writeFileSync(path, file.fill(0, page * PAGE, (page + 1) * PAGE));
}

async function makeForeign(path: string): Promise<void> {
  truncateSync(path, 0);
  const env = open<string, string>({ path, noSubdir: true });
  await env.openDB<string, string>({ name: "letters" }).put("one", "text");
  await env.close();
}
