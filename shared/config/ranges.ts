import { compareOctets } from "../octets.js";
import { seconds } from "../brand.js";
import { type AddressRange, compareIp6, formatIp6 } from "../prefix.js";
import type { Report, Span } from "./diagnostics.js";
import type { NumberRange } from "./server-syntax.js";
import type { ClientRange, Range } from "./types.js";

/** Bounds of a time in whole seconds. */
export const range = (min: number, max: number): Range => ({ min: seconds(min), max: seconds(max) });

/** The bounds of a time as written; upside down they are turned, with a warning. */
export function orderTimes(
  head: { readonly keyword: string; readonly value: NumberRange; readonly at: Span },
  report: Report,
): Range {
  const { from, to } = head.value;
  if (from <= to) return range(from, to);
  report.warning(head.at, `the range of ${head.keyword} is upside down: it is read as ${to}-${from}`);
  return range(to, from);
}

/** A range of addresses as written; upside down it is turned, with a warning. */
export function orderAddresses(written: AddressRange, at: Span, report: Report): AddressRange {
  const { first, last } = written;
  if (compareIp6(first, last) <= 0) return written;
  const turned = `${formatIp6(last)}-${formatIp6(first)}`;
  report.warning(at, `this range of addresses is upside down: it is read as ${turned}`);
  return { first: last, last: first };
}

/** A range of clients as written; upside down it is turned, with a warning. */
export function orderClients(written: ClientRange, at: Span, report: Report): ClientRange {
  const { by, first, last } = written;
  if (compareOctets(first, last) <= 0) return written;
  report.warning(at, "this range of clients is upside down: it is read the other way round");
  return { by, first: last, last: first };
}
