import { formatPrefix, isUnspecified, masked, maskIp6, type Prefix, sameIp6 } from "../prefix.js";
import type { Report, Span } from "./diagnostics.js";

/** A `pd-exclude` line. */
export interface ExcludeLine {
  readonly prefix: Prefix;
  readonly at: Span;
}

/**
 * What is excluded from each prefix of `length` that comes out of these pools (RFC 6603 4.2); undefined,
 * with an error reported, when it is no part of them. Only the bits behind `length` tell it: those before may
 * be left out or be a pool's, so that nobody takes it for the part of one delegated prefix.
 */
export function makeExclude(
  { prefix: written, at }: ExcludeLine,
  pools: readonly Prefix[],
  length: number,
  report: Report,
): Prefix | undefined {
  if (written.length <= length) {
    report.error(at, `what is excluded must be longer than the delegated prefixes, which are /${length}`);
    return undefined;
  }
  const prefix = masked(written);
  if (prefix !== written) {
    const excluded = formatPrefix(prefix);
    report.warning(at, `${formatPrefix(written)} has bits beyond its length: ${excluded} is excluded`);
  }
  const before = maskIp6(prefix.address, length);
  if (!isUnspecified(before) && !pools.some(({ address }) => sameIp6(address, before))) {
    report.error(
      at,
      `the first ${length} bits of ${formatPrefix(prefix)} must be zero, or those of a pool`,
      "it tells the place inside of every delegated prefix",
    );
    return undefined;
  }
  return prefix;
}
