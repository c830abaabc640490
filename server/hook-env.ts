import { INFINITY, type Millis, type Seconds, seconds } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import type { HookAction, HookCall } from "../shared/hook.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { decodePath } from "../shared/proto/relay.js";
import { type ClientServerType, MESSAGE_LABEL } from "../shared/wire/codes.js";
import { find } from "../shared/wire/options.js";
import { type Lifetimes, NO_LIFETIMES } from "./lifetimes.js";
import { nextHopTo } from "./next-hop.js";
import type { Query } from "./query.js";
import type { Story } from "./settle.js";
import type { ServerState } from "./state.js";

/** Why the script is called, as REASON; Dibbler has no such variable. */
type Reason = "new" | "moved" | "renewed" | "released" | "declined" | "withdrawn" | "expire" | "start";

/** A lease and the lifetimes to tell of it. */
type Told = readonly [lease: Lease, lifetimes: Lifetimes];

const NO_CALLS: readonly HookCall[] = [];

/** What a call says besides its prefixes. */
interface Occasion {
  readonly action: HookAction;
  readonly reason: Reason;
  /** The message that was answered; `undefined` when there was none. */
  readonly query: Query | undefined;
}

/**
 * The calls for an answered message. One for all its prefixes, as with Dibbler: `add` when something new is
 * delegated, else `update`; new prefixes come first, since many scripts look at PREFIX1 only. A client that
 * is heard at a new place gets a `delete` with the old values before. Withdrawn prefixes come last, with
 * lifetimes 0, and get a `delete` of their own. An answer that delegates nothing makes no call.
 */
export function callsForReply(query: Query, { added, kept, moved, ended }: Story): readonly HookCall[] {
  if (query.state.config.script === undefined) return NO_CALLS;
  const calls: HookCall[] = [];
  const call = (action: HookAction, reason: Reason, told: readonly Told[]): void => {
    const call = makeCall(query.state, { action, reason, query }, told);
    if (call !== undefined) calls.push(call);
  };
  const gone = ended.map(withoutTime);
  const begun = [...added, ...moved.map(({ after }) => after)];

  for (const group of byPlace(moved.map(({ before }) => before)))
    call("delete", "moved", group.map(withoutTime));
  // An address that comes to a prefix is no reason to add the prefix again.
  if (begun.some(isPrefix) || (begun.length > 0 && !kept.some(isPrefix))) {
    call("add", added.length > 0 ? "new" : "moved", [...[...begun, ...kept].map(asGranted), ...gone]);
  } else if (kept.length > 0) call("update", "renewed", [...[...begun, ...kept].map(asGranted), ...gone]);
  call("delete", ENDS[query.type] ?? "withdrawn", gone);
  return calls;
}

/** Why the client gives up leases, by its message. */
const ENDS: Readonly<Partial<Record<ClientServerType, Reason>>> = {
  release: "released",
  decline: "declined",
};

/** The call for a lease that has run out. Dibbler calls it `expire`, which most scripts do not know. */
export function callForExpired(state: ServerState, lease: Lease): HookCall | undefined {
  const action = state.config.compatibility === "strict" ? "expire" : "delete";
  return makeCall(state, { action, reason: "expire", query: undefined }, [withoutTime(lease)]);
}

/** The call for a lease that is alive when the server starts: routes do not outlive a reboot. */
export function callForStart(state: ServerState, lease: Lease, now: Millis): HookCall | undefined {
  const left = remaining(lease, now);
  return makeCall(state, { action: "add", reason: "start", query: undefined }, [[lease, left]]);
}

function makeCall(
  state: ServerState,
  { action, reason, query }: Occasion,
  told: readonly Told[],
): HookCall | undefined {
  const first = told[0]?.[0];
  if (state.config.script === undefined || first === undefined) return undefined;
  const variables: Record<string, string> = { ...relayVariables(first), IFACE: first.interfaceName };
  const index = state.indexes.get(first.interfaceName);
  if (index !== undefined) variables["IFINDEX"] = String(index);
  variables["REMOTE_ADDR"] = formatIp6(nextHopTo(first));
  if (query !== undefined) {
    variables["CLNT_MESSAGE"] = MESSAGE_LABEL[query.type];
    variables["SRV_MESSAGE"] = "REPLY";
  }
  const [prefixes, addresses] = [told.filter(isOfPrefix), told.filter((each) => !isOfPrefix(each))];
  addresses.forEach(([lease, lifetimes], i) => {
    setAddress(variables, i + 1, lease, lifetimes);
  });
  prefixes.forEach(([lease, lifetimes], i) => {
    setPrefix(variables, i + 1, lease, lifetimes);
  });
  if (reason === "expire") {
    variables["IAID"] = String(first.iaid);
    variables["SRV_OPTION1"] = formatDuid(first.duid);
  }
  variables["REASON"] = reason;
  variables["CLNT_DUID"] = formatDuid(first.duid);
  return { action, order: told.map(([lease]) => formatPrefix(lease.prefix)), variables };
}

/** Numbers, addresses and DUIDs only: nothing that a client can write freely reaches the environment. */
function setPrefix(
  variables: Record<string, string>,
  n: number,
  lease: Lease,
  { preferred, valid }: Lifetimes,
): void {
  variables[`PREFIX${n}`] = formatIp6(lease.prefix.address);
  variables[`PREFIX${n}LEN`] = String(lease.prefix.length);
  variables[`PREFIX${n}PREF`] = String(preferred);
  variables[`PREFIX${n}VALID`] = String(valid);
  variables[`PREFIX${n}IAID`] = String(lease.iaid);
}

function setAddress(
  variables: Record<string, string>,
  n: number,
  { prefix }: Lease,
  { preferred, valid }: Lifetimes,
): void {
  variables[`ADDR${n}`] = formatIp6(prefix.address);
  variables[`ADDR${n}PREF`] = String(preferred);
  variables[`ADDR${n}VALID`] = String(valid);
}

/** RELAYn_* count from the relay that the client talks to; a direct client has none of them. */
function relayVariables({ trail, clientAddress }: Lease): Record<string, string> {
  if (trail === undefined) return { RELAYS: "0" };
  const path = decodePath(trail.message).toReversed();
  const variables: Record<string, string> = { RELAYS: String(path.length) };
  path.forEach(({ peerAddress, linkAddress }, i) => {
    variables[`RELAY${i + 1}_PEER`] = formatIp6(peerAddress);
    variables[`RELAY${i + 1}_LINK`] = formatIp6(linkAddress);
  });
  variables["CLNT_ADDR"] = formatIp6(clientAddress);
  const mac = find(path[0]?.options ?? [], "clientLinkLayerAddress")?.address;
  if (mac !== undefined) variables["CLNT_MAC"] = formatDuid(mac);
  return variables;
}

/** Leases with one address, link and relay each. */
function byPlace(leases: readonly Lease[]): readonly (readonly Lease[])[] {
  const groups = new Map<string, Lease[]>();
  for (const lease of leases) {
    const places = [lease.clientAddress, nextHopTo(lease)].map(formatIp6);
    const key = `${lease.interfaceName} ${places.join(" ")}`;
    const group = groups.get(key) ?? [];
    group.push(lease);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function remaining({ until, since, preferred, valid }: Lease, now: Millis): Lifetimes {
  const rest = (lifetime: Seconds): Seconds =>
    lifetime === INFINITY ? INFINITY : seconds(Math.max(0, Math.ceil((since - now) / 1000 + lifetime)));
  return { preferred: rest(preferred), valid: until === Infinity ? INFINITY : rest(valid) };
}

const isPrefix = (lease: Lease): boolean => lease.iaType === "pd";
const isOfPrefix = ([lease]: Told): boolean => isPrefix(lease);
const asGranted = (lease: Lease): Told => [lease, lease];
const withoutTime = (lease: Lease): Told => [lease, NO_LIFETIMES];
