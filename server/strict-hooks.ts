import { formatDuid } from "../shared/duid.js";
import { type HookAction, type HookCall, hookCall } from "../shared/hook.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix, isUnspecified } from "../shared/prefix.js";
import { type ClientServerType, MESSAGE_LABEL } from "../shared/wire/codes.js";
import { findAll, type Option } from "../shared/wire/options.js";
import {
  addressVariables,
  clientOption,
  indexVariable,
  placeVariables,
  prefixVariables,
  relayVariables,
  sceneOf,
  sceneOfQuery,
  serverOption,
  type Told,
  type Variable,
} from "./hook-variables.js";
import { NO_LIFETIMES } from "./lifetimes.js";
import type { Query } from "./query.js";
import type { Story } from "./story.js";
import type { ServerState } from "./state.js";

/** Whatever the answer says, the message alone decides about the call. */
const ACTIONS: Readonly<Partial<Record<ClientServerType, HookAction>>> = {
  solicit: "add",
  request: "add",
  confirm: "add",
  renew: "update",
  rebind: "update",
  informationRequest: "update",
  release: "delete",
};

/**
 * Dibbler's calls for a message that is answered with a Reply: one each, with the prefixes of the answer and
 * behind them those of the message, under its names only. A prefix that the server withdraws, which Dibbler
 * never does, gets a `delete` of its own besides.
 */
export function strictCalls(query: Query, sent: readonly Option[], story: Story): readonly HookCall[] {
  const action = ACTIONS[query.type];
  if (query.state.config.script === undefined || action === undefined) return [];
  const ended = story.ended.filter(({ iaType }) => iaType === "pd");
  const touched = [...story.added, ...story.kept, ...story.moved.map(({ after }) => after), ...story.ended];
  const order = touched.map(({ prefix }) => formatPrefix(prefix));
  const removed = action === "delete" ? ended : [];
  const calls = [hookCall(action, order, () => lastOfEach(variablesOf(query, sent, removed)))];
  if (action !== "delete" && ended.length > 0) {
    const keys = ended.map(({ prefix }) => formatPrefix(prefix));
    calls.push(hookCall("delete", keys, () => lastOfEach(variablesOf(query, sent, ended))));
  }
  return calls;
}

/** Dibbler's call for a lease that has run out; IFACE only of interfaces of the system. */
export function strictExpired(state: ServerState, lease: Lease): HookCall | undefined {
  if (state.config.script === undefined) return undefined;
  const { prefix, iaid, duid, iaType } = lease;
  const { interfaceName, index, remote } = sceneOf(lease, state.indexes);
  const isLink = state.network.direct.has(interfaceName);
  const ended = { prefix, ...NO_LIFETIMES };
  return hookCall("expire", [formatPrefix(prefix)], () =>
    lastOfEach([
      ...indexVariable(index),
      ...(isLink ? [["IFACE", interfaceName] as const] : []),
      ...(isUnspecified(remote) ? [] : [["REMOTE_ADDR", formatIp6(remote)] as const]),
      ...(iaType === "pd" ? prefixVariables(1, ended) : addressVariables(1, ended)),
      ["IAID", String(iaid)],
      ["SRV_OPTION1", formatDuid(duid)],
    ]),
  );
}

function variablesOf(query: Query, sent: readonly Option[], removed: readonly Lease[]): readonly Variable[] {
  const scene = sceneOfQuery(query);
  const leases = createLeaseNumbers();
  return [
    ...removed.flatMap(({ prefix }) => leases.prefix({ prefix, ...NO_LIFETIMES })),
    ...relayVariables(scene),
    ...placeVariables(scene),
    ["REMOTE_ADDR", formatIp6(scene.remote)],
    ["CLNT_MESSAGE", query.type === "informationRequest" ? "INF-REQUEST" : MESSAGE_LABEL[query.type]],
    ["SRV_MESSAGE", "REPLY"],
    ...optionVariables(sent, leases, serverOption(query)),
    ...optionVariables(query.message.options, leases, clientOption),
  ];
}

/** What is told of the options of a message, in the order in which they stand in it. */
function optionVariables(
  options: readonly Option[],
  leases: LeaseNumbers,
  tell: (option: Option) => readonly Variable[],
): readonly Variable[] {
  return options.flatMap((candidate) => {
    if (candidate.name !== "iaPd" && candidate.name !== "iaNa" && candidate.name !== "iaTa")
      return tell(candidate);
    const { options: inner } = candidate.value;
    const addresses = findAll(inner, "iaAddr").map((lease) => ({
      ...lease,
      prefix: { address: lease.address, length: 128 },
    }));
    return [...addresses.flatMap(leases.address), ...findAll(inner, "iaPrefix").flatMap(leases.prefix)];
  });
}

/** One counter for prefixes and one for addresses, through the answer and on through the message. */
interface LeaseNumbers {
  readonly prefix: (lease: Omit<Told, "iaid">) => readonly Variable[];
  readonly address: (lease: Omit<Told, "iaid">) => readonly Variable[];
}

function createLeaseNumbers(): LeaseNumbers {
  let [prefixes, addresses] = [0, 0];
  return {
    prefix: ({ prefix, preferred, valid }) => prefixVariables(++prefixes, { prefix, preferred, valid }),
    address: ({ prefix, preferred, valid }) => addressVariables(++addresses, { prefix, preferred, valid }),
  };
}

/** Of a name that comes twice Dibbler passes both values, and a shell takes the last. */
const lastOfEach = (variables: readonly Variable[]): HookCall["variables"] => Object.fromEntries(variables);
