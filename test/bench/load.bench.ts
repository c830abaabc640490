// Prefix delegation under load: ours, Kea and Dibbler in turn, each in a network of its own, on one machine.
import { loadavg } from "node:os";
import { linkLocal } from "../e2e/bed/network.js";
import { checkFooting } from "../e2e/bed/namespaces.js";
import { findPeer } from "../e2e/bed/peers.js";
import { layOutPair } from "../e2e/bed/pair.js";
import type { Host } from "../e2e/bed/host.js";
import { openWorld } from "../e2e/bed/world.js";
import { type Load, offer, type Outcome } from "./perfdhcp.js";
import { type Contender, contenders, cpuTime, memory } from "./servers.js";

/** Figures of one server in one round. */
interface Round {
  readonly peak: number;
  readonly cpu: number;
  readonly overload: number;
  readonly delay: number;
  readonly relayed: number;
  readonly memory: number;
}

const rows: readonly (readonly [key: keyof Round, label: string])[] = [
  ["peak", "peak at <= 1 % loss, exchanges/s"],
  ["cpu", "server CPU per exchange there, us"],
  ["overload", "three times the peak offered: completed/s"],
  ["delay", "half the peak: average delay, ms"],
  ["relayed", "through a relay: completed/s at the peak's rate"],
  ["memory", "memory (PSS) afterwards, MiB"],
];

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 1 : 3;
const SECONDS = isQuick ? 2 : 4;
/** The share of exchanges that may be lost at the peak. */
const LOSS = 0.01;

const footing = await checkFooting();
if (!footing.ok) console.log(`load: left out. ${footing.reason}`);
else if (findPeer("perfdhcp") === undefined) console.log("load: left out. perfdhcp is missing (kea-admin)");
else await compare();

async function compare(): Promise<void> {
  const named = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length);
  const all = (["ours", "kea", "dibbler"] as const).filter((name) => !isQuick || name !== "dibbler");
  const names = named === undefined ? all : all.filter((name) => named.split(",").includes(name));
  const rounds = new Map<string, Round[]>(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) {
      if (name === "dibbler" && round > 0) continue;
      rounds.get(name)?.push(await measure(contenders[name]));
    }
  }
  print(rounds);
}

async function measure(contender: Contender): Promise<Round> {
  const world = await openWorld();
  try {
    const { server, client } = await layOutPair(world);
    await linkLocal(server, "eth0");
    const served = await contender.start(server);
    const peak = await findPeak(client);
    const before = cpuTime(server, served.pid);
    const atPeak = await offer(client, { rate: peak, seconds: SECONDS });
    const cpu = ((cpuTime(server, served.pid) - before) * 1000) / (atPeak.completed * SECONDS);
    const overload = await offer(client, { rate: 3 * peak, seconds: SECONDS });
    const half = await offer(client, { rate: Math.round(peak / 2), seconds: SECONDS });
    const relayed = await offer(client, { rate: peak, seconds: SECONDS, relayed: true });
    const figures = {
      peak,
      cpu,
      overload: overload.completed,
      delay: half.delays.average,
      relayed: relayed.completed,
      memory: memory(server, served.pid),
    };
    await served.stop();
    return figures;
  } finally {
    await world.end();
  }
}

/** The highest rate with no more than the loss allowed: doubled until too high, then halved in between. */
async function findPeak(client: Host): Promise<number> {
  const isBorne = async (rate: number): Promise<boolean> => {
    const outcome: Outcome = await offer(client, { rate, seconds: SECONDS } satisfies Load);
    return outcome.lost <= LOSS && outcome.completed >= rate * (1 - 2 * LOSS);
  };
  let low = 25;
  let high = low;
  while (await isBorne(high)) {
    low = high;
    high *= 2;
  }
  for (let step = 0; step < (isQuick ? 3 : 5); step++) {
    const middle = Math.round((low + high) / 2);
    if (await isBorne(middle)) low = middle;
    else high = middle;
  }
  return low;
}

function print(rounds: ReadonlyMap<string, readonly Round[]>): void {
  const names = [...rounds.keys()];
  const median = (name: string, key: keyof Round): number => {
    const sorted = (rounds.get(name) ?? []).map((round) => round[key]).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? 0;
  };
  const cells = (label: string, values: readonly string[]): string =>
    label.padEnd(50) + values.map((value) => value.padStart(10)).join("");
  console.log(cells("", [...names, "ours/Kea"]));
  for (const [key, label] of rows) {
    const ratio = median("ours", key) / median("kea", key);
    const digits = key === "peak" || key === "overload" || key === "relayed" ? 0 : 1;
    console.log(cells(label, [...names.map((name) => median(name, key).toFixed(digits)), ratio.toFixed(2)]));
  }
  console.log(`(medians of ${ROUNDS} rounds; load of the machine now ${loadavg()[0]?.toFixed(1)})`);
}
