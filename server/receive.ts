import type { Millis } from "../shared/brand.js";
import { type Duid, duid } from "../shared/duid.js";
import { formatIp6 } from "../shared/prefix.js";
import { DROP, type DropId, whyInvalid } from "../shared/proto/validity.js";
import { CLIENT_PORT } from "../shared/proto/well-known.js";
import { MESSAGE_LABEL, messageLabel, type RelayType } from "../shared/wire/codes.js";
import {
  clientServerMessage,
  type Decoded,
  decodeMessage,
  encodeMessage,
  type Message,
} from "../shared/wire/message.js";
import { find, type Option } from "../shared/wire/options.js";
import { logAnswer } from "./answer-log.js";
import { type Answer, ANSWERS, type Handler } from "./answers.js";
import type { IaResult } from "./bindings.js";
import { callsForReply } from "./hook-env.js";
import { type LeaseAnswer, writeIa } from "./ia.js";
import { NO_LIFETIMES, NO_TIMERS, type Timers, timersFor } from "./lifetimes.js";
import { log, type Outcome, run } from "./outcome.js";
import type { Query } from "./query.js";
import { answerOptions } from "./reply-options.js";
import { NO_STORY, settle, type Story } from "./settle.js";
import type { ServerEvent, ServerState } from "./state.js";

type Datagram = Extract<ServerEvent, { readonly type: "datagram" }>;

/** Octets that a UDP datagram over IPv6 can carry. */
const DATAGRAM_OCTETS = 65_527;
/** Stands for the client of an Information-request without Client Identifier. */
const NOBODY: Duid = duid(new Uint8Array(0));

/** Relay messages are unwrapped, not answered: why they are not yet, or never. */
const RELAYS: Readonly<Record<RelayType, DropId>> = {
  relayForward: DROP.notServed,
  relayReply: DROP.notForServers,
};

/** Decodes, checks and answers a datagram, or notes why not. */
export function receive(state: ServerState, datagram: Datagram, now: Millis, outcome: Outcome): void {
  const { counters } = state;
  const decoded = decodeMessage(datagram.bytes);
  counters.received[decoded.ok ? decoded.message.type : "undecodable"] += 1;
  const reason = decoded.ok ? handle(state, decoded.message, datagram, now, outcome) : DROP.undecodable;
  if (reason === undefined) return;
  counters.dropped[reason] += 1;
  const { from, interfaceName } = datagram;
  log(outcome, reason, {
    what: () => describe(decoded),
    from: () => formatIp6(from),
    interface: interfaceName,
  });
}

/** Answers a message; a reason when it gets no answer. */
function handle(
  state: ServerState,
  message: Message,
  datagram: Datagram,
  now: Millis,
  outcome: Outcome,
): DropId | undefined {
  const link = state.network.links.get(datagram.interfaceName);
  if (link === undefined) return DROP.unknownLink;
  state.indexes.set(link.name, datagram.interfaceIndex);
  if (message.form === "relay") return RELAYS[message.type];
  const { type } = message;
  if (type === "unknown") return DROP.unknownType;
  const handler = ANSWERS[type];
  if (typeof handler === "string") return handler;

  const unicastAllowed = link.settings.unicast !== undefined;
  const arrival = { server: state.duid, multicast: datagram.multicast, unicastAllowed };
  const client = find(message.options, "clientId") ?? NOBODY;
  const query: Query = { state, now, type, message, client, link, from: datagram.from };
  return whyInvalid(message, handler.rule, arrival) ?? respond(query, handler, outcome);
}

/** Lets the handler decide, binds what the answer promises, and puts the answer together. */
function respond(query: Query, handler: Handler, outcome: Outcome): DropId | undefined {
  const { state, message, link, from } = query;
  const answer = handler.answer(query);
  if (typeof answer === "string") return answer;
  const timers = timersFor(answer.results.flatMap(({ grants }) => grants));
  const story = tell(query, answer, timers);
  logAnswer(query, answer, story, outcome);
  for (const call of callsForReply(query, story)) run(outcome, call);

  const options = answerOptions(query, answer, writeIas(query, answer, timers));
  const bytes = encodeMessage(clientServerMessage(answer.type, message.xid, options));
  if (bytes.length > DATAGRAM_OCTETS) return DROP.answerTooLong;
  state.counters.answered[query.type] += 1;
  // Whatever port the client sends from (RFC 8415 7.2).
  outcome.sends.push({ type: "send", interfaceName: link.name, to: from, port: CLIENT_PORT, bytes });
  return undefined;
}

/** An Advertise changes no lease. */
function tell(query: Query, { type, results, released }: Answer, timers: Timers): Story {
  if (type === "advertise") return NO_STORY;
  return settle(query, results, released, timers);
}

function writeIas({ type }: Query, { results }: Answer, timers: Timers): readonly Option[] {
  const tellsOfEnds = type === "renew" || type === "rebind";
  return results.map((result) => {
    const { ia, grants, status } = result;
    const leases = tellsOfEnds ? [...grants, ...endsOf(result)] : grants;
    return writeIa(ia, grants.length > 0 ? timers : NO_TIMERS, leases, status);
  });
}

/** To leave them out would let the client use them until they run out (RFC 8415 18.3.4). */
const endsOf = ({ stale, wrong }: IaResult): readonly LeaseAnswer[] =>
  [...stale.map(({ lease }) => lease.prefix), ...wrong].map((prefix) => ({ prefix, ...NO_LIFETIMES }));

const describe = (decoded: Decoded): string => {
  if (decoded.ok) return labelOf(decoded.message);
  const { code, offset } = decoded.fault;
  return `datagram (${code} at octet ${offset})`;
};

const labelOf = (message: Message): string =>
  message.form === "relay" ? MESSAGE_LABEL[message.type] : messageLabel(message.code);
