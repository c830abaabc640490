import { type Journal, JOURNAL_SIZE } from "../shared/lease/journal.js";
import { decodeEvent } from "./event-entry.js";
import { eventLine, gapLine } from "./event-line.js";
import type { IsoTime } from "./lease-row.js";

/** The lines of the events that are durable, for any number of readers, each at its own pace. */
export interface EventStream {
  /** The number of the latest event. */
  readonly last: () => number;
  /** The lines after a number, so many at most, and the number that they end with. */
  readonly take: (
    after: number,
    limit: number,
  ) => { readonly lines: readonly string[]; readonly next: number };
  /** Calls back, once, as soon as there is more; gives what calls that off. */
  readonly onceMore: (listener: () => void) => () => void;
  /** To be called when there is more. */
  readonly wake: () => void;
}

/** Lines that are kept for the next reader: those who are up to date all read the latest. */
const KEPT_LINES = 1024;

/**
 * Reads the journal: nothing waits in memory, however slow a reader is. One that is too late for what the
 * journal has, or ahead of it as after the loss of the store, gets a line that says so and goes on with the
 * first that is there.
 */
export function createEventStream(journal: Journal, last: () => number, iso: IsoTime): EventStream {
  const waiting = new Set<() => void>();
  const kept = new Map<number, string>();

  function lineOf(number: number): string {
    const known = kept.get(number);
    if (known !== undefined) return known;
    const octets = journal.read(number);
    const line = eventLine(number, octets && decodeEvent(octets), iso);
    kept.set(number, line);
    if (kept.size > KEPT_LINES)
      for (const oldest of [...kept.keys()].slice(0, KEPT_LINES / 2)) kept.delete(oldest);
    return line;
  }

  return {
    last,
    take(after, limit) {
      const end = last();
      const first = Math.max(1, end - JOURNAL_SIZE + 1);
      const isKnown = after >= first - 1 && after <= end;
      const from = isKnown ? after + 1 : first;
      const next = Math.min(end, from + limit - 1);
      const lines = isKnown ? [] : [gapLine(after, first)];
      for (let number = from; number <= next; number++) lines.push(lineOf(number));
      return { lines, next };
    },
    onceMore(listener) {
      waiting.add(listener);
      return () => waiting.delete(listener);
    },
    wake() {
      const listeners = [...waiting];
      waiting.clear();
      for (const listener of listeners) listener();
    },
  };
}
