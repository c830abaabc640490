import type { Host } from "../e2e/bed/host.js";
import { waitFor } from "../e2e/bed/wait.js";
import { measureDelays } from "./delays.js";
import type { Plan } from "./measure.js";
import { offer } from "./perfdhcp.js";
import type { Contender } from "./servers.js";
import { withServer } from "./setting.js";
import type { Figures } from "./table.js";

/** Exchanges a second, each with a route to set: more than the changes that ours is held to. */
const RATE = 1200;
/** The protocol of the server's routes. */
const PROTOCOL = "147";

/** Leases whose routes the server itself sets: how many a second, and what waits for it. */
export function measureRoutes(contender: Contender, { hookSeconds: seconds, tell }: Plan): Promise<Figures> {
  return withServer(contender, { lines: "routes 1\n" }, async ({ server, client }) => {
    tell(`routes, ${RATE}/s`);
    let completed = 0;
    let rate = 0;
    const { p99 } = await measureDelays(client, async () => {
      const offering = offer(client, { rate: RATE, seconds });
      rate = await rateOfRoutes(server, seconds);
      completed = (await offering).completed;
    });
    // Each lease has its route in the end: no change is lost under load.
    const leases = Math.round(completed * seconds);
    await waitFor(
      "the routes of all leases",
      () => countRoutes(server),
      (count) => count >= leases,
    );
    return { routesSet: rate, routesExchanges: completed, routesP99: p99 };
  });
}

/** Routes set a second, from the second second of the load until its end. */
async function rateOfRoutes(server: Host, seconds: number): Promise<number> {
  const at = async (ms: number): Promise<{ readonly time: number; readonly count: number }> => {
    await new Promise((resolve) => setTimeout(resolve, ms - (performance.now() - begun)));
    return { count: await countRoutes(server), time: performance.now() };
  };
  const begun = performance.now();
  const first = await at(FIRST_MS);
  const last = await at(seconds * 1000);
  return ((last.count - first.count) * 1000) / (last.time - first.time);
}

async function countRoutes(server: Host): Promise<number> {
  return Number(await server.shell(`ip -6 route show proto ${PROTOCOL} | wc -l`));
}

/** Before that perfdhcp has only begun. */
const FIRST_MS = 1000;
