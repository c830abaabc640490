import { asDuid } from "../shared/log-form.js";
import { INFINITY, type Millis, millis, seconds, toMillis } from "../shared/brand.js";
import { type Duid, sameDuid } from "../shared/duid.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import {
  firstDelay,
  RETRANSMISSION,
  type RetransmissionParameters,
  withMrt,
} from "../shared/proto/retransmit.js";
import { STATUS } from "../shared/wire/codes.js";
import { find, type Option } from "../shared/wire/options.js";
import { printMessage } from "../shared/wire/print.js";
import { settle } from "./begin.js";
import { earliestRebind, earliestRenew } from "./deadline.js";
import { beginExchange, transmit } from "./exchange.js";
import { onBoundTimer } from "./extending.js";
import { takeKey } from "./keys.js";
import { informationRequest } from "./messages.js";
import { answersFor, holdsLeases, takeCaps } from "./replies.js";
import type { ClientState, PhaseOf } from "./state.js";
import type { TransitionEvent } from "./transitions.js";
import { discard, enter, log, takeOptions, type Turn, update } from "./turn.js";

type Informing = PhaseOf<"informing">;

/** Options are asked for again after a day unless the server says when, never before 600 s (21.23). */
const REFRESH = { initial: seconds(86_400), min: seconds(600) } as const;

/** Asks for options: every server after 0..1 s, or at once the one that wants it (RFC 8415 18.2.6). */
export function startInform(turn: Turn, event: TransitionEvent, server: Duid | undefined): void {
  const parameters = informParameters(turn.state);
  const delay = server === undefined ? firstDelay(parameters, turn.env.random) : millis(0);
  const exchange = beginExchange(turn, parameters, informationRequest(server), delay);
  enter(turn, event, { phase: "informing", exchange, server });
}

/** A Reply with a failure as status does not end the exchange (RFC 8415 18.2.10.4). */
export function onInformAnswer(turn: Turn, phase: Informing, received: ServerMessage, from: Ip6): void {
  const { type, server, message } = received;
  if (type !== "reply" || (phase.server !== undefined && !sameDuid(phase.server, server))) {
    discard(turn, from, "not-the-server-asked");
    return;
  }
  takeCaps(turn, message.options);
  if (answersFor(turn, message.options).status.code !== STATUS.success) return;
  takeKey(turn, message.options, server);
  takeOptions(turn, message.options);
  const refreshAt = millis(turn.env.now + refreshTime(message.options));
  log(turn, "CLIENT-INFORMED", {
    interface: turn.state.setup.interfaceName,
    server: asDuid(server),
    content: () => printMessage(message),
  });
  if (holdsLeases(turn)) settle(turn, "options received, leases held");
  else enter(turn, "options received", { phase: "informed", refreshAt });
}

/** Another copy, without end; T1 and T2 of leases come first (RFC 8415 18.2.6). */
export function onInformTimer(turn: Turn, phase: Informing): void {
  const { now } = turn.env;
  const { bindings } = turn.state;
  if (Math.min(earliestRenew(bindings), earliestRebind(bindings)) <= now) {
    enter(turn, "leases due", { phase: "bound" });
    onBoundTimer(turn);
    return;
  }
  if (now < phase.exchange.timing.dueAt) return;
  const exchange = transmit(
    turn,
    phase.exchange,
    informParameters(turn.state),
    informationRequest(phase.server),
  );
  update(turn, { ...phase, exchange });
}

/** The refresh time is over: the options are asked for again (RFC 8415 21.23). */
export function onInformedTimer(turn: Turn, { refreshAt }: PhaseOf<"informed">): void {
  if (turn.env.now >= refreshAt) startInform(turn, "refresh time over", undefined);
}

const informParameters = ({ infMaxRt }: ClientState): RetransmissionParameters =>
  withMrt(RETRANSMISSION.informationRequest, toMillis(infMaxRt));

function refreshTime(options: readonly Option[]): Millis {
  const given = find(options, "informationRefreshTime") ?? REFRESH.initial;
  return given === INFINITY ? millis(Infinity) : toMillis(seconds(Math.max(given, REFRESH.min)));
}
