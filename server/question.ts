import { type Duid, isDuidLength } from "../shared/duid.js";
import { type Ip6, isUnspecified } from "../shared/prefix.js";
import { DROP, type DropId, type ServerRule, whyInvalid } from "../shared/proto/validity.js";
import { QUERY_TYPE, queryLabel } from "../shared/wire/codes.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { find, findAll, type OptionValue } from "../shared/wire/options.js";
import { linkNear } from "./link-address.js";
import type { Link } from "./links.js";
import type { ServerState } from "./state.js";
import { STATUSES, type StatusOption } from "./status.js";

/** The bindings that a Leasequery is about. */
export type Subject =
  | { readonly by: "address"; readonly address: Ip6 }
  | { readonly by: "clientId"; readonly client: Duid }
  | { readonly by: "relayId"; readonly relay: Duid }
  | { readonly by: "linkAddress" }
  | { readonly by: "remoteId"; readonly line: OptionValue<"remoteId"> };

/** What a Leasequery wants to know. */
export interface Question {
  readonly subject: Subject;
  /** Only bindings of this link; any link when undefined. */
  readonly link: Link | undefined;
  /** Codes of the options to tell of each client. */
  readonly codes: ReadonlySet<number>;
}

/** Requestors are no clients: an address of the server is as good as the group (RFC 5007 4.2). */
const RULE: ServerRule = {
  clientId: "required",
  serverId: "ours or none",
  ia: "allowed",
  unicast: "allowed",
};

/** The reason to drop a Leasequery, or `undefined` for one to answer (RFC 5007 4.3.1). */
export function whyNoQuestion({ duid }: ServerState, message: ClientServerMessage): DropId | undefined {
  const arrival = { server: duid, multicast: false, unicastAllowed: true };
  const reason = whyInvalid(message, RULE, arrival);
  if (reason !== undefined) return reason;
  return find(message.options, "lqQuery") === undefined ? DROP.noQuery : undefined;
}

/**
 * The question of a Leasequery that is not to be dropped, or the status that answers it. Three of its types
 * are for TCP only (RFC 5460 5.2.1).
 */
export function readQuestion(
  { network }: ServerState,
  message: ClientServerMessage,
  transport: "udp" | "tcp",
): Question | StatusOption {
  const query = find(message.options, "lqQuery");
  if (query === undefined) return STATUSES.malformedQuery;
  if (transport === "udp" && query.queryType > QUERY_TYPE.clientId) return STATUSES.unknownQueryType;
  const subject = readSubject(query);
  if ("name" in subject) return subject;
  const link = isUnspecified(query.linkAddress) ? undefined : linkNear(network, query.linkAddress);
  if (link === undefined && !isUnspecified(query.linkAddress)) return STATUSES.notConfigured;
  return { subject, link, codes: new Set(findAll(query.options, "optionRequest").flat()) };
}

function readSubject({ queryType, linkAddress, options }: OptionValue<"lqQuery">): Subject | StatusOption {
  switch (queryType) {
    case QUERY_TYPE.address: {
      const address = find(options, "iaAddr")?.address;
      return address === undefined ? STATUSES.malformedQuery : { by: "address", address };
    }
    case QUERY_TYPE.clientId: {
      const client = find(options, "clientId");
      return isLegal(client) ? { by: "clientId", client } : STATUSES.malformedQuery;
    }
    case QUERY_TYPE.relayId: {
      const relay = find(options, "relayId");
      return isLegal(relay) ? { by: "relayId", relay } : STATUSES.malformedQuery;
    }
    case QUERY_TYPE.linkAddress:
      return isUnspecified(linkAddress) ? STATUSES.malformedQuery : { by: "linkAddress" };
    case QUERY_TYPE.remoteId: {
      const line = find(options, "remoteId");
      return line === undefined ? STATUSES.malformedQuery : { by: "remoteId", line };
    }
    default:
      return STATUSES.unknownQueryType;
  }
}

/** What a Leasequery asks by, for the log. */
export function askedBy({ options }: ClientServerMessage): string {
  const query = find(options, "lqQuery");
  return query === undefined ? "nothing" : queryLabel(query.queryType);
}

const isLegal = (id: Duid | undefined): id is Duid => id !== undefined && isDuidLength(id.length);
