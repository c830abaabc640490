import { describe, expect } from "vitest";
import type { Host } from "./bed/host.js";
import { layOutSwarm, smallHeap, startQuietly, wanted } from "./bed/swarm-server.js";
import { answeredIn, openSwarm, type Swarm } from "./bed/swarm.js";
import { waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const EXCHANGES = wanted("DIBBLER_EXCHANGES", 5000);

/** What a server has open and holds, at rest. */
interface Level {
  readonly descriptors: readonly string[];
  readonly residentMib: number;
}

describe("e2e level: what the server holds after many exchanges by the same clients", () => {
  scenario()(
    `${EXCHANGES} exchanges -> the same descriptors, and no memory that grows`,
    async () => {
      const { server, client } = await layOutSwarm(await testWorld());
      const pid = await startQuietly(server, { env: smallHeap });
      const swarm = await openSwarm(client, { thinkMs: 0 });
      const [begin, middle, end] = [
        // Code is compiled, and the history of what happened gets as long as it may.
        await levelAfter(swarm, server, pid, EXCHANGES),
        await levelAfter(swarm, server, pid, EXCHANGES / 2),
        await levelAfter(swarm, server, pid, EXCHANGES / 2),
      ];
      expect(middle.descriptors).toEqual(begin.descriptors);
      expect(end.descriptors).toEqual(begin.descriptors);
      const grown = end.residentMib - begin.residentMib;
      const line = [begin, middle, end].map(({ residentMib }) => residentMib.toFixed(1)).join(" ");
      const { answered } = await swarm.order({ do: "look" });
      if (process.env["DIBBLER_EXCHANGES"] !== undefined) {
        console.log(`${JSON.stringify(answered)}: ${line} MiB, ${end.descriptors.length} descriptors`);
      }
      expect(grown, line).toBeLessThan(ALLOWED_MIB);
      expect(answeredIn(await swarm.order({ do: "look" }))).toBeGreaterThanOrEqual(2 * EXCHANGES);
    },
    120_000 + EXCHANGES * 20,
  );
});

/** What Node takes for code that it optimizes, and gives back late. */
const ALLOWED_MIB = 8;

async function levelAfter(swarm: Swarm, server: Host, pid: number, count: number): Promise<Level> {
  await swarm.order({ do: "exchange", count: Math.ceil(count) });
  const status = server.readFile(`/proc/${pid}/status`) ?? "";
  // A file for other programs may be on its way.
  const listed = await waitFor(
    "no file to be written",
    () => server.shell(`readlink /proc/${pid}/fd/* | sed 's/[0-9][0-9]*/N/g' | sort`),
    (list) => !list.includes(".xml."),
  );
  return {
    descriptors: listed.trim().split("\n"),
    residentMib: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024,
  };
}
