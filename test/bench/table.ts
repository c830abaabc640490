/** What one server did in one round, by the names of `rowsFor`; what was not measured is not there. */
export type Figures = Readonly<Record<string, number>>;

/** Names of the servers, as they head the columns. */
export type Name = "ours" | "Kea" | "Dibbler";

/** A line of the table. */
export interface Row {
  readonly key: string;
  readonly label: string;
  readonly digits: 0 | 1;
}

/** Figures of the rounds of each server. */
export type Rounds = ReadonlyMap<Name, readonly Figures[]>;

/** Exchanges a second at which delays are compared: about half the peak of Kea. */
export const SAME_RATE = 2500;

/** The lines of the table when these numbers of leases were stored. */
export function rowsFor(sizes: readonly number[]): readonly Row[] {
  return [
    row("peak", "peak at <= 1 % loss, exchanges/s"),
    row("cpu", "  server CPU per exchange there, us", 1),
    row("overload", "three times the peak offered: completed/s"),
    row("average", "half the peak: average delay, ms", 1),
    row("p99", "  99th percentile, ms", 1),
    row("worst", "  longest, ms", 1),
    row("slowPercent", "  met by a slow processor, % of them", 1),
    row("p99Steady", "  99th percentile of the others, ms", 1),
    row("sameAverage", `${SAME_RATE}/s: average delay, ms`, 1),
    row("sameP99", "  99th percentile, ms", 1),
    row("sameWorst", "  longest, ms", 1),
    row("sameSlowPercent", "  met by a slow processor, % of them", 1),
    row("sameP99Steady", "  99th percentile of the others, ms", 1),
    row("relayed", "through a relay: peak, exchanges/s"),
    row("renewals", "half of them renewed at once: peak, exchanges/s"),
    row("memoryAfter", "memory (PSS) after all that, MiB", 1),
    ...sizes.flatMap(rowsForSize),
    row("watchedPeak", "metrics, page and events watched: peak, exchanges/s"),
    row("watchedP99", "  99th percentile of the delay at half of it, ms", 1),
    row("hookCalls", "hooks: calls completed/s"),
    row("hookExchanges", "  exchanges completed/s meanwhile"),
    row("hookP99", "  99th percentile of the delay, ms", 1),
    row("routesSet", "routes: set/s"),
    row("routesExchanges", "  exchanges completed/s meanwhile"),
    row("routesP99", "  99th percentile of the delay, ms", 1),
  ];
}

function rowsForSize(size: number): readonly Row[] {
  const key = (what: string): string => stored(size, what);
  return [
    row(key("answer"), `${size === 0 ? "no" : thousands(size)} leases: start to first answer, ms`),
    row(key("pss"), "  memory (PSS) then, MiB", 1),
    row(key("own"), "    of its own", 1),
    row(key("anonymous"), "    of these not of files", 1),
    ...(size === 0
      ? []
      : [
          row(key("peak"), "  peak, exchanges/s"),
          row(key("pssAfter"), "  memory (PSS) afterwards, MiB", 1),
          row(key("ownAfter"), "    of its own", 1),
          row(key("anonymousAfter"), "    of these not of files", 1),
        ]),
  ];
}

/** Name of a figure that was measured with this number of leases stored. */
export const stored = (size: number, what: string): string => `stored.${size}.${what}`;

const row = (key: string, label: string, digits: 0 | 1 = 0): Row => ({ key, label, digits });

/** E.g. `1,000,000`. */
const thousands = (count: number): string => count.toLocaleString("en-US");

/** The median of a figure over the rounds in which it was measured; undefined when it never was. */
export function medianOf(rounds: Rounds, name: Name, key: string): number | undefined {
  const values = (rounds.get(name) ?? []).flatMap((figures) => figures[key] ?? []);
  return values.length === 0 ? undefined : median(values);
}

/** The value in the middle, or the mean of the two there. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** The table: a column per server, and ours over Kea's. Lines without any figure are left out. */
export function table(rounds: Rounds, rows: readonly Row[]): readonly string[] {
  const names = [...rounds.keys()];
  const lines = rows.flatMap(({ key, label, digits }) => {
    const values = names.map((name) => medianOf(rounds, name, key));
    if (values.every((value) => value === undefined)) return [];
    return [cells(label, [...values.map((value) => shown(value, digits)), ratio(rounds, key)])];
  });
  return [cells("", [...names, "ours/Kea"]), ...lines];
}

function ratio(rounds: Rounds, key: string): string {
  const [mine, theirs] = [medianOf(rounds, "ours", key), medianOf(rounds, "Kea", key)];
  return mine === undefined || theirs === undefined || theirs === 0 ? "-" : (mine / theirs).toFixed(2);
}

const shown = (value: number | undefined, digits: number): string =>
  value === undefined || Number.isNaN(value) ? "-" : value.toFixed(digits);

const cells = (label: string, values: readonly string[]): string =>
  label.padEnd(52) + values.map((value) => value.padStart(10)).join("");

/** What our server is held to. */
interface Bar {
  readonly what: string;
  /** What was seen and whether that will do; undefined when it was not measured. */
  readonly judge: (seen: Seen) => Verdict | undefined;
}

type Seen = (key: string, name?: Name) => number | undefined;

interface Verdict {
  readonly value: string;
  readonly held: boolean;
}

const MOST_STORED = 1_000_000;

const bars: readonly Bar[] = [
  share("peak >= 1.5 times Kea's", 1.5, (seen) => [seen("peak"), seen("peak", "Kea")]),
  share("completed at three times the peak >= 0.95 of the peak", 0.95, (seen) => [
    seen("overload"),
    seen("peak"),
  ]),
  share("peak with 1,000,000 leases >= 0.9 of the empty one's", 0.9, (seen) => [
    seen(stored(MOST_STORED, "peak")),
    seen("peak"),
  ]),
  most("first answer with 1,000,000 leases <= 1000 ms", 1000, (seen) => seen(stored(MOST_STORED, "answer"))),
  most("memory (PSS) with 1,000,000 leases <= 300 MiB", 300, (seen) => {
    const [before, after] = [seen(stored(MOST_STORED, "pss")), seen(stored(MOST_STORED, "pssAfter"))];
    return before === undefined ? undefined : Math.max(before, after ?? 0);
  }),
  most("99th percentile at half the peak <= 5 ms", 5, (seen) => seen("p99")),
  most("the same without what met a slow processor <= 5 ms", 5, (seen) => seen("p99Steady")),
  share("relayed peak >= the direct one", 1, (seen) => [seen("relayed"), seen("peak")]),
  least("hooks: >= 500 calls/s", 500, (seen) => seen("hookCalls")),
  least("routes: >= 1000 set/s", 1000, (seen) => seen("routesSet")),
];

function share(
  what: string,
  least: number,
  read: (seen: Seen) => readonly [number | undefined, number | undefined],
): Bar {
  return {
    what,
    judge: (seen) => {
      const [part, whole] = read(seen);
      if (part === undefined || whole === undefined || whole === 0) return undefined;
      return { value: (part / whole).toFixed(2), held: part / whole >= least };
    },
  };
}

function most(what: string, limit: number, read: (seen: Seen) => number | undefined): Bar {
  return {
    what,
    judge: (seen) => {
      const value = read(seen);
      if (value === undefined || Number.isNaN(value)) return undefined;
      return { value: value.toFixed(1), held: value <= limit };
    },
  };
}

function least(what: string, limit: number, read: (seen: Seen) => number | undefined): Bar {
  return {
    what,
    judge: (seen) => {
      const value = read(seen);
      return value === undefined ? undefined : { value: value.toFixed(0), held: value >= limit };
    },
  };
}

/** A line for each thing that our server is held to: `held`, `MISSED`, or that it was not measured. */
export function verdicts(rounds: Rounds): readonly string[] {
  const seen: Seen = (key, name = "ours") => medianOf(rounds, name, key);
  return bars.map(({ what, judge }) => {
    const verdict = judge(seen);
    if (verdict === undefined) return `${what.padEnd(56)}${"-".padStart(10)}  not measured`;
    return `${what.padEnd(56)}${verdict.value.padStart(10)}  ${verdict.held ? "held" : "MISSED"}`;
  });
}
