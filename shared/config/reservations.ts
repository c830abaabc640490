import { isDuidLength } from "../duid.js";
import { compareIp6, formatPrefix, type Ip6, masked, overlaps, type Prefix, samePrefix } from "../prefix.js";
import type { Option } from "../wire/options.js";
import type { Report, Span } from "./diagnostics.js";
import { mergeVendorOptions } from "./option-syntax.js";
import type { Node } from "./parser.js";
import type { ServerHead } from "./server-directives.js";
import { type Acting, sendable } from "./server-scope.js";
import type { Reservation } from "./types.js";

/** A `client` block, with the place of its prefix. */
export interface ReservationLines {
  readonly reservation: Reservation;
  readonly prefixAt: Span | undefined;
}

/**
 * Reads a `client` block. It takes nothing from the blocks around it, and of two prefixes or addresses the
 * last one counts. Host bits are left out, with a warning: Dibbler sends them.
 */
export function makeReservation(
  { value: selector, at }: Acting<"client">,
  body: readonly Node<ServerHead>[] | undefined,
  report: Report,
): ReservationLines {
  let prefix: Prefix | undefined;
  let prefixAt: Span | undefined;
  let address: Ip6 | undefined;
  const options: Option[] = [];
  if (selector.by === "duid" && !isDuidLength(selector.duid.length)) {
    report.warning(at, `no client has a DUID of ${selector.duid.length} octets: nobody gets this`);
  }
  for (const { head } of body ?? []) {
    if (!head.acts) continue;
    if (head.keyword === "prefix") [prefix, prefixAt] = [maskReserved(head, report), head.at];
    if (head.keyword === "address") address = head.value;
    if (head.keyword === "option") options.push(...sendable(head, report));
  }
  const place = report.place(at.start);
  const reservation = { selector, prefix, address, options: mergeVendorOptions(options), at: place };
  return { reservation, prefixAt };
}

/**
 * Warns of reservations of one interface whose prefixes overlap, once for a file: each is given to one
 * client only. `told` keeps the lines of which it was said, because those of the top level come with every
 * interface.
 */
export function checkReservations(lines: readonly ReservationLines[], told: Set<Span>, report: Report): void {
  const sorted = lines
    .flatMap(({ reservation: { prefix }, prefixAt: at }) => (prefix && at ? [{ prefix, at }] : []))
    .toSorted((a, b) => compareIp6(a.prefix.address, b.prefix.address) || a.prefix.length - b.prefix.length);
  let widest = sorted[0];
  for (const line of sorted.slice(1)) {
    if (widest === undefined || !overlaps(widest.prefix, line.prefix)) {
      widest = line;
      continue;
    }
    const [earlier, later] = line.at.start < widest.at.start ? [line, widest] : [widest, line];
    if (told.has(later.at)) continue;
    told.add(later.at);
    const relation = samePrefix(line.prefix, widest.prefix) ? "is" : "overlaps";
    const other = `${formatPrefix(earlier.prefix)} of line ${report.place(earlier.at.start).line}`;
    const message = `this prefix ${relation} ${other}: only one of the two clients gets it`;
    report.once("reserved twice", "warning", later.at, message);
  }
}

function maskReserved({ value, at }: Acting<"prefix">, report: Report): Prefix {
  const prefix = masked(value);
  if (prefix !== value) {
    const reserved = formatPrefix(prefix);
    report.warning(at, `${formatPrefix(value)} has bits beyond its length: ${reserved} is reserved`);
  }
  return prefix;
}
