import { asIp6 } from "../shared/log-form.js";
import type { Datagram } from "../shared/datagram.js";
import { type Duid, duid } from "../shared/duid.js";
import { innermost, unwrap, type Unwrapped } from "../shared/proto/relay.js";
import { DROP, type DropId, whyInvalid } from "../shared/proto/validity.js";
import { MESSAGE_LABEL, messageLabel } from "../shared/wire/codes.js";
import { type Decoded, decodeMessage, type Message } from "../shared/wire/message.js";
import { find } from "../shared/wire/options.js";
import { ANSWERS, type Handler } from "./answers.js";
import { noteDrop } from "./chronicle.js";
import { linkFor } from "./link-choice.js";
import { mannersOf } from "./manners.js";
import { log, type Outcome } from "./outcome.js";
import type { Query } from "./query.js";
import { receiveLeasequery } from "./receive-leasequery.js";
import { reservationFor } from "./reservations.js";
import { respond, sendUseMulticast } from "./respond.js";
import type { Env, ServerState } from "./state.js";
import { noteReceived } from "./traffic-log.js";

/** Stands for the client of an Information-request without Client Identifier. */
const NOBODY: Duid = duid(new Uint8Array(0));

/** Decodes, checks and answers a datagram, or notes why not. */
export function receive(state: ServerState, datagram: Datagram, env: Env, outcome: Outcome): void {
  const { counters } = state;
  const decoded = decodeMessage(datagram.bytes);
  counters.received[decoded.ok ? decoded.message.type : "undecodable"] += 1;
  const reason = decoded.ok ? handle(state, decoded.message, datagram, env, outcome) : DROP.undecodable;
  if (reason === undefined) return;
  counters.dropped[reason] += 1;
  noteDrop(state, env.now, reason, decoded, datagram);
  const { from, interfaceName } = datagram;
  log(outcome, reason, {
    what: () => describe(decoded),
    from: asIp6(from),
    interface: interfaceName,
  });
}

/** Answers a message; a reason when it gets no answer. */
function handle(
  state: ServerState,
  outer: Message,
  datagram: Datagram,
  env: Env,
  outcome: Outcome,
): DropId | undefined {
  const { interfaceName, interfaceIndex, from: source, port, multicast } = datagram;
  if (!state.network.arrivals.has(interfaceName)) return DROP.unknownLink;
  state.indexes.set(interfaceName, interfaceIndex);
  const unwrapped = unwrap(outer);
  if (!unwrapped.ok) return WRONG_RELAYS[unwrapped.why];
  const { path, message } = unwrapped;
  const { type } = message;
  if (type === "unknown") return DROP.unknownType;
  noteReceived(state, message, datagram, path, outcome);
  if (type === "leasequery") return receiveLeasequery(state, message, datagram, path, env.now, outcome);
  const link = linkFor(state, interfaceName, path);
  if (link === undefined) return DROP.unknownLink;
  const handler = ANSWERS[type];
  if (typeof handler === "string") return handler;

  const client = find(message.options, "clientId") ?? NOBODY;
  const from = innermost(path)?.peerAddress ?? source;
  const arrival = { interfaceName, source, port };
  const reservation = reservationFor(state, link, client, { from, path });
  const { now, random } = env;
  const query = { state, now, random, type, message, client, link, from, path, arrival, reservation };
  // Relays may use unicast as they like; it is the client's message that must come by multicast.
  return judge(query, handler, multicast || path.length > 0, outcome);
}

function judge(query: Query, handler: Handler, multicast: boolean, outcome: Outcome): DropId | undefined {
  const { state, type, message, link } = query;
  const { config } = state;
  const manners = mannersOf(config);
  if (config.stateless && type !== "informationRequest") return DROP.stateless;
  const unicastAllowed = link.settings.unicast !== undefined;
  const server = state.duid;
  const rule = manners.ruleFor(type, handler.rule);
  const isFine = multicast || (manners.takesUnicast && !config.dropUnicast);
  const reason = whyInvalid(message, rule, { server, multicast: isFine, unicastAllowed });
  if (reason === undefined) return respond(query, handler, outcome);
  if (reason !== DROP.unicast || !config.dropUnicast || rule.unicast === "never") return reason;
  const other = whyInvalid(message, rule, { server, multicast: true, unicastAllowed });
  if (other === undefined) sendUseMulticast(query, outcome);
  return other;
}

const WRONG_RELAYS: Readonly<Record<Extract<Unwrapped, { readonly ok: false }>["why"], DropId>> = {
  "relay-reply": DROP.notForServers,
  "no-relay-message": DROP.emptyRelay,
};

const describe = (decoded: Decoded): string => {
  if (decoded.ok) return labelOf(decoded.message);
  const { code, offset } = decoded.fault;
  return `datagram (${code} at octet ${offset})`;
};

function labelOf(message: Message): string {
  if (message.form === "message") return messageLabel(message.code);
  const inner = find(message.options, "relayMessage");
  const label = MESSAGE_LABEL[message.type];
  return inner === undefined ? label : `${label}(${labelOf(inner)})`;
}
