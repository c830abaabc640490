import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { keep, nameOf } from "./corpus.js";
import { TARGETS } from "./targets.js";
import { type Assignment, type Progress, SHARED_HEAD, type Told } from "./worker.js";

const USAGE = `npm run fuzz -- [--target NAME]... [--seconds N] [--seed S] [--keep]
npm run fuzz -- --target NAME --replay FILE

Feeds targets with changed inputs, for N seconds of processor time each (default 60), all targets unless some
are named. Exit status 1 when something was found; the inputs are in dist/fuzz/found, each with the command
that replays it.
--keep  puts what led somewhere new into test/fuzz/corpus, as few inputs as do
`;
const FOUND = "dist/fuzz/found";
/** An input that takes longer is ended, together with its worker. */
const HANGS_MS = 30_000;
/** Heap of a worker, and memory of all. */
const HEAP_MIB = 1024;
const MEMORY_OCTETS = 3 * 1024 ** 3;
const SHARED_OCTETS = 1 << 20;

interface Wishes {
  readonly targets: readonly string[];
  readonly seconds: number;
  readonly seed: number;
  readonly replay: string | undefined;
  readonly keep: boolean;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const wishes = readWishes(args);
  if (typeof wishes === "string") {
    process.stderr.write(`${wishes}\n${USAGE}`);
    return 2;
  }
  let findings = 0;
  for (const target of wishes.targets) findings += await runTarget(target, wishes);
  return findings === 0 ? 0 : 1;
}

function readWishes(args: readonly string[]): Wishes | string {
  const names = TARGETS.map(({ name }) => name);
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        target: { type: "string", multiple: true, default: [] },
        seconds: { type: "string", default: "60" },
        seed: { type: "string", default: "1" },
        replay: { type: "string" },
        keep: { type: "boolean", default: false },
      },
    });
    const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
    const unknown = values.target.find((name) => !names.includes(name));
    if (unknown !== undefined) return `there is no target ${unknown}; there are ${names.join(", ")}`;
    if (!(seconds > 0)) return `--seconds needs a number above 0, not ${values.seconds}`;
    if (!Number.isSafeInteger(seed)) return `--seed needs a whole number, not ${values.seed}`;
    if (values.replay !== undefined && values.target.length !== 1) return "--replay needs one --target";
    const targets = values.target.length > 0 ? values.target : names;
    return { targets, seconds, seed, replay: values.replay, keep: values.keep };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Runs one target in a worker and waits for its end; gives the number of findings. */
async function runTarget(target: string, wishes: Wishes): Promise<number> {
  const shared = new SharedArrayBuffer(SHARED_OCTETS);
  const assignment: Assignment = {
    target,
    seed: wishes.seed,
    seconds: wishes.seconds,
    shared,
    minimize: wishes.keep,
    ...(wishes.replay === undefined ? {} : { replay: new Uint8Array(readFileSync(wishes.replay)) }),
  };
  const worker = new Worker(new URL("worker.mjs", import.meta.url), {
    workerData: assignment,
    execArgv: ["--enable-source-maps"],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  const begun = Date.now();
  let findings = 0;
  let last: Progress | undefined;
  const found = (input: Uint8Array, why: string): void => {
    findings++;
    writeFinding(target, input, why, wishes);
  };
  const guard = watchOver(shared, (why) => {
    found(inputIn(shared), why);
    void worker.terminate();
  });
  worker.on("message", (told: Told) => {
    if (told.type === "finding") {
      found(told.input, told.why);
      return;
    }
    last = told;
    if (told.type === "progress") showProgress(target, told, begun);
    else if (wishes.keep && findings === 0) keep(target, told.corpus);
  });
  worker.on("error", (error) => {
    found(inputIn(shared), error.stack ?? error.message);
  });
  await new Promise((resolve) => worker.once("exit", resolve));
  clearInterval(guard);
  showEnd(target, last, begun, findings);
  return findings;
}

function watchOver(shared: SharedArrayBuffer, tell: (why: string) => void): NodeJS.Timeout {
  const head = new Int32Array(shared, 0, 2);
  let [seen, since, isTold] = [0, Date.now(), false];
  return setInterval(() => {
    const runs = Atomics.load(head, 0);
    if (runs !== seen) [seen, since] = [runs, Date.now()];
    const hangs = runs > 0 && Date.now() - since > HANGS_MS;
    const isFull = process.memoryUsage.rss() > MEMORY_OCTETS;
    if (isTold || (!hangs && !isFull)) return;
    isTold = true;
    tell(hangs ? `one input takes over ${HANGS_MS / 1000} s` : "memory is over 3 GiB");
  }, 1000);
}

function inputIn(shared: SharedArrayBuffer): Uint8Array {
  const length = Atomics.load(new Int32Array(shared, 0, 2), 1);
  return Uint8Array.from(new Uint8Array(shared, SHARED_HEAD).subarray(0, length));
}

function writeFinding(target: string, input: Uint8Array, why: string, { seed, replay }: Wishes): void {
  const file = replay ?? join(FOUND, `${target}-${nameOf(input)}`);
  const command = `npm run fuzz -- --target ${target} --replay ${file}`;
  if (replay === undefined) {
    mkdirSync(FOUND, { recursive: true });
    writeFileSync(file, input);
    writeFileSync(`${file}.txt`, `${command}\n(found with --seed ${seed})\n\n${why}\n`);
  }
  process.stdout.write(`FOUND ${target}: ${why}\n  ${input.length} octets; again: ${command}\n`);
}

function showProgress(target: string, progress: Progress, begun: number): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${line(target, progress, begun)}`);
}

function showEnd(target: string, progress: Progress | undefined, begun: number, findings: number): void {
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
  const text = progress === undefined ? target : line(target, progress, begun);
  process.stdout.write(`${text}; ${findings === 0 ? "nothing found" : `${findings} found`}\n`);
}

function line(target: string, { runs, corpus_size: size, reached, blocks }: Progress, begun: number): string {
  const seconds = (Date.now() - begun) / 1000;
  const share = blocks === 0 ? "" : `, ${reached} of ${blocks} blocks`;
  return `${target}: ${seconds.toFixed(0)} s, ${runs} inputs (${(runs / seconds).toFixed(0)} a second)${share}, corpus ${size}`;
}
