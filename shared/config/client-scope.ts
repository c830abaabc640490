import { INFINITY, type Seconds, seconds } from "../brand.js";
import type { Ip6 } from "../prefix.js";
import type { Span } from "./diagnostics.js";
import type { ClientHead } from "./client-directives.js";
import type { OptionRequest } from "./option-syntax.js";
import type { AddressOrDuid } from "./types.js";

/** What holds at one point of the file; entering a block copies it. */
export interface Scope {
  t1: Seconds | undefined;
  t2: Seconds | undefined;
  preferred: Seconds;
  valid: Seconds;
  rapidCommit: boolean;
  stateless: boolean;
  bindToAddress: Ip6 | undefined;
  preferredServers: readonly AddressOrDuid[];
  rejectedServers: readonly AddressOrDuid[];
  requests: { readonly request: OptionRequest; readonly at: Span }[];
}

/** Acting directives of the client with one of these keywords. */
export type Acting<K extends ClientHead["keyword"]> = Extract<
  ClientHead,
  { readonly acts: true; readonly keyword: K }
>;

/** The directives that change what holds from here on. */
export type SettingHead = Acting<
  | "T1"
  | "T2"
  | "preferred-lifetime"
  | "valid-lifetime"
  | "rapid-commit"
  | "stateless"
  | "bind-to-address"
  | "preferred-servers"
  | "reject-servers"
  | "option"
>;

/** What holds at the beginning of the file. */
export function initialScope(): Scope {
  return {
    t1: undefined,
    t2: undefined,
    preferred: INFINITY,
    valid: INFINITY,
    rapidCommit: false,
    stateless: false,
    bindToAddress: undefined,
    preferredServers: [],
    rejectedServers: [],
    requests: [],
  };
}

/** What holds at the beginning of a block. */
export function enter(outer: Scope): Scope {
  return { ...outer, requests: [...outer.requests] };
}

/** Changes the scope by one directive: the last one of a kind counts, but options add up. */
export function applySetting(scope: Scope, head: SettingHead): void {
  switch (head.keyword) {
    case "T1":
      scope.t1 = wish(head.value);
      break;
    case "T2":
      scope.t2 = wish(head.value);
      break;
    case "preferred-lifetime":
      scope.preferred = seconds(head.value);
      break;
    case "valid-lifetime":
      scope.valid = seconds(head.value);
      break;
    case "rapid-commit":
      scope.rapidCommit = head.value;
      break;
    case "stateless":
      scope.stateless = true;
      break;
    case "bind-to-address":
      scope.bindToAddress = head.value;
      break;
    case "preferred-servers":
      scope.preferredServers = head.value;
      break;
    case "reject-servers":
      scope.rejectedServers = head.value;
      break;
    case "option":
      scope.requests.push({ request: head.value, at: head.at });
      break;
    default:
      head satisfies never;
  }
}

/** Infinity is Dibbler's way to suggest nothing. */
function wish(value: number): Seconds | undefined {
  return value === INFINITY ? undefined : seconds(value);
}
