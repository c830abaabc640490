import { asIp6 } from "../shared/log-form.js";
import { DROP, type DropId } from "../shared/proto/validity.js";
import { wantsSourcePort, wrap } from "../shared/proto/relay.js";
import { CLIENT_PORT, SERVER_PORT } from "../shared/proto/well-known.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import { clientServerMessage, encodeDatagram } from "../shared/wire/message.js";
import type { Option } from "../shared/wire/options.js";
import { logAnswer } from "./answer-log.js";
import type { Answer, Handler } from "./answers.js";
import type { IaResult } from "./bindings.js";
import { noteAnswer } from "./chronicle.js";
import { mayUse } from "./classify.js";
import { type LeaseAnswer, writeIa } from "./ia.js";
import { eventsOf } from "./lease-event.js";
import { NO_LIFETIMES, NO_TIMERS, type Timers } from "./lifetimes.js";
import { log, type Outcome, run, tell } from "./outcome.js";
import type { Query } from "./query.js";
import { noteArrival } from "./reconfigure.js";
import { statusOptions } from "./reply-options.js";
import { settle } from "./settle.js";
import type { ServerAction } from "./state.js";
import { STATUSES } from "./status.js";
import { NO_STORY } from "./story.js";
import { styleOf } from "./style.js";
import { noteSending } from "./traffic-log.js";

/** Lets the handler decide, binds what the answer promises, and puts the answer together. */
export function respond(query: Query, handler: Handler, outcome: Outcome): DropId | undefined {
  if (isShutOut(query)) return DROP.noClass;
  noteArrival(query.state, query.client, query.type);
  const style = styleOf(query.state.config);
  const answer = style.adapt(query, handler.answer(query));
  if (typeof answer === "string") return answer;
  const timers = style.timers(answer.results);
  const { options, key } = style.options(query, answer, writeIas(query, answer, timers));
  const bytes = encodeAnswer(query, answer.type, options);
  if (bytes === undefined) return DROP.answerTooLong;

  // An Advertise changes no lease.
  const story = answer.type === "advertise" ? NO_STORY : settle(query, answer, { timers, key });
  logAnswer(query, answer, story, outcome);
  noteAnswer(query, answer, story);
  if (answer.type !== "advertise") {
    for (const call of style.calls(query, options, story)) run(outcome, call, query.state.config.scriptWait);
    for (const event of eventsOf(story, query.type)) tell(outcome, event);
  }
  noteSending(query, answer.type, options, outcome);
  query.state.counters.answered[query.type] += 1;
  // An Advertise binds nobody, and its client asks again for what it says (RFC 8415 18.3.9).
  outcome.sends.push(sendBack(query, bytes, answer.type === "advertise"));
  return undefined;
}

/** Tells a client that used unicast without leave to use multicast (RFC 8415 18.4). */
export function sendUseMulticast(query: Query, outcome: Outcome): void {
  const options = statusOptions(query, STATUSES.useMulticast);
  const bytes = encodeAnswer(query, "reply", options);
  if (bytes === undefined) return;
  log(outcome, "SERVER-USE-MULTICAST", {
    type: MESSAGE_LABEL[query.type],
    from: asIp6(query.from),
    interface: query.link.name,
  });
  noteSending(query, "reply", options, outcome);
  outcome.sends.push(sendBack(query, bytes, false));
}

/**
 * Where an answer goes: to a client at its port, whatever port it sends from (RFC 8415 7.2); to a relay at
 * the server port unless it asked for another (RFC 8357 5.2).
 */
function sendBack({ arrival, path }: Query, bytes: Uint8Array, early: boolean): ServerAction {
  const { interfaceName, source: to } = arrival;
  const isRelayed = path.length > 0;
  const port = !isRelayed ? CLIENT_PORT : wantsSourcePort(path) ? arrival.port : SERVER_PORT;
  return { type: "send", interfaceName, to, port, bytes, early };
}

function encodeAnswer(
  { state, message, path }: Query,
  type: Answer["type"],
  options: readonly Option[],
): Uint8Array | undefined {
  const answer = clientServerMessage(type, message.xid, options);
  return encodeDatagram(path.length === 0 ? answer : wrap(path, answer, state.config.interfaceIdOrder));
}

/**
 * Dibbler serves nobody whom every class of the link refuses, whatever the message. Who has a lease all the
 * same (the classes were others then, or a Renew lacks the option that they look at) keeps being served.
 */
function isShutOut(query: Query): boolean {
  const { state, link, client } = query;
  if (link.isOpen || link.accesses.some((access) => mayUse(access, query))) return false;
  return state.ledger.table.countOf(client) === 0;
}

function writeIas(
  query: Query,
  { type, results }: Answer,
  timers: (result: IaResult) => Timers,
): readonly Option[] {
  return results.map((result) => {
    const { ia, grants } = result;
    const isToTell = type !== "advertise" && hasEnds(result);
    const leases: readonly LeaseAnswer[] = isToTell ? [...grants, ...endsOf(result)] : grants;
    const status = styleOf(query.state.config).statusOf(query, result);
    return writeIa(ia, grants.length > 0 ? timers(result) : NO_TIMERS, leases, status);
  });
}

/**
 * To leave them out would let the client use them until they run out (RFC 8415 18.3.4). That goes for a
 * Request, too: who has lost count of its exchanges still has what it got by the one before.
 */
function endsOf({ stale, wrong }: IaResult): readonly LeaseAnswer[] {
  const prefixes = [...stale.map(({ lease }) => lease.prefix), ...wrong];
  return prefixes.map((prefix) => ({ prefix, ...NO_LIFETIMES }));
}

const hasEnds = ({ stale, wrong }: IaResult): boolean => stale.length > 0 || wrong.length > 0;
