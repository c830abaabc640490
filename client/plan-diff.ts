import { type Millis, millis } from "../shared/brand.js";
import {
  contains,
  formatIp6,
  formatPrefix,
  type Ip6,
  overlaps,
  parseIp6,
  parsePrefix,
  type Prefix,
} from "../shared/prefix.js";
import { ipLifetimes, secondsLeft } from "./lifetimes.js";
import type { DownlinkPlan, KnownSubnet } from "./plan.js";

/** One thing set in the system; it is the same one with whatever lifetimes. */
export interface Setting {
  /** Our own address on a downlink, the route to its subnet, or the route that says "unreachable". */
  readonly kind: "address" | "route" | "unreachable";
  readonly device: string;
  /** The address with the length of its subnet, or where the route leads. */
  readonly prefix: Prefix;
  readonly preferredUntil: Millis;
  readonly validUntil: Millis;
}

/** One line for `ip -6 -batch -`. */
export interface Change {
  readonly verb: "replace" | "delete";
  readonly setting: Setting;
  readonly line: string;
}

/**
 * Number of the protocol that our routes carry (rtnetlink(7)), to tell them from everybody else's: free in
 * the lists of iproute2 and FRRouting.
 */
export const ROUTE_PROTOCOL = 146;

/** Between those of the kernel (256) and those that people set (1024): `replace` meets no route of others. */
const ROUTE_METRIC = 546;
/** Of all routes the last one. Not 2147483647, which dhcpcd has. */
const UNREACHABLE_METRIC = 2_147_483_546;

/** The system as the plan wants it. A downlink that is not up waits. */
export function settingsOf({ subnets, rests }: DownlinkPlan): readonly Setting[] {
  const onDownlinks = subnets
    .filter(({ up }) => up)
    .flatMap(({ downlink: device, subnet, address, preferredUntil, validUntil }) => [
      ...(address === undefined
        ? []
        : [setting("address", device, { address, length: subnet.length }, preferredUntil, validUntil)]),
      setting("route", device, subnet, preferredUntil, validUntil),
    ]);
  const elsewhere = rests.map(({ prefix, validUntil }) =>
    setting("unreachable", "lo", prefix, validUntil, validUntil),
  );
  // Two IAs with one prefix want the same of the system.
  return [...new Map([...onDownlinks, ...elsewhere].map((one) => [keyOf(one), one])).values()];
}

/**
 * How to get from what we have set to what is wanted: what is not wanted goes first, then comes what is new
 * or has other lifetimes. `replace` makes or changes, whatever is there.
 */
export function diffSettings(
  had: readonly Setting[],
  wanted: readonly Setting[],
  now: Millis,
): readonly Change[] {
  const before = new Map(had.map((one) => [keyOf(one), one]));
  // The kernel knows whole seconds, and takes no lifetime of none at all.
  const lasting = wanted.filter(({ validUntil }) => validUntil >= now + 1000);
  const keys = new Set(lasting.map(keyOf));
  const gone = had.filter((one) => !keys.has(keyOf(one)));
  const changed = lasting.filter((one) => !sameLifetimes(before.get(keyOf(one)), one));
  return [
    ...gone.map((one) => ({ verb: "delete", setting: one, line: deleteLine(one) }) as const),
    ...changed.map((one) => ({ verb: "replace", setting: one, line: replaceLine(one, now) }) as const),
  ];
}

/** What is set after these changes, of which some failed. */
export function applyChanges(
  had: readonly Setting[],
  changes: readonly Change[],
  failed: readonly Change[],
): readonly Setting[] {
  const settings = new Map(had.map((one) => [keyOf(one), one]));
  for (const change of changes) {
    const { verb, setting: one } = change;
    // One that could not be set is tried again at the next occasion, one that could not be removed is not.
    if (verb === "delete" || failed.includes(change)) settings.delete(keyOf(one));
    else settings.set(keyOf(one), one);
  }
  return [...settings.values()];
}

/**
 * What an earlier run of ours has left, out of `ip -j -6 route show proto 146` and `ip -j -6 address show`:
 * routes with our protocol that lie in prefixes we know, and our addresses in subnets we know. Other clients
 * on this machine have routes with that protocol as well.
 */
export function leftovers(
  routes: unknown,
  addresses: unknown,
  subnets: readonly KnownSubnet[],
  prefixes: readonly Prefix[],
): readonly Setting[] {
  const known = [...prefixes, ...subnets.map(({ subnet }) => subnet)];
  const ofRoutes = rowsOf(routes).flatMap((row) => {
    const dst = textOf(row["dst"]);
    const prefix = parsePrefix(dst.includes("/") ? dst : `${dst}/128`);
    if (prefix === undefined || !known.some((one) => overlaps(one, prefix))) return [];
    const kind = row["type"] === "unreachable" ? "unreachable" : "route";
    return [setting(kind, textOf(row["dev"]), prefix, NEVER, NEVER)];
  });
  const ofAddresses = rowsOf(addresses).flatMap((link) => {
    const device = textOf(link["ifname"]);
    return rowsOf(link["addr_info"]).flatMap((row) => {
      const address = parseIp6(textOf(row["local"]));
      // Without a route of the kernel's own: that is how we set them.
      if (address?.[15] !== 1 || row["noprefixroute"] !== true) return [];
      const mine = subnets.find(({ downlink, subnet }) => downlink === device && contains(subnet, address));
      return mine === undefined ? [] : [setting("address", device, { address, length: 64 }, NEVER, NEVER)];
    });
  });
  return [...ofAddresses, ...ofRoutes];
}

/** True when the setting is this address on this interface. */
export const isAddressOn = ({ kind, device, prefix }: Setting, name: string, address: Ip6): boolean =>
  kind === "address" && device === name && formatIp6(prefix.address) === formatIp6(address);

/** Lifetimes of what was found: they are not looked at, so that every wanted one is set anew. */
const NEVER = millis(0);

const setting = (
  kind: Setting["kind"],
  device: string,
  prefix: Prefix,
  preferredUntil: Millis,
  validUntil: Millis,
): Setting => ({ kind, device, prefix, preferredUntil, validUntil });

const keyOf = ({ kind, device, prefix }: Setting): string => `${kind} ${device} ${formatPrefix(prefix)}`;

/** The kernel forgets the time of an `unreachable` route: there is none to keep current. */
function sameLifetimes(a: Setting | undefined, b: Setting): boolean {
  if (a === undefined || b.kind === "unreachable") return a !== undefined;
  return a.validUntil === b.validUntil && (b.kind === "route" || a.preferredUntil === b.preferredUntil);
}

function replaceLine(one: Setting, now: Millis): string {
  const { kind, device, prefix, validUntil } = one;
  if (kind === "address") {
    return `address replace ${formatPrefix(prefix)} dev ${device} ${ipLifetimes(one, now)} noprefixroute`;
  }
  const isEndless = validUntil === Infinity || kind === "unreachable";
  const expires = isEndless ? "" : ` expires ${secondsLeft(validUntil, now)}`;
  return `route replace ${routeOf(one)}${expires}`;
}

const deleteLine = (one: Setting): string =>
  one.kind === "address"
    ? `address delete ${formatPrefix(one.prefix)} dev ${one.device}`
    : `route delete ${routeOf(one)}`;

function routeOf({ kind, device, prefix }: Setting): string {
  const [type, metric] = kind === "unreachable" ? ["unreachable ", UNREACHABLE_METRIC] : ["", ROUTE_METRIC];
  return `${type}${formatPrefix(prefix)} dev ${device} proto ${ROUTE_PROTOCOL} metric ${metric}`;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const rowsOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isRow) : [];

const isRow = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
