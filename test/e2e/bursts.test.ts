import { describe, expect } from "vitest";
import type { LogId } from "../../shared/catalogue.js";
import { isLogged } from "../log-lines.js";
import { confined, NOBODY } from "./bed/confined.js";
import type { Host } from "./bed/host.js";
import { ours } from "./bed/programs.js";
import { layOutSwarm, listLeases, startQuietly, swarmLog } from "./bed/swarm-server.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { openSwarm } from "./bed/swarm.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

/** A world made by another user has no second user to change to. */
const asRoot = process.geteuid?.() === 0 ? scenario() : scenario().skip;

/** What the server says of bursts. */
const SAID = ["SERVER-BURSTS", "SERVER-BURSTS-SINGLY"] as const satisfies readonly LogId[];

/** A hundred clients that ask at the same time, again and again; gives what the server has said of it. */
async function crowd(server: Host, client: Host): Promise<readonly LogId[]> {
  const swarm = await openSwarm(client, { clients: 100, ias: 1, thinkMs: 0 });
  const saidNow = (): readonly LogId[] => SAID.filter((id) => isLogged(server.readFile(swarmLog), id));
  await waitFor("the server to hear a burst", async () => {
    await swarm.order({ do: "exchange", count: 200 });
    return saidNow().length > 0;
  });
  const state = await swarm.order({ do: "exchange", count: 1000 });
  expect(state.complaints).toEqual([]);
  expect(compareLedger(state.entries, await listLeases(server), true)).toEqual([]);
  await swarm.close();
  return saidNow();
}

describe("e2e bursts: a hundred clients at once", () => {
  scenario()("koffi is installed -> its calls are used, and every Reply is stored and arrives", async () => {
    const { server, client } = await layOutSwarm(await testWorld(), "log-level 6");
    await startQuietly(server);
    expect(await crowd(server, client)).toEqual(["SERVER-BURSTS"]);
  });

  asRoot("without root, as the unit has it -> the same", async () => {
    const { server, client } = await layOutSwarm(await testWorld(), "log-level 6");
    await server.shell(`chown -R ${NOBODY}:${NOBODY} /var/lib/dibbler /var/log/dibbler`);
    await server.spawn(confined(["net_bind_service"], [ours.server, "run"]));
    await waitFor("the server to listen on port 547", () => server.hasUdpPort(547));
    expect(await crowd(server, client)).toEqual(["SERVER-BURSTS"]);
  });

  scenario()("koffi is not installed -> it is said once, and all is answered as well", async () => {
    const { server, client } = await layOutSwarm(await testWorld(), "log-level 6");
    await server.shell(
      'mount -t tmpfs none "$(dirname "$(readlink -f /run/bed/bin/dibbler-server)")/../node_modules/koffi"',
    );
    await startQuietly(server);
    expect(await crowd(server, client)).toEqual(["SERVER-BURSTS-SINGLY"]);
  });
});
