import type { Millis } from "../shared/brand.js";
import type { Ip6 } from "../shared/prefix.js";
import { DROP, type DropId } from "../shared/proto/validity.js";
import { type ClientServerMessage, clientServerMessage } from "../shared/wire/message.js";
import { find, type Option, option } from "../shared/wire/options.js";
import { clientData, HOLDING_LIMIT, type Holding, holdingsOfClient, liveLease } from "./client-data.js";
import { addressOfLink, linkNear } from "./link-address.js";
import type { Link } from "./links.js";
import { type Question, readQuestion, whyNoQuestion } from "./question.js";
import type { ServerState } from "./state.js";
import { STATUSES, type StatusOption } from "./status.js";

/**
 * The LEASEQUERY-REPLY to a Leasequery that came in at `link`, or the reason for silence (RFC 5007 4.3).
 * Changes nothing.
 */
export function answerLeasequery(
  state: ServerState,
  link: Link,
  message: ClientServerMessage,
  now: Millis,
): ClientServerMessage | DropId {
  const reason = whyNoQuestion(state, message);
  if (reason !== undefined) return reason;
  if (!link.settings.leasequery) return leasequeryReply(state, message, [STATUSES.notAllowed]);
  const question = readQuestion(state, message, "udp");
  if ("name" in question) return leasequeryReply(state, message, [question]);
  const found = lookUp(state, question, now);
  if ("name" in found) return leasequeryReply(state, message, [found]);
  const [first] = found;
  if (first === undefined) return leasequeryReply(state, message, []);
  if (found.length > 1) return leasequeryReply(state, message, clientLinks(state, found));
  if (first.leases.length > HOLDING_LIMIT) return DROP.answerTooLong;
  return leasequeryReply(state, message, [clientData(state, first, question.codes, now)]);
}

/** A LEASEQUERY-REPLY with these options behind the identifiers of requestor and server. */
export function leasequeryReply(
  { duid }: ServerState,
  { xid, options }: ClientServerMessage,
  answer: readonly Option[],
): ClientServerMessage {
  const clientId = find(options, "clientId");
  const requestor = clientId === undefined ? [] : [option("clientId", clientId)];
  return clientServerMessage("leasequeryReply", xid, [...requestor, option("serverId", duid), ...answer]);
}

/**
 * The holding at an address, or the status that says why there can be none. Leases never overlap, so that an
 * address has one holder at most, be it of the address or of the prefix around it.
 */
export function holdingAt(
  state: ServerState,
  link: Link | undefined,
  address: Ip6,
  now: Millis,
): Holding | StatusOption | undefined {
  const id = state.ledger.table.holder({ address, length: 128 });
  const lease = id === undefined ? undefined : liveLease(state, id, now);
  if (lease !== undefined && isOn(link, lease.interfaceName)) {
    return holdingsOfClient(state, lease.duid, now).find((holding) => holding.link === lease.interfaceName);
  }
  return lease === undefined && linkNear(state.network, address) === undefined
    ? STATUSES.notConfigured
    : undefined;
}

/** True for a link that a query is about. */
export const isOn = (link: Link | undefined, name: string): boolean =>
  link === undefined || link.name === name;

/** The holdings that a query by datagram is about. */
function lookUp(
  state: ServerState,
  { subject, link }: Question,
  now: Millis,
): readonly Holding[] | StatusOption {
  switch (subject.by) {
    case "address": {
      const found = holdingAt(state, link, subject.address, now);
      if (found === undefined) return [];
      return "name" in found ? found : [found];
    }
    case "clientId":
      return holdingsOfClient(state, subject.client, now).filter((holding) => isOn(link, holding.link));
    case "relayId":
    case "linkAddress":
    case "remoteId":
      return STATUSES.unknownQueryType;
    default:
      return subject satisfies never;
  }
}

/** The requestor is to ask again about one of these links (RFC 5007 4.1.2.5). */
function clientLinks({ network }: ServerState, holdings: readonly Holding[]): readonly Option[] {
  const addresses = holdings.map(({ link, leases }) => addressOfLink(network, link, leases));
  const known = addresses.filter((address) => address !== undefined);
  return known.length === 0 ? [] : [option("lqClientLink", known)];
}
