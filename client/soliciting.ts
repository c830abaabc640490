import { asIp6 } from "../shared/log-form.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { STATUS } from "../shared/wire/codes.js";
import { find, has, type Option } from "../shared/wire/options.js";
import { isServed } from "./answer.js";
import { askServer, noteRefusal, settle, solicitParameters } from "./begin.js";
import { type IaAnswer, leaseText } from "./binding.js";
import { addOffer, HIGHEST_PREFERENCE, type Offer } from "./choose.js";
import { transmit } from "./exchange.js";
import { solicit } from "./messages.js";
import { answersFor, applyReply, SOL_MAX_RT, usableCap } from "./replies.js";
import type { HeardCap, PhaseOf } from "./state.js";
import { discard, log, type Turn, update } from "./turn.js";

type Soliciting = PhaseOf<"soliciting">;

/**
 * Advertises are collected for the first RT, or until one has preference 255; later the first good one wins
 * (18.2.1).
 */
export function onSolicitAnswer(turn: Turn, phase: Soliciting, received: ServerMessage, from: Ip6): void {
  if (received.type === "reply") onRapidReply(turn, received, from);
  else onAdvertise(turn, phase, received, from);
}

/** The first RT is over: the best offer is taken; else another copy is due. */
export function onSolicitTimer(turn: Turn, phase: Soliciting): void {
  if (turn.env.now < phase.exchange.timing.dueAt) return;
  if (phase.offers.length > 0) {
    choose(turn, phase.offers);
    return;
  }
  const outgoing = solicit(turn.state.bindings);
  const exchange = transmit(turn, phase.exchange, solicitParameters(turn.state), outgoing);
  update(turn, { ...phase, exchange });
}

function onAdvertise(turn: Turn, phase: Soliciting, { message, server }: ServerMessage, from: Ip6): void {
  const heardCap = hearCap(turn, phase.heardCap, message.options);
  const { status, ias } = answersFor(turn, message.options);
  const { setup, bindings } = turn.state;
  const served = ias.filter(isServed).length;
  const enough = setup.insist ? served === bindings.length : served > 0;
  const usable = enough && status.code !== STATUS.unspecFail;
  const preference = find(message.options, "preference") ?? 0;
  log(turn, "CLIENT-ADVERTISE", {
    interface: setup.interfaceName,
    from: asIp6(from),
    offered: () => offeredText(ias),
    preference,
    verdict: usable ? "usable" : "not usable",
  });
  if (!usable) {
    update(turn, { ...phase, heardCap });
    return;
  }
  const offer = { server, from, preference, ias, at: turn.env.now };
  const offers = addOffer(phase.offers, offer, bindings, setup.preferredServers);
  const collecting = phase.exchange.timing.sends <= 1 && preference < HIGHEST_PREFERENCE;
  if (collecting) update(turn, { ...phase, offers, heardCap });
  else choose(turn, offers);
}

function offeredText(ias: readonly IaAnswer[]): string {
  const offered = ias.flatMap((ia) => ia.grants.map(({ prefix }) => leaseText(ia, prefix)));
  return offered.length === 0 ? "nothing" : offered.join(", ");
}

/** A value from an Advertise counts while all servers that send one agree (RFC 8415 18.2.9). */
function hearCap(turn: Turn, heard: HeardCap, options: readonly Option[]): HeardCap {
  const infMaxRt = usableCap(find(options, "infMaxRt"));
  if (infMaxRt !== undefined) turn.state = { ...turn.state, infMaxRt };
  const value = usableCap(find(options, "solMaxRt"));
  if (value === undefined) return heard;
  const agreed = heard === undefined || heard === value;
  turn.state = { ...turn.state, solMaxRt: agreed ? value : SOL_MAX_RT.initial };
  return agreed ? value : "unlike";
}

/**
 * With Rapid Commit on both sides a Reply ends the discovery; any other Reply is not for us (RFC 8415
 * 18.2.1).
 */
function onRapidReply(turn: Turn, received: ServerMessage, from: Ip6): void {
  if (!turn.state.setup.rapidCommit || !has(received.message.options, "rapidCommit")) {
    discard(turn, from, "reply-without-rapid-commit");
    return;
  }
  const { extended } = applyReply(turn, received, from, "solicit");
  if (extended === 0) return;
  noteRefusal(turn, false);
  settle(turn, "leases granted");
}

function choose(turn: Turn, [best, ...others]: readonly Offer[]): void {
  if (best !== undefined) askServer(turn, "server chosen", best.server, best, others);
}
