import { describe, expect } from "vitest";
import { isLogged } from "../log-lines.js";
import type { Host, Running } from "./bed/host.js";
import { ours } from "./bed/programs.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { layOutSwarm, listLeases, startQuietly, swarmLog, swarmState } from "./bed/swarm-server.js";
import { answeredIn, openSwarm, type Swarm } from "./bed/swarm.js";
import { sleep, waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e full disk: nothing is acknowledged that is not stored", () => {
  scenario()("filled under load, kill -9 -> all that was acknowledged is there", async () => {
    const { server, swarm, running } = await fillUnderLoad();
    const killed = await swarm.order({
      ...{ do: "signal", signal: "SIGKILL", pid: running.pid },
      ...{ replies: 0, delayMs: 0, keepOn: false },
    });
    expect(killed.complaints).toEqual([]);
    await empty(server);
    await startQuietly(server);
    expect(compareLedger(killed.entries, await listLeases(server))).toEqual([]);
    expect((await swarm.order({ do: "renew" })).complaints).toEqual([]);
  });

  scenario()("filled, then room again -> the same server goes on; a line for each", async () => {
    const { server, swarm, running } = await fillUnderLoad();
    // Long enough for it to try again, and again.
    await sleep(3000);
    expect(count(server, /could not be stored/)).toBe(1);
    expect(isLogged(server.readFile(swarmLog), "SERVER-COMMITS-AGAIN")).toBe(false);
    await empty(server);
    const full = answeredIn(await swarm.order({ do: "look" }));
    await waitFor("answers", async () => answeredIn(await swarm.order({ do: "look" })) > full + 500);
    await waitFor("the end to be told", () => isLogged(server.readFile(swarmLog), "SERVER-COMMITS-AGAIN"));
    const { entries, complaints } = await swarm.order({ do: "rest" });
    expect(complaints).toEqual([]);
    expect(compareLedger(entries, await listLeases(server), true)).toEqual([]);
    expect(count(server, /could not be stored/)).toBe(1);
    // The files for other programs come after it.
    const rows = (await listLeases(server)).length;
    await waitFor(
      "a current file for other programs",
      () => {
        const view = server.readFile(`${swarmState}/server-AddrMgr.xml`) ?? "";
        return view.split("<AddrPrefix").length - 1 === rows;
      },
      Boolean,
      20_000,
    );
    expect((await running.stop()).status).toBe(0);
  });
});

/** A server whose state directory gets full while a swarm, which goes on, takes more and more leases. */
async function fillUnderLoad(): Promise<{
  readonly server: Host;
  readonly swarm: Swarm;
  readonly running: Running;
}> {
  const { server, client } = await layOutSwarm(await testWorld());
  await server.shell(`mount -t tmpfs -o size=4m bed ${swarmState}`);
  const running = await server.spawn([ours.server, "run"]);
  await waitFor("the server to listen", () => server.hasUdpPort(547));
  const swarm = await openSwarm(client);
  await swarm.order({ do: "exchange", count: 20 });
  await server.shell(`cat /dev/zero >${swarmState}/filler 2>/dev/null || true`);
  await swarm.order({ do: "run" });
  await waitFor("a word on the disk", () => count(server, /could not be stored.* no space is left/) > 0);
  return { server, swarm, running };
}

const empty = (server: Host): Promise<string> => server.shell(`rm ${swarmState}/filler`);

const count = (server: Host, line: RegExp): number =>
  (server.readFile(swarmLog) ?? "").split("\n").filter((text) => line.test(text)).length;
