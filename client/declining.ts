import { asIp6 } from "../shared/log-form.js";
import { type Ip6, samePrefix } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { isExhausted, RETRANSMISSION } from "../shared/proto/retransmit.js";
import { announce, logGone } from "./announce.js";
import { discover, settle } from "./begin.js";
import { type Binding, withdraw } from "./binding.js";
import { beginExchange, transmit } from "./exchange.js";
import { decline } from "./messages.js";
import { holdsLeases } from "./replies.js";
import { isReplyFrom } from "./requesting.js";
import type { PhaseOf, Releasing } from "./state.js";
import { discard, enter, log, setBindings, type Turn, update } from "./turn.js";

type Declining = PhaseOf<"declining">;

/**
 * An address of ours is in use by somebody else: it is given up at once and its server told; other leases
 * stay, and the IA is asked for again without it (RFC 8415 18.2.8). Addresses that we do not hold are none of
 * our business.
 */
export function onDuplicate(turn: Turn, address: Ip6): void {
  const { bindings: before, phase, setup } = turn.state;
  const prefix = { address, length: 128 };
  const binding = before.find(
    ({ wanted, leases }) => wanted.kind === "na" && leases.some((lease) => samePrefix(lease.prefix, prefix)),
  );
  if (binding?.server === undefined) return;
  const { server } = binding;
  log(turn, "CLIENT-DUPLICATE", { interface: setup.interfaceName, address: asIp6(address) });
  const after = withdraw(binding, [prefix]);
  const kept = { ...after, last: after.last.filter((other) => !samePrefix(other, prefix)) };
  setBindings(
    turn,
    before.map((other) => (other === binding ? kept : other)),
  );
  logGone(turn, before, "duplicate");
  announce(turn, before, [], { gone: "duplicate" });
  const declined = { ...binding, leases: binding.leases.filter((lease) => samePrefix(lease.prefix, prefix)) };
  const declines = [...(phase.phase === "declining" ? phase.declines : []), begin(turn, declined, server)];
  if (phase.phase === "declining") update(turn, { phase: "declining", declines });
  else enter(turn, "duplicate address", { phase: "declining", declines });
}

/** Any Reply of that server ends its Decline, whatever the status (RFC 8415 18.2.10.2). */
export function onDeclineAnswer(turn: Turn, phase: Declining, received: ServerMessage, from: Ip6): void {
  const { xid } = received.message;
  const rest = phase.declines.filter(
    ({ exchange, server }) => exchange.xid !== xid || !isReplyFrom(received, server),
  );
  if (rest.length === phase.declines.length) discard(turn, from, "not-the-server-declined-to");
  else goOn(turn, rest);
}

/** Another copy of what is due; after the fourth the server will find out by itself (RFC 8415 18.2.8). */
export function onDeclineTimer(turn: Turn, phase: Declining): void {
  const { now } = turn.env;
  const open = phase.declines.filter(
    ({ exchange }) => !isExhausted(exchange.timing, RETRANSMISSION.decline, now),
  );
  goOn(
    turn,
    open.map((one) => repeat(turn, one)),
  );
}

function begin(turn: Turn, binding: Binding, server: Releasing["server"]): Releasing {
  const bindings = [binding];
  const exchange = beginExchange(turn, RETRANSMISSION.decline, decline(bindings, server));
  return { exchange, server, bindings };
}

function repeat(turn: Turn, one: Releasing): Releasing {
  if (turn.env.now < one.exchange.timing.dueAt) return one;
  const outgoing = decline(one.bindings, one.server);
  return { ...one, exchange: transmit(turn, one.exchange, RETRANSMISSION.decline, outgoing) };
}

function goOn(turn: Turn, declines: readonly Releasing[]): void {
  if (declines.length > 0) update(turn, { phase: "declining", declines });
  else if (holdsLeases(turn)) settle(turn, "declined, leases held");
  else discover(turn, "declined");
}
