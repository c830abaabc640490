import type { ChildProcess } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { pause } from "./clock.js";
import { codeOf, sentenceOf } from "./errors.js";
import { createOutputPipes, type OutputPipe, type OutputPipes } from "./hook-output.js";
import { createShellFinder, type FindShell } from "./hook-shell.js";

/** How one run of a script ended. `output` is the beginning of what it printed. */
export type ScriptOutcome =
  | { readonly kind: "exit"; readonly status: number; readonly output: string }
  | { readonly kind: "signal"; readonly signal: string; readonly output: string }
  | { readonly kind: "timeout"; readonly output: string }
  /** Ended by `ScriptRunner.end`. */
  | { readonly kind: "stopped"; readonly output: string }
  | { readonly kind: "not-run"; readonly reason: string };

/** One run: `script` as configured becomes argv[0]; `variables` and PATH are the whole environment. */
export interface ScriptRun {
  readonly script: string;
  readonly action: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly timeoutMs: number;
}

/** Something that runs scripts. */
export interface ScriptRunner {
  /**
   * Runs a script without a shell of ours: execve semantics, stdin from /dev/null, stdout and stderr read and
   * thrown away beyond a few KiB. Waits for the script, not for what it left running in the background. After
   * `timeoutMs` its process group gets TERM, then KILL. Never rejects.
   */
  readonly run: (run: ScriptRun) => Promise<ScriptOutcome>;
  /** Ends by force, as after their time, the scripts that run and those that are still to come. */
  readonly end: () => void;
  /** Lets go of what is needed for runs; to be called when there are none any more. */
  readonly close: () => void;
}

/** Starts the scripts from this process; pipes for what they print are made in `directory`. */
export function createScriptRunner(directory: string): ScriptRunner {
  const ending = new AbortController();
  const means = {
    pipes: createOutputPipes(directory),
    findShell: createShellFinder(),
    ending: ending.signal,
  };
  return {
    run: (run) => runScript(run, means),
    end: () => {
      ending.abort();
    },
    close: () => undefined,
  };
}

/** What is kept from one run to the next. */
interface Means {
  readonly pipes: OutputPipes;
  readonly findShell: FindShell;
  /** Aborted when nothing may run any more. */
  readonly ending: AbortSignal;
}

async function runScript(run: ScriptRun, means: Means): Promise<ScriptOutcome> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await runOnce(run, means);
    if (outcome.kind !== "busy") return outcome;
    // Too many processes or files just now; a lost call would leave a route behind.
    if (attempt === ATTEMPTS) return { kind: "not-run", reason: outcome.reason };
    await pause(RETRY_MS);
  }
}

const ATTEMPTS = 4;
const RETRY_MS = 500;
/** From TERM to KILL, and from KILL to giving up on a process that the kernel cannot end. */
const GRACE_MS = 2000;

/** Why a script did not start: for good, or because there are too many processes or files just now. */
type NotRun =
  | Extract<ScriptOutcome, { kind: "not-run" }>
  | { readonly kind: "busy"; readonly reason: string };

async function runOnce(
  run: ScriptRun,
  { pipes, findShell, ending: stop }: Means,
): Promise<ScriptOutcome | NotRun> {
  const output = await pipes.take();
  output?.begin();
  try {
    const child = launch(run, output, findShell);
    const ended = ending(child, run);
    const outcome = (await within(ended, run.timeoutMs, stop)) ?? (await endByForce(child, ended, stop));
    return "output" in outcome ? { ...outcome, output: (await output?.end()) ?? "" } : outcome;
  } catch (error) {
    return notRun(run, error);
  } finally {
    pipes.giveBack(output);
  }
}

function ending(child: ChildProcess, run: ScriptRun): Promise<ScriptOutcome | NotRun> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      resolve(notRun(run, error));
    });
    child.once("exit", (status, signal) => {
      if (signal !== null) resolve({ kind: "signal", signal, output: "" });
      else resolve({ kind: "exit", status: status ?? 0, output: "" });
    });
  });
}

function launch(
  { script, action, variables, cwd }: ScriptRun,
  output: OutputPipe | undefined,
  findShell: FindShell,
): ChildProcess {
  const { spawn } = process.getBuiltinModule("node:child_process");
  // Without a slash the system would search PATH.
  const file = script.includes("/") ? script : `./${script}`;
  const shell = findShell(cwd === undefined || file.startsWith("/") ? file : `${cwd}/${file}`);
  const path = process.env["PATH"];
  return spawn(shell ?? file, shell === undefined ? [action] : [file, action], {
    ...(shell === undefined ? { argv0: script } : {}),
    ...(cwd === undefined ? {} : { cwd }),
    env: path === undefined ? { ...variables } : { ...variables, PATH: path },
    stdio: ["ignore", output?.fd ?? "ignore", output?.fd ?? "ignore"],
    // A process group of its own, so that the whole of it can be ended.
    detached: true,
  });
}

async function endByForce<T>(
  child: ChildProcess,
  ended: Promise<T>,
  stop: AbortSignal,
): Promise<ScriptOutcome> {
  const kind = stop.aborted ? "stopped" : "timeout";
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalGroup(child, signal);
    if ((await within(ended, GRACE_MS)) !== undefined) break;
  }
  // Whatever ignored TERM in the script's group goes as well.
  signalGroup(child, "SIGKILL");
  return { kind, output: "" };
}

function signalGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // All gone.
  }
}

/** The value of the promise, which never rejects, or `undefined` when it takes longer than `ms` or `stop`. */
function within<T>(promise: Promise<T>, ms: number, stop?: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve) => {
    const settle = (value: T | undefined): void => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", onStop);
      resolve(value);
    };
    const onStop = (): void => {
      settle(undefined);
    };
    const timer = setTimeout(onStop, ms);
    stop?.addEventListener("abort", onStop);
    void promise.then(settle);
    if (stop?.aborted === true) onStop();
  });
}

function notRun({ script, cwd }: ScriptRun, error: unknown): NotRun {
  const code = codeOf(error) ?? "";
  if (/^(?:EAGAIN|ENOMEM|EMFILE|ENFILE|ETXTBSY)$/.test(code))
    return { kind: "busy", reason: sentenceOf(error) };
  if (code === "ENOENT" && cwd !== undefined && !existsSync(cwd)) {
    return { kind: "not-run", reason: `the directory ${cwd} is gone` };
  }
  if (code === "ENOENT" && existsSync(script)) {
    return { kind: "not-run", reason: "the interpreter named in its first line does not exist" };
  }
  if (code === "ENOENT") return { kind: "not-run", reason: "the file does not exist" };
  if (code === "EACCES" && !isExecutable(script)) {
    return { kind: "not-run", reason: "the file is not executable; chmod +x it" };
  }
  return { kind: "not-run", reason: sentenceOf(error) };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
