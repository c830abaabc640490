import { closeSync, lstatSync, readdirSync, readlinkSync, statSync, writeSync } from "node:fs";
import { pause } from "./clock.js";
import type { Paths, Role } from "./command-line.js";
import { codeOf, sentenceOf } from "./errors.js";
import { fileError } from "./files.js";
import { forStderr } from "./journal.js";
import { probePidFile, removeStalePidFile } from "./pid-file.js";
import { isAlive } from "./process-info.js";

/**
 * How to start the daemon: the arguments after the script (paths absolute), flags for Node, variables to add.
 */
export interface StartOptions {
  readonly role: Role;
  readonly paths: Paths;
  readonly args: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** How long to wait for the daemon's word; default 5 minutes. */
  readonly timeoutMs?: number;
}

/**
 * Action `start`, calling side: detaches a copy of this program, waits for its word,
 * prints, and returns the exit status: 0 only when the daemon serves. The daemon has a
 * session of its own and none of the caller's descriptors: Neutron's agent reads our
 * output to its end, and a daemon that held it open would block the agent for ever.
 */
export async function startDaemon(options: StartOptions): Promise<number> {
  const { role, paths } = options;
  print("Starting daemon...\n");
  const found = probePidFile(paths.pidFile, role);
  if (found.state === "running") {
    complain(`dibbler-${role} already runs in ${paths.workDir} with pid ${found.pid}; nothing was started`);
    return 1;
  }
  closeInherited();
  const failure = await launch(options);
  if (failure === undefined) return 0;
  complain(failure);
  return 1;
}

/**
 * True in the detached copy that `startDaemon` made. To be
 * asked first of all: it takes the mark out of the environment.
 */
export function isDaemon(): boolean {
  if (process.env["DIBBLER_DAEMON"] === undefined) return false;
  delete process.env["DIBBLER_DAEMON"];
  reportTo = REPORT_FD;
  return true;
}

/**
 * Daemon: tells the waiting `start` that all is well. Does nothing in the foreground, or when told before.
 */
export function reportReady(): void {
  report(READY);
}

/**
 * Ends a failed start or run with exit status 1: the sentence
 * goes to the waiting `start`, or to stderr in the foreground.
 */
export function fatal(sentence: string): never {
  if (reportTo === undefined) complain(sentence);
  report(sentence);
  process.exit(1);
}

/**
 * Makes the work directory the current one and sets the umask
 * to 027. Throws SystemError when the directory is missing.
 */
export function enterWorkDir(directory: string): void {
  process.umask(0o027);
  try {
    process.chdir(directory);
  } catch (cause) {
    throw fileError("enter", directory, cause);
  }
}

/** Action `status`: prints Dibbler's three lines, returns the exit status: 0 when `role` runs, else 1. */
export function printStatus(role: Role, paths: Paths): number {
  const state = (which: Role | "relay"): string => {
    const found = probePidFile(`${paths.workDir}/${which}.pid`, which);
    return found.state === "running" ? `RUNNING, pid=${found.pid}` : "NOT RUNNING.";
  };
  print(`Dibbler server: ${state("server")}\n`);
  print(`Dibbler client: ${state("client")}\n`);
  print(`Dibbler relay : ${state("relay")}\n`);
  return probePidFile(paths.pidFile, role).state === "running" ? 0 : 1;
}

/** What runs in a work directory, for programs; `since` is the time in ISO 8601. */
export interface RunningProgram {
  readonly running: boolean;
  readonly pid: number | null;
  readonly since: string | null;
  readonly directory: string;
}

/** Looks for a running program by its pid file, which is as old as the program. */
export function findRunning(role: Role, { pidFile, workDir }: Paths): RunningProgram {
  const found = probePidFile(pidFile, role);
  const stats = found.state === "running" ? statSync(pidFile, { throwIfNoEntry: false }) : undefined;
  return {
    running: found.state === "running",
    pid: found.state === "running" ? found.pid : null,
    since: stats === undefined ? null : new Date(stats.mtimeMs).toISOString(),
    directory: workDir,
  };
}

/**
 * Action `stop`: sends TERM and waits until the process is gone, at most
 * `timeoutMs`; prints Dibbler's sentences and returns the exit status. Never
 * signals a process that is not ours; removes a pid file that belongs to nobody.
 */
export async function stopDaemon(role: Role, paths: Paths, timeoutMs = 30_000): Promise<number> {
  const found = probePidFile(paths.pidFile, role);
  if (found.state !== "running") {
    if (found.state === "foreign") print(`Process ${found.pid} is another program and was left alone.\n`);
    if (found.state !== "absent") removeStalePidFile(paths.pidFile, role);
    print("Process is not running.\n");
    return 1;
  }
  const { pid } = found;
  print(`Sending TERM signal to process ${pid}\n`);
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (codeOf(error) !== "ESRCH") {
      complain(
        `cannot stop process ${pid}: ${codeOf(error) === "EPERM" ? "no permission" : sentenceOf(error)}`,
      );
      return 1;
    }
  }
  print("Waiting for signalled process termination... ");
  if (!(await untilGone(pid, timeoutMs))) {
    print("\n");
    complain(`process ${pid} has not ended within ${timeoutMs / 1000} s; to end it by force: kill -9 ${pid}`);
    return 1;
  }
  print("Done.\n");
  if (probePidFile(paths.pidFile, role).state === "dead") removeStalePidFile(paths.pidFile, role);
  return 0;
}

/**
 * Calls `stop` at the first TERM or INT (later ones are ignored: the shutdown is under way) and `reload` at
 * each HUP. USR1 does nothing, as in Dibbler; without a handler it would open Node's debugger to everyone on
 * the machine. Returns the function that undoes all this.
 */
export function onSignals(handlers: {
  readonly stop: (signal: string) => void;
  readonly reload: () => void;
}): () => void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    handlers.stop(signal);
  };
  const reload = (): void => {
    handlers.reload();
  };
  const ignore = (): void => undefined;
  process.on("SIGTERM", stop).on("SIGINT", stop).on("SIGHUP", reload).on("SIGUSR1", ignore);
  return () => {
    process.off("SIGTERM", stop).off("SIGINT", stop).off("SIGHUP", reload).off("SIGUSR1", ignore);
  };
}

/** Descriptor of the daemon on which `start` waits for its word. */
const REPORT_FD = 3;
const READY = "ready";
const POLL_MS = 10;

let reportTo: number | undefined;

function report(word: string): void {
  if (reportTo === undefined) return;
  const fd = reportTo;
  reportTo = undefined;
  try {
    writeSync(fd, word);
    closeSync(fd);
  } catch {
    // Nobody waits any more.
  }
}

/**
 * A take-over of some hundred thousand leases on a slow machine may need minutes, and must not be cut short.
 */
const READY_MS = 300_000;

/** Starts the copy; resolves to undefined when it serves, else to the sentence that says why not. */
async function launch(options: StartOptions): Promise<string | undefined> {
  const { role, paths, timeoutMs = READY_MS } = options;
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(
    process.execPath,
    [...(options.nodeFlags ?? []), process.argv[1] ?? "", ...options.args],
    {
      detached: true,
      env: { ...process.env, ...options.environment, DIBBLER_DAEMON: "1" },
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    },
  );
  const pipe = child.stdio[REPORT_FD];
  if (pipe === null || pipe === undefined) return `cannot start ${process.execPath}`;
  let word = "";
  pipe.on("data", (chunk: Buffer) => {
    word += chunk.toString();
  });
  const said = new Promise<void>((resolve) => {
    pipe.on("close", resolve);
  });
  const ended = new Promise<void>((resolve) => {
    child.on("exit", () => {
      resolve();
    });
    child.on("error", (error) => {
      word = `cannot start ${process.execPath}: ${sentenceOf(error)}`;
      resolve();
    });
  });
  if (!(await inTime(said, timeoutMs))) {
    word = `dibbler-${role} was not ready within ${timeoutMs / 1000} s and was ended; see ${paths.logFile}`;
    child.kill("SIGTERM");
  }
  pipe.destroy();
  if (word === READY) {
    child.unref();
    return undefined;
  }
  // Its pid file has to be gone before we return.
  if (!(await inTime(ended, GRACE_MS))) child.kill("SIGKILL");
  return word === "" ? `dibbler-${role} ended while starting; see ${paths.logFile}` : word;
}

/** True when the promise settles within `ms`. */
async function inTime(promise: Promise<void>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const outcome = await Promise.race([promise.then(() => true), pause(ms, timer.signal).then(() => false)]);
  timer.abort();
  return outcome;
}

const GRACE_MS = 3000;

/**
 * Closes what the caller left open beyond stdio, e.g. a lock taken by `flock 200>file`.
 * Node marks low descriptors as not to be passed on, but misses higher ones. Its own
 * are pairs of pipe ends and anonymous inodes; all else came from outside.
 */
function closeInherited(): void {
  const ends = new Set<string>();
  const open: { readonly fd: number; readonly target: string; readonly end: string }[] = [];
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      const path = `/proc/self/fd/${name}`;
      const target = readlinkSync(path);
      const writable = (lstatSync(path).mode & 0o200) !== 0;
      ends.add(`${target} ${writable}`);
      open.push({ fd: Number(name), target, end: `${target} ${!writable}` });
    } catch {
      // The descriptor with which the directory is read.
    }
  }
  for (const { fd, target, end } of open) {
    const own = target.startsWith("anon_inode:") || (target.startsWith("pipe:") && ends.has(end));
    if (fd > LAST_MARKED_FD && !own) closeSync(fd);
  }
}

/** Node marks descriptors up to this one without gaps. */
const LAST_MARKED_FD = 15;

async function untilGone(pid: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (isAlive(pid)) {
    if (performance.now() >= end) return false;
    await pause(POLL_MS);
  }
  return true;
}

/** Straight to the descriptor: process.stdout would load the terminal and network modules. */
function print(text: string): void {
  writeQuietly(1, text);
}

function complain(sentence: string): void {
  writeQuietly(2, forStderr(`${sentence}\n`));
}

function writeQuietly(fd: number, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // Closed by the caller; the exit status has to do.
  }
}
