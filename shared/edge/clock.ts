import { readFileSync } from "node:fs";
import { type Millis, millis } from "../brand.js";

/** Where "now" comes from: Unix milliseconds that never step while the program runs. */
export interface Clock {
  readonly now: () => Millis;
}

/** The three readings a clock is made of, all in milliseconds; replaced in tests. */
export interface TimeSources {
  /** Wall clock: may be set by anyone at any time. */
  readonly wall: () => number;
  /** Advances steadily, but stands still while the machine is suspended. */
  readonly monotonic: () => number;
  /** Time since boot, suspension included; slow to read. */
  readonly boot: () => number;
}

/** A call that is to come; the program ends without waiting for one that was `unref`ed. */
export interface Timer {
  readonly unref: () => unknown;
}

/** What brings a program back to its work later; replaced in simulations. */
export interface Timing {
  /** Calls in the next turn of the event loop, after what has come in meanwhile. */
  readonly soon: (run: () => void) => void;
  /** Calls once, after so many milliseconds. */
  readonly after: (ms: number, run: () => void) => Timer;
  /** Calls off what `after` of the same Timing gave, unless it has been called. */
  cancel(timer: Timer | undefined): void;
}

/** One timer of the loop: set it as often as the deadline changes; `Infinity` means never. */
export interface Alarm {
  readonly set: (deadline: Millis) => void;
  readonly cancel: () => void;
}

/**
 * The clock of a program: `start`, the wall clock if not given, advanced by the monotonic clock. Setting the
 * wall clock changes nothing; time spent suspended counts, because lifetimes run out meanwhile.
 */
export function createClock(sources: TimeSources = systemTime, start = sources.wall()): Clock {
  const wallOffset = sources.wall() - sources.monotonic();
  const bootOffset = sources.boot() - sources.monotonic();
  const offset = start - sources.monotonic();
  let drift = 0;
  let suspended = 0;
  return {
    now() {
      const monotonic = sources.monotonic();
      // The wall clock moved on its own: it was set, or we slept. Only the time since boot can tell.
      const driftNow = sources.wall() - monotonic - wallOffset;
      if (Math.abs(driftNow - drift) > DRIFT_MS) {
        drift = driftNow;
        suspended = Math.max(suspended, asleep(sources.boot() - monotonic - bootOffset));
      }
      return millis(offset + monotonic + suspended);
    },
  };
}

/**
 * An alarm that calls `ring` once when the clock has reached the deadline
 * last set, never before it. Deadlines beyond the 24 days of one Node timer
 * are fine; a deadline that is past rings in the next turn of the event loop.
 */
export function createAlarm(clock: Clock, ring: () => void, timing: Timing = systemTiming): Alarm {
  let deadline = Infinity;
  let timer: Timer | undefined;
  /** What the timer was set for. */
  let aim = Infinity;
  /** The timer rings as soon as Node can. */
  let isNext = false;

  const arm = (): void => {
    const wait = Math.ceil(Math.max(deadline - clock.now(), 0));
    isNext = wait === 0;
    aim = deadline;
    timer = timing.after(Math.min(wait, LONGEST_SLEEP_MS), check);
  };
  const check = (): void => {
    timer = undefined;
    isNext = false;
    if (clock.now() < deadline) {
      arm();
      return;
    }
    deadline = Infinity;
    ring();
  };
  const cancel = (): void => {
    timing.cancel(timer);
    timer = undefined;
    isNext = false;
    deadline = Infinity;
  };
  return {
    set(wanted) {
      if (wanted === deadline) return;
      // It rings next anyhow: to begin anew each time would put that off for ever. Or it rings before, and
      // looks again then: deadlines that move on with every message cost no timer each.
      const isLater = timer !== undefined && wanted >= aim && wanted < Infinity;
      const isAsWell = isLater || (isNext && wanted <= clock.now());
      if (!isAsWell) cancel();
      deadline = wanted;
      if (!isAsWell && wanted < Infinity) arm();
    },
    cancel,
  };
}

/** Waits; ends early, without error, when `signal` is aborted. */
export function pause(ms: number, signal?: AbortSignal, timing: Timing = systemTiming): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timing.cancel(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = timing.after(ms, end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted === true) end();
  });
}

/**
 * A difference between wall and monotonic clock that cannot
 * be slewing by a time service between two readings.
 */
const DRIFT_MS = 1000;
/** Node's timers stand still while the machine is suspended, so none of them may sleep for long. */
const LONGEST_SLEEP_MS = 60_000;

/** The readings of this machine. */
export const systemTime: TimeSources = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  boot: uptime,
};

/** Node's own event loop. */
export const systemTiming: Timing = {
  soon: (run) => {
    setImmediate(run);
  },
  after: (ms, run) => setTimeout(run, ms),
  cancel: (timer: NodeJS.Timeout | undefined) => {
    clearTimeout(timer);
  },
};

/** Differences below this are the resolution of the readings, not sleep. */
const asleep = (ms: number): number => (ms < DRIFT_MS / 2 ? 0 : ms);

function uptime(): number {
  try {
    return Number.parseFloat(readFileSync("/proc/uptime", "latin1")) * 1000;
  } catch {
    // No /proc: suspension goes unnoticed, nothing else changes.
    return performance.now();
  }
}
