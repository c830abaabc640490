import { sleep } from "../e2e/bed/wait.js";
import { measureDelays } from "./delays.js";
import { tailOf } from "./first-answer.js";
import { createLoader, type CurvePoint, type Loader } from "./loader.js";
import { offer } from "./perfdhcp.js";
import { type Contender, memory } from "./servers.js";
import { type Setting, withServer } from "./setting.js";
import { type Figures, SAME_RATE, stored } from "./table.js";

/** The parts of the suite that can be left out; the peak is measured for each but `hooks` and `routes`. */
export const PARTS = [
  "peak",
  "overload",
  "delay",
  "relayed",
  "renewals",
  "stored",
  "watched",
  "hooks",
  "routes",
] as const;

/** Name of a part. */
export type Part = (typeof PARTS)[number];

/** How much is measured. */
export interface Plan {
  readonly parts: ReadonlySet<Part>;
  /** Of one point. */
  readonly seconds: number;
  /** Seconds of load before anything is measured, at rising rates. */
  readonly warmUps: number;
  /** The rate from which the peak is looked for, unless a server asks for less. */
  readonly from: number;
  /** Rates for the curve, ascending. */
  readonly rungs: readonly number[];
  /** Halvings at the end of the search for the peak, and of the searches for the others. */
  readonly refine: number;
  /** Rates for the other peaks, as shares of the first, ascending. */
  readonly shares: readonly number[];
  /** Numbers of leases stored. */
  readonly sizes: readonly number[];
  readonly hookSeconds: number;
  /** Says what is being done. */
  readonly tell: (what: string) => void;
}

/** What one server did in one round. */
export interface Measured {
  readonly figures: Figures;
  readonly points: readonly CurvePoint[];
  /** What went wrong with some of it, with the end of the server's log. */
  readonly failures: readonly string[];
}

/** What a server that starts with nothing stored is asked; `formerPeak` is that of a round before, or 0. */
export function measureLoad(contender: Contender, plan: Plan, formerPeak: number): Promise<Measured> {
  return withServer(contender, {}, async (setting) => {
    const started = plan.parts.has("stored") ? await measureStart(setting, 0) : {};
    const loader = createLoader(setting, plan.seconds, plan.tell);
    await warmUp(contender, setting, plan);
    const { rungs, refine } = plan;
    const from = Math.max(Math.min(contender.from ?? plan.from, plan.from), formerPeak / 2);
    const peak = await loader.findPeak("direct", { rungs, from, refine });
    if (peak === 0) throw new Error(`not even ${rungs[0] ?? 0}/s are borne`);
    const cpu = loader.cpuAt(peak) ?? NaN;
    const { figures, failures } = await measureAround(contender, setting, plan, loader, peak);
    const memoryAfter = memory(setting.server, setting.served.pid).pss;
    return {
      figures: { ...started, peak, cpu, ...figures, memoryAfter },
      points: loader.points,
      failures,
    };
  });
}

/** What is measured at rates that the peak decides; a part that fails is among the failures only. */
async function measureAround(
  contender: Contender,
  { server, client }: Setting,
  plan: Plan,
  loader: Loader,
  peak: number,
): Promise<Omit<Measured, "points">> {
  const { parts, seconds, tell } = plan;
  const figures: Record<string, number> = {};
  const failures: string[] = [];
  const attempt = async (part: Part, run: () => Promise<Figures>): Promise<void> => {
    if (!parts.has(part)) return;
    try {
      Object.assign(figures, await run());
    } catch (error) {
      failures.push(`${part}: ${messageOf(error)}\n${await tailOf(server, contender)}`);
    }
  };
  await attempt("delay", async () => {
    const half = { rate: Math.round(peak / 2), seconds };
    tell(`delay, ${half.rate}/s`);
    // What the search for the peak has left in queues is no matter of this rate.
    await sleep(SETTLE_MS);
    const { average, p99, worst, p99Steady, slowPercent } = await measureDelays(client, () =>
      offer(client, half),
    );
    const there = { average, p99, worst, p99Steady, slowPercent };
    if (peak < SAME_RATE) return there;
    const same = await measureDelays(client, () => offer(client, { rate: SAME_RATE, seconds }));
    return {
      ...there,
      ...{ sameAverage: same.average, sameP99: same.p99, sameWorst: same.worst },
      ...{ sameP99Steady: same.p99Steady, sameSlowPercent: same.slowPercent },
    };
  });
  for (const manner of ["relayed", "renewals"] as const) {
    await attempt(manner, async () => {
      return { [manner]: await loader.findPeak(manner, around(plan, peak, FIRST_SHARE[manner])) };
    });
  }
  // Last, for what it leaves behind.
  await attempt("overload", async () => {
    return { overload: (await loader.offer("direct", 3 * peak)).completed };
  });
  return { figures, failures };
}

/** What an error says. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where the search for another peak begins, as a share of the first. */
const FIRST_SHARE = { relayed: 1, renewals: 0.8, stored: 1 } as const;

/** A server that bears no more than this is not worth many points. */
const FEW = 500;
const FEW_SHARES = [0.1, 0.25, 0.5, 1];

/** A search for another peak, around the first. */
export const around = (
  { shares, refine }: Plan,
  peak: number,
  first: number,
): { readonly rungs: readonly number[]; readonly from: number; readonly refine: number } => ({
  rungs: (peak < FEW ? FEW_SHARES : shares).map((part) => Math.round(part * peak)),
  from: Math.round(first * peak),
  refine: Math.min(refine, 1),
});

/** Start, memory and peak with leases of others stored; nothing when there is no answer in time. */
export async function measureStored(
  contender: Contender,
  plan: Plan,
  size: number,
  peak: number,
): Promise<Figures> {
  plan.tell(`storing ${size} leases`);
  return withServer(contender, { size, patienceMs: contender.patienceMs }, async (setting) => {
    const started = await measureStart(setting, size);
    const loader = createLoader(setting, plan.seconds, (what) => {
      plan.tell(`${size} leases stored: ${what}`);
    });
    await warmUp(contender, setting, plan);
    const found = await loader.findPeak("direct", around(plan, peak, FIRST_SHARE.stored));
    return { ...started, [stored(size, "peak")]: found, ...memoryFigures(setting, size, "After") };
  });
}

/** Exchanges at rising rates, for the compiler of whoever has one. */
export async function warmUp({ warmUp: rates }: Contender, { client }: Setting, plan: Plan): Promise<void> {
  for (const rate of rates.slice(-plan.warmUps)) {
    plan.tell(`warming up, ${rate}/s`);
    await offer(client, { rate, seconds: 1 });
  }
}

/** By then V8 has thrown away what only the start needed. */
const SETTLE_MS = 1500;

async function measureStart(setting: Setting, size: number): Promise<Figures> {
  await sleep(SETTLE_MS);
  return { [stored(size, "answer")]: setting.served.answerMs, ...memoryFigures(setting, size, "") };
}

function memoryFigures({ server, served }: Setting, size: number, when: "" | "After"): Figures {
  const { pss, own, anonymous } = memory(server, served.pid);
  return {
    [stored(size, `pss${when}`)]: pss,
    [stored(size, `own${when}`)]: own,
    [stored(size, `anonymous${when}`)]: anonymous,
  };
}
