import type { IaType } from "../shared/lease/lease.js";
import { DROP, type DropId, SERVER_RULES, type ServerRule } from "../shared/proto/validity.js";
import type { ClientServerType } from "../shared/wire/codes.js";
import { has } from "../shared/wire/options.js";
import { delegate, extend, failed, givenUpBy, type IaResult } from "./bindings.js";
import { fitness, type Held } from "./holdings.js";
import { type IaAsked, readIas } from "./ia.js";
import type { Query } from "./query.js";
import { STATUSES, type StatusOption } from "./status.js";

/** The substance of an answer: what becomes of each IA, and whether it is a promise or only an offer. */
export interface Answer {
  readonly type: "advertise" | "reply";
  /** A Reply to a Solicit with Rapid Commit. */
  readonly rapid: boolean;
  readonly results: readonly IaResult[];
  /** Leases that the client gives back, or declines because somebody else uses the address. */
  readonly givenUp: readonly Held[];
  /** Status at message level. */
  readonly status: StatusOption | undefined;
  /** IAs that got no answer because the message has too many. */
  readonly ignored: number;
}

/** How one message type is served. */
export interface Handler {
  readonly rule: ServerRule;
  /** The answer, or the reason for silence. What it grants is entered as offers until `settle`. */
  readonly answer: (query: Query) => Answer | DropId;
}

/**
 * Every message type with a transaction-id: how it is served, or why it is dropped. Leasequery is not for
 * clients and goes its own way.
 */
export const ANSWERS: Readonly<Record<Exclude<ClientServerType, "leasequery">, Handler | DropId>> = {
  solicit: { rule: SERVER_RULES.solicit, answer: answerSolicit },
  request: { rule: SERVER_RULES.request, answer: answerRequest },
  confirm: { rule: SERVER_RULES.confirm, answer: answerConfirm },
  renew: { rule: SERVER_RULES.renew, answer: answerRenew },
  rebind: { rule: SERVER_RULES.rebind, answer: answerRebind },
  release: { rule: SERVER_RULES.release, answer: answerRelease },
  decline: { rule: SERVER_RULES.decline, answer: answerDecline },
  informationRequest: { rule: SERVER_RULES.informationRequest, answer: answerInformationRequest },
  activeLeasequery: DROP.notServed,
  startTls: DROP.notServed,
  reconfigureRequest: DROP.notServed,
  dhcpv4Query: DROP.notServed,
  addrRegInform: DROP.notServed,
  bindingUpdate: DROP.notServed,
  bindingReply: DROP.notServed,
  poolRequest: DROP.notServed,
  poolResponse: DROP.notServed,
  updateRequest: DROP.notServed,
  updateRequestAll: DROP.notServed,
  updateDone: DROP.notServed,
  connect: DROP.notServed,
  connectReply: DROP.notServed,
  disconnect: DROP.notServed,
  state: DROP.notServed,
  contact: DROP.notServed,
  advertise: DROP.notForServers,
  reply: DROP.notForServers,
  reconfigure: DROP.notForServers,
  leasequeryReply: DROP.notForServers,
  leasequeryDone: DROP.notForServers,
  leasequeryData: DROP.notForServers,
  reconfigureReply: DROP.notForServers,
  dhcpv4Response: DROP.notForServers,
  addrRegReply: DROP.notForServers,
};

/**
 * RFC 8415 18.3.1. With Rapid Commit a Reply, unless there is nothing to commit: then others may offer
 * more.
 */
function answerSolicit(query: Query): Answer {
  const { ias, ignored } = readIas(query.message, query.link.iaTypes);
  const results = ias.map((ia) => delegate(query, ia));
  const asked = query.link.settings.rapidCommit && has(query.message.options, "rapidCommit");
  const rapid = asked && (ias.length === 0 || results.some(({ grants }) => grants.length > 0));
  return { type: rapid ? "reply" : "advertise", rapid, results, givenUp: [], status: undefined, ignored };
}

/** RFC 8415 18.3.2. */
function answerRequest(query: Query): Answer {
  const { ias, ignored } = readIas(query.message, query.link.iaTypes);
  const results = ias.map((ia) => delegate(query, ia));
  return reply(results, undefined, ignored);
}

/** RFC 8415 18.3.4. */
function answerRenew(query: Query): Answer {
  const { ias, ignored } = readIas(query.message, query.link.iaTypes);
  return reply(extendAll(query, ias), undefined, ignored);
}

/** RFC 8415 18.3.5. Silence when nothing is known of any IA: another server may know. */
function answerRebind(query: Query): Answer | DropId {
  const { ias, ignored } = readIas(query.message, query.link.iaTypes);
  const results = extendAll(query, ias);
  return results.length === 0 ? DROP.nothingToSay : reply(results, undefined, ignored);
}

/** RFC 8415 18.3.3. About addresses only; clients with prefixes send Rebind instead. */
function answerConfirm(query: Query): Answer | DropId {
  const { ias } = readIas(query.message, ["na", "ta"]);
  const found = new Set(
    ias.flatMap(({ type, named }) => named.map((address) => fitness(query, type, address))),
  );
  if (found.has("wrong")) return reply([], STATUSES.notOnLink, 0);
  if (found.size === 0 || found.has("elsewhere")) return DROP.nothingToSay;
  return reply([], STATUSES.onLink, 0);
}

/** RFC 8415 18.3.7. */
function answerRelease(query: Query): Answer {
  return giveUp(query, query.link.iaTypes, STATUSES.released);
}

/** RFC 8415 18.3.8. Prefixes cannot be declined (18.2.8). */
function answerDecline(query: Query): Answer {
  const types = query.link.iaTypes.filter((type) => type !== "pd");
  return giveUp(query, types, STATUSES.declined);
}

/** Only IAs that are not known come back. */
function giveUp(query: Query, types: readonly IaType[], status: StatusOption): Answer {
  const { ias, ignored } = readIas(query.message, types);
  const givenUp: Held[] = [];
  const results: IaResult[] = [];
  for (const ia of ias) {
    const held = givenUpBy(query, ia);
    if (held === undefined) results.push(failed(ia, STATUSES.noBinding));
    else givenUp.push(...held);
  }
  return reply(results, status, ignored, givenUp);
}

/**
 * RFC 8415 18.3.6. Answered even if nothing of what is asked is configured, so that the client stops
 * asking.
 */
function answerInformationRequest(): Answer {
  return reply([], undefined, 0);
}

const reply = (
  results: readonly IaResult[],
  status: StatusOption | undefined,
  ignored: number,
  givenUp: readonly Held[] = [],
): Answer => ({ type: "reply", rapid: false, results, givenUp, status, ignored });

function extendAll(query: Query, ias: readonly IaAsked[]): readonly IaResult[] {
  return ias.map((ia) => extend(query, ia)).filter((result) => result !== undefined);
}
