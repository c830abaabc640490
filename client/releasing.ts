import { millis } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import { sameDuid } from "../shared/duid.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ServerMessage } from "../shared/proto/client-validity.js";
import { isExhausted, RETRANSMISSION } from "../shared/proto/retransmit.js";
import { announce, logGone } from "./announce.js";
import { type Binding, emptyBinding, isFrom, isLive } from "./binding.js";
import { beginExchange, transmit } from "./exchange.js";
import { release } from "./messages.js";
import { isReplyFrom } from "./requesting.js";
import type { PhaseOf, Releasing } from "./state.js";
import { discard, enter, setBindings, type Turn, update } from "./turn.js";

type ReleasingPhase = PhaseOf<"releasing">;

/**
 * Gives everything back, each lease to the server it is from, and ends; without leases it ends at once
 * (18.2.7).
 */
export function stop(turn: Turn): void {
  const before = turn.state.bindings;
  const held = before.filter(isLive);
  if (held.length === 0) {
    end(turn, "stop");
    return;
  }
  const releases = serversOf(held).map((server) => {
    const bindings = held.filter((binding) => isFrom(binding, server));
    const exchange = beginExchange(turn, RETRANSMISSION.release, release(bindings, server));
    return { exchange, server, bindings };
  });
  setBindings(
    turn,
    before.map(({ wanted, last }) => emptyBinding(wanted, last)),
  );
  logGone(turn, before, "release");
  announce(turn, before, [], { gone: "release", message: "release" });
  enter(turn, "stop with leases", {
    phase: "releasing",
    releases,
    until: millis(turn.env.now + turn.state.setup.releasePatience),
  });
}

/** Any Reply of that server ends its Release, whatever the status (RFC 8415 18.2.10.2). */
export function onReleaseAnswer(turn: Turn, phase: ReleasingPhase, received: ServerMessage, from: Ip6): void {
  const { xid } = received.message;
  const answered = phase.releases.find(
    ({ exchange, server }) => exchange.xid === xid && isReplyFrom(received, server),
  );
  if (answered === undefined) {
    discard(turn, from, "not-the-server-released-to");
    return;
  }
  goOn(
    turn,
    phase,
    phase.releases.filter((other) => other !== answered),
  );
}

/** More copies where they are due, until the patience ends. */
export function onReleaseTimer(turn: Turn, phase: ReleasingPhase): void {
  const { now } = turn.env;
  if (now >= phase.until) {
    end(turn, "patience over");
    return;
  }
  const open = phase.releases.filter(
    ({ exchange }) => !isExhausted(exchange.timing, RETRANSMISSION.release, now),
  );
  goOn(
    turn,
    phase,
    open.map((one) => repeat(turn, one)),
  );
}

function repeat(turn: Turn, one: Releasing): Releasing {
  if (turn.env.now < one.exchange.timing.dueAt) return one;
  const outgoing = release(one.bindings, one.server);
  return { ...one, exchange: transmit(turn, one.exchange, RETRANSMISSION.release, outgoing) };
}

function goOn(turn: Turn, phase: ReleasingPhase, releases: readonly Releasing[]): void {
  if (releases.length === 0) end(turn, "released");
  else update(turn, { ...phase, releases });
}

function end(turn: Turn, event: "stop" | "released" | "patience over"): void {
  enter(turn, event, { phase: "stopped" });
  turn.actions.push({ type: "ended" });
}

function serversOf(bindings: readonly Binding[]): readonly Duid[] {
  return bindings.reduce<readonly Duid[]>((servers, { server }) => {
    if (server === undefined || servers.some((other) => sameDuid(other, server))) return servers;
    return [...servers, server];
  }, []);
}
