import { millis, seconds } from "../../shared/brand.js";
import type {
  Access,
  AddressClass,
  PdClass,
  Range,
  ServerConfig,
  ServerInterface,
} from "../../shared/config/types.js";
import { type Duid, duid } from "../../shared/duid.js";
import {
  type AddressRange,
  type Ip6,
  parseIp6,
  parsePrefix,
  type Prefix,
  rangeOf,
} from "../../shared/prefix.js";

/** Instant at which every test begins. */
export const START = millis(1_800_000_000_000);
/** The server's DUID. */
export const SERVER_ID: Duid = duid(Uint8Array.of(0, 3, 0, 1, 2, 0, 0, 0, 0, 0xfe));

/** The DUID of somebody else. */
export const OTHER_ID: Duid = duid(Uint8Array.of(0, 3, 0, 1, 9, 9));

/** An address that is known to be one. */
export function ip(text: string): Ip6 {
  const address = parseIp6(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}

/** A prefix that is known to be one. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(`no prefix: ${text}`);
  return parsed;
}

/** Bounds of a time; one value for both when only one is given. */
export const range = (min: number, max = min): Range => ({ min: seconds(min), max: seconds(max) });

/** Dibbler's bounds. */
export const TIMES = {
  t1: range(5, 3600),
  t2: range(10, 5400),
  preferred: range(7200, 86400),
  valid: range(10800, 172800),
} as const;

/** Times that a test can count on: no bounds for T1 and T2, one value for each lifetime. */
export const FIXED = {
  t1: range(0, 0xffffffff),
  t2: range(0, 0xffffffff),
  preferred: range(1000),
  valid: range(2000),
} as const;

/** A class that every client may use. */
export const EVERYBODY: Access = { allow: [], deny: [], acceptOnly: [], reject: [] };

/** A `pd-class`: `/length` pieces of some pools. */
export function pdClass(length: number, pools: readonly string[], times: Partial<PdClass> = {}): PdClass {
  return {
    ...FIXED,
    pools: pools.map(prefix),
    length,
    access: EVERYBODY,
    exclude: undefined,
    shownMaxLease: 0xffffffff,
    routes: false,
    ...times,
  };
}

/** An `iface` block. */
export function iface(
  name: string,
  pdClasses: readonly PdClass[],
  settings: Partial<ServerInterface> = {},
): ServerInterface {
  return {
    selector: { name },
    relay: undefined,
    interfaceId: undefined,
    subnets: [],
    pdClasses,
    addressClasses: [],
    temporaryClasses: [],
    reservations: [],
    leasequery: false,
    bulkLeasequery: undefined,
    limits: { source: undefined, relay: undefined, remoteId: undefined },
    quarantine: seconds(0),
    routes: false,
    preference: 0,
    rapidCommit: false,
    clientMaxLease: 10,
    shownMaxLease: 0xffffffff,
    unicast: undefined,
    ...FIXED,
    options: [],
    at: { line: 1, column: 1 },
    ...settings,
  };
}

/** The same block as one for a link behind relays, which are heard on an interface of the system. */
export const behind = (over: string, block: ServerInterface): ServerInterface => ({
  ...block,
  relay: { over: { name: over }, named: { name: over } },
});

/** A `subnet` line. */
export const subnet = (text: string): AddressRange => rangeOf(prefix(text));

/** A range of addresses, `first-last`. */
export function range6(text: string): AddressRange {
  const [first = "", last = first] = text.split("-");
  return { first: ip(first), last: ip(last) };
}

/** A `class` or `ta-class`: addresses out of some ranges. */
export const addressClass = (
  ranges: readonly string[],
  settings: Partial<AddressClass> = {},
): AddressClass => ({
  ...FIXED,
  ranges: ranges.map(range6),
  share: 100,
  shownMaxLease: 0xffffffff,
  access: EVERYBODY,
  ...settings,
});

/** A whole configuration. */
export function configure(
  interfaces: readonly ServerInterface[],
  settings: Partial<ServerConfig> = {},
): ServerConfig {
  return {
    log: { level: 5, mode: "full", name: "server", colors: false },
    script: "/hook",
    scriptTimeout: seconds(10),
    scriptReplay: true,
    scriptWait: false,
    compatibility: "fixed",
    inactiveMode: false,
    stateless: false,
    guessMode: false,
    interfaceIdOrder: "before",
    dropUnicast: false,
    reconfigure: false,
    affinity: 1000,
    relaySuppliedOptions: [65],
    performanceMode: false,
    metrics: undefined,
    statusPage: undefined,
    events: [],
    webhook: undefined,
    shown: { workDir: undefined, authMethods: [] },
    interfaces,
    ...settings,
  };
}
