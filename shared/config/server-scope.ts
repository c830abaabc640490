import { type Seconds, seconds } from "../brand.js";
import type { AddressRange, Ip6 } from "../prefix.js";
import { option, type Option } from "../wire/options.js";
import type { Report, Span } from "./diagnostics.js";
import { applyLeasequery, type LeasequeryHead, type LeasequerySettings } from "./leasequery-settings.js";
import { orderAddresses, orderClients, orderTimes, range } from "./ranges.js";
import type { ServerHead } from "./server-directives.js";
import { MAX_NUMBER } from "./syntax.js";
import type { ClientRange, Condition, InterfaceSelector, NewLeaseLimits, Range } from "./types.js";

/** Addresses of a `pool` line. */
export interface PoolRange {
  readonly range: AddressRange;
  readonly at: Span;
}

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
  ifaceMaxLease: number;
  classMaxLease: number;
  unicast: Ip6 | undefined;
  options: Option[];
  /** What the interface, standing for a link behind relays, is said to lie on. */
  relay: InterfaceSelector | undefined;
  interfaceId: Uint8Array | undefined;
  subnets: AddressRange[];
  leasequery: LeasequerySettings;
  limits: NewLeaseLimits;
  quarantine: Seconds;
  routes: boolean;
  share: number;
  pools: PoolRange[];
  acceptOnly: ClientRange[];
  reject: ClientRange[];
  /** Which of these three lists the block has begun itself: what came from outside is then set aside. */
  begun: Set<"pools" | "acceptOnly" | "reject">;
  allow: Condition[];
  deny: Condition[];
  /** Where names for clients are configured. */
  fqdn: Span | undefined;
}

/** Acting directives of the server with one of these keywords. */
export type Acting<K extends ServerHead["keyword"]> = Extract<
  ServerHead,
  { readonly acts: true; readonly keyword: K }
>;

/** The directives that change what holds from here on. */
export type SettingHead =
  | LeasequeryHead
  | Acting<
      | "T1"
      | "T2"
      | "preferred-lifetime"
      | "valid-lifetime"
      | "preference"
      | "rapid-commit"
      | "client-max-lease"
      | "iface-max-lease"
      | "class-max-lease"
      | "unicast"
      | "option"
      | "option fqdn"
      | "relay"
      | "interface-id"
      | "subnet"
      | "source-lease-rate"
      | "relay-lease-rate"
      | "remote-id-lease-rate"
      | "quarantine"
      | "routes"
      | "share"
      | "pool"
      | "accept-only"
      | "reject-clients"
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
    ifaceMaxLease: MAX_NUMBER,
    classMaxLease: MAX_NUMBER,
    unicast: undefined,
    options: [],
    relay: undefined,
    interfaceId: undefined,
    subnets: [],
    leasequery: { accept: false, bulkAt: undefined, port: 547, maxConnections: 10, timeout: seconds(300) },
    limits: { source: undefined, relay: undefined, remoteId: undefined },
    quarantine: seconds(0),
    routes: false,
    share: 100,
    pools: [],
    acceptOnly: [],
    reject: [],
    begun: new Set(),
    allow: [],
    deny: [],
    fqdn: undefined,
  };
}

/** What holds at the beginning of a block. */
export function enter(outer: Scope): Scope {
  return {
    ...outer,
    options: [...outer.options],
    subnets: [...outer.subnets],
    begun: new Set(),
    allow: [...outer.allow],
    deny: [...outer.deny],
  };
}

/**
 * Changes the scope by one directive: the last one of a kind counts. Options and subnets add up; pools and
 * lists of clients do inside one block.
 */
export function applySetting(scope: Scope, head: SettingHead, report: Report): void {
  switch (head.keyword) {
    case "T1":
      scope.t1 = orderTimes(head, report);
      break;
    case "T2":
      scope.t2 = orderTimes(head, report);
      break;
    case "preferred-lifetime":
      scope.preferred = orderTimes(head, report);
      break;
    case "valid-lifetime":
      scope.valid = orderTimes(head, report);
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
    case "iface-max-lease":
      scope.ifaceMaxLease = head.value;
      break;
    case "class-max-lease":
      scope.classMaxLease = head.value;
      break;
    case "unicast":
      scope.unicast = head.value;
      break;
    case "option":
      scope.options.push(...sendable(head, report));
      break;
    case "option fqdn":
      scope.fqdn = head.at;
      break;
    case "relay":
      scope.relay = head.value;
      break;
    case "interface-id":
      scope.interfaceId = head.value;
      break;
    case "subnet":
      scope.subnets.push(orderAddresses(head.value, head.at, report));
      break;
    case "source-lease-rate":
      scope.limits = { ...scope.limits, source: head.value ?? undefined };
      break;
    case "relay-lease-rate":
      scope.limits = { ...scope.limits, relay: head.value ?? undefined };
      break;
    case "remote-id-lease-rate":
      scope.limits = { ...scope.limits, remoteId: head.value ?? undefined };
      break;
    case "quarantine":
      scope.quarantine = seconds(head.value);
      break;
    case "routes":
      scope.routes = head.value;
      break;
    case "share":
      scope.share = head.value;
      break;
    case "pool":
      begin(scope, "pools");
      for (const each of head.value) {
        scope.pools.push({ range: orderAddresses(each, head.at, report), at: head.at });
      }
      break;
    case "accept-only":
      begin(scope, "acceptOnly");
      for (const each of head.value) scope.acceptOnly.push(orderClients(each, head.at, report));
      break;
    case "reject-clients":
      begin(scope, "reject");
      for (const each of head.value) scope.reject.push(orderClients(each, head.at, report));
      break;
    default:
      scope.leasequery = applyLeasequery(scope.leasequery, head);
  }
}

/** The options of one line, with what no client would heed put right (RFC 8415 21.23). */
export function sendable({ value, at }: Acting<"option">, report: Report): readonly Option[] {
  return value.map((each) => {
    if (each.name !== "informationRefreshTime" || each.value >= LEAST_REFRESH_TIME) return each;
    report.warning(
      at,
      `clients wait ${LEAST_REFRESH_TIME} s at least before they ask again: that is sent, not ${each.value}`,
    );
    return option("informationRefreshTime", LEAST_REFRESH_TIME);
  });
}

const LEAST_REFRESH_TIME = seconds(600);

function begin(scope: Scope, list: "pools" | "acceptOnly" | "reject"): void {
  if (!scope.begun.has(list)) scope[list] = [];
  scope.begun.add(list);
}
