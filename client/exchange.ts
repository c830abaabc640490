import { type Millis, millis, type Xid, xid } from "../shared/brand.js";
import {
  afterSend,
  elapsedTime,
  postpone,
  type Random,
  type Retransmission,
  type RetransmissionParameters,
  scheduleFirst,
} from "../shared/proto/retransmit.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import { encodeMessage } from "../shared/wire/message.js";
import { printMessage } from "../shared/wire/print.js";
import { compose, type Outgoing } from "./messages.js";
import type { Exchange } from "./state.js";
import { log, type Turn } from "./turn.js";

/** No more than so many messages in any stretch of that length, per interface (RFC 8415 14.1). */
export const RATE_LIMIT = { messages: 20, interval: millis(20_000) } as const;

/** Begins an exchange with a fresh transaction-id; the first copy leaves at once unless there is a delay. */
export function beginExchange(
  turn: Turn,
  parameters: RetransmissionParameters,
  outgoing: Outgoing,
  delay: Millis = millis(0),
): Exchange {
  const exchange = { xid: randomXid(turn.env.random), timing: scheduleFirst(turn.env.now, delay) };
  return delay === 0 ? transmit(turn, exchange, parameters, outgoing) : exchange;
}

/** Sends the next copy, made anew, and draws the next RT; puts it off when too many messages left lately. */
export function transmit(
  turn: Turn,
  exchange: Exchange,
  parameters: RetransmissionParameters,
  outgoing: Outgoing,
): Exchange {
  const { now, random } = turn.env;
  const { setup } = turn.state;
  const recent = turn.state.recentSends.filter((at) => at > now - RATE_LIMIT.interval);
  const [oldest] = recent;
  if (recent.length >= RATE_LIMIT.messages && oldest !== undefined) {
    const until = millis(oldest + RATE_LIMIT.interval);
    log(turn, "CLIENT-RATE-LIMIT", {
      interface: setup.interfaceName,
      message: MESSAGE_LABEL[outgoing.type],
      count: RATE_LIMIT.messages,
      seconds: ((until - now) / 1000).toFixed(1),
    });
    return { ...exchange, timing: postpone(exchange.timing, until) };
  }
  const message = compose(setup, outgoing, exchange.xid, elapsedTime(exchange.timing, now));
  turn.actions.push({ type: "send", bytes: encodeMessage(message) });
  turn.state = { ...turn.state, recentSends: [...recent, now] };
  log(turn, "CLIENT-SEND", {
    message: MESSAGE_LABEL[outgoing.type],
    addresses: outgoing.ias.filter(({ kind }) => kind === "na").length,
    prefixes: outgoing.ias.filter(({ kind }) => kind === "pd").length,
    interface: setup.interfaceName,
    index: setup.interfaceIndex,
    attempt: exchange.timing.sends + 1,
    content: () => printMessage(message),
  });
  const timing = afterSend(exchange.timing, parameters, now, random);
  if (timing.sends > 1) logUnanswered(turn, outgoing, timing);
  return { ...exchange, timing };
}

/** Why nothing happens. The copies come at ever longer intervals, and so do these lines. */
function logUnanswered(turn: Turn, { type }: Outgoing, { sends, firstAt, dueAt }: Retransmission): void {
  const { now } = turn.env;
  log(turn, "CLIENT-UNANSWERED", {
    interface: turn.state.setup.interfaceName,
    message: MESSAGE_LABEL[type],
    seconds: ((now - firstAt) / 1000).toFixed(0),
    attempt: sends,
    next: ((dueAt - now) / 1000).toFixed(1),
  });
}

/** Three octets of chance: never counted up, never derived from the time (RFC 8415 16.1). */
function randomXid(random: Random): Xid {
  const [a = 0, b = 0, c = 0] = random(3);
  return xid((a << 16) | (b << 8) | c);
}
