import type { Host } from "../e2e/bed/host.js";
import { waitFor } from "../e2e/bed/wait.js";
import { measureDelays } from "./delays.js";
import { createLoader } from "./loader.js";
import { around, type Plan, warmUp } from "./measure.js";
import { offer } from "./perfdhcp.js";
import type { Contender } from "./servers.js";
import { withServer } from "./setting.js";
import type { Figures } from "./table.js";

const SOCKET = "/run/bed/events.sock";
const METRICS = "[::1]:9547";
const PAGE = "[::1]:9548";
const LINES = `metrics "${METRICS}"
status-page "${PAGE}"
events "unix:${SOCKET}"
events "/var/log/dibbler/events.jsonl"
`;

/**
 * Prometheus (which asks more seldom), one who looks at the page, and one who reads the events. Prints how
 * often it was answered, how much of the page's stream and how many events came, as they come.
 */
const WATCHER = `
const { get } = require("node:http");
const seen = { scrapes: 0, page: 0, events: 0 };
get("http://${PAGE}/events", (stream) => stream.on("data", (part) => (seen.page += part.length)));
require("node:net").connect("${SOCKET}").on("data", (part) => {
  for (const octet of part) if (octet === 10) seen.events++;
});
setInterval(() => {
  get("http://${METRICS}/metrics", (answer) => answer.resume().on("end", () => seen.scrapes++));
  console.log(JSON.stringify(seen));
}, 1000);
`;

/** Peak and delay at half of it while everything that there is to watch is on, and watched. */
export function measureWatched(contender: Contender, plan: Plan, peak: number): Promise<Figures> {
  return withServer(contender, { lines: LINES }, async (setting) => {
    const { server, client } = setting;
    const tell = (what: string): void => {
      plan.tell(`watched: ${what}`);
    };
    const seen = await watch(server);
    await warmUp(contender, setting, plan);
    const loader = createLoader(setting, plan.seconds, tell);
    const watchedPeak = await loader.findPeak("direct", around(plan, peak, 1));
    const half = { rate: Math.round(watchedPeak / 2), seconds: plan.seconds };
    tell(`delay, ${half.rate}/s`);
    const { p99 } = await measureDelays(client, () => offer(client, half));
    const last = JSON.stringify(seen());
    if (Object.values(seen()).some((count) => count === 0)) throw new Error(`not all was watched: ${last}`);
    return { watchedPeak, watchedP99: p99 };
  });
}

type Counts = Readonly<Record<"scrapes" | "page" | "events", number>>;

async function watch(server: Host): Promise<() => Counts> {
  const watcher = await server.spawn([process.execPath, "-e", WATCHER]);
  const seen = (): Counts => {
    const [line = ""] = watcher.output().trimEnd().split("\n").slice(-1);
    return JSON.parse(line) as Counts;
  };
  await waitFor("somebody to watch", () => watcher.output().includes("\n"));
  return seen;
}
