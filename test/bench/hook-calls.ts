import { statSync } from "node:fs";
import type { Host } from "../e2e/bed/host.js";
import { measureDelays } from "./delays.js";
import type { Plan } from "./measure.js";
import { offer } from "./perfdhcp.js";
import type { Contender } from "./servers.js";
import { withServer } from "./setting.js";
import type { Figures } from "./table.js";

/** Exchanges per second while hooks are called: more than the calls that ours is held to. */
const RATE = 600;
const WARM_UP_S = 3;
const CALLS = "/run/bed/calls";
/** One octet a call is what it costs to count them. */
const HOOK = { path: "/run/bed/hook.sh", text: `#!/bin/sh\nprintf . >>${CALLS}\nexit 0\n` };

/** Calls of a script that ends at once, and what goes on beside them. */
export function measureHooks(contender: Contender, { hookSeconds: seconds, tell }: Plan): Promise<Figures> {
  return withServer(contender, { script: HOOK }, async ({ server, client }) => {
    tell(`hooks, ${RATE}/s`);
    // Uncounted, as for the other parts.
    await offer(client, { rate: RATE, seconds: WARM_UP_S });
    server.writeFile(CALLS, "");
    const counter = countCalls(server);
    let completed = 0;
    const { p99 } = await measureDelays(client, async () => {
      counter.begin();
      completed = (await offer(client, { rate: RATE, seconds })).completed;
    });
    const calls = counter.rate(seconds);
    if (calls === 0) throw new Error("the script was not called at all");
    if (completed === 0) throw new Error("nothing was completed while the script was called");
    return { hookCalls: calls, hookExchanges: completed, hookP99: p99 };
  });
}

interface Sample {
  readonly time: number;
  readonly calls: number;
}

/** Looks at the count of calls now and then. */
function countCalls(server: Host): {
  readonly begin: () => void;
  /** Stops; calls per second from the second second of these until their end. */
  readonly rate: (seconds: number) => number;
} {
  const samples: Sample[] = [];
  const path = server.outside(CALLS);
  let begun = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    begin: () => {
      begun = performance.now();
      timer = setInterval(() => {
        samples.push({ time: performance.now() - begun, calls: statSync(path).size });
      }, SAMPLE_MS);
    },
    rate: (seconds) => {
      clearInterval(timer);
      const within = samples.filter(({ time }) => time >= FIRST_MS && time <= seconds * 1000);
      const [first, last] = [within[0], within.at(-1)];
      if (first === undefined || last === undefined || last.time === first.time) return 0;
      return ((last.calls - first.calls) * 1000) / (last.time - first.time);
    },
  };
}

const SAMPLE_MS = 50;
/** Before that perfdhcp has only begun. */
const FIRST_MS = 1000;
