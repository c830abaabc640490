// Prefix delegation under load: ours, Kea and Dibbler in turn, each in a network of its own, on one machine.
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { dirname } from "node:path";
import { checkFooting } from "../e2e/bed/namespaces.js";
import { findPeer } from "../e2e/bed/peers.js";
import { measureHooks } from "./hook-calls.js";
import type { CurvePoint } from "./loader.js";
import { describeMachine, probeMachine } from "./machine.js";
import { measureLoad, measureStored, messageOf, type Part, PARTS, type Plan } from "./measure.js";
import { type Curve, plot } from "./plot.js";
import { measureRoutes } from "./route-changes.js";
import { type Contender, contenders } from "./servers.js";
import { type Figures, median, medianOf, type Name, rowsFor, table, verdicts } from "./table.js";
import { measureWatched } from "./watched.js";

const USAGE = `load [--quick] [--only=${Object.keys(contenders).join(",")}] [--rows=${PARTS.join(",")}]`;
const PLOT = "dist/bench/load.svg";

/** Numbers of leases that are stored at a start, besides none. */
const SIZES = [100_000, 1_000_000] as const;

const THOUSANDS = [1, 2, 4, 6, 8, 10, 12, 15, 20, 30] as const;
/** Parts that are measured in the last round only, for want of time. */
const LAST_ONLY: readonly Part[] = ["renewals", "stored", "watched", "hooks", "routes"];
/** Parts that start a server of their own, and need no peak. */
const APART: readonly Part[] = ["hooks", "routes"];

/** What is known of one server. */
interface Findings {
  readonly rounds: Figures[];
  readonly points: CurvePoint[];
  /** What went wrong, and what a server could not do that it need not. */
  readonly failures: string[];
  readonly notes: string[];
}

const isQuick = process.argv.includes("--quick");
const ROUNDS = isQuick ? 1 : 2;
const began = performance.now();
const [loadBefore = NaN] = loadavg();

const footing = await checkFooting();
const missing = (["perfdhcp", "dumpcap"] as const).find((peer) => findPeer(peer) === undefined);
const misused = process.argv.slice(2).find((word) => !isOption(word));
if (misused !== undefined) {
  console.log(`load: ${misused} is not understood\n${USAGE}`);
  process.exitCode = 2;
} else if (!footing.ok) console.log(`load: left out. ${footing.reason}`);
else if (missing !== undefined) {
  console.log(`load: left out. ${missing} is missing: apt-get install kea-admin wireshark-common`);
} else await compare();

function isOption(word: string): boolean {
  const [, option, list = ""] = /^--(only|rows)=(.*)$/.exec(word) ?? [];
  const words: readonly string[] = option === "only" ? Object.keys(contenders) : PARTS;
  return word === "--quick" || (option !== undefined && list.split(",").every((one) => words.includes(one)));
}

async function compare(): Promise<void> {
  const names = choose("only", Object.keys(contenders) as (keyof typeof contenders)[]);
  const all: readonly Contender[] = names.map((name) => contenders[name]).filter(({ isHere }) => isHere());
  // What Dibbler does takes long to measure, and is little: once will do, and in a hurry not at all.
  const others = all.filter(({ name }) => name !== "Dibbler");
  const last = isQuick && others.length > 0 ? others : all;
  progress("the machine");
  const machine = describeMachine(await probeMachine());
  const findings = new Map<Name, Findings>(
    last.map(({ name }) => [name, { rounds: [], points: [], failures: [], notes: [] }]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of round === ROUNDS - 1 ? last : others) {
      const found = findings.get(contender.name);
      const tell = (what: string): void => {
        progress(`round ${round + 1} of ${ROUNDS}, ${contender.name}: ${what}`);
      };
      if (found !== undefined) await measureRound(contender, makePlan(round, tell), found);
    }
  }
  progress("");
  print(findings, machine);
}

/** The words of an option, of those that there are; all of them without it. */
function choose<Word extends string>(option: string, words: readonly Word[]): readonly Word[] {
  const prefix = `--${option}=`;
  const named = process.argv
    .find((word) => word.startsWith(prefix))
    ?.slice(prefix.length)
    .split(",");
  return words.filter((word) => named?.includes(word) ?? true);
}

function makePlan(round: number, tell: Plan["tell"]): Plan {
  const chosen = choose("rows", PARTS).filter((part) => round === ROUNDS - 1 || !LAST_ONLY.includes(part));
  const parts = new Set(chosen);
  return isQuick
    ? {
        ...{ parts, tell, seconds: 1, warmUps: 1, refine: 0, hookSeconds: 2 },
        ...{ sizes: SIZES.slice(0, 1), shares: [0.25, 0.5, 1], from: 2000 },
        rungs: [25, 50, 100, 250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000],
      }
    : {
        ...{ parts, tell, seconds: 3, warmUps: 3, refine: 2, hookSeconds: 6, sizes: SIZES, from: 1000 },
        rungs: [25, 50, 100, 250, 500, ...THOUSANDS.map((count) => count * 1000)],
        shares: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.25, 1.5],
      };
}

async function measureRound(contender: Contender, plan: Plan, found: Findings): Promise<void> {
  const { name } = contender;
  const figures: Record<string, number> = {};
  const attempt = async (what: string, into: string[], run: () => Promise<Figures>): Promise<void> => {
    try {
      Object.assign(figures, await run());
    } catch (error) {
      into.push(`${name}, ${what}: ${messageOf(error)}`);
    }
  };
  const former = medianOf(new Map([[name, found.rounds]]), name, "peak") ?? 0;
  if ([...plan.parts].some((part) => !APART.includes(part))) {
    await attempt("under load", found.failures, async () => {
      const measured = await measureLoad(contender, plan, former);
      found.points.push(...measured.points);
      found.failures.push(...measured.failures.map((failure) => `${name}, ${failure}`));
      return measured.figures;
    });
  }
  const peak = figures["peak"];
  if (plan.parts.has("stored") && contender.store !== undefined && peak !== undefined) {
    const into = name === "ours" ? found.failures : found.notes;
    for (const size of plan.sizes) {
      await attempt(`${size} leases stored`, into, () => measureStored(contender, plan, size, peak));
    }
  }
  if (plan.parts.has("watched") && name === "ours" && peak !== undefined) {
    await attempt("watched", found.failures, () => measureWatched(contender, plan, peak));
  }
  if (plan.parts.has("hooks")) {
    await attempt("hooks", found.failures, () => measureHooks(contender, plan));
  }
  if (plan.parts.has("routes") && name === "ours") {
    await attempt("routes", found.failures, () => measureRoutes(contender, plan));
  }
  found.rounds.push(figures);
}

/** One line that is written over again and again, and only where somebody watches. */
function progress(what: string): void {
  if (!process.stderr.isTTY) return;
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stderr.write(`\r\x1b[K${what === "" ? "" : `[${seconds} s] ${what}`}`);
}

function print(findings: ReadonlyMap<Name, Findings>, machine: string): void {
  const rounds = new Map([...findings].map(([name, found]) => [name, found.rounds] as const));
  for (const line of table(rounds, rowsFor([0, ...SIZES]))) console.log(line);
  const minutes = ((performance.now() - began) / 60_000).toFixed(1);
  console.log(
    `(medians of ${ROUNDS} rounds in ${minutes} minutes; load of the machine before: ${loadBefore.toFixed(1)})`,
  );
  console.log(machine);
  if (findings.has("ours")) {
    console.log("\nbars");
    for (const line of verdicts(rounds)) console.log(line);
  }
  if ([...findings.values()].some(({ points }) => points.length > 0)) {
    const curves = [...findings].map(([name, { points }]) => curveOf(name, points));
    mkdirSync(dirname(PLOT), { recursive: true });
    writeFileSync(PLOT, plot("Exchanges of four messages, prefix delegation", curves));
    console.log(`\nplot: ${PLOT}`);
  }
  for (const { notes } of findings.values()) for (const note of notes) console.log(`note: ${note}`);
  const failures = [...findings.values()].flatMap((found) => found.failures);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}

/** Medians of what was measured at the same rate. */
function curveOf(name: Name, points: readonly CurvePoint[]): Curve {
  const rates = [...new Set(points.map(({ rate }) => rate))].sort((a, b) => a - b);
  const at = (rate: number, key: "offered" | "completed"): number =>
    median(points.filter((point) => point.rate === rate).map((point) => point[key]));
  return {
    name,
    points: rates.map((rate) => ({ offered: at(rate, "offered"), completed: at(rate, "completed") })),
  };
}
