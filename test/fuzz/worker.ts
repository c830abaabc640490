import { performance } from "node:perf_hooks";
import { parentPort, workerData } from "node:worker_threads";
import { corpusOf, keptOf } from "./corpus.js";
import { type Counters, createSearch, fewest, shrink } from "./search.js";
import type { Target } from "./target.js";
import { TARGETS } from "./targets.js";

/** What the worker is given. */
export interface Assignment {
  readonly target: string;
  readonly seed: number;
  /** Of the processor's time, so that a machine with other work does not make a search shorter. */
  readonly seconds: number;
  /** The input that is being run, behind the number of inputs so far and its length. */
  readonly shared: SharedArrayBuffer;
  /** An input to run instead of a search. */
  readonly replay?: Uint8Array;
  /** Gives at the end as few inputs as reach what all have reached. */
  readonly minimize: boolean;
}

/** What the worker tells. */
export type Told =
  | ({ readonly type: "progress" } & Progress)
  | { readonly type: "finding"; readonly input: Uint8Array; readonly why: string }
  | ({ readonly type: "done"; readonly corpus: readonly Uint8Array[] } & Progress);

/** How far it has come. */
export interface Progress {
  readonly runs: number;
  readonly corpus_size: number;
  readonly reached: number;
  readonly blocks: number;
}

/** Octets before the input in `Assignment.shared`: two numbers of 32 bits. */
export const SHARED_HEAD = 8;

/** A single input may take this long; more is a finding. */
const SLOW_MS = 1000;
/** So many findings of one target are enough. */
const MOST_FINDINGS = 10;

/** So many inputs of a target are kept in the repository. */
const MOST_KEPT = 40;

interface CountedFile {
  readonly file: string;
  readonly first: number;
  readonly count: number;
}

declare global {
  var __fuzzCounters: Uint8Array | undefined;
  var __fuzzFiles: readonly CountedFile[] | undefined;
}

const port = parentPort;
if (port !== null) {
  const tell = (told: Told): void => {
    port.postMessage(told);
  };
  await work(workerData as Assignment, tell);
}

async function work(assignment: Assignment, tell: (told: Told) => void): Promise<void> {
  const target = TARGETS.find(({ name }) => name === assignment.target);
  if (target === undefined) throw new Error(`there is no target ${assignment.target}`);
  const watched = watch(target, assignment.shared);
  if (assignment.replay !== undefined) {
    const why = await watched.run(assignment.replay);
    if (why !== undefined) tell({ type: "finding", input: assignment.replay, why });
    tell({ type: "done", corpus: [], runs: 1, corpus_size: 0, reached: 0, blocks: 0 });
    return;
  }
  await search(target, assignment, watched, tell);
}

interface Watched {
  /** Why the input is a finding, if it is one. */
  readonly run: (input: Uint8Array) => Promise<string | undefined>;
  readonly runs: () => number;
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

/** Runs inputs so that the other thread sees which one is being run, and times them. */
function watch(target: Target, shared: SharedArrayBuffer): Watched {
  const head = new Int32Array(shared, 0, 2);
  const body = new Uint8Array(shared, SHARED_HEAD);
  let runs = 0;
  const once = async (input: Uint8Array): Promise<number> => {
    const [begun, cpu] = [performance.now(), process.cpuUsage()];
    const result = target.run(input);
    if (result !== undefined) await result;
    if (performance.now() - begun < SLOW_MS) return 0;
    // On a machine with other work only the processor's own time tells.
    return cpuMs(cpu);
  };
  return {
    runs: () => runs,
    async run(input) {
      body.set(input.subarray(0, body.length));
      Atomics.store(head, 1, input.length);
      Atomics.store(head, 0, ++runs);
      try {
        const ms = await once(input);
        if (ms < SLOW_MS) return undefined;
        const again = await once(input);
        return again < SLOW_MS ? undefined : `one input takes ${(again / 1000).toFixed(1)} s`;
      } catch (error) {
        return error instanceof Error ? (error.stack ?? error.message) : String(error);
      }
    },
  };
}

async function search(
  target: Target,
  { seed, seconds, minimize }: Assignment,
  watched: Watched,
  tell: (told: Told) => void,
): Promise<void> {
  const octets = (globalThis.__fuzzCounters ??= new Uint8Array(65_536));
  const files = globalThis.__fuzzFiles ?? [];
  const counters: Counters = { octets, used: Math.max(0, ...files.map(({ first, count }) => first + count)) };
  const mine = files.filter(({ file }) => target.covers.some((begin) => file.startsWith(begin)));
  const isMine = new Uint8Array(octets.length);
  for (const { first, count } of mine) isMine.fill(1, first, first + count);
  const blocks = mine.reduce((sum, { count }) => sum + count, 0);
  const beginnings = corpusOf(target);
  const hunt = createSearch(target, beginnings, seed, counters);
  const known = new Set<string>();

  const report = async (input: Uint8Array, why: string): Promise<void> => {
    const kind = kindOf(why);
    if (known.has(kind)) return;
    known.add(kind);
    const fails = async (smaller: Uint8Array): Promise<boolean> => {
      const other = await watched.run(smaller);
      return other !== undefined && kindOf(other) === kind;
    };
    tell({ type: "finding", input: await shrink(input, fails), why });
  };
  const take = async (input: Uint8Array): Promise<void> => {
    octets.fill(0, 0, counters.used);
    const why = await watched.run(input);
    hunt.learn(input);
    if (why !== undefined) await report(input, why);
  };
  const progress = (): Progress => ({
    runs: watched.runs(),
    corpus_size: hunt.corpus.length,
    reached: hunt.reached().filter((at) => isMine[at] === 1).length,
    blocks,
  });

  octets.fill(0);
  for (const input of beginnings) await take(input);
  const begun = process.cpuUsage();
  let next = 0;
  while (known.size < MOST_FINDINGS && cpuMs(begun) < seconds * 1000) {
    for (let n = 0; n < 16; n++) await take(hunt.next());
    const now = performance.now();
    if (now < next) continue;
    next = now + 1000;
    tell({ type: "progress", ...progress() });
  }
  const inputs = [...keptOf(target.name), ...hunt.corpus.map(({ input }) => input)];
  const quietly = async (input: Uint8Array): Promise<void> => {
    await watched.run(input);
  };
  const done = progress();
  const corpus = minimize ? await fewest(inputs, target.seeds(), quietly, counters, MOST_KEPT) : [];
  tell({ type: "done", ...done, corpus });
}

/** Findings are the same when the sentence is, but for numbers and what was seen, and so is the place. */
function kindOf(why: string): string {
  const [first = "", ...stack] = why.split("\n");
  const place = stack.find((line) => /^\s+at /.test(line)) ?? "";
  return `${first.split(": ").slice(0, 2).join(": ").replace(/\d+/g, "N").slice(0, 120)} ${place}`;
}
