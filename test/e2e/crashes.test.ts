import { describe, expect } from "vitest";
import { mulberry32 } from "./bed/mutate.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { layOutSwarm, listLeases, serverPid, startQuietly, wanted } from "./bed/swarm-server.js";
import { answeredIn, openSwarm, type SwarmState } from "./bed/swarm.js";
import { scenario, testWorld } from "./fixture.js";

const KILLS = wanted("DIBBLER_KILLS", 5);
const SEED = wanted("DIBBLER_SEED", 1);

describe("e2e crashes: fifty clients that lease, renew and release at random", () => {
  scenario()(
    `kill -9 at ${KILLS} random moments -> every acknowledged lease is there, none twice, released ones gone`,
    async () => {
      const { server, client } = await layOutSwarm(await testWorld());
      await startQuietly(server);
      const swarm = await openSwarm(client, { seed: SEED });
      const random = mulberry32(SEED);
      const seen: SwarmState[] = [];
      for (let kill = 0; kill < KILLS; kill++) {
        const state = await swarm.order({
          ...{ do: "signal", signal: "SIGKILL", pid: serverPid(server), keepOn: false },
          replies: 1 + Math.floor(random() * 600),
          delayMs: Math.floor(random() * 10),
        });
        seen.push(state);
        await startQuietly(server);
        expect(compareLedger(state.entries, await listLeases(server))).toEqual([]);
        expect((await swarm.order({ do: "renew" })).complaints).toEqual([]);
        const settled = await swarm.order({ do: "look" });
        expect(compareLedger(settled.entries, await listLeases(server), true)).toEqual([]);
      }
      // Each server was killed in the middle of something, and there was something to lose.
      const held = seen.map(
        (state) => state.entries.filter(({ standing }) => standing.kind === "held").length,
      );
      expect(Math.min(...seen.map(({ open }) => open))).toBeGreaterThan(0);
      expect(Math.max(...held)).toBeGreaterThan(20);
      tell(`${KILLS} kills`, seen);
    },
    60_000 + KILLS * 10_000,
  );

  scenario()("SIGTERM -> what was decided is answered, nothing else is stored, gone within 5 s", async () => {
    const { server, client } = await layOutSwarm(await testWorld());
    await startQuietly(server);
    const swarm = await openSwarm(client, { seed: SEED });
    const seen: SwarmState[] = [];
    for (const replies of [50, 400, 1000]) {
      const pid = serverPid(server);
      const state = await swarm.order({
        ...{ do: "signal", signal: "SIGTERM", pid, replies, delayMs: 3, keepOn: true },
      });
      seen.push(state);
      expect(state.endedAfter).toBeLessThan(5000);
      expect(compareLedger(state.entries, await listLeases(server), true)).toEqual([]);
      expect(state.complaints).toEqual([]);
      await startQuietly(server);
    }
    expect((await swarm.order({ do: "renew" })).complaints).toEqual([]);
    tell("SIGTERM", seen);
  });
});

/** The figures of a long run are wanted by people. */
function tell(what: string, seen: readonly SwarmState[]): void {
  const last = seen.at(-1);
  if (last === undefined || process.env["DIBBLER_KILLS"] === undefined) return;
  const most = Math.max(...seen.map(({ endedAfter }) => endedAfter)).toFixed(0);
  const open = seen.map((state) => state.open).join(" ");
  console.log(
    `${what}: ${answeredIn(last)} exchanges ${JSON.stringify(last.answered)}; open: ${open}; longest end: ${most} ms`,
  );
}
