import { DROP, type DropId, SERVER_RULES, type ServerRule } from "../shared/proto/validity.js";
import type { ClientServerType } from "../shared/wire/codes.js";
import { has } from "../shared/wire/options.js";
import { delegate, extend, failed, type IaResult, releasedBy } from "./bindings.js";
import type { Held } from "./holdings.js";
import { type IaAsked, readIas } from "./ia.js";
import { remove } from "./ledger.js";
import { judge } from "./links.js";
import type { Query } from "./query.js";
import { STATUSES, type StatusOption } from "./status.js";

/** The substance of an answer: what becomes of each IA, and whether it is a promise or only an offer. */
export interface Answer {
  readonly type: "advertise" | "reply";
  /** A Reply to a Solicit with Rapid Commit. */
  readonly rapid: boolean;
  readonly results: readonly IaResult[];
  /** Leases that the client has given back; they have left the table. */
  readonly released: readonly Held[];
  /** Status at message level. */
  readonly status: StatusOption | undefined;
  /** IAs that got no answer because the message has too many. */
  readonly ignored: number;
}

/** How one message type is served. */
export interface Handler {
  readonly rule: ServerRule;
  /** The answer, or the reason for silence. Changes the ledger as far as `settle` does not do it later. */
  readonly answer: (query: Query) => Answer | DropId;
}

/** Every message type with a transaction-id: how it is served, or why it is dropped. */
export const ANSWERS: Readonly<Record<ClientServerType, Handler | DropId>> = {
  solicit: { rule: SERVER_RULES.solicit, answer: answerSolicit },
  request: { rule: SERVER_RULES.request, answer: answerRequest },
  confirm: { rule: SERVER_RULES.confirm, answer: answerConfirm },
  renew: { rule: SERVER_RULES.renew, answer: answerRenew },
  rebind: { rule: SERVER_RULES.rebind, answer: answerRebind },
  release: { rule: SERVER_RULES.release, answer: answerRelease },
  decline: { rule: SERVER_RULES.decline, answer: answerDecline },
  informationRequest: { rule: SERVER_RULES.informationRequest, answer: answerInformationRequest },
  leasequery: DROP.notServed,
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
  const { ias, ignored } = readIas(query.message);
  const results = ias.map((ia) => delegate(query, ia));
  const asked = query.link.settings.rapidCommit && has(query.message.options, "rapidCommit");
  const rapid = asked && (ias.length === 0 || results.some(({ grants }) => grants.length > 0));
  return { type: rapid ? "reply" : "advertise", rapid, results, released: [], status: undefined, ignored };
}

/** RFC 8415 18.3.2. */
function answerRequest(query: Query): Answer {
  const { ias, ignored } = readIas(query.message);
  const results = ias.map((ia) => delegate(query, ia));
  return reply(results, undefined, ignored);
}

/** RFC 8415 18.3.4. */
function answerRenew(query: Query): Answer {
  const { ias, ignored } = readIas(query.message);
  return reply(extendAll(query, ias), undefined, ignored);
}

/** RFC 8415 18.3.5. Silence when nothing is known of any IA: another server may know. */
function answerRebind(query: Query): Answer | DropId {
  const { ias, ignored } = readIas(query.message);
  const results = extendAll(query, ias);
  return results.length === 0 ? DROP.nothingToSay : reply(results, undefined, ignored);
}

/** RFC 8415 18.3.3. About addresses only; clients with prefixes send Rebind instead. */
function answerConfirm({ state, link, message }: Query): Answer | DropId {
  const addresses = readIas(message).ias.flatMap((ia) => (ia.type === "na" ? ia.named : []));
  const found = new Set(addresses.map((address) => judge(state.network, link, "na", address)));
  if (found.has("wrong")) return reply([], STATUSES.notOnLink, 0);
  if (found.size === 0 || found.has("elsewhere")) return DROP.nothingToSay;
  return reply([], STATUSES.onLink, 0);
}

/** RFC 8415 18.3.7. Only IAs that are not known come back. */
function answerRelease(query: Query): Answer {
  const { ias, ignored } = readIas(query.message);
  const released: Held[] = [];
  const results: IaResult[] = [];
  for (const ia of ias) {
    const held = releasedBy(query, ia);
    if (held === undefined) results.push(failed(ia, STATUSES.noBinding));
    else released.push(...held);
  }
  for (const { id } of released) remove(query.state.ledger, id);
  return reply(results, STATUSES.released, ignored, released);
}

/** RFC 8415 18.3.8. There are no addresses to decline here, and prefixes cannot be declined (18.2.8). */
function answerDecline({ message }: Query): Answer {
  const { ias, ignored } = readIas(message);
  const addresses = ias.filter((ia) => ia.type === "na");
  const results = addresses.map((ia) => failed(ia, STATUSES.noBinding));
  return reply(results, STATUSES.declined, ignored);
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
  released: readonly Held[] = [],
): Answer => ({ type: "reply", rapid: false, results, released, status, ignored });

function extendAll(query: Query, ias: readonly IaAsked[]): readonly IaResult[] {
  return ias.map((ia) => extend(query, ia)).filter((result) => result !== undefined);
}
