import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";

/**
 * What a command left behind: its exit status as a shell reports it (128 + signal number) and all it printed.
 */
export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From start until the exit was seen and both outputs were at their end. */
  readonly milliseconds: number;
}

/** How to start a command: environment (whole, nothing is inherited), standard input, and patience. */
export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** After this time the command is killed and counts as failed; default 40 s. */
  readonly timeoutMs?: number;
}

/** A started command that is still wanted: its output so far and its end. */
export interface Launched {
  readonly child: ChildProcess;
  /** Everything printed so far, standard output and error as they came. */
  readonly output: () => string;
  /** Resolves when it has ended and nobody holds its output open any more; never rejects. */
  readonly ended: Promise<Result>;
}

/**
 * Runs a command on this machine to its end. Rejects when it cannot be started, or when after `timeoutMs` it
 * still runs or something that it started still holds its output open (a daemon that kept what it inherited).
 */
export async function execute(command: readonly string[], options: CommandOptions = {}): Promise<Result> {
  const { child, output, ended } = launch(command, options);
  child.stdin?.end(options.input ?? "");
  const timeoutMs = options.timeoutMs ?? 40_000;
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const state = child.exitCode === null ? "still runs" : "ended, but its output is still held open";
      reject(new Error(`"${command.join(" ")}" ${state} after ${timeoutMs} ms; output: ${output()}`));
      killGroup(child);
    }, timeoutMs);
  });
  return Promise.race([ended, overdue]).finally(() => {
    clearTimeout(timer);
  });
}

/**
 * Starts a command in a session of its own, so that Ctrl-C at the terminal reaches only us and we end things
 * in order. `extraPipe` gives it a file descriptor 3 that we read (`child.stdio[3]`).
 */
export function launch(
  command: readonly string[],
  { env }: CommandOptions = {},
  extraPipe = false,
): Launched {
  const [program = "", ...args] = command;
  const started = performance.now();
  const child = spawn(program, args, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe", ...(extraPipe ? (["pipe"] as const) : [])],
    ...(env === undefined ? {} : { env: { ...env } }),
  });
  // A command that ends without reading its input is no error of ours.
  child.stdin.on("error", () => undefined);
  const texts = { stdout: "", stderr: "", both: "" };
  for (const name of ["stdout", "stderr"] as const) collect(child[name], texts, name);
  const ended = new Promise<Result>((resolve) => {
    const finish = (status: number): void => {
      const { stdout, stderr } = texts;
      resolve({ status, stdout, stderr, milliseconds: performance.now() - started });
    };
    child.once("error", (error) => {
      texts.stderr += error.message;
      texts.both += error.message;
      finish(127);
    });
    child.once("close", (code, signal) => {
      finish(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  return { child, output: () => texts.both, ended };
}

/** Ends a command and whatever shares its process group; harmless when it is gone already. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function collect(
  stream: Readable | null,
  texts: { stdout: string; stderr: string; both: string },
  name: "stdout" | "stderr",
): void {
  stream?.setEncoding("utf8");
  stream?.on("data", (text: string) => {
    texts[name] += text;
    texts.both += text;
  });
}
