import type { Millis } from "../../shared/brand.js";
import { totalsOf } from "../history.js";
import { incidentRow } from "../incidents.js";
import type { ServerState } from "../state.js";

/** How often things have happened since the start of the server. */
export interface Totals {
  readonly received: number;
  readonly answered: number;
  /** Leases that came, and that went however. */
  readonly came: number;
  readonly went: number;
  readonly refused: number;
  readonly dropped: number;
}

/** The same in ten seconds up to `at`. */
export interface Sample extends Totals {
  readonly at: Millis;
}

/** Samples of the last hour. */
export interface Rates {
  readonly take: (state: ServerState, now: Millis) => Sample;
  /** Oldest first. */
  readonly samples: () => readonly Sample[];
}

/** Milliseconds between two samples, and how many are kept: an hour. */
export const SAMPLE = { ms: 10_000, kept: 360 } as const;

const CAME: ReadonlySet<string> = new Set(["granted"]);
const WENT: ReadonlySet<string> = new Set([
  "released",
  "withdrawn",
  "declined",
  "expired",
  "ended",
  "undone",
]);

/** Counts from now on. */
export function createRates(state: ServerState): Rates {
  let last = countTotals(state);
  const kept: Sample[] = [];
  return {
    take(of, at) {
      const totals = countTotals(of);
      const sample = { at, ...difference(totals, last) };
      last = totals;
      kept.push(sample);
      if (kept.length > SAMPLE.kept) kept.shift();
      return sample;
    },
    samples: () => kept,
  };
}

/** What has happened until now. */
export function countTotals({ counters, history }: ServerState): Totals {
  const sums = { came: 0, went: 0, refused: 0, dropped: 0 };
  for (const [id, count] of totalsOf(history)) {
    const { kind, event } = incidentRow(id);
    if (kind === "refusals") sums.refused += count;
    else if (kind === "drops") sums.dropped += count;
    else if (CAME.has(event)) sums.came += count;
    else if (WENT.has(event)) sums.went += count;
  }
  return { received: sum(counters.received), answered: sum(counters.answered), ...sums };
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, one) => all + one, 0);

const difference = (now: Totals, before: Totals): Totals => ({
  received: now.received - before.received,
  answered: now.answered - before.answered,
  came: now.came - before.came,
  went: now.went - before.went,
  refused: now.refused - before.refused,
  dropped: now.dropped - before.dropped,
});
