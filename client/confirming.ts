import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { isExhausted, RETRANSMISSION } from "../shared/proto/retransmit.js";
import { STATUS } from "../shared/wire/codes.js";
import { announce, logGone } from "./announce.js";
import { confirmation, discover, settle } from "./begin.js";
import { emptyBinding } from "./binding.js";
import { transmit } from "./exchange.js";
import { onExtendAnswer } from "./extending.js";
import { answersFor, takeCaps } from "./replies.js";
import type { PhaseOf } from "./state.js";
import { discard, setBindings, type Turn, update } from "./turn.js";

type Confirming = PhaseOf<"confirming">;

/**
 * A Reply to the Confirm: one Success counts more than any number of NotOnLink; to the Rebind that stands for
 * it: as to any Rebind (RFC 8415 18.2.10.1, 18.2.10.3).
 */
export function onConfirmAnswer(turn: Turn, phase: Confirming, received: ServerMessage, from: Ip6): void {
  if (phase.message === "rebind") {
    onExtendAnswer(turn, phase, received, from);
    return;
  }
  if (received.type !== "reply") {
    discard(turn, from, "no-answer-to-confirm");
    return;
  }
  const { options } = received.message;
  takeCaps(turn, options);
  const { status, ias } = answersFor(turn, options);
  const codes = [status.code, ...ias.map((ia) => ia.status)];
  if (codes.includes(STATUS.notOnLink)) update(turn, { ...phase, denied: true });
  else if (status.code === STATUS.success) settle(turn, "confirmed");
}

/**
 * Another copy; or the addresses are given up because all who answered say NotOnLink; or after CNF_MAX_RD
 * nobody has said anything, and the leases stay as they were (RFC 8415 18.2.3, 18.2.10.3).
 */
export function onConfirmTimer(turn: Turn, phase: Confirming): void {
  const { timing } = phase.exchange;
  if (turn.env.now < timing.dueAt) return;
  if (phase.denied) {
    giveUp(turn);
    discover(turn, "not on link");
  } else if (isExhausted(timing, RETRANSMISSION.confirm, turn.env.now)) {
    settle(turn, "no answer");
  } else {
    const outgoing = confirmation(phase.message, turn.state.bindings);
    update(turn, { ...phase, exchange: transmit(turn, phase.exchange, RETRANSMISSION.confirm, outgoing) });
  }
}

/** Addresses of another link are not asked for again. */
function giveUp(turn: Turn): void {
  const before = turn.state.bindings;
  setBindings(
    turn,
    before.map(({ wanted }) => emptyBinding(wanted)),
  );
  logGone(turn, before, "withdrawn");
  announce(turn, before, [], { gone: "withdrawn" });
}
