import { asDuid, asIp6, asNumbers } from "../shared/log-form.js";
import type { Xid } from "../shared/brand.js";
import type { Ip6 } from "../shared/prefix.js";
import { checkForClient, type ServerMessage } from "../shared/proto/client-validity.js";
import { firstDelay } from "../shared/proto/retransmit.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import { decodeMessage } from "../shared/wire/message.js";
import { codeOf } from "../shared/wire/options.js";
import { announce, logGone } from "./announce.js";
import { discover, settle, solicitParameters, startConfirm } from "./begin.js";
import { emptyBinding, expire, isFrom, isLive, leaseText } from "./binding.js";
import { placeIn } from "./choose.js";
import { onConfirmAnswer, onConfirmTimer } from "./confirming.js";
import { onDeclineAnswer, onDeclineTimer, onDuplicate } from "./declining.js";
import { onBoundTimer, onExtendAnswer, onRebindTimer, onRenewTimer } from "./extending.js";
import { hookCalls } from "./hook-env.js";
import { onInformAnswer, onInformedTimer, onInformTimer, startInform } from "./informing.js";
import { onLink } from "./moving.js";
import { NO_OPTIONS, stillRequested } from "./option-files.js";
import { onReconfigure } from "./reconfigure.js";
import { onReleaseAnswer, onReleaseTimer, stop } from "./releasing.js";
import { recall, type RememberedLink, unwanted } from "./remembered.js";
import { holdsLeases, SOL_MAX_RT, usableCap } from "./replies.js";
import { onRequestAnswer, onRequestTimer } from "./requesting.js";
import { onSolicitAnswer, onSolicitTimer } from "./soliciting.js";
import type { ClientEvent, ClientSetup, ClientState, Env, Phase, Step } from "./state.js";
import { beginTurn, discard, endTurn, log, run, setBindings, type Turn } from "./turn.js";

export { deadline } from "./deadline.js";

/** The machine of one interface before its `start`. */
export function createClientState(setup: ClientSetup): ClientState {
  return {
    setup,
    phase: { phase: "idle" },
    bindings: setup.wanted.map((ia) => emptyBinding(ia)),
    solMaxRt: SOL_MAX_RT.initial,
    infMaxRt: SOL_MAX_RT.initial,
    keys: [],
    options: NO_OPTIONS,
    refusals: 0,
    recentSends: [],
  };
}

/**
 * One event through the machine: the next state and what to do, in order. Pure: the same arguments give the
 * same result. Throws only for a bug of ours, never for what a datagram holds.
 */
export function step(state: ClientState, event: ClientEvent, env: Env): Step {
  const turn = beginTurn(state, env);
  switch (event.type) {
    case "start":
      start(turn, event.remembered);
      break;
    case "datagram":
      expireLeases(turn);
      onDatagram(turn, new Uint8Array(event.bytes), event.from, event.multicast);
      break;
    case "duplicate":
      expireLeases(turn);
      onDuplicate(turn, event.address);
      break;
    case "link":
      expireLeases(turn);
      onLink(turn, event.interfaceIndex);
      break;
    case "timer":
      expireLeases(turn);
      onTimer(turn, turn.state.phase);
      break;
    case "stop":
      expireLeases(turn);
      if (turn.state.phase.phase !== "releasing" && turn.state.phase.phase !== "stopped") stop(turn);
      break;
    default:
      event satisfies never;
  }
  return endTurn(turn);
}

/**
 * Remembered leases are rebound or confirmed, expired ones are given up; without any the discovery begins
 * (RFC 8415 18.2.3, 18.2.12).
 */
function start(turn: Turn, remembered: RememberedLink | undefined): void {
  const { now, random } = turn.env;
  const { setup } = turn.state;
  if (setup.wanted.length === 0 && !setup.stateless) {
    log(turn, "CLIENT-NOTHING-WANTED", { interface: setup.interfaceName });
    return;
  }
  const { state } = turn;
  turn.state = {
    ...state,
    solMaxRt: usableCap(remembered?.solMaxRt) ?? state.solMaxRt,
    infMaxRt: usableCap(remembered?.infMaxRt) ?? state.infMaxRt,
    keys: remembered?.keys ?? [],
    options: remembered?.options ? stillRequested(remembered.options, setup.requestedOptions) : NO_OPTIONS,
  };
  forgetUnwanted(turn, remembered);
  setBindings(turn, recall(remembered, setup.wanted, now));
  expireLeases(turn);
  if (setup.stateless) startInform(turn, "start stateless", undefined);
  else if (holdsLeases(turn)) startConfirm(turn, "start with leases");
  else discover(turn, "start", firstDelay(solicitParameters(turn.state), random));
}

/** Leases of IAs that left the configuration: not ours to use any more, and the hook is told. */
function forgetUnwanted(turn: Turn, remembered: RememberedLink | undefined): void {
  const { setup } = turn.state;
  const dropped = unwanted(remembered, setup.wanted, turn.env.now);
  const changes = dropped.map((before) => ({ before, after: emptyBinding(before.wanted) }));
  for (const { wanted, leases } of dropped) {
    log(turn, "CLIENT-UNCONFIGURED", {
      interface: setup.interfaceName,
      iaid: wanted.iaid,
      prefixes: leases.map(({ prefix }) => leaseText(wanted, prefix)).join(", "),
    });
  }
  for (const call of hookCalls(setup, changes, { gone: "unconfigured" }, turn.env.now)) run(turn, call);
}

/** Leases are not used beyond their valid lifetime, in no phase; without any left the search begins anew. */
function expireLeases(turn: Turn): void {
  const before = turn.state.bindings;
  const after = before.map((binding) => expire(binding, turn.env.now));
  if (after.every((binding, index) => binding === before[index])) return;
  setBindings(turn, after);
  logGone(turn, before, "expire");
  announce(turn, before, [], { gone: "expire" });
  const { phase, bindings } = turn.state;
  switch (phase.phase) {
    case "bound":
    case "rebinding":
    case "confirming":
    case "informing":
      if (!holdsLeases(turn)) discover(turn, "leases over");
      break;
    case "renewing":
      if (!holdsLeases(turn)) discover(turn, "leases over");
      else if (!bindings.some((binding) => isLive(binding) && isFrom(binding, phase.server))) {
        settle(turn, "leases of this server over");
      }
      break;
    case "idle":
    case "soliciting":
    case "requesting":
    case "informed":
    case "declining":
    case "releasing":
    case "stopped":
      break;
    default:
      phase satisfies never;
  }
}

function onDatagram(turn: Turn, bytes: Uint8Array, from: Ip6, multicast: boolean): void {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) {
    discard(turn, from, `${decoded.fault.code} at octet ${decoded.fault.offset}`);
    return;
  }
  const { setup, phase } = turn.state;
  const { message } = decoded;
  if (
    message.form === "message" &&
    message.type === "reconfigure" &&
    setup.hmacMd5 !== undefined &&
    !multicast
  ) {
    onReconfigure(turn, message, bytes, from, setup.hmacMd5);
    return;
  }
  const verdict = checkForClient(message, multicast, setup.duid, xidsOf(phase));
  if (!verdict.ok) {
    discard(turn, from, verdict.why);
    return;
  }
  const { received } = verdict;
  if (placeIn(setup.rejectedServers, received.server, from) < setup.rejectedServers.length) {
    discard(turn, from, "rejected-server");
    return;
  }
  logReceived(turn, received, from);
  switch (phase.phase) {
    case "soliciting":
      onSolicitAnswer(turn, phase, received, from);
      break;
    case "requesting":
      onRequestAnswer(turn, phase, received, from);
      break;
    case "renewing":
    case "rebinding":
      onExtendAnswer(turn, phase, received, from);
      break;
    case "confirming":
      onConfirmAnswer(turn, phase, received, from);
      break;
    case "informing":
      onInformAnswer(turn, phase, received, from);
      break;
    case "declining":
      onDeclineAnswer(turn, phase, received, from);
      break;
    case "releasing":
      onReleaseAnswer(turn, phase, received, from);
      break;
    case "idle":
    case "bound":
    case "informed":
    case "stopped":
      break;
    default:
      phase satisfies never;
  }
}

function logReceived(turn: Turn, { type, server, message }: ServerMessage, from: Ip6): void {
  const { interfaceName, interfaceIndex } = turn.state.setup;
  log(turn, "CLIENT-RECEIVED", {
    message: MESSAGE_LABEL[type],
    interface: interfaceName,
    index: interfaceIndex,
    xid: message.xid.toString(16),
    count: message.options.length,
    codes: asNumbers(message.options.map(codeOf)),
    from: asIp6(from),
    server: asDuid(server),
  });
}

/** Transaction-ids of the messages that are out, those not yet sent once left aside. */
function xidsOf(phase: Phase): readonly Xid[] {
  if (phase.phase === "declining") return phase.declines.map(({ exchange }) => exchange.xid);
  if (phase.phase === "releasing") return phase.releases.map(({ exchange }) => exchange.xid);
  return "exchange" in phase && phase.exchange.timing.sends > 0 ? [phase.exchange.xid] : [];
}

function onTimer(turn: Turn, phase: Phase): void {
  switch (phase.phase) {
    case "idle":
    case "stopped":
      break;
    case "soliciting":
      onSolicitTimer(turn, phase);
      break;
    case "requesting":
      onRequestTimer(turn, phase);
      break;
    case "bound":
      onBoundTimer(turn);
      break;
    case "renewing":
      onRenewTimer(turn, phase);
      break;
    case "rebinding":
      onRebindTimer(turn, phase);
      break;
    case "confirming":
      onConfirmTimer(turn, phase);
      break;
    case "informing":
      onInformTimer(turn, phase);
      break;
    case "informed":
      onInformedTimer(turn, phase);
      break;
    case "declining":
      onDeclineTimer(turn, phase);
      break;
    case "releasing":
      onReleaseTimer(turn, phase);
      break;
    default:
      phase satisfies never;
  }
}
