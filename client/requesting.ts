import { type Duid, sameDuid } from "../shared/duid.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { isExhausted, RETRANSMISSION } from "../shared/proto/retransmit.js";
import { askServer, discover, noteRefusal, settle } from "./begin.js";
import { freshOffers } from "./choose.js";
import { transmit } from "./exchange.js";
import { request } from "./messages.js";
import { applyReply, holdsLeases } from "./replies.js";
import type { PhaseOf } from "./state.js";
import { discard, type Turn, update } from "./turn.js";

type Requesting = PhaseOf<"requesting">;

/** The server that was asked grants leases, or refuses: then the next one is asked (RFC 8415 18.2.10.1). */
export function onRequestAnswer(turn: Turn, phase: Requesting, received: ServerMessage, from: Ip6): void {
  if (!isReplyFrom(received, phase.server)) {
    discard(turn, from, "not-the-server-asked");
    return;
  }
  const { failed, extended } = applyReply(turn, received, from, "request");
  if (failed) return;
  if (extended === 0) {
    tryOthers(turn, phase, true);
    return;
  }
  noteRefusal(turn, false);
  settle(turn, "leases granted");
}

/** Another copy, or after the last one the next server (RFC 8415 18.2.2). */
export function onRequestTimer(turn: Turn, phase: Requesting): void {
  const { now } = turn.env;
  const { exchange, server, offer } = phase;
  if (now < exchange.timing.dueAt) return;
  if (isExhausted(exchange.timing, RETRANSMISSION.request, now)) {
    tryOthers(turn, phase, false);
    return;
  }
  const outgoing = request(turn.state.bindings, server, offer);
  update(turn, { ...phase, exchange: transmit(turn, exchange, RETRANSMISSION.request, outgoing) });
}

/** True for a Reply of that very server. */
export const isReplyFrom = ({ type, server }: ServerMessage, asked: Duid): boolean =>
  type === "reply" && sameDuid(server, asked);

function tryOthers(turn: Turn, { others }: Requesting, refused: boolean): void {
  const [next, ...rest] = freshOffers(others, turn.env.now);
  if (next !== undefined) {
    askServer(turn, "next server", next.server, next, rest);
    return;
  }
  if (holdsLeases(turn)) {
    settle(turn, "no server left, leases held");
    return;
  }
  if (refused) noteRefusal(turn, true);
  discover(turn, "no server left");
}
