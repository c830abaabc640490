import type { HookCall } from "../hook.js";
import { pause, type Timing } from "./clock.js";
import { createScriptRunner, type ScriptOutcome, type ScriptRunner } from "./hook-process.js";
import { createHookQueue, type HookEnd, type Overflow, type Waiting } from "./hook-queue.js";
import { createShellFinder, type FindShell } from "./hook-shell.js";
import { fitted } from "./hook-size.js";
import type { Log } from "./log.js";

export type { HookEnd } from "./hook-queue.js";

/** How to run the hook script. */
export interface HookOptions {
  /** Path as configured; what stands relative is taken from `cwd`, or else from the current directory. */
  readonly script: string;
  readonly cwd?: string;
  /** Scripts at once; default 8. */
  readonly limit?: number;
  /** Calls waiting before superseded ones are left out; default 1000. */
  readonly thinFrom?: number;
  /** Calls waiting before others are dropped; default 100,000. */
  readonly queueLimit?: number;
  /** After this a script is ended. */
  readonly timeoutMs: number;
  readonly log: Log;
  /** What starts the scripts, ended with `drain`; default: this process. */
  readonly scripts?: ScriptRunner;
  /** What `drain` waits with, and what tells a script without `#!`; replaced in simulations. */
  readonly timing?: Timing;
  readonly findShell?: FindShell;
}

/** The part of the options that may change while calls wait. */
export type HookTarget = Pick<HookOptions, "script" | "timeoutMs">;

/** Numbers of calls. */
export interface HookLoad {
  readonly waiting: number;
  readonly running: number;
}

/** What has become of calls since the start. */
export interface HookTally {
  /** Those that have ended, however. */
  readonly ended: number;
  /** Of these, those that ended with another status than 0, by a signal, too late, or could not be run. */
  readonly failed: number;
  /** How long they took in all. */
  readonly seconds: number;
}

/** Runs hook calls; nothing here ever throws or rejects. */
export interface HookRunner {
  /** Calls that start from now on, those that wait included, go to this script. */
  readonly use: (target: HookTarget) => void;
  /** Queues a call; the promise resolves when it has ended, however, or was left out. */
  readonly run: (call: HookCall) => Promise<HookEnd>;
  readonly load: () => HookLoad;
  readonly tally: () => HookTally;
  /**
   * For shutdown: runs what waits for at most `patienceMs`, then starts nothing more, logs how many calls are
   * lost, and waits for the scripts that run to end (or to be ended at their own timeout). With `isFirm` they
   * are ended by force then, and count as lost.
   */
  readonly drain: (patienceMs: number, isFirm?: boolean) => Promise<void>;
}

/** A runner for one script: bounded in number and time, in order per prefix, never holding up its caller. */
export function createHookRunner(options: HookOptions): HookRunner {
  const { log, limit = 8, queueLimit = 100_000, thinFrom = Math.min(1000, queueLimit) } = options;
  const queue = createHookQueue(queueLimit, thinFrom);
  const overload = createOverloadReport(log);
  const report = createOutcomeReport(log, options.findShell);
  const idle: (() => void)[] = [];
  const { cwd } = options;
  let target: HookTarget = options;
  const { scripts = createScriptRunner(cwd ?? ".") } = options;
  let running = 0;
  let closed = false;
  const tally = { ended: 0, failed: 0, seconds: 0 };

  const pump = (): void => {
    while (running < limit && !closed) {
      const next = queue.take();
      if (next === undefined) break;
      running++;
      const { call, settle, done } = next;
      const used = target;
      const { script, timeoutMs } = used;
      const { action } = call;
      const { variables, left } = fitted(call.variables);
      const began = performance.now();
      report.starting({ ...used, action, variables, left });
      void scripts.run({ script, action, variables, cwd, timeoutMs }).then((outcome) => {
        running--;
        tally.ended += 1;
        tally.seconds += (performance.now() - began) / 1000;
        if (outcome.kind !== "exit" || outcome.status !== 0) tally.failed += 1;
        done();
        report.ended(call, used, outcome);
        settle(outcome.kind === "stopped" ? "lost" : "ended");
        pump();
      });
    }
    if (queue.waiting() === 0) overload.settle();
    if (running === 0 && (closed || queue.waiting() === 0)) for (const wake of idle.splice(0)) wake();
  };

  const abandon = (lost: readonly Waiting[]): void => {
    if (lost.length > 0) log("HOOK-ABANDONED", { count: lost.length, script: target.script });
    for (const { settle } of lost) settle("lost");
  };

  return {
    use(next) {
      target = next;
    },
    load: () => ({ waiting: queue.waiting(), running }),
    tally: () => ({ ...tally }),
    run: (call) =>
      new Promise((settle) => {
        if (closed) {
          abandon([{ call, settle }]);
          return;
        }
        overload.note(queue.add({ call, settle }));
        pump();
      }),
    async drain(patienceMs, isFirm = false) {
      const finished = new Promise<void>((resolve) => {
        idle.push(resolve);
        pump();
      });
      const timer = new AbortController();
      await Promise.race([finished, pause(patienceMs, timer.signal, options.timing)]);
      timer.abort();
      closed = true;
      abandon(queue.clear());
      pump();
      if (isFirm) scripts.end();
      await finished;
      scripts.close();
    },
  };
}

/** At most so often a line about a queue that is full. */
const OVERLOAD_LINE_MS = 1000;
const OUTPUT_IN_LOG = 400;

/** Counts calls left out and says so, not once per call: the queue is full because there is no time. */
function createOverloadReport(log: Log): {
  readonly note: (left: Overflow) => void;
  readonly settle: () => void;
} {
  let superseded = 0;
  let dropped = 0;
  let said = -Infinity;
  const say = (): void => {
    if (superseded + dropped === 0) return;
    log("HOOK-OVERLOAD", { superseded, dropped });
    said = performance.now();
    superseded = 0;
    dropped = 0;
  };
  return {
    note(left) {
      superseded += left.superseded.length;
      dropped += left.dropped.length;
      for (const { settle } of left.superseded) settle("ended");
      for (const { settle } of left.dropped) settle("lost");
      if (performance.now() - said >= OVERLOAD_LINE_MS) say();
    },
    settle: say,
  };
}

/** A script that is about to run, with the variables that it gets and those that it cannot get. */
interface Start extends HookTarget {
  readonly action: HookCall["action"];
  readonly variables: Readonly<Record<string, string>>;
  readonly left: readonly string[];
}

/** Log lines about the beginning and the end of each run. */
function createOutcomeReport(
  log: Log,
  findShell = createShellFinder(),
): {
  readonly starting: (start: Start) => void;
  readonly ended: (call: HookCall, target: HookTarget, outcome: ScriptOutcome) => void;
} {
  let shellSaidOf: string | undefined;
  return {
    starting({ script, action, variables, left }) {
      log("HOOK-START", { script, action, count: () => String(Object.keys(variables).length) });
      if (left.length > 0) log("HOOK-TRIMMED", { script, action, names: left.join(", ") });
      if (shellSaidOf === script) return;
      const shell = findShell(script);
      if (shell === undefined) return;
      shellSaidOf = script;
      log("HOOK-SHELL", { script, shell });
    },
    ended({ action }, { script, timeoutMs }, outcome) {
      const output = "output" in outcome ? outcome.output.slice(0, OUTPUT_IN_LOG) : "";
      const says = output === "" ? "" : `; it printed: ${output}`;
      switch (outcome.kind) {
        case "exit":
          if (outcome.status === 0) log("HOOK-DONE", { script, action, status: 0, says });
          else log("HOOK-STATUS", { script, action, status: outcome.status, says });
          return;
        case "signal":
          log("HOOK-SIGNAL", { script, action, signal: outcome.signal, says });
          return;
        case "timeout":
          log("HOOK-TIMEOUT", { script, action, seconds: timeoutMs / 1000, says });
          return;
        case "stopped":
          log("HOOK-STOPPED", { script, action, says });
          return;
        case "not-run":
          log("HOOK-NOT-RUN", { script, action, reason: outcome.reason });
          return;
        default:
          outcome satisfies never;
      }
    },
  };
}
