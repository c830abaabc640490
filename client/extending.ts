import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { RETRANSMISSION } from "../shared/proto/retransmit.js";
import { askServer, discover, noteRefusal, settle, startRebind, startRenew } from "./begin.js";
import { isFrom, isLive } from "./binding.js";
import { earliestRebind, earliestRenew } from "./deadline.js";
import { transmit } from "./exchange.js";
import { rebind, renew } from "./messages.js";
import { applyReply, holdsLeases } from "./replies.js";
import { isReplyFrom } from "./requesting.js";
import type { PhaseOf } from "./state.js";
import { discard, type Turn, update } from "./turn.js";

type Extending = PhaseOf<"renewing" | "rebinding" | "confirming">;

/**
 * A Reply to Renew or Rebind. One that extends nothing does not end the exchange: another server may know
 * better, and the next copy is paced by the RFC's own timers (RFC 8415 18.2.10.1, 14.1). Dibbler's server
 * cannot rebind and answers with empty IAs; from the server that granted the leases this counts as NoBinding,
 * so that a Request may save them.
 */
export function onExtendAnswer(turn: Turn, phase: Extending, received: ServerMessage, from: Ip6): void {
  const renewing = phase.phase === "renewing";
  const expected = renewing ? isReplyFrom(received, phase.server) : received.type === "reply";
  if (!expected) {
    discard(turn, from, "not-the-server-bound-to");
    return;
  }
  const { server } = received;
  const isOwn = turn.state.bindings.some((binding) => isLive(binding) && isFrom(binding, server));
  const { failed, extended, noBinding, empty } = applyReply(
    turn,
    received,
    from,
    renewing ? "renew" : "rebind",
  );
  if (failed) return;
  if (noBinding || (!renewing && isOwn && empty && extended === 0)) {
    askServer(turn, "no binding", server, undefined, []);
  } else if (extended > 0) {
    settle(turn, "leases extended");
  } else if (!holdsLeases(turn)) {
    noteRefusal(turn, true);
    discover(turn, "leases over");
  }
}

/** At T1 a Renew to the server whose leases come first, at T2 a Rebind (RFC 8415 18.2.4, 18.2.5). */
export function onBoundTimer(turn: Turn): void {
  const { now } = turn.env;
  const live = turn.state.bindings.filter(isLive);
  if (earliestRebind(live) <= now) {
    startRebind(turn);
    return;
  }
  const due = live.find(({ renewAt }) => renewAt <= now && renewAt === earliestRenew(live));
  if (due?.server !== undefined) startRenew(turn, due.server);
}

/** Another Renew, or at T2 the Rebind. */
export function onRenewTimer(turn: Turn, phase: PhaseOf<"renewing">): void {
  const { now } = turn.env;
  const { bindings } = turn.state;
  if (earliestRebind(bindings) <= now) {
    startRebind(turn);
    return;
  }
  if (now < phase.exchange.timing.dueAt) return;
  const outgoing = renew(bindings, phase.server);
  update(turn, { ...phase, exchange: transmit(turn, phase.exchange, RETRANSMISSION.renew, outgoing) });
}

/** Another Rebind; it ends with the leases, which the caller has looked at (RFC 8415 18.2.5). */
export function onRebindTimer(turn: Turn, phase: PhaseOf<"rebinding">): void {
  if (turn.env.now < phase.exchange.timing.dueAt) return;
  const outgoing = rebind(turn.state.bindings);
  update(turn, { ...phase, exchange: transmit(turn, phase.exchange, RETRANSMISSION.rebind, outgoing) });
}
