import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { Log } from "../shared/edge/log.js";
import type { LeaseStore } from "../shared/lease/store.js";
import type { EventStream } from "./event-stream.js";

/** Somebody who gets the events. */
export interface Sink {
  /** From now on, after what was before it is told to whom that is due. */
  readonly start: () => void;
  /** What `status` tells of it. */
  readonly load: () => SinkLoad;
  readonly close: () => Promise<void>;
}

/** The state of a sink, by kind. */
export interface SinkLoad {
  readonly subscribers?: number;
  readonly webhook?: {
    /** The number of the last event that has arrived. */
    readonly acknowledged: number;
    /** Events that have not. */
    readonly waiting: number;
    /** Why the last attempt has failed. */
    readonly failing: string | null;
  };
}

/** What is told of events. */
export interface EventsLoad extends Required<Pick<SinkLoad, "subscribers">> {
  /** The number of the latest event. */
  readonly last: number;
  readonly webhook: NonNullable<SinkLoad["webhook"]> | null;
}

/** Hands lines on, in order. */
export interface Follower {
  /** The number of the last line that was handed on. */
  readonly at: () => number;
  /** Hands on what there is, unless that fails, and stops. */
  readonly close: () => Promise<void>;
}

/**
 * Hands on lines; resolves to false when that is not to be tried any more. `stop` is aborted when the
 * follower is to stop: what does not work at once then is left.
 */
export type Deliver = (lines: readonly string[], next: number, stop: AbortSignal) => Promise<boolean>;

/**
 * What comes within this after lines were handed on goes together, in milliseconds: under load each commit
 * has events, and handing on costs more than a commit.
 */
const GATHER_MS = 10;

/** Hands on the lines after a number, so many at a time, and then what comes, soon. */
export function follow(stream: EventStream, after: number, limit: number, deliver: Deliver): Follower {
  const stopping = new AbortController();
  const { signal } = stopping;
  let at = after;
  let wake = (): void => undefined;

  async function run(): Promise<void> {
    for (;;) {
      const { lines, next } = stream.take(at, limit);
      if (lines.length === 0) {
        if (signal.aborted) return;
        await more();
        continue;
      }
      if (!(await deliver(lines, next, signal))) return;
      at = next;
      await (lines.length < limit ? pauseUnless(signal, GATHER_MS) : nextTurn());
    }
  }

  async function more(): Promise<void> {
    await new Promise<void>((resolve) => {
      const callOff = stream.onceMore(resolve);
      wake = () => {
        callOff();
        resolve();
      };
    });
  }

  const ended = run();
  return {
    at: () => at,
    async close() {
      stopping.abort();
      wake();
      await ended;
    },
  };
}

/** Tries until it works or is to stop. */
export interface Retry {
  /** `attempt` tells why it has failed. Resolves to whether it has worked in the end. */
  readonly until: (attempt: () => Promise<string | undefined>, stop: AbortSignal) => Promise<boolean>;
  /** Why the last attempt has failed. */
  readonly failing: () => string | undefined;
}

/** Pauses are twice as long each time; each reason is said once, and that it works again. */
export function createRetry(
  target: string,
  log: Log,
  ms: { readonly first: number; readonly most: number },
): Retry {
  let failing: string | undefined;
  let next = ms.first;
  return {
    failing: () => failing,
    async until(attempt, stop) {
      for (;;) {
        const reason = await attempt();
        if (reason === undefined) {
          if (failing !== undefined) log("SERVER-EVENTS-RESUMED", { target });
          [failing, next] = [undefined, ms.first];
          return true;
        }
        if (stop.aborted) return false;
        if (reason !== failing) log("SERVER-EVENTS-FAILED", { target, reason });
        failing = reason;
        await pauseUnless(stop, next);
        next = Math.min(next * 2, ms.most);
      }
    },
  };
}

/** Waits, but not when it is to stop. */
const pauseUnless = (stop: AbortSignal, ms: number): Promise<unknown> =>
  pause(ms, undefined, { signal: stop, ref: false }).catch(() => undefined);

/** How far somebody has got, kept in the store. */
export interface Mark {
  readonly known: number | undefined;
  readonly set: (number: number) => void;
  readonly close: () => Promise<void>;
}

/** So long a mark may be behind, in milliseconds: each is a commit of its own. */
const MARK_MS = 1000;

/** A mark by its name. When it cannot be stored it stays behind, and lines come once more after a restart. */
export function openMark(store: Pick<LeaseStore, "meta" | "setMeta">, name: string): Mark {
  const octets = store.meta(name);
  const known =
    octets?.length === 8 ? new DataView(octets.buffer, octets.byteOffset).getFloat64(0) : undefined;
  let number = known;
  let stored = known;
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (number === undefined || number === stored) return;
    const value = new Uint8Array(8);
    new DataView(value.buffer).setFloat64(0, number);
    stored = number;
    await store.setMeta(name, value).catch(() => {
      stored = undefined;
    });
  }

  return {
    known: Number.isSafeInteger(known) ? known : undefined,
    set(value) {
      number = value;
      timer ??= setTimeout(() => void flush(), MARK_MS).unref();
    },
    close: flush,
  };
}
