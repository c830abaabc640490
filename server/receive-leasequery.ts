import { asIp6 } from "../shared/log-form.js";
import type { Millis } from "../shared/brand.js";
import type { Datagram } from "../shared/datagram.js";
import { type RelayPath, wrap } from "../shared/proto/relay.js";
import { DROP, type DropId } from "../shared/proto/validity.js";
import { statusLabel } from "../shared/wire/codes.js";
import { type ClientServerMessage, encodeDatagram } from "../shared/wire/message.js";
import { codeOf, find, OPTIONS } from "../shared/wire/options.js";
import { answerLeasequery } from "./leasequery.js";
import { linkFor } from "./link-choice.js";
import type { Link, Network } from "./links.js";
import { log, type Outcome } from "./outcome.js";
import { askedBy } from "./question.js";
import type { ServerState } from "./state.js";

/** Where a datagram came from. */
type Sender = Pick<Datagram, "interfaceName" | "from" | "port">;

/** Answers a Leasequery that came as a datagram; a reason when it gets no answer. */
export function receiveLeasequery(
  state: ServerState,
  message: ClientServerMessage,
  { interfaceName, from, port }: Sender,
  path: RelayPath,
  now: Millis,
  outcome: Outcome,
): DropId | undefined {
  const link = linkFor(state, interfaceName, path) ?? linkOver(state.network, interfaceName);
  if (link === undefined) return DROP.unknownLink;
  const answer = answerLeasequery(state, link, message, now);
  if (typeof answer === "string") return answer;
  const bytes = encodeDatagram(wrap(path, answer, state.config.interfaceIdOrder));
  if (bytes === undefined) return DROP.answerTooLong;
  state.counters.answered.leasequery += 1;
  log(outcome, "SERVER-LEASEQUERY", {
    from: asIp6(from),
    interface: link.name,
    by: () => askedBy(message),
    answer: () => summaryOf(answer),
  });
  // To the port that was asked from: requestors are relays, which listen on port 547, or tools, which listen
  // on any port; none of them need be a client with port 546.
  outcome.sends.push({ type: "send", interfaceName, to: from, port, bytes, early: false });
  return undefined;
}

/** A relay asks for itself from where its clients' messages come through, which need not be a link. */
function linkOver({ relayed }: Network, interfaceName: string): Link | undefined {
  const over = relayed.filter(({ arrival }) => arrival === undefined || arrival === interfaceName);
  return over.find(({ settings }) => settings.leasequery) ?? over[0];
}

/** What an answer to a Leasequery says, for the log. */
export function summaryOf({ options }: ClientServerMessage): string {
  const status = find(options, "statusCode");
  if (status !== undefined) return statusLabel(status.status);
  const links = find(options, "lqClientLink");
  if (links !== undefined) return `${links.length} links`;
  const data = find(options, "clientData");
  if (data === undefined) return "no binding";
  const codes: readonly number[] = [OPTIONS.iaAddr.code, OPTIONS.iaPrefix.code];
  return `${data.options.filter((one) => codes.includes(codeOf(one))).length} lease(s)`;
}
