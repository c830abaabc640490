import { type Iaid, INFINITY } from "../brand.js";
import { formatPrefix, masked, type Prefix, UNSPECIFIED } from "../prefix.js";
import { OPTIONS } from "../wire/options.js";
import type { Scope } from "./client-scope.js";
import type { Report, Span } from "./diagnostics.js";

/** IAIDs of one kind of IA with the place of their first use: in this interface, and in the whole file. */
export interface IaidsMet {
  readonly here: Map<Iaid, Span>;
  readonly anywhere: Map<Iaid, Span>;
}

/**
 * Notes an IAID, which must name one IA of its kind (RFC 8415 12): twice on one interface is an error; on
 * another link it may do no harm, unless one server serves both.
 */
export function noteIaid({ here, anywhere }: IaidsMet, iaid: Iaid, at: Span, report: Report): void {
  const first = here.get(iaid);
  const elsewhere = anywhere.get(iaid);
  if (first !== undefined) {
    const { line } = report.place(first.start);
    report.error(
      at,
      `IAID ${iaid} is used twice on this interface`,
      `first in line ${line}; number one anew`,
    );
    return;
  }
  here.set(iaid, at);
  if (elsewhere === undefined) {
    anywhere.set(iaid, at);
    return;
  }
  const { line } = report.place(elsewhere.start);
  report.warning(at, `IAID ${iaid} is also used in line ${line}: a server of both links takes them for one`);
}

/** The hint without bits beyond its length. Without any value it is `::/0`: whatever the server likes. */
export function maskHint(value: Prefix | null, at: Span, report: Report): Prefix {
  if (value === null) return { address: UNSPECIFIED, length: 0 };
  const prefix = masked(value);
  if (prefix !== value) {
    const asked = formatPrefix(prefix);
    report.warning(at, `${formatPrefix(value)} has bits beyond its length: ${asked} is asked for`);
  }
  return prefix;
}

/** T2 below T1 is an error: nobody may use an IA with such times (RFC 8415 21.4, 21.21). */
export function checkTimes({ t1, t2 }: Scope, keyword: "pd" | "ia", at: Span, report: Report): void {
  if (t1 === undefined || t2 === undefined || t1 === 0 || t2 === 0 || t1 <= t2) return;
  report.error(at, `T2 (${t2} s) is below T1 (${t1} s) in this ${keyword}`);
}

/**
 * A preferred lifetime above the valid one is an error (RFC 8415 21.6, 21.22), unless it is the infinity of
 * no wish.
 */
export function checkLifetimes({ preferred, valid }: Scope, at: Span, report: Report): void {
  if (preferred <= valid || preferred === INFINITY) return;
  report.error(at, `the preferred lifetime (${preferred} s) is above the valid lifetime (${valid} s)`);
}

/** The Information Refresh Time is for those who ask for nothing but options (RFC 8415 21.23). */
export function checkLifetimeOption({ requests }: Scope, isStateless: boolean, report: Report): void {
  const { code } = OPTIONS.informationRefreshTime;
  const found = isStateless ? undefined : requests.find(({ request }) => request.code === code);
  if (found) report.error(found.at, '"option lifetime" is for stateless interfaces only');
}
