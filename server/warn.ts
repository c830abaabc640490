import type { LogId, LogValues } from "../shared/catalogue.js";
import { log, type Outcome } from "./outcome.js";
import type { Query } from "./query.js";

/** Lines of one kind in a minute, in milliseconds: a client that repeats itself shall not fill the disk. */
const LINES = 20;
const MINUTE = 60_000;

/**
 * Adds a line that a client can bring about as often as it likes; of each kind so many a minute, and with the
 * next one how many were left out.
 */
export function warn({ state, now }: Query, outcome: Outcome, id: LogId, values: LogValues): void {
  const { warnings } = state;
  const window = warnings.get(id) ?? { since: now, lines: 0 };
  warnings.set(id, window);
  if (now - window.since >= MINUTE) {
    const count = window.lines - LINES;
    if (count > 0) log(outcome, "SERVER-LINES-LEFT-OUT", { count, kind: id });
    window.since = now;
    window.lines = 0;
  }
  window.lines += 1;
  if (window.lines <= LINES) log(outcome, id, values);
}
