import { type Duid, isDuidLength, sameDuid } from "../duid.js";
import type { ClientServerMessage } from "../wire/message.js";
import { codeOf, find, type Option, OPTIONS } from "../wire/options.js";

/** Why a datagram gets no answer from a server: ids of the log catalogue, and names of its counters. */
export const DROP = {
  undecodable: "SERVER-DROP-UNDECODABLE",
  unknownLink: "SERVER-DROP-UNKNOWN-LINK",
  unknownType: "SERVER-DROP-UNKNOWN-TYPE",
  notForServers: "SERVER-DROP-NOT-FOR-SERVERS",
  notServed: "SERVER-DROP-NOT-SERVED",
  unicast: "SERVER-DROP-UNICAST",
  noClientId: "SERVER-DROP-NO-CLIENT-ID",
  badClientId: "SERVER-DROP-BAD-CLIENT-ID",
  noServerId: "SERVER-DROP-NO-SERVER-ID",
  foreignServerId: "SERVER-DROP-FOREIGN-SERVER-ID",
  unexpectedServerId: "SERVER-DROP-UNEXPECTED-SERVER-ID",
  unexpectedIa: "SERVER-DROP-UNEXPECTED-IA",
  emptyRelay: "SERVER-DROP-EMPTY-RELAY",
  stateless: "SERVER-DROP-STATELESS",
  noClass: "SERVER-DROP-NO-CLASS",
  noQuery: "SERVER-DROP-NO-QUERY",
  nothingToSay: "SERVER-DROP-NOTHING-TO-SAY",
  answerTooLong: "SERVER-DROP-ANSWER-TOO-LONG",
} as const;

/** One of the reasons above. */
export type DropId = (typeof DROP)[keyof typeof DROP];

/** What a message has to bring along for a server to look at it (RFC 8415 16). */
export interface ServerRule {
  readonly clientId: "required" | "optional";
  /** `ours`: must be there and be this server's; `none`: must not be there; `any`: is not looked at. */
  readonly serverId: "ours" | "none" | "ours or none" | "any";
  readonly ia: "allowed" | "none";
  /** Whether a client may send it to an address of the server that it has been told of (RFC 8415 18.4). */
  readonly unicast: "allowed" | "never";
}

const discovery: ServerRule = { clientId: "required", serverId: "none", ia: "allowed", unicast: "never" };
const directed: ServerRule = { clientId: "required", serverId: "ours", ia: "allowed", unicast: "allowed" };

/** The rules of RFC 8415 16.2 to 16.12 for the messages that clients send. */
export const SERVER_RULES = {
  solicit: discovery,
  request: directed,
  confirm: discovery,
  renew: directed,
  rebind: discovery,
  release: directed,
  decline: directed,
  informationRequest: { clientId: "optional", serverId: "ours or none", ia: "none", unicast: "never" },
} as const satisfies Record<string, ServerRule>;

/** How a message came to the server, and who the server is. */
export interface Arrival {
  readonly server: Duid;
  readonly multicast: boolean;
  /** The server has told its clients of a unicast address; else they may use none (RFC 9915 16). */
  readonly unicastAllowed: boolean;
}

const IA_CODES: ReadonlySet<number> = new Set([OPTIONS.iaNa.code, OPTIONS.iaTa.code, OPTIONS.iaPd.code]);

/** The reason to drop a message, or `undefined` for one to answer (RFC 8415 16). */
export function whyInvalid(
  { options }: ClientServerMessage,
  rule: ServerRule,
  arrival: Arrival,
): DropId | undefined {
  if (!arrival.multicast && (rule.unicast === "never" || !arrival.unicastAllowed)) return DROP.unicast;
  if (rule.ia === "none" && options.some(isIa)) return DROP.unexpectedIa;
  return whyBadClient(options, rule) ?? whyBadServer(options, rule, arrival.server);
}

/** An empty or over-long identifier would not be one that can be kept or sent back (RFC 8415 11.1). */
function whyBadClient(options: readonly Option[], rule: ServerRule): DropId | undefined {
  const clientId = find(options, "clientId");
  if (clientId === undefined) return rule.clientId === "required" ? DROP.noClientId : undefined;
  return isDuidLength(clientId.length) ? undefined : DROP.badClientId;
}

function whyBadServer(options: readonly Option[], rule: ServerRule, server: Duid): DropId | undefined {
  if (rule.serverId === "any") return undefined;
  const serverId = find(options, "serverId");
  if (serverId === undefined) return rule.serverId === "ours" ? DROP.noServerId : undefined;
  if (rule.serverId === "none") return DROP.unexpectedServerId;
  return sameDuid(serverId, server) ? undefined : DROP.foreignServerId;
}

const isIa = (option: Option): boolean => IA_CODES.has(codeOf(option));
