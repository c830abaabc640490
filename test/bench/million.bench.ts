// A server with very many leases: its first answer, and its memory then and when more have come.
import { sleep } from "../e2e/bed/wait.js";
import { offer } from "./perfdhcp.js";
import { contenders, cpuTime, memory } from "./servers.js";
import { type Setting, withServer } from "./setting.js";

/** Rounds, sizes of the store, then how many leases are added in the last round, and how many per second. */
const [rounds = "3", sizes = "0,100000,1000000", more = "0", rate = "5000"] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const MORE = Number(more);
const RATE = Number(rate);
const POINT_S = 10;

for (const size of sizes.split(",").map(Number)) {
  for (let round = 1; round <= ROUNDS; round++) {
    await withServer(contenders.ours, { size, patienceMs: 120_000 }, async (setting) => {
      const cpu = cpuTime(setting.server, setting.served.pid);
      await sleep(1500);
      const { answerMs } = setting.served;
      tell(setting, `${size} leases, first answer after ${answerMs.toFixed(0)} ms, ${cpu} ms of CPU`);
      if (round === ROUNDS) await add(setting);
    });
  }
}

async function add(setting: Setting): Promise<void> {
  for (let added = 0, points = 0; added < MORE && points < (2 * MORE) / (RATE * POINT_S); points++) {
    const load = { rate: RATE, seconds: POINT_S, relayed: false, renewals: 0 };
    added += Math.round((await offer(setting.client, load)).completed * POINT_S);
    tell(setting, `  ${added} more`);
  }
  await sleep(5000);
  tell(setting, "  5 s later");
}

function tell({ server, served }: Setting, what: string): void {
  const { pss, anonymous } = memory(server, served.pid);
  console.log(`${what}: PSS ${pss.toFixed(0)} MiB, ${anonymous.toFixed(0)} of it no file's`);
}
