import { describe, expect } from "vitest";
import { isLogged } from "../log-lines.js";
import type { Host } from "./bed/host.js";
import { layOutSwarm, startQuietly, swarmLog } from "./bed/swarm-server.js";
import { scenario, testWorld } from "./fixture.js";

/** Nice values of a process's threads, the main one first, in the order in which they were begun. */
async function niceOf(host: Host, pid: number): Promise<readonly number[]> {
  const text = await host.shell(`for thread in $(ls /proc/${pid}/task | sort -n)
    do sed 's/.*) //' /proc/${pid}/task/$thread/stat | cut -d ' ' -f 17; done`);
  return text.trim().split("\n").map(Number);
}

const NODE = Number.parseInt(process.versions.node, 10);
/** On later ones it would take memory. */
const givingWay = NODE < 22 ? scenario() : scenario().skip;
const allEqual = NODE < 22 ? scenario().skip : scenario();

describe("e2e threads: who waits for whom", () => {
  givingWay.each([
    { nice: 0, back: 10 },
    { nice: 12, back: 19 },
  ])("started with nice $nice -> what V8 does beside it has $back, what it waits for $nice", async (row) => {
    const { server } = await layOutSwarm(await testWorld());
    await server.shell(`renice -n ${row.nice} $$ >/dev/null; dibbler-server start`);
    const pid = Number(server.readFile("/var/lib/dibbler/server.pid"));
    const [main, ...others] = await niceOf(server, pid);
    expect(main).toBe(row.nice);
    // V8 has four threads, Node one or two besides. Then come those that LMDB commits in.
    const behind = others.lastIndexOf(row.back) + 1;
    expect(behind).toBeGreaterThanOrEqual(5);
    expect(new Set(others.slice(0, behind))).toEqual(new Set([row.back]));
    expect(others.length - behind).toBeGreaterThanOrEqual(4);
    expect(new Set(others.slice(behind))).toEqual(new Set([row.nice]));
  });

  givingWay("a system that forbids it -> it is said, and the server runs", async () => {
    const { server } = await layOutSwarm(await testWorld(), "log-level 6");
    const forbid = "require('node:os').setPriority = () => { throw new Error('operation not permitted'); };";
    server.writeFile("/run/forbid.cjs", forbid);
    const pid = await startQuietly(server, { env: { NODE_OPTIONS: "--require=/run/forbid.cjs" } });
    expect(new Set(await niceOf(server, pid))).toEqual(new Set([0]));
    expect(isLogged(server.readFile(swarmLog), "SERVER-THREADS-EQUAL")).toBe(true);
  });

  allEqual("Node 22 and later -> all have the same", async () => {
    const { server } = await layOutSwarm(await testWorld());
    expect(new Set(await niceOf(server, await startQuietly(server)))).toEqual(new Set([0]));
  });
});
