import { type AddressRange, compareIp6, type Ip6, ip6, rangeOf } from "../prefix.js";
import { addressAccess } from "./access.js";
import type { Report, Span } from "./diagnostics.js";
import { checkTimes } from "./pd-class.js";
import type { Scope } from "./server-scope.js";
import type { AddressClass } from "./types.js";

/** A `class` or `ta-class` block: what holds at its end. */
export interface AddressClassLines {
  readonly keyword: "class" | "ta-class";
  readonly at: Span;
  readonly scope: Scope;
  /** Lines are left out because they could not be read: nothing is missed. */
  readonly isFaulty: boolean;
}

/**
 * Checks a class and makes it; undefined, with an error reported, when it has no addresses. Times that
 * contradict each other are an error as with Dibbler, which does not look at those of a `ta-class`.
 */
export function makeAddressClass(
  { keyword, at, scope, isFaulty }: AddressClassLines,
  report: Report,
): AddressClass | undefined {
  checkTimes(scope, (message) => {
    if (keyword === "class") report.error(at, `${message} in this class`);
  });
  if (scope.pools.length === 0) {
    if (!isFaulty) report.error(at, `this ${keyword} has no pool`, `for example: ${EXAMPLE[keyword]}`);
    return undefined;
  }
  for (const pool of scope.pools) checkPool(pool.range, pool.at, report);
  const { share, t1, t2, preferred, valid } = scope;
  const ranges = scope.pools.map((pool) => pool.range);
  const shownMaxLease = scope.classMaxLease;
  return { ranges, share, shownMaxLease, access: addressAccess(scope), t1, t2, preferred, valid };
}

const EXAMPLE = {
  class: "class { pool 2001:db8:1::/64 }",
  "ta-class": "ta-class { pool 2001:db8:2::/96 }",
} as const;

/** What no server hands out: addresses that make sense on one link only, and those of groups. */
const NEVER = [
  { text: "fe80::/10", range: rangeOf({ address: beginning(0xfe, 0x80), length: 10 }) },
  { text: "ff00::/8", range: rangeOf({ address: beginning(0xff, 0), length: 8 }) },
];

function checkPool(pool: AddressRange, at: Span, report: Report): void {
  for (const { text, range } of NEVER) {
    const isApart = compareIp6(pool.last, range.first) < 0 || compareIp6(range.last, pool.first) < 0;
    if (!isApart) report.error(at, `this pool has addresses of ${text}, which cannot be handed out`);
  }
}

function beginning(first: number, second: number): Ip6 {
  const octets = new Uint8Array(16);
  octets.set([first, second]);
  return ip6(octets);
}
