import { describe, expect } from "vitest";
import { isLogged } from "../log-lines.js";
import type { Host } from "./bed/host.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import {
  layOutSwarm,
  listLeases,
  serverPid,
  startQuietly,
  swarmLog,
  swarmState,
} from "./bed/swarm-server.js";
import { answeredIn, openSwarm } from "./bed/swarm.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e full disk: nothing is acknowledged that is not stored", () => {
  scenario()("filled under load -> silence and one line; room again -> answers and one line", async () => {
    const { server, client } = await layOutSwarm(await testWorld());
    await server.shell(`mount -t tmpfs -o size=4m bed ${swarmState}`);
    await startQuietly(server);
    const swarm = await openSwarm(client);
    await swarm.order({ do: "exchange", count: 300 });

    for (const round of [1, 2]) {
      await swarm.order({ do: "run" });
      await fill(server);
      await waitFor("a word on the disk", () => count(server, /no space is left/) >= round);
      // Clients ask again and again, and the server tries to store something again and again.
      await waitFor("silence", async () => {
        const before = answeredIn(await swarm.order({ do: "look" }));
        await waitForSecond();
        return answeredIn(await swarm.order({ do: "look" })) === before;
      });
      const killed = await swarm.order({
        ...{ do: "signal", signal: "SIGKILL", pid: serverPid(server) },
        ...{ replies: 0, delayMs: 0, keepOn: false },
      });
      expect(killed.complaints).toEqual([]);
      await empty(server);
      await startQuietly(server);
      expect(compareLedger(killed.entries, await listLeases(server))).toEqual([]);
      expect((await swarm.order({ do: "renew" })).complaints).toEqual([]);
    }
  });

  scenario()("filled, then emptied -> the same server goes on, and says so", async () => {
    const { server, client } = await layOutSwarm(await testWorld());
    await server.shell(`mount -t tmpfs -o size=4m bed ${swarmState}`);
    const pid = await startQuietly(server);
    const swarm = await openSwarm(client);
    await swarm.order({ do: "exchange", count: 300 });
    await swarm.order({ do: "run" });
    await fill(server);
    await waitFor("a word on the disk", () => count(server, /no space is left/) > 0);
    await waitForSecond();
    await waitForSecond();
    expect(count(server, /could not be stored/)).toBe(1);
    await empty(server);
    const full = answeredIn(await swarm.order({ do: "look" }));
    await waitFor("answers", async () => answeredIn(await swarm.order({ do: "look" })) > full + 200);
    await waitFor("the end to be told", () => isLogged(server.readFile(swarmLog), "SERVER-COMMITS-AGAIN"));
    const { entries, complaints } = await swarm.order({ do: "rest" });
    expect(complaints).toEqual([]);
    expect(compareLedger(entries, await listLeases(server), true)).toEqual([]);
    expect(serverPid(server)).toBe(pid);
    expect(count(server, /could not be stored/)).toBe(1);
  });
});

const fill = (server: Host): Promise<string> =>
  server.shell(`cat /dev/zero >${swarmState}/filler 2>/dev/null || true`);

const empty = (server: Host): Promise<string> => server.shell(`rm ${swarmState}/filler`);

const count = (server: Host, line: RegExp): number =>
  (server.readFile(swarmLog) ?? "").split("\n").filter((text) => line.test(text)).length;

/** As long as the server pauses after a commit that failed, and a little more. */
const waitForSecond = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1200));
