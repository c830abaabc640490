import type { ChildProcess } from "node:child_process";
import { sentenceOf } from "./errors.js";
import { createLineReader, orderLine, type ScriptAnswer, type ScriptOrder } from "./hook-orders.js";
import { createScriptRunner, type ScriptOutcome, type ScriptRunner } from "./hook-process.js";
import type { Log } from "./log.js";

/** Where the helper is, and who hears of it. */
export interface HelperOptions {
  /** Path of the helper's program, see hook-helper-main.ts. */
  readonly program: string;
  /** Where pipes are made when scripts have to be started from here; the helper takes its current one. */
  readonly directory: string;
  readonly log: Log;
}

/** An order that is not answered yet. */
interface Open extends ScriptOrder {
  readonly settle: (outcome: ScriptOutcome) => void;
  /** How many helpers were given it. */
  times: number;
}

/** A process that starts scripts for us. */
interface Helper {
  readonly child: ChildProcess;
  /** It has said something, so it can work. */
  isProven: boolean;
}

/** The less memory it has touched, the faster it starts scripts: 10 instead of 21 MiB after hundreds. */
const FLAGS = ["--max-semi-space-size=1", "--no-opt", "--no-sparkplug"];

/** An order that has been with so many helpers that ended is run here: it may be what ends them. */
const TIMES = 2;

/** Scripts that the first helper runs at a time before the second one has a part in them. */
const SHARE = 4;

/**
 * Two helpers, the second from when the first has its hands full for the first time. A helper waits until
 * each script has really begun, so two of them begin twice as many on a machine that has other work.
 */
export function createHookHelpers(options: HelperOptions): ScriptRunner {
  const first = createHookHelper(options);
  let second: ScriptRunner | undefined;
  let busy = 0;
  return {
    async run(run) {
      if (busy >= SHARE) {
        second ??= createHookHelper(options);
        return await second.run(run);
      }
      busy++;
      const outcome = await first.run(run);
      busy--;
      return outcome;
    },
    end() {
      first.end();
      second?.end();
    },
    close() {
      first.close();
      second?.close();
    },
  };
}

/**
 * Starts the scripts from a small process: starting one copies the tables of all memory that the starter has,
 * and Node waits for that, some milliseconds for each 100 MiB in which no client is answered. What was with a
 * helper that was killed is run again by the next one: a script may then be called twice, never not at all.
 * When there is no helper to be had, scripts are started from here.
 */
export function createHookHelper({ program, directory, log }: HelperOptions): ScriptRunner {
  const here = createScriptRunner(directory);
  const open = new Map<number, Open>();
  let helper: Helper | undefined;
  let isHopeless = false;
  let lastId = 0;
  let isClosed = false;

  const start = (): Helper => {
    const started: Helper = { child: spawnHelper(program), isProven: false };
    const { child } = started;
    const read = createLineReader<ScriptAnswer>(({ id, outcome }) => {
      open.get(id)?.settle(outcome);
      open.delete(id);
    });
    child.stdout?.setEncoding("utf8");
    child.stdout?.on("data", (piece: string) => {
      started.isProven = true;
      read(piece);
    });
    // What it did not take any more is given to the next one.
    child.stdin?.on("error", () => undefined);
    child.once("error", (error) => {
      lose(started, sentenceOf(error));
    });
    // Not before its last answer has been read.
    child.once("close", (status, signal) => {
      lose(started, signal === null ? `with status ${status ?? "?"}` : `by ${signal}`);
    });
    return started;
  };

  const lose = (lost: Helper, how: string): void => {
    if (helper !== lost) return;
    helper = undefined;
    if (isClosed) return;
    isHopeless ||= !lost.isProven;
    const next = isHopeless ? "the server starts scripts itself" : "there will be another one";
    log("HOOK-HELPER-ENDED", { how, count: open.size, next });
    for (const order of [...open.values()]) give(order);
  };

  const give = (order: Open): void => {
    if (isHopeless || order.times === TIMES) {
      open.delete(order.id);
      void here.run(order.run).then(order.settle);
      return;
    }
    order.times++;
    helper ??= start();
    helper.child.stdin?.write(orderLine({ id: order.id, run: order.run }));
  };

  helper = start();
  return {
    run: (run) =>
      new Promise((settle) => {
        const order = { id: ++lastId, run, settle, times: 0 };
        open.set(order.id, order);
        give(order);
      }),
    end() {
      here.end();
      helper?.child.stdin?.write(orderLine({ end: true }));
    },
    close() {
      isClosed = true;
      helper?.child.stdin?.end();
    },
  };
}

/** Of a session of its own, so that it is not meant by what a terminal tells the server. */
function spawnHelper(program: string): ChildProcess {
  const { spawn } = process.getBuiltinModule("node:child_process");
  return spawn(process.execPath, [...FLAGS, program], { stdio: ["pipe", "pipe", "ignore"], detached: true });
}
