import { formatDuid } from "../shared/duid.js";
import { type HookAction, type HookCall, hookCall } from "../shared/hook.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { type ClientServerType, MESSAGE_LABEL } from "../shared/wire/codes.js";
import { findAll, type Option } from "../shared/wire/options.js";
import {
  addressVariables,
  clientOptions,
  indexVariable,
  placeVariables,
  prefixVariables,
  relayVariables,
  routesSent,
  sceneOf,
  sceneOfQuery,
  serverOptions,
  type Variable,
} from "./hook-variables.js";
import { NO_LIFETIMES } from "./lifetimes.js";
import type { Query } from "./query.js";
import type { Story } from "./settle.js";
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
      ...(iaType === "pd" ? prefixVariables(1, ended) : addressVariables(1, ended)),
      ["IAID", String(iaid)],
      ["SRV_OPTION1", formatDuid(duid)],
      ...indexVariable(index),
      ...(isLink ? [["IFACE", interfaceName] as const] : []),
      ["REMOTE_ADDR", formatIp6(remote)],
    ]),
  );
}

function variablesOf(query: Query, sent: readonly Option[], removed: readonly Lease[]): readonly Variable[] {
  const scene = sceneOfQuery(query);
  const gone = removed.flatMap(({ prefix }, i) => prefixVariables(i + 1, { prefix, ...NO_LIFETIMES }));
  return [
    ...gone,
    ...relayVariables(scene),
    ...placeVariables(scene),
    ["REMOTE_ADDR", formatIp6(scene.remote)],
    ["CLNT_MESSAGE", query.type === "informationRequest" ? "INF-REQUEST" : MESSAGE_LABEL[query.type]],
    ["SRV_MESSAGE", "REPLY"],
    ...leaseVariables([...sent, ...query.message.options], removed.length),
    ...serverOptions(query, sent),
    ...routesSent(sent),
    ...clientOptions(query),
  ];
}

/** One counter for prefixes and one for addresses, through the answer and on through the message. */
function leaseVariables(options: readonly Option[], prefixesBefore: number): readonly Variable[] {
  const variables: Variable[] = [];
  let [prefixes, addresses] = [prefixesBefore, 0];
  for (const candidate of options) {
    if (candidate.name !== "iaPd" && candidate.name !== "iaNa" && candidate.name !== "iaTa") continue;
    for (const lease of findAll(candidate.value.options, "iaAddr")) {
      addresses += 1;
      const prefix = { address: lease.address, length: 128 };
      variables.push(...addressVariables(addresses, { ...lease, prefix }));
    }
    for (const lease of findAll(candidate.value.options, "iaPrefix")) {
      prefixes += 1;
      variables.push(...prefixVariables(prefixes, lease));
    }
  }
  return variables;
}

/** Of a name that comes twice Dibbler passes both values, and a shell takes the last. */
const lastOfEach = (variables: readonly Variable[]): HookCall["variables"] => Object.fromEntries(variables);
