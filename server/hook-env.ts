import { INFINITY, type Millis, type Seconds, seconds } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import { type HookAction, type HookCall, hookCall } from "../shared/hook.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix, isUnspecified } from "../shared/prefix.js";
import { type ClientServerType, MESSAGE_LABEL } from "../shared/wire/codes.js";
import type { Option } from "../shared/wire/options.js";
import {
  addressVariables,
  clientOption,
  clientVariables,
  joined,
  placeVariables,
  prefixVariables,
  relayVariables,
  type Scene,
  sceneOf,
  serverOption,
  type Variable,
} from "./hook-variables.js";
import { type Lifetimes, NO_LIFETIMES } from "./lifetimes.js";
import { nextHopTo } from "./next-hop.js";
import type { Query } from "./query.js";
import type { Story } from "./story.js";
import type { ServerState } from "./state.js";

/** Why the script is called, as REASON; Dibbler has no such variable. */
type Reason =
  | "new"
  | "moved"
  | "renewed"
  | "released"
  | "declined"
  | "withdrawn"
  | "operator"
  | "expire"
  | "start";

/** A lease and the lifetimes to tell of it. */
type Told = readonly [lease: Lease, lifetimes: Lifetimes];

const NO_CALLS: readonly HookCall[] = [];

/** A message and the options of its answer. */
interface Exchange {
  readonly query: Query;
  readonly sent: readonly Option[];
}

/** What a call says besides its prefixes. */
interface Occasion {
  readonly action: HookAction;
  readonly reason: Reason;
  /** The message that was answered; `undefined` when there was none. */
  readonly exchange: Exchange | undefined;
}

/**
 * The calls for an answered message. One for all its prefixes, as with Dibbler: `add` when something new is
 * delegated, else `update`; new prefixes come first, since many scripts look at PREFIX1 only. A client that
 * is heard at a new place gets a `delete` with the old values before, if any were known. Withdrawn prefixes
 * come last, with lifetimes 0, and get a `delete` of their own. An answer that delegates nothing makes no
 * call.
 */
export function callsForReply(
  query: Query,
  sent: readonly Option[],
  { added, kept, moved, ended }: Story,
): readonly HookCall[] {
  if (query.state.config.script === undefined) return NO_CALLS;
  const calls: HookCall[] = [];
  const exchange = { query, sent };
  const call = (action: HookAction, reason: Reason, told: readonly Told[]): void => {
    const call = makeCall(query.state, { action, reason, exchange }, told);
    if (call !== undefined) calls.push(call);
  };
  const gone = ended.map(withoutTime);
  const begun = [...added, ...moved.map(({ after }) => after)];

  for (const group of byPlace(moved.map(({ before }) => before).filter(isPlaced)))
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
  return makeCall(state, { action: "delete", reason: "expire", exchange: undefined }, [withoutTime(lease)]);
}

/** The call for a lease that an operator has ended. */
export const callForOperator = (state: ServerState, lease: Lease): HookCall | undefined =>
  makeCall(state, { action: "delete", reason: "operator", exchange: undefined }, [withoutTime(lease)]);

/**
 * The call for a lease that is alive when the server starts: routes do not outlive a reboot. None while it is
 * not known where its client is, as the file of another server did not tell: an `add` follows at its Renew.
 */
export function callForStart(state: ServerState, lease: Lease, now: Millis): HookCall | undefined {
  if (!isPlaced(lease)) return undefined;
  const left = remaining(lease, now);
  return makeCall(state, { action: "add", reason: "start", exchange: undefined }, [[lease, left]]);
}

function makeCall(state: ServerState, occasion: Occasion, told: readonly Told[]): HookCall | undefined {
  const first = told[0]?.[0];
  if (state.config.script === undefined || first === undefined) return undefined;
  const scene = sceneOf(first, state.indexes);
  return hookCall(
    occasion.action,
    told.map(([lease]) => formatPrefix(lease.prefix)),
    () => joined(variablesOf(occasion, scene, first, told)),
  );
}

/** In Dibbler's order; what Dibbler does not have comes last. */
function variablesOf(
  { reason, exchange }: Occasion,
  scene: Scene,
  first: Lease,
  told: readonly Told[],
): readonly Variable[] {
  const prefixes = told.filter(([lease]) => isPrefix(lease));
  const addresses = told.filter(([lease]) => !isPrefix(lease));
  const isEnd = reason === "expire";
  return [
    ...relayVariables(scene),
    ...placeVariables(scene),
    ...(isUnspecified(scene.remote) ? [] : [remoteVariable(scene)]),
    ...(exchange === undefined ? [] : messageVariables(exchange.query)),
    ...addresses.flatMap(([{ prefix }, times], i) => addressVariables(i + 1, { prefix, ...times })),
    ...prefixes.flatMap(([{ prefix }, times], i) => prefixVariables(i + 1, { prefix, ...times })),
    ...(isEnd ? endVariables(first) : []),
    ...(exchange === undefined ? [] : optionVariables(exchange)),
    ["REASON", reason],
    ...prefixes.map(([{ iaid }], i): Variable => [`PREFIX${i + 1}IAID`, String(iaid)]),
    ["CLNT_DUID", formatDuid(first.duid)],
    ...clientVariables(scene),
  ];
}

const remoteVariable = ({ remote }: Scene): Variable => ["REMOTE_ADDR", formatIp6(remote)];

const messageVariables = ({ type }: Query): readonly Variable[] => [
  ["CLNT_MESSAGE", MESSAGE_LABEL[type]],
  ["SRV_MESSAGE", "REPLY"],
];

const endVariables = ({ iaid, duid }: Lease): readonly Variable[] => [
  ["IAID", String(iaid)],
  ["SRV_OPTION1", formatDuid(duid)],
];

const optionVariables = ({ query, sent }: Exchange): readonly Variable[] => [
  ...sent.flatMap(serverOption(query)),
  ...query.message.options.flatMap(clientOption),
];

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

const isPlaced = (lease: Lease): boolean => !isUnspecified(nextHopTo(lease));
const isPrefix = (lease: Lease): boolean => lease.iaType === "pd";
const asGranted = (lease: Lease): Told => [lease, lease];
const withoutTime = (lease: Lease): Told => [lease, NO_LIFETIMES];
