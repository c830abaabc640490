import { DROP, type DropId } from "../shared/proto/validity.js";

/**
 * What can happen to a client. Each kind of memory has room of its own, so that a flood of one kind does not
 * push out what is known of the others: `changes` of leases, `routine` of those that stay, IAs that got
 * nothing, messages that got no answer.
 */
export type IncidentKind = "changes" | "routine" | "refusals" | "drops";

/** One thing that can happen. */
export interface IncidentRow {
  readonly kind: IncidentKind;
  /** One word for programs, and for those that have many causes which one; stable. */
  readonly event: string;
  readonly reason?: string;
  /** A sentence for people, without the client and its prefix: those stand before it. */
  readonly text: string;
}

const change = (event: string, text: string): IncidentRow => ({ kind: "changes", event, text });
const routine = (event: string, text: string): IncidentRow => ({ kind: "routine", event, text });
const refusal = (reason: string, text: string): IncidentRow => ({
  kind: "refusals",
  event: "refused",
  reason,
  text,
});
const drop = (reason: string, text: string): IncidentRow => ({
  kind: "drops",
  event: "dropped",
  reason,
  text,
});

/** Every kind of incident, by the number that stands for it in memory only: the order may change. */
export const INCIDENTS = {
  granted: change("granted", "granted"),
  moved: change("moved", "extended; the client is heard at another place than before"),
  released: change("released", "released by the client"),
  withdrawn: change("withdrawn", "withdrawn: it does not fit the configuration any more"),
  declined: change("declined", "declined by the client: somebody else uses the address"),
  expired: change("expired", "expired: neither Renew nor Rebind came in time"),
  operator: change("ended", "ended by the operator with the command release"),
  undone: change("undone", "taken back: it could not be stored, so the client was told nothing"),

  offered: routine("offered", "offered with an Advertise"),
  renewed: routine("renewed", "renewed"),
  rebound: routine("rebound", "extended with Rebind"),
  again: routine("requested", "asked for again, and extended"),
  reconfigureSent: routine("reconfigure-sent", "asked with a Reconfigure to come again"),
  reconfigureFailed: routine("reconfigure-failed", "did not come after eight Reconfigures, or has no key"),

  exhausted: refusal("pool-full", "nothing: every pool that it may use is full; add a pd-pool"),
  "no class": refusal("no-class", "nothing: its link has no class that gives this"),
  access: refusal(
    "class-not-allowed",
    "nothing: no class of its link is for it; see allow, deny, accept-only and reject-clients",
  ),
  "client limit": refusal(
    "client-max-lease",
    "nothing: it has as many leases as one client may have; see client-max-lease",
  ),
  rate: refusal(
    "rate-limit",
    "nothing: new leases are asked for too fast from where it is; see source-lease-rate",
  ),
  exclusion: refusal(
    "pd-exclude",
    "nothing: what is free has pd-exclude, and it does not ask for PD Exclude (RFC 6603)",
  ),
  noBinding: refusal(
    "no-binding",
    "told NoBinding: it has no such lease here, and what it names is not free",
  ),
  notOnLink: refusal("not-on-link", "told NotOnLink: what it names belongs to another link"),

  [DROP.undecodable]: drop("undecodable", "no answer: the datagram is no DHCPv6 message"),
  [DROP.unknownLink]: drop(
    "unknown-link",
    "no answer: no iface block stands for its link; see interface-id, subnet and guess-mode",
  ),
  [DROP.unknownType]: drop("unknown-type", "no answer: the message is of an unknown type"),
  [DROP.notForServers]: drop("not-for-servers", "no answer: it sent a message that only servers send"),
  [DROP.notServed]: drop("not-served", "no answer: such a message is not served here"),
  [DROP.unicast]: drop("unicast", "no answer: it used unicast without leave; see unicast and drop-unicast"),
  [DROP.noClientId]: drop("no-client-id", "no answer: the message has no Client Identifier"),
  [DROP.badClientId]: drop("bad-client-id", "no answer: its Client Identifier is too short or too long"),
  [DROP.noServerId]: drop("no-server-id", "no answer: the message lacks a Server Identifier"),
  [DROP.foreignServerId]: drop("other-server", "no answer: it speaks to another server"),
  [DROP.unexpectedServerId]: drop(
    "unexpected-server-id",
    "no answer: the message has a Server Identifier where none may be",
  ),
  [DROP.unexpectedIa]: drop("unexpected-ia", "no answer: an Information-request with an IA in it"),
  [DROP.emptyRelay]: drop("empty-relay", "no answer: the relay sent no message of a client"),
  [DROP.stateless]: drop("stateless", "no answer: with stateless only Information-request is served"),
  [DROP.noClass]: drop(
    "class-not-allowed",
    "no answer: every class of its link turns it away; see allow, deny, accept-only and reject-clients",
  ),
  [DROP.noQuery]: drop("no-query", "no answer: a Leasequery without a query"),
  [DROP.nothingToSay]: drop(
    "nothing-to-say",
    "no answer: nothing is known here of what it names, another server may know",
  ),
  [DROP.answerTooLong]: drop("answer-too-long", "no answer: it would not fit into a datagram"),
} as const satisfies Readonly<Record<string, IncidentRow>> & Readonly<Record<DropId, IncidentRow>>;

/** One of the incidents above. */
export type IncidentId = keyof typeof INCIDENTS;

/** All of them, in one order. */
export const INCIDENT_IDS = Object.keys(INCIDENTS) as readonly IncidentId[];

/** What is known of an incident, whichever it is. */
export const incidentRow = (id: IncidentId): IncidentRow => INCIDENTS[id];
