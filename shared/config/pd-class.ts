import { compareIp6, formatPrefix, masked, overlaps, type Prefix, samePrefix } from "../prefix.js";
import type { Report, Span } from "./diagnostics.js";
import { type ExcludeLine, makeExclude } from "./pd-exclude.js";
import type { Access, PdClass, Range } from "./types.js";

/** The four times that hold in a class. */
export interface Times {
  readonly t1: Range;
  readonly t2: Range;
  readonly preferred: Range;
  readonly valid: Range;
}

/** A `pd-pool` line, its prefix without host bits. */
export interface PoolLine {
  readonly prefix: Prefix;
  readonly at: Span;
}

/** What stands in a `pd-class` block. */
export interface PdClassLines {
  readonly at: Span;
  readonly pools: readonly PoolLine[];
  readonly length: { readonly value: number; readonly at: Span } | undefined;
  readonly exclude: ExcludeLine | undefined;
  readonly access: Access;
  readonly times: Times;
  readonly shownMaxLease: number;
  readonly routes: boolean;
  /** Lines are left out because they could not be read: nothing is missed. */
  readonly isFaulty: boolean;
}

/** Reads a `pd-pool` line. Host bits are left out, with a warning: Dibbler left them out without one. */
export function makePool(written: Prefix, at: Span, report: Report): PoolLine {
  const prefix = masked(written);
  if (prefix !== written) {
    const pool = formatPrefix(prefix);
    report.warning(at, `${formatPrefix(written)} has bits beyond its length: the pool is ${pool}`);
  }
  return { prefix, at };
}

/** Checks a class and makes it; undefined, with errors reported, when it cannot be served. */
export function makePdClass(lines: PdClassLines, report: Report): PdClass | undefined {
  const { pools, length, access, times, shownMaxLease, routes } = lines;
  const [first] = pools;
  // Dibbler delegates with such times; answers keep T1 <= T2 and preferred <= valid (RFC 8415 21.21, 21.22).
  checkTimes(times, (message) => {
    report.warning(lines.at, `${message} in this pd-class: it is lowered in answers`);
  });
  if (first === undefined || length === undefined) {
    const missing = [...(first ? [] : ["pd-pool"]), ...(length ? [] : ["pd-length"])];
    if (!lines.isFaulty) {
      report.error(lines.at, `this pd-class has no ${missing.join(" and no ")}`, EXAMPLE);
    }
    return undefined;
  }
  const areEqual = pools.map((pool) => isAsLong(pool, first, report)).every(Boolean);
  if (!areEqual || !fits(first, length, report)) return undefined;
  const { t1, t2, preferred, valid } = times;
  const prefixes = pools.map(({ prefix }) => prefix);
  const exclude = lines.exclude && makeExclude(lines.exclude, prefixes, length.value, report);
  return {
    ...{ pools: prefixes, length: length.value, access, exclude, shownMaxLease, routes },
    ...{ t1, t2, preferred, valid },
  };
}

/**
 * Warns, once, of pools of one interface that have prefixes in common; each prefix is delegated from one of
 * them only.
 */
export function checkOverlaps(pools: readonly PoolLine[], report: Report): void {
  const sorted = pools.toSorted(
    (a, b) => compareIp6(a.prefix.address, b.prefix.address) || a.prefix.length - b.prefix.length,
  );
  let widest = sorted[0];
  for (const pool of sorted.slice(1)) {
    if (widest === undefined || !overlaps(widest.prefix, pool.prefix)) {
      widest = pool;
      continue;
    }
    const [earlier, later] = pool.at.start < widest.at.start ? [pool, widest] : [widest, pool];
    const relation = samePrefix(pool.prefix, widest.prefix) ? "is" : "overlaps";
    const { line } = report.place(earlier.at.start);
    const other = `${relation} the pool ${formatPrefix(earlier.prefix)} of line ${line}`;
    const message = `this pool ${other}: a prefix of both is delegated once`;
    report.once(`overlap ${sorted[0]?.at.start}`, "warning", later.at, message);
  }
}

/** Says which times cannot be kept together. */
export function checkTimes({ t1, t2, preferred, valid }: Times, complain: (message: string) => void): void {
  if (t1.min > t2.max) complain(`T1 (${t1.min} s) is above T2 (${t2.max} s)`);
  if (preferred.min > valid.max) {
    complain(`the preferred lifetime (${preferred.min} s) is above the valid lifetime (${valid.max} s)`);
  }
}

const EXAMPLE = "for example: pd-class { pd-pool 2001:db8::/40 pd-length 56 }";

function isAsLong(pool: PoolLine, first: PoolLine, report: Report): boolean {
  if (pool.prefix.length === first.prefix.length) return true;
  const { line } = report.place(first.at.start);
  const lengths = `/${pool.prefix.length} here, /${first.prefix.length} in line ${line}`;
  report.error(
    pool.at,
    `the pools of one pd-class must be of one length: ${lengths}`,
    "put it into a pd-class of its own",
  );
  return false;
}

function fits(
  { prefix }: PoolLine,
  length: { readonly value: number; readonly at: Span },
  report: Report,
): boolean {
  if (length.value > prefix.length) return true;
  const pool = formatPrefix(prefix);
  if (length.value === prefix.length) {
    report.warning(length.at, `the pool ${pool} is a single prefix of this length: one client can be served`);
    return true;
  }
  report.error(length.at, `pd-length ${length.value} is shorter than the pool ${pool}: nothing fits into it`);
  return false;
}
