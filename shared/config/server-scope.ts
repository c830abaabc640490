import { seconds } from "../brand.js";
import type { Ip6 } from "../prefix.js";
import type { Option } from "../wire/options.js";
import type { Report, Span } from "./diagnostics.js";
import type { ServerHead } from "./server-directives.js";
import type { NumberRange } from "./server-syntax.js";
import type { Range } from "./types.js";

/**
 * What holds at one point of the file. Entering a block copies it, so that a block sees what was said
 * before it and keeps what it says to itself: Dibbler's rule of inheritance.
 */
export interface Scope {
  t1: Range;
  t2: Range;
  preferred: Range;
  valid: Range;
  preference: number;
  rapidCommit: boolean;
  clientMaxLease: number;
  unicast: Ip6 | undefined;
  options: Option[];
  /** The interface stands for one behind a relay. */
  isRelay: boolean;
  /** Where names for clients are configured. */
  fqdn: Span | undefined;
}

/** Acting directives of the server with one of these keywords. */
export type Acting<K extends ServerHead["keyword"]> = Extract<
  ServerHead,
  { readonly acts: true; readonly keyword: K }
>;

/** The directives that change what holds from here on. */
export type SettingHead = Acting<
  | "T1"
  | "T2"
  | "preferred-lifetime"
  | "valid-lifetime"
  | "preference"
  | "rapid-commit"
  | "client-max-lease"
  | "unicast"
  | "option"
  | "option fqdn"
  | "relay"
  | "interface-id"
>;

/** What holds at the beginning of the file. */
export function initialScope(): Scope {
  return {
    t1: range(5, 3600),
    t2: range(10, 5400),
    preferred: range(7200, 86_400),
    valid: range(10_800, 172_800),
    preference: 0,
    rapidCommit: false,
    clientMaxLease: 10,
    unicast: undefined,
    options: [],
    isRelay: false,
    fqdn: undefined,
  };
}

/** What holds at the beginning of a block. */
export function enter(outer: Scope): Scope {
  return { ...outer, options: [...outer.options] };
}

/** Changes the scope by one directive: the last one of a kind counts, but options add up. */
export function applySetting(scope: Scope, head: SettingHead, report: Report): void {
  switch (head.keyword) {
    case "T1":
      scope.t1 = makeRange(head, report);
      break;
    case "T2":
      scope.t2 = makeRange(head, report);
      break;
    case "preferred-lifetime":
      scope.preferred = makeRange(head, report);
      break;
    case "valid-lifetime":
      scope.valid = makeRange(head, report);
      break;
    case "preference":
      scope.preference = head.value;
      break;
    case "rapid-commit":
      scope.rapidCommit = head.value;
      break;
    case "client-max-lease":
      scope.clientMaxLease = head.value;
      break;
    case "unicast":
      scope.unicast = head.value;
      break;
    case "option":
      scope.options.push(...head.value);
      break;
    case "option fqdn":
      scope.fqdn = head.at;
      break;
    case "relay":
    case "interface-id":
      scope.isRelay = true;
      break;
    default:
      head satisfies never;
  }
}

const range = (min: number, max: number): Range => ({ min: seconds(min), max: seconds(max) });

function makeRange(
  head: { readonly keyword: string; readonly value: NumberRange; readonly at: Span },
  report: Report,
): Range {
  const { from, to } = head.value;
  if (from <= to) return range(from, to);
  report.warning(head.at, `the range of ${head.keyword} is upside down: it is read as ${to}-${from}`);
  return range(to, from);
}
