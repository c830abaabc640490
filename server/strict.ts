import type { Seconds } from "../shared/brand.js";
import { DROP, type DropId } from "../shared/proto/validity.js";
import { has, type Option, option } from "../shared/wire/options.js";
import type { Answer } from "./answers.js";
import { failed, type IaResult } from "./bindings.js";
import { type IaAsked, readIas } from "./ia.js";
import { type Bounds, clamp, NO_TIMERS, type Timers } from "./lifetimes.js";
import type { Query } from "./query.js";
import {
  type AnswerOptions,
  askedFor,
  clientIdentifier,
  freshKey,
  suppliedByRelays,
} from "./reply-options.js";
import { strictCalls, strictExpired } from "./strict-hooks.js";
import { confirmStatus, NOT_EVERY, RELEASED, strictStatus } from "./strict-status.js";

/**
 * How answers and hook calls look with `compatibility "strict"`: as those of Dibbler 1.0.1 wherever a client
 * or a script can tell the difference. Its defects are not among them: leases lost by a Solicit, a Rebind
 * without prefixes, silence for the scripts of relayed clients.
 */
export const STRICT = {
  adapt: adapted,
  timers: (): typeof timersOf => timersOf,
  statusOf: strictStatus,
  options: strictOptions,
  calls: strictCalls,
  expired: strictExpired,
};

/** What a lease was given once, or else the client's own T1 and T2 within the bounds of its class. */
function timersOf({ ia, grants }: IaResult): Timers {
  const [first] = grants;
  if (first === undefined) return NO_TIMERS;
  const wish = ia.timers ?? NO_TIMERS;
  const { before, bounds } = first;
  const choose = (which: keyof Timers, range: Bounds): Seconds =>
    before?.[which] ?? clamp(wish[which], range);
  // Dibbler sends T1 > T2 or T2 > valid where the configuration makes it: no client could use that.
  const t2 = least(choose("t2", bounds.t2), first.valid);
  return { t1: t2 === 0 ? choose("t1", bounds.t1) : least(choose("t1", bounds.t1), t2), t2 };
}

const least = (a: Seconds, b: Seconds): Seconds => (a < b ? a : b);

function adapted(query: Query, answer: Answer | DropId): Answer | DropId {
  switch (query.type) {
    case "solicit":
      return typeof answer === "string" ? answer : adaptedSolicit(query, answer);
    case "confirm":
      return adaptedConfirm(query);
    case "release":
      return typeof answer === "string" ? answer : adaptedRelease(query, answer);
    case "decline":
      return isKnown(query) ? answer : DROP.nothingToSay;
    case "informationRequest":
      return askedFor(query, "always").length === 0 ? DROP.nothingToSay : answer;
    default:
      return answer;
  }
}

/** A failed IA_NA gives its status to the Advertise; Rapid Commit is granted with nothing to give, too. */
function adaptedSolicit({ link, message }: Query, answer: Answer): Answer {
  if (link.settings.rapidCommit && has(message.options, "rapidCommit")) {
    return { ...answer, type: "reply", rapid: true };
  }
  const refused = answer.results.find(({ ia, grants }) => ia.type === "na" && grants.length === 0);
  return { ...answer, status: refused?.status };
}

/** About prefixes as well as addresses. */
function adaptedConfirm(query: Query): Answer | DropId {
  const status = confirmStatus(query);
  if (status === undefined) return DROP.nothingToSay;
  return { type: "reply", rapid: false, results: [], givenUp: [], status, ignored: 0 };
}

/** Silence for who is not known; an IA that names nothing of its own has failed. */
function adaptedRelease(query: Query, answer: Answer): Answer | DropId {
  if (!isKnown(query)) return DROP.nothingToSay;
  const isTold = ({ type, iaid }: IaAsked): boolean =>
    answer.results.some(({ ia }) => ia.type === type && ia.iaid === iaid) ||
    answer.givenUp.some(({ lease }) => lease.iaType === type && lease.iaid === iaid);
  const { ias } = readIas(query.message, query.link.iaTypes);
  const missed = ias.filter((ia) => !isTold(ia)).map((ia) => failed(ia, NOT_EVERY));
  return { ...answer, results: [...answer.results, ...missed], status: RELEASED };
}

const isKnown = ({ state: { ledger }, client }: Query): boolean =>
  ledger.table.ofClient(client).some((id) => ledger.table.stateOf(id) === "bound");

/** Dibbler's order; Preference always, Server Unicast in Advertises too, and no Reconfigure Accept. */
function strictOptions(query: Query, answer: Answer, ias: readonly Option[]): AnswerOptions {
  const { type } = query;
  const { preference, unicast } = query.link.settings;
  const status = answer.status === undefined ? [] : [answer.status];
  const isLast = type === "release" || type === "decline";
  const key = answer.type === "reply" ? freshKey(query) : undefined;
  const options: readonly Option[] = [
    ...(type === "confirm" ? status : []),
    ...(isLast ? [] : ias),
    ...(answer.rapid ? [option("rapidCommit", null)] : []),
    option("serverId", query.state.duid),
    ...clientIdentifier(query),
    option("preference", preference),
    ...(unicast === undefined ? [] : [option("unicast", unicast)]),
    ...(isLast ? ias : []),
    ...vendorFirst(askedFor(query, "always")),
    ...(type === "confirm" ? [] : status),
    ...(key === undefined ? [] : [key.option]),
  ];
  return { options: [...options, ...suppliedByRelays(query, options)], key: key?.value };
}

const vendorFirst = (options: readonly Option[]): readonly Option[] => [
  ...options.filter(({ name }) => name === "vendorOptions"),
  ...options.filter(({ name }) => name !== "vendorOptions"),
];
