import type { Millis } from "../shared/brand.js";
import type { JournalEntry } from "../shared/lease/journal.js";
import type { LeaseStore } from "../shared/lease/store.js";
import { encodeEvent, encodeResync } from "./event-entry.js";
import type { LeaseEvent } from "./lease-event.js";

/**
 * Gives events their numbers for the commits that they come of. One such commit is on its way at a time.
 * While it is off it does nothing.
 */
export interface Recorder {
  /** The entries of events, for the commit that makes them true. */
  readonly enter: (events: () => readonly LeaseEvent[]) => readonly JournalEntry[];
  /** That commit is durable; `someRefused` when not all of it has come true. */
  readonly committed: (someRefused: boolean) => void;
  /** That commit has failed: its numbers are free again. */
  readonly failed: () => void;
  /**
   * Resolves once events are numbered; after a time without, one that says so comes first: at once when no
   * commit can be on its way, else with the next event.
   */
  readonly on: (isAlone: boolean) => Promise<void>;
  /** Resolves once it is stored that events are not complete any more. */
  readonly off: () => Promise<void>;
  /** The number of the latest event that is durable. */
  readonly last: () => number;
}

/** What a recorder works with. */
export interface RecorderParts {
  readonly store: Pick<LeaseStore, "commit" | "meta" | "setMeta" | "journal">;
  readonly now: () => Millis;
  /** A number that every start of a server makes another one; the same octets for the same start. */
  readonly start: Uint8Array;
  /** Whether the server before has entered all that happened: see `wasComplete`. */
  readonly isComplete: boolean;
  /** There is something to read. */
  readonly onEvents: () => void;
}

/** Name of the value that says in which start of a server all events were entered last. */
const COMPLETE = "events-complete";

/**
 * Whether the journal has everything that happened to the leases up to now, seen before a start gets its own
 * number: `start` is that of the start before. Another program, or one without events, may have served then.
 */
export function wasComplete(store: Pick<LeaseStore, "meta">, start: Uint8Array | undefined): boolean {
  const known = store.meta(COMPLETE);
  return known !== undefined && start !== undefined && String(known) === String(start);
}

/** To be called before leases are changed without events, while no server runs. */
export async function breakEvents(store: Pick<LeaseStore, "meta" | "setMeta">): Promise<void> {
  if (store.meta(COMPLETE) !== undefined) await store.setMeta(COMPLETE, undefined);
}

/** It is off at first. */
export function createRecorder({ store, now, start, isComplete, onEvents }: RecorderParts): Recorder {
  let isOn = false;
  /** The latest number that is durable, and the latest that is given. */
  let durable: number | undefined;
  let given = 0;
  /** An entry of this kind goes first in the next commit; and is in the one on its way. */
  let owesResync = !isComplete;
  let hasResync = false;
  const last = (): number => (durable ??= store.journal.last());

  function numbered(octets: Uint8Array): JournalEntry {
    given += 1;
    return { number: given, octets };
  }

  function committed(someRefused: boolean): void {
    if (durable === undefined || given === durable) return;
    durable = given;
    if (hasResync) {
      hasResync = false;
      owesResync = false;
      // Only now: a server that is killed before begins with such an entry again.
      if (isOn) void store.setMeta(COMPLETE, start).catch(() => undefined);
    }
    owesResync ||= someRefused;
    onEvents();
  }

  function failed(): void {
    given = durable ?? 0;
    hasResync = false;
  }

  return {
    enter(events) {
      if (!isOn) return NONE;
      const all = events();
      if (all.length === 0) return NONE;
      const at = now();
      const first = owesResync ? [numbered(encodeResync(at))] : NONE;
      hasResync = owesResync;
      return [...first, ...all.map((event) => numbered(encodeEvent(event, at)))];
    },
    committed,
    failed,
    async on(isAlone) {
      if (isOn) return;
      if (durable === undefined) given = last();
      isOn = true;
      if (owesResync && isAlone) {
        hasResync = true;
        await store.commit([], [], [numbered(encodeResync(now()))]);
        durable = given;
        owesResync = hasResync = false;
      }
      if (!owesResync) await store.setMeta(COMPLETE, start);
    },
    async off() {
      if (!isOn) return;
      isOn = false;
      owesResync = true;
      await store.setMeta(COMPLETE, undefined);
    },
    last,
  };
}

const NONE: readonly JournalEntry[] = [];
