import { describe, type ExpectStatic } from "vitest";
import { diaryScript, installDiary, readDiary } from "./bed/diary.js";
import { fakeClock } from "./bed/fake-clock.js";
import type { Host } from "./bed/host.js";
import { compareLedger } from "./bed/swarm-ledger.js";
import { layOutSwarm, listLeases, startQuietly, swarmLog } from "./bed/swarm-server.js";
import { openSwarm } from "./bed/swarm.js";
import { sleep, waitFor } from "./bed/wait.js";
import { scenario, testWorld } from "./fixture.js";

const DAY = 86_400;
/** How long a lease holds, in seconds. */
const VALID = 15;

const sinceEpoch = Math.floor(Date.now() / 1000);

describe.concurrent("e2e clock steps: the machine's clock is set while the server runs", () => {
  scenario("faketime").for([
    ["a day ahead", 0, DAY],
    ["a day back", 0, -DAY],
    ["from 1970 to today, as by NTP at a boot without a battery", -sinceEpoch, 0],
  ] as const)(
    "%s -> no lease ends by it, all end when they are over, no busy loop",
    { timeout: 90_000 },
    async ([, begin, step], { expect, onTestFinished }) => {
      const { server, client } = await layOutSwarm(
        await testWorld({}, onTestFinished),
        `script "${diaryScript}"`,
        `preferred-lifetime 10 valid-lifetime ${VALID}`,
      );
      installDiary(server);
      const clock = fakeClock(server, begin);
      const pid = await startQuietly(server, { env: clock.env });
      const swarm = await openSwarm(client, { clients: 10 });
      await swarm.order({ do: "exchange", count: 100 });
      expectLogged(expect, server, begin);

      clock.set(step);
      const { entries, complaints } = await swarm.order({ do: "exchange", count: 100 });
      expectLogged(expect, server, step);
      expect(complaints).toEqual([]);
      expect(compareLedger(entries, await listLeases(server), true)).toEqual([]);
      expect((await swarm.order({ do: "renew" })).complaints).toEqual([]);
      const ended = (): number =>
        readDiary(server).filter(({ variables }) => variables["REASON"] === "expire").length;
      expect(ended()).toBe(0);

      // Nobody renews any more: the leases last as long as they were granted for, whatever the clock says.
      await swarm.close();
      const held = entries.filter(({ standing }) => standing.kind === "held").length;
      expect(held).toBeGreaterThan(0);
      const before = cpuMilliseconds(server, pid);
      await sleep((VALID * 1000) / 3);
      expect(ended()).toBe(0);
      expect(cpuMilliseconds(server, pid) - before).toBeLessThan((VALID * 1000) / 6);
      await waitFor("all leases to end", ended, (count) => count === held, 2 * VALID * 1000);
      expect(await listLeases(server)).toEqual([]);
    },
  );
});

/** What the log was written by, so that it is sure that the program saw the clock. */
function expectLogged(expect: ExpectStatic, server: Host, offset: number): void {
  const line = (server.readFile(swarmLog) ?? "").trim().split("\n").at(-1) ?? "";
  const [, year, month, day, hour, minute, second] =
    /^(\d+)\.(\d+)\.(\d+) (\d+):(\d+):(\d+) /.exec(line)?.map(Number) ?? [];
  const at = new Date(year ?? 0, (month ?? 0) - 1, day, hour, minute, second).getTime();
  expect(Math.abs(at - Date.now() - offset * 1000)).toBeLessThan(60_000);
}

/** Time of the processor that a process has taken. */
function cpuMilliseconds(server: Host, pid: number): number {
  const stat = server.readFile(`/proc/${pid}/stat`) ?? "";
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
