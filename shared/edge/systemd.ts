import type { ChildProcess } from "node:child_process";
import { type Condition, isAlive, notifyLine, statusOf } from "../notify.js";
import { sentenceOf } from "./errors.js";
import type { Log } from "./log.js";

/** What a program tells systemd, in this order: it is `ready`, then it may be `reloading`, then it stops. */
export interface Notifier {
  /** It serves; from now on systemd hears how it does, and that it is alive. */
  readonly ready: (condition: () => Condition) => void;
  /** It takes in its configuration until then. */
  readonly reloading: (end: Promise<unknown>) => void;
  readonly stopping: () => void;
}

/** What the notifier works with. */
export interface NotifierOptions {
  /** How long the watchdog waits for a ping. */
  readonly watchdogMs: number | undefined;
  readonly log: Log;
  /** How often to look how the program does, milliseconds. */
  readonly lookMs?: number;
}

/**
 * Node cannot open datagram sockets of the local kind, so `systemd-notify` sends for us. It is started by a
 * shell that reads lines from us, because a server with a million leases would stand still
 * for its own fork at each ping. Words reach the shell as data and are never read as its language. It bears
 * what systemd sends to all processes of a unit when it stops it, and ends with us.
 */
const RELAY = `trap '' HUP INT TERM
while IFS='\t' read -r one two three; do
  systemd-notify "$one" \${two:+"$two"} \${three:+"$three"} || exit
done`;

/** How often to look for troubles that begin or end. */
const LOOK_MS = 5000;
/** Pause before what was lost is said again, twice as long each time. */
const AGAIN_MS = { first: 5000, most: 300_000 } as const;
/** What a shell ends with when there is no such program. */
const MISSING = 127;

/**
 * Tells systemd how the program does. The ping comes from the event loop that serves. Where nothing can be
 * told, the log says so once, and the program goes on.
 */
export function openNotifier({ watchdogMs, log, lookMs = LOOK_MS }: NotifierOptions): Notifier {
  let relay: ChildProcess | undefined;
  let isHopeless = false;
  let isSaid = false;
  let look = (): Condition | undefined => undefined;
  /** What systemd shall take us for, and what it was told of us last. */
  let standing: readonly string[] = [];
  let told = "";
  let againMs: number = AGAIN_MS.first;
  let reloads = 0;
  let isStopping = false;

  const lost = (reason: string): void => {
    relay = undefined;
    if (!isSaid) log("SYSTEMD-NOT-TOLD", { reason });
    isSaid = true;
    if (!isHopeless) setTimeout(sayAgain, againMs).unref();
    againMs = Math.min(againMs * 2, AGAIN_MS.most);
  };
  const start = (): ChildProcess => {
    const started = spawnRelay();
    // Once: an end follows an error.
    const end = (reason: string): void => {
      if (relay === started) lost(reason);
    };
    started.once("error", (error) => {
      isHopeless = true;
      end(sentenceOf(error));
    });
    started.once("exit", (status, signal) => {
      isHopeless ||= status === MISSING;
      end(
        status === MISSING ? "there is no systemd-notify" : `its end: ${signal ?? `status ${status ?? "?"}`}`,
      );
    });
    // Its end tells.
    started.stdin?.on("error", () => undefined);
    // Neither the relay nor its pipe keeps the program from ending.
    started.unref();
    return started;
  };
  const say = (assignments: readonly string[]): void => {
    if (isHopeless || assignments.length === 0) return;
    relay ??= start();
    relay.stdin?.write(notifyLine(assignments));
  };
  const status = (condition = look()): readonly string[] => {
    if (condition === undefined) return [];
    told = statusOf(condition);
    return [`STATUS=${told}`];
  };
  const stand = (...next: readonly string[]): void => {
    standing = next;
    say([...standing, ...status()]);
  };
  const sayAgain = (): void => {
    say([...standing, ...status()]);
  };
  const ping = (): void => {
    const condition = look();
    if (condition === undefined || watchdogMs === undefined) return;
    if (isAlive(condition, watchdogMs)) say(["WATCHDOG=1", ...status(condition)]);
  };
  /** Numbers go along with the next ping; troubles are told at once. */
  let troubles = "";
  const watch = (): void => {
    const condition = look();
    if (condition === undefined) return;
    const now = statusOf({ ...condition, doing: "" });
    if (now === troubles) return;
    troubles = now;
    if (statusOf(condition) !== told) say(status(condition));
  };

  say(["STATUS=starting"]);
  return {
    ready(condition) {
      look = condition;
      troubles = statusOf({ ...condition(), doing: "" });
      stand("READY=1");
      setInterval(watch, lookMs).unref();
      if (watchdogMs !== undefined) setInterval(ping, watchdogMs / 2).unref();
    },
    reloading(end) {
      reloads++;
      // Microseconds of CLOCK_MONOTONIC, which is what Node counts its nanoseconds with.
      standing = ["RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`];
      say([...standing, "STATUS=reloading"]);
      void end.finally(() => {
        reloads--;
        if (reloads === 0 && !isStopping) stand("READY=1");
      });
    },
    stopping() {
      isStopping = true;
      standing = ["STOPPING=1"];
      say([...standing, "STATUS=stopping"]);
    },
  };
}

/** Of a session of its own, so that it is not meant by what a terminal tells the program. */
function spawnRelay(): ChildProcess {
  const { spawn } = process.getBuiltinModule("node:child_process");
  return spawn("sh", ["-c", RELAY], { stdio: ["pipe", "ignore", "ignore"], detached: true });
}
