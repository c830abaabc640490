import { type Millis, millis, toMillis } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import {
  backOff,
  firstDelay,
  RETRANSMISSION,
  type RetransmissionParameters,
  withMrt,
} from "../shared/proto/retransmit.js";
import { announce } from "./announce.js";
import { type Binding, isLive, pause } from "./binding.js";
import type { Offer } from "./choose.js";
import { beginExchange } from "./exchange.js";
import { confirm, type Outgoing, rebind, renew, request, solicit } from "./messages.js";
import type { ClientState, PhaseOf } from "./state.js";
import type { TransitionEvent } from "./transitions.js";
import { enter, setBindings, type Turn } from "./turn.js";

/** Looks for servers: at once, or after a pause that grows with every refusal (RFC 8415 18.2.1, 14.1). */
export function discover(turn: Turn, event: TransitionEvent, delay: Millis = pauseBeforeSolicit(turn)): void {
  const { state } = turn;
  const exchange = beginExchange(turn, solicitParameters(state), solicit(state.bindings), delay);
  enter(turn, event, { phase: "soliciting", exchange, offers: [], heardCap: undefined });
}

/** Solicit's parameters with the SOL_MAX_RT of this interface (RFC 8415 21.24). */
export const solicitParameters = ({ solMaxRt }: ClientState): RetransmissionParameters =>
  withMrt(RETRANSMISSION.solicit, toMillis(solMaxRt));

/** Asks one server for everything (RFC 8415 18.2.2). */
export function askServer(
  turn: Turn,
  event: TransitionEvent,
  server: Duid,
  offer: Offer | undefined,
  others: readonly Offer[],
): void {
  const outgoing = request(turn.state.bindings, server, offer);
  const exchange = beginExchange(turn, RETRANSMISSION.request, outgoing);
  enter(turn, event, { phase: "requesting", exchange, server, offer, others });
}

/** At T1, or when told to: asks the server that granted the leases (RFC 8415 18.2.4). */
export function startRenew(turn: Turn, server: Duid, event: TransitionEvent = "T1"): void {
  const exchange = beginExchange(turn, RETRANSMISSION.renew, renew(turn.state.bindings, server));
  enter(turn, event, { phase: "renewing", exchange, server });
}

/** At T2, or when told to: asks every server (RFC 8415 18.2.5). */
export function startRebind(turn: Turn, event: TransitionEvent = "T2"): void {
  const exchange = beginExchange(turn, RETRANSMISSION.rebind, rebind(turn.state.bindings));
  enter(turn, event, { phase: "rebinding", exchange });
}

/**
 * With leases of an earlier run or of another link: asks every server whether they still hold, for a short
 * time. Confirm is for
 * addresses only: where prefixes are asked for it is a Rebind (RFC 8415 18.2.3, 18.2.12).
 */
export function startConfirm(turn: Turn, event: TransitionEvent): void {
  const { bindings, setup } = turn.state;
  const message = setup.wanted.some(({ kind }) => kind === "pd") ? "rebind" : "confirm";
  const delay = firstDelay(RETRANSMISSION.confirm, turn.env.random);
  const exchange = beginExchange(turn, RETRANSMISSION.confirm, confirmation(message, bindings), delay);
  enter(turn, event, { phase: "confirming", exchange, message, denied: false });
}

/** The Confirm, or the Rebind that stands for it. */
export const confirmation = (
  message: PhaseOf<"confirming">["message"],
  bindings: readonly Binding[],
): Outgoing => (message === "confirm" ? confirm(bindings) : rebind(bindings));

/**
 * Comes to rest with leases. IAs whose time had come and that got nothing are tried again later, longer each
 * time; the hook hears of leases that it does not know yet.
 */
export function settle(turn: Turn, event: TransitionEvent): void {
  const { now, random } = turn.env;
  setBindings(
    turn,
    turn.state.bindings.map((binding) => pause(binding, now, random)),
  );
  const { bindings } = turn.state;
  const unknown = bindings.filter((binding) => isLive(binding) && !binding.announced);
  announce(
    turn,
    bindings,
    unknown.map(({ wanted }) => wanted),
    { gone: "expire" },
  );
  enter(turn, event, { phase: "bound" });
}

/** Notes whether a discovery led to leases: refusals in a row make the next one wait longer. */
export function noteRefusal(turn: Turn, refused: boolean): void {
  turn.state = { ...turn.state, refusals: refused ? turn.state.refusals + 1 : 0 };
}

function pauseBeforeSolicit(turn: Turn): Millis {
  const { refusals, solMaxRt } = turn.state;
  if (refusals === 0) return millis(0);
  return backOff(refusals - 1, RETRANSMISSION.solicit.irt, toMillis(solMaxRt), turn.env.random);
}
