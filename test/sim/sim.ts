import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { live } from "./life.js";
import { formatNumbers, kindOf, parseNumbers, shorten, type Story, tell } from "./story.js";

/** What a worker is asked to do. */
type Task =
  | { readonly type: "live"; readonly from: number; readonly count: number }
  | { readonly type: "shorten"; readonly seed: number };

/** What it has to say. */
type Answer =
  | { readonly type: "lived"; readonly count: number; readonly failed: readonly Failed[] }
  | { readonly type: "story"; readonly story: Story | undefined };

interface Failed {
  readonly seed: number;
  readonly failure: string;
}

const USAGE = `npm run sim -- [--seeds N] [--from S] [--jobs J] [--first]
    lives through N worlds (1000), from seed S (1) on, in J threads; --first ends with one that fails
npm run sim -- --seed S [--without 1,2,5-9]
    tells the diary of one, leaving out items of its plan`;
/** Worlds that a worker lives through before it says so. */
const CHUNK = 20;
/** Stories that are told at most, of unlike failures. */
const STORIES = 5;

if (isMainThread) await main();
else work();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "1000" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      without: { type: "string", default: "" },
      jobs: { type: "string", default: String(availableParallelism()) },
      first: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const numbers = [values.seeds, values.from, values.jobs, values.seed ?? "1"].map(Number);
  if (values.help || numbers.some((number) => !Number.isInteger(number) || number < 0)) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const [seeds = 0, from = 1, jobs = 1] = numbers;
  process.exitCode =
    values.seed === undefined
      ? await search({ seeds, from, jobs, first: values.first })
      : await replay(Number(values.seed), new Set(parseNumbers(values.without)));
}

async function replay(seed: number, without: ReadonlySet<number>): Promise<number> {
  const life = await live(seed, without);
  const { lines } = tell(life, without);
  const made = lines.slice(0, 1 + life.plan.items.length - without.size);
  console.log([...made, ...life.diary].join("\n"));
  console.log(life.failure === undefined ? "nothing failed" : `FAILED: ${life.failure}`);
  return life.failure === undefined ? 0 : 1;
}

interface Search {
  readonly seeds: number;
  readonly from: number;
  readonly jobs: number;
  readonly first: boolean;
}

/** Shares the seeds among threads; the exit status. */
async function search({ seeds, from, jobs, first }: Search): Promise<number> {
  const began = performance.now();
  const failed: Failed[] = [];
  const kinds = new Set<string>();
  const stories: number[] = [];
  let next = from;
  let lived = 0;
  const nextTask = (): Task | undefined => {
    const seed = stories.shift();
    if (seed !== undefined) return { type: "shorten", seed };
    if (next >= from + seeds || (first && failed.length > 0)) return undefined;
    const count = Math.min(CHUNK, from + seeds - next);
    next += count;
    return { type: "live", from: next - count, count };
  };
  const rate = (): string => ((lived / (performance.now() - began)) * 1000).toFixed(1);
  const hear = (answer: Answer): void => {
    if (answer.type === "story") {
      if (answer.story !== undefined) print(answer.story);
      return;
    }
    lived += answer.count;
    for (const each of answer.failed) {
      failed.push(each);
      const kind = kindOf(each.failure);
      if (kinds.has(kind) || kinds.size >= STORIES || first) continue;
      kinds.add(kind);
      stories.push(each.seed);
    }
    const line = `\r${lived} of ${seeds} worlds, ${failed.length} failed, ${rate()} a second `;
    if (process.stderr.isTTY) process.stderr.write(line);
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, () => employ(nextTask, hear)));
  if (process.stderr.isTTY) process.stderr.write("\n");
  for (const { seed, failure } of failed.toSorted((a, b) => a.seed - b.seed).slice(0, 50))
    console.log(`seed ${seed}: ${failure.split("\n", 1).join("")}`);
  console.log(`${lived} worlds, ${failed.length} failed, ${rate()} a second`);
  return failed.length === 0 ? 0 : 1;
}

function print({ seed, failure, without, lines }: Story): void {
  console.log(`\nseed ${seed}: ${failure}`);
  for (const line of lines) console.log(`  ${line}`);
  const masked = without.length === 0 ? "" : ` --without ${formatNumbers(without)}`;
  console.log(`replay: npm run sim -- --seed ${seed}${masked}\n`);
}

/** Gives tasks to a thread of its own until there are no more. */
function employ(nextTask: () => Task | undefined, hear: (answer: Answer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url));
    const give = (): void => {
      const task = nextTask();
      if (task !== undefined) worker.postMessage(task);
      else
        void worker.terminate().then(() => {
          resolve();
        });
    };
    worker.on("message", (answer: Answer) => {
      hear(answer);
      give();
    });
    worker.on("error", reject);
    give();
  });
}

/** A thread: it does one task after the other. */
function work(): void {
  let stray: string | undefined;
  process.on("unhandledRejection", (error) => {
    stray ??= error instanceof Error ? (error.stack ?? error.message) : String(error);
  });
  const doTask = async (task: Task): Promise<Answer> => {
    if (task.type === "shorten") return { type: "story", story: await shorten(task.seed) };
    const failed: Failed[] = [];
    for (let seed = task.from; seed < task.from + task.count; seed++) {
      stray = undefined;
      const { failure = stray } = await live(seed);
      if (failure !== undefined) failed.push({ seed, failure });
    }
    return { type: "lived", count: task.count, failed };
  };
  parentPort?.on("message", (task: Task) => {
    void doTask(task).then((answer) => parentPort?.postMessage(answer));
  });
}
