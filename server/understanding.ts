import type {
  Access,
  AddressClass,
  BulkLeasequery,
  NewLeaseLimits,
  PdClass,
  Range,
  Reservation,
  ServerConfig,
  ServerInterface,
} from "../shared/config/types.js";
import { formatDuid } from "../shared/duid.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { codeOf, type Option, OPTIONS } from "../shared/wire/options.js";
import { clientsText, conditionText, rangeText, selectorText } from "./access-text.js";
import { grantLifetimes, type TimeBounds, timersFor } from "./lifetimes.js";
import { optionData, optionText } from "./option-text.js";
import { selectorName } from "./link-names.js";
import { createPool, createRangePool } from "./pool.js";

/** What a configuration means, in plain values: for people through `understandingText`, and as JSON. */
export interface Understanding {
  readonly log: ServerConfig["log"];
  readonly script: { readonly path: string; readonly seconds: number; readonly atStart: boolean } | null;
  /** The directives in force that only stand there or not. */
  readonly modes: readonly string[];
  readonly interfaceIdOrder: string;
  readonly clientsRemembered: number;
  /** Codes of options that relays may supply. */
  readonly relaySuppliedOptions: readonly number[];
  readonly links: readonly UnderstoodLink[];
}

/** One `iface` block. Times are in seconds, octets in hexadecimal. */
export interface UnderstoodLink {
  readonly name: string;
  readonly line: number;
  /** The interface of the system, or "any", that its relays are heard on; null for an interface itself. */
  readonly behind: string | null;
  readonly interfaceId: string | null;
  readonly subnets: readonly string[];
  readonly unicast: string | null;
  readonly preference: number;
  readonly rapidCommit: boolean;
  readonly leasesPerClient: number;
  readonly prefixes: readonly UnderstoodClass[];
  readonly addresses: readonly UnderstoodClass[];
  readonly temporaryAddresses: readonly UnderstoodClass[];
  /** For what is reserved outside of all classes. */
  readonly times: UnderstoodTimes;
  readonly reservations: readonly UnderstoodReservation[];
  readonly options: readonly UnderstoodOption[];
  readonly leasequery: boolean;
  readonly bulkLeasequery: BulkLeasequery | null;
  /** New leases at most, in so many seconds. */
  readonly limits: Readonly<Record<keyof NewLeaseLimits, Rate | null>>;
  readonly quarantine: number;
}

type Rate = NonNullable<NewLeaseLimits["source"]>;

/** A class of prefixes or addresses. */
export interface UnderstoodClass {
  readonly pools: readonly string[];
  /** Of what is given to one client. */
  readonly length: number;
  /** How many of these all pools have; not exact beyond 2^53. */
  readonly count: number;
  readonly exclude: string | null;
  /** Whether the server sets the routes of these prefixes. */
  readonly routes: boolean;
  readonly share: number | null;
  /** Who may use it, each a sentence; empty for everybody. */
  readonly only: readonly string[];
  readonly not: readonly string[];
  readonly times: UnderstoodTimes;
}

/** The bounds as configured, and what a client without wishes is sent. */
export interface UnderstoodTimes {
  readonly t1: Range;
  readonly t2: Range;
  readonly preferred: Range;
  readonly valid: Range;
  readonly sent: Readonly<Record<"t1" | "t2" | "preferred" | "valid", number>>;
}

/** One `client` block; its options, if any, are sent in place of the link's. */
export interface UnderstoodReservation {
  readonly client: string;
  readonly line: number;
  readonly prefix: string | null;
  readonly address: string | null;
  readonly options: readonly UnderstoodOption[];
}

/** An option as it is sent to whoever asks for it. */
export interface UnderstoodOption {
  readonly code: number;
  /** The word of the configuration; null for one that goes by its number. */
  readonly keyword: string | null;
  readonly value: string;
  readonly data: string;
}

/** What the server will do by this configuration. */
export function understand(config: ServerConfig): Understanding {
  const { log, script, scriptTimeout, scriptReplay, interfaceIdOrder, affinity } = config;
  return {
    log,
    script: script === undefined ? null : { path: script, seconds: scriptTimeout, atStart: scriptReplay },
    modes: modesOf(config),
    interfaceIdOrder,
    clientsRemembered: affinity,
    relaySuppliedOptions: config.relaySuppliedOptions,
    links: config.interfaces.map(understandLink),
  };
}

function modesOf(config: ServerConfig): string[] {
  const rows: readonly (readonly [string, boolean])[] = [
    ["stateless", config.stateless],
    ["inactive-mode", config.inactiveMode],
    ["guess-mode", config.guessMode],
    ["drop-unicast", config.dropUnicast],
    ["reconfigure-enabled 1", config.reconfigure],
    ['compatibility "strict"', config.compatibility === "strict"],
  ];
  return rows.flatMap(([mode, isOn]) => (isOn ? [mode] : []));
}

function understandLink(link: ServerInterface): UnderstoodLink {
  const { relay, interfaceId, unicast, limits } = link;
  const nameOf = (selector: ServerInterface["selector"]): string => selectorName(selector, new Map());
  return {
    name: nameOf(link.selector),
    line: link.at.line,
    behind: relay === undefined ? null : relay.over === undefined ? "any" : nameOf(relay.over),
    interfaceId: interfaceId === undefined ? null : formatDuid(interfaceId),
    subnets: link.subnets.map(rangeText),
    unicast: unicast === undefined ? null : formatIp6(unicast),
    preference: link.preference,
    rapidCommit: link.rapidCommit,
    leasesPerClient: link.clientMaxLease,
    prefixes: link.pdClasses.map(understandPdClass),
    addresses: link.addressClasses.map((each) => understandAddressClass(each, each.share)),
    temporaryAddresses: link.temporaryClasses.map((each) => understandAddressClass(each, null)),
    times: understandTimes(link),
    reservations: link.reservations.map(understandReservation),
    options: link.options.map(understandOption),
    leasequery: link.leasequery,
    bulkLeasequery: link.bulkLeasequery ?? null,
    limits: {
      source: limits.source ?? null,
      relay: limits.relay ?? null,
      remoteId: limits.remoteId ?? null,
    },
    quarantine: link.quarantine,
  };
}

function understandPdClass(of: PdClass): UnderstoodClass {
  return {
    pools: of.pools.map(formatPrefix),
    length: of.length,
    count: of.pools.reduce((sum, pool) => sum + createPool(pool, of.length).count, 0),
    exclude: of.exclude === undefined ? null : formatPrefix(of.exclude),
    routes: of.routes,
    share: null,
    ...understandAccess(of.access),
    times: understandTimes(of),
  };
}

function understandAddressClass(of: AddressClass, share: number | null): UnderstoodClass {
  return {
    pools: of.ranges.map(rangeText),
    length: 128,
    count: of.ranges.reduce((sum, range) => sum + createRangePool(range).count, 0),
    exclude: null,
    routes: false,
    share,
    ...understandAccess(of.access),
    times: understandTimes(of),
  };
}

function understandTimes(bounds: TimeBounds): UnderstoodTimes {
  const { t1, t2, preferred, valid } = bounds;
  const lifetimes = grantLifetimes(bounds, undefined);
  return { t1, t2, preferred, valid, sent: { ...timersFor([{ ...lifetimes, bounds }]), ...lifetimes } };
}

function understandAccess({
  allow,
  deny,
  acceptOnly,
  reject,
}: Access): Pick<UnderstoodClass, "only" | "not"> {
  return {
    only: [...allow.map(conditionText), ...acceptOnly.map(clientsText)],
    not: [...deny.map(conditionText), ...reject.map(clientsText)],
  };
}

function understandReservation({
  selector,
  prefix,
  address,
  options,
  at,
}: Reservation): UnderstoodReservation {
  return {
    client: selectorText(selector),
    line: at.line,
    prefix: prefix === undefined ? null : formatPrefix(prefix),
    address: address === undefined ? null : formatIp6(address),
    options: options.map(understandOption),
  };
}

function understandOption(option: Option): UnderstoodOption {
  return {
    code: codeOf(option),
    keyword: keywordOf(option),
    value: optionText(option).trim(),
    data: formatDuid(optionData(option)),
  };
}

function keywordOf({ name }: Option): string | null {
  if (name === "raw") return null;
  if (name === "vendorOptions") return "vendor-spec";
  const row = OPTIONS[name];
  return "keyword" in row ? row.keyword : null;
}
