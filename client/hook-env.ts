import { type Millis, type Seconds, seconds } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import type { HookAction, HookCall } from "../shared/hook.js";
import { formatIp6, formatPrefix, type Ip6, type Prefix } from "../shared/prefix.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import { formatDomainName } from "../shared/wire/domain-name.js";
import { safeText } from "../shared/proto/hook-text.js";
import { codeOf, type Option } from "../shared/wire/options.js";
import { type Binding, type IaName, isLive, lostPrefixes, remaining } from "./binding.js";
import type { OutgoingType } from "./messages.js";
import type { ClientSetup } from "./state.js";

/** What happened to an IA: its binding before and after. */
export interface Change {
  readonly before: Binding;
  readonly after: Binding;
}

/** Why leases went away, as the hook's REASON. */
export type GoneReason = "expire" | "withdrawn" | "release" | "unconfigured" | "duplicate";

/** The Reply behind an event: what it answers, where it came from, what is in it. */
export interface Answered {
  readonly message: OutgoingType;
  readonly from: Ip6;
  readonly options: readonly Option[];
}

/**
 * What is behind an event: why prefixes went, if any did, and the Reply or the message of ours that led to
 * it.
 */
export interface Occasion {
  readonly gone: GoneReason;
  readonly message?: OutgoingType;
  readonly answered?: Answered;
}

/** Calls of one client never overtake each other: a script sees every state in its order, as with Dibbler. */
const ORDER = ["client"] as const;

/** Characters of one variable: the kernel starts no program with a variable beyond 128 KiB. */
const MAX_TEXT = 32_768;

/**
 * The calls for an event: `delete` for IAs that hold nothing any more, `update` for IAs the script knows,
 * `add` for new ones, in this order; never `add` or `update` without a PREFIX1 or an ADDR1. A call names all that its IAs
 * hold: first what the Reply brought, then the rest, last the withdrawn prefixes with lifetimes 0. So a
 * script that looks at PREFIX1 alone, as OpenStack Neutron's does, ends in the right state when a prefix is
 * exchanged for another.
 */
export function hookCalls(
  setup: ClientSetup,
  changes: readonly Change[],
  occasion: Occasion,
  now: Millis,
): readonly HookCall[] {
  return (["delete", "update", "add"] as const).flatMap((action) => {
    const concerned = changes.filter((change) => actionOf(change) === action);
    if (concerned.length === 0) return [];
    const variables = {
      ...prefixVariables(concerned, now),
      ...commonVariables(setup, occasion),
      REASON: reasonOf(action, concerned, occasion),
    };
    return [{ action, order: ORDER, variables }];
  });
}

function actionOf({ before, after }: Change): HookAction | undefined {
  if (!isLive(after)) return isLive(before) ? "delete" : undefined;
  return isLive(before) && before.announced ? "update" : "add";
}

function reasonOf(action: HookAction, changes: readonly Change[], { gone, answered }: Occasion): string {
  if (action === "delete" || answered === undefined) return action === "add" ? "start" : gone;
  if (action === "add") return changes.some(({ before }) => isLive(before)) ? "start" : "granted";
  return changes.every(({ before, after }) => samePrefixes(before, after)) ? "renewed" : "changed";
}

const samePrefixes = (before: Binding, after: Binding): boolean =>
  before.leases.length === after.leases.length && lostPrefixes(before, after).length === 0;

interface Listed extends IaName {
  readonly prefix: Prefix;
  readonly exclude?: Prefix | undefined;
  readonly preferred: Seconds;
  readonly valid: Seconds;
}

function prefixVariables(changes: readonly Change[], now: Millis): Record<string, string> {
  const held = changes.flatMap(({ after }) =>
    after.leases.map((lease) => ({
      fresh: lease.since === now,
      kind: after.wanted.kind,
      iaid: after.wanted.iaid,
      prefix: lease.prefix,
      exclude: lease.exclude,
      preferred: remaining(lease.preferred, lease.since, now),
      valid: remaining(lease.valid, lease.since, now),
    })),
  );
  const withdrawn = changes.flatMap(({ before, after }) =>
    lostPrefixes(before, after).map((prefix) => ({
      kind: before.wanted.kind,
      iaid: before.wanted.iaid,
      prefix,
      preferred: seconds(0),
      valid: seconds(0),
    })),
  );
  const listed: readonly Listed[] = [
    ...held.filter(({ fresh }) => fresh),
    ...held.filter(({ fresh }) => !fresh),
    ...withdrawn,
  ];
  const count = { na: 0, pd: 0 };
  return Object.fromEntries(listed.flatMap((lease) => numbered(++count[lease.kind], lease)));
}

/** Addresses and prefixes are counted apart, as Dibbler does. */
function numbered(
  n: number,
  { kind, iaid, prefix, preferred, valid, exclude }: Listed,
): readonly (readonly [string, string])[] {
  if (kind === "na") {
    return [
      [`ADDR${n}`, formatIp6(prefix.address)],
      [`ADDR${n}PREF`, String(preferred)],
      [`ADDR${n}VALID`, String(valid)],
      [`ADDR${n}IAID`, String(iaid)],
    ];
  }
  return [
    [`PREFIX${n}`, formatIp6(prefix.address)],
    [`PREFIX${n}LEN`, String(prefix.length)],
    [`PREFIX${n}PREF`, String(preferred)],
    [`PREFIX${n}VALID`, String(valid)],
    [`PREFIX${n}IAID`, String(iaid)],
    ...(exclude === undefined ? [] : [[`PREFIX${n}EXCLUDE`, formatPrefix(exclude)] as const]),
  ];
}

function commonVariables(
  { interfaceName, interfaceIndex, duid }: ClientSetup,
  { message, answered }: Occasion,
): Record<string, string> {
  const sent = answered?.message ?? message;
  return {
    IFACE: interfaceName,
    IFINDEX: String(interfaceIndex),
    CLNT_DUID: formatDuid(duid),
    DOWNLINK_PREFIX_IFACES: "[none]",
    DOWNLINK_PREFIXES: "",
    ...(sent === undefined ? {} : { CLNT_MESSAGE: MESSAGE_LABEL[sent] }),
    ...(answered === undefined ? {} : answerVariables(answered)),
  };
}

function answerVariables({ from, options }: Answered): Record<string, string> {
  const variables: Record<string, string> = { SRV_MESSAGE: "REPLY", REMOTE_ADDR: formatIp6(from) };
  for (const option of options) {
    const name = `SRV_OPTION${codeOf(option)}`;
    if (isIa(option)) continue;
    variables[name] = ((variables[name] ?? "") + safeText(optionText(option))).slice(0, MAX_TEXT);
  }
  return variables;
}

const isIa = ({ name }: Option): boolean => name === "iaNa" || name === "iaTa" || name === "iaPd";

/**
 * As the server has sent it, so not yet fit for a script. Dibbler's spelling: lists have a blank behind every
 * item, what has no simple text is `[generic]`.
 */
function optionText(option: Option): string {
  switch (option.name) {
    case "clientId":
    case "serverId":
      return formatDuid(option.value);
    case "preference":
    case "informationRefreshTime":
    case "solMaxRt":
    case "infMaxRt":
      return String(option.value);
    case "dnsServers":
    case "sntpServers":
    case "sipServers":
    case "nisServers":
    case "nisPlusServers":
      return option.value.map((address) => `${formatIp6(address)} `).join("");
    case "domainList":
    case "sipDomains":
      return option.value.map((name) => `${formatDomainName(name).replace(/\.$/, "")} `).join("");
    default:
      return "[generic]";
  }
}
