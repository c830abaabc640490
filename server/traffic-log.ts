import { asHex, asNumbers } from "../shared/log-form.js";
import type { Datagram } from "../shared/datagram.js";
import type { RelayPath } from "../shared/proto/relay.js";
import { MESSAGE_LABEL, messageLabel } from "../shared/wire/codes.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { codeOf, type Option } from "../shared/wire/options.js";
import type { Answer } from "./answers.js";
import { linkFor } from "./link-choice.js";
import { log, type Outcome } from "./outcome.js";
import type { Query } from "./query.js";
import type { ServerState } from "./state.js";

/** Dibbler's: Notice. With a `log-level` below it a message costs no more than this comparison. */
export const TRAFFIC_LEVEL = 6;

/** Notes a message, as Dibbler does, before it is judged. Tools count these lines, and `noteSending`'s. */
export function noteReceived(
  state: ServerState,
  { code, xid, options }: ClientServerMessage,
  { interfaceName, interfaceIndex }: Datagram,
  path: RelayPath,
  outcome: Outcome,
): void {
  if (state.config.log.level < TRAFFIC_LEVEL) return;
  const relays = (): string => {
    const name = linkFor(state, interfaceName, path)?.name ?? "no link";
    return `${name}/${state.indexes.get(name) ?? 0}, ${path.length} relay(s)`;
  };
  log(outcome, "SERVER-RECEIVED", {
    type: messageLabel(code),
    interface: interfaceName,
    index: interfaceIndex,
    xid: asHex(xid),
    count: options.length,
    options: asNumbers(options.map(codeOf)),
    relays: path.length === 0 ? "non-relayed" : relays,
  });
}

/** Notes an answer; see `noteReceived`. */
export function noteSending(
  { state, arrival: { interfaceName }, message, path }: Query,
  type: Answer["type"],
  options: readonly Option[],
  outcome: Outcome,
): void {
  if (state.config.log.level < TRAFFIC_LEVEL) return;
  log(outcome, "SERVER-SENDING", {
    type: MESSAGE_LABEL[type],
    interface: interfaceName,
    index: state.indexes.get(interfaceName) ?? 0,
    xid: asHex(message.xid),
    options: asNumbers(options.map(codeOf)),
    relays: path.length,
  });
}
