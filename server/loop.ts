import { createAlarm, type Clock } from "../shared/edge/clock.js";
import { sentenceOf } from "../shared/edge/errors.js";
import type { HookRunner } from "../shared/edge/hooks.js";
import type { Log } from "../shared/edge/log.js";
import type { UdpSocket } from "../shared/edge/udp.js";
import type { LeaseChange } from "../shared/lease/changes.js";
import type { LeaseId } from "../shared/lease/lease.js";
import type { LeaseStore } from "../shared/lease/store.js";
import type { Ip6 } from "../shared/prefix.js";
import { deadline, type ServerAction, type ServerEvent, type ServerState, step, undo } from "./engine.js";

/** What the loop moves things between. `socketFor` gives the socket to answer an address from on an interface. */
export interface LoopParts {
  readonly state: ServerState;
  readonly store: LeaseStore;
  readonly hooks: HookRunner | undefined;
  readonly clock: Clock;
  readonly random: (octets: number) => Uint8Array;
  readonly log: Log;
  readonly socketFor: (interfaceName: string, to: Ip6) => Pick<UdpSocket, "send"> | undefined;
}

/**
 * The running server: `push` takes events in; `close` takes no more of them and resolves when all that was decided is
 * durable and sent.
 */
export interface ServerLoop {
  readonly push: (event: ServerEvent) => void;
  readonly close: () => Promise<void>;
}

/** Events that may wait for their turn; more datagrams are dropped and counted: clients ask again (RFC 8415 15). */
const QUEUE_LIMIT = 8192;
/** Events in one commit at most, so that the first Reply does not wait for the last datagram of a storm. */
const BATCH_LIMIT = 256;
/** Commits on their way at once: enough outstanding Replies to keep a slow disk busy. */
const COMMIT_LIMIT = 4;

/** One event with what the engine decided on it. */
interface Decision {
  readonly event: ServerEvent;
  readonly changes: readonly LeaseChange[];
  readonly effects: readonly Exclude<ServerAction, { type: "commit" }>[];
}

/** Moves datagrams and timers through the engine, and what it decides to store, sockets, scripts and log. */
export function createServerLoop(parts: LoopParts): ServerLoop {
  const queue: ServerEvent[] = [];
  /** Leases of failed or refused commits: undone as soon as no later commit is on its way. */
  const spoilt = new Set<LeaseId>();
  /** Events to decide on again once their refused changes are undone. */
  const again: ServerEvent[] = [];
  const alarm = createAlarm(parts.clock, () => {
    push({ type: "timer" });
  });
  let commits = 0;
  let scheduled = false;
  let closing = false;
  let dropped = 0;
  let idle = (): void => undefined;

  function push(event: ServerEvent): void {
    if (closing) return;
    if (queue.length >= QUEUE_LIMIT && event.type === "datagram") {
      dropped++;
      return;
    }
    queue.push(event);
    schedule();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(turn);
  }

  function turn(): void {
    scheduled = false;
    if (spoilt.size > 0 && commits === 0) recover();
    if (spoilt.size > 0 || commits >= COMMIT_LIMIT) return;
    reportDropped();
    const env = { now: parts.clock.now(), random: parts.random };
    const decisions = queue
      .splice(0, BATCH_LIMIT)
      .map((event) => decide(event, step(parts.state, event, env)));
    carryOut(decisions);
    if (closing) alarm.cancel();
    else alarm.set(deadline(parts.state));
    if (queue.length > 0) schedule();
    else if (commits === 0) idle();
  }

  function carryOut(decisions: readonly Decision[]): void {
    const changes = decisions.flatMap((decision) => decision.changes);
    if (changes.length === 0) {
      for (const decision of decisions) perform(decision);
      return;
    }
    commits++;
    parts.store.commit(changes).then(
      (refused) => {
        committed(decisions, new Set(refused));
      },
      (error: unknown) => {
        failed(changes, error);
      },
    );
  }

  function committed(decisions: readonly Decision[], refused: ReadonlySet<LeaseId>): void {
    commits--;
    for (const decision of decisions) {
      if (!decision.changes.some(({ id }) => refused.has(id))) perform(decision);
      else takeBack(decision);
    }
    schedule();
  }

  /** Another server won the race for a prefix: undo this decision and let the engine find the next candidate. */
  function takeBack({ event, changes }: Decision): void {
    for (const { id } of changes) spoilt.add(id);
    again.push(event);
  }

  /** Nothing of this commit counts: its Replies are not sent, and clients will ask again. */
  function failed(changes: readonly LeaseChange[], error: unknown): void {
    commits--;
    for (const { id } of changes) spoilt.add(id);
    parts.log("SERVER-COMMIT-FAILED", { count: changes.length, reason: sentenceOf(error) });
    schedule();
  }

  function recover(): void {
    undo(parts.state, spoilt, (id) => parts.store.read(id));
    spoilt.clear();
    queue.unshift(...again.splice(0));
  }

  function perform({ effects }: Decision): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          parts.socketFor(effect.interfaceName, effect.to)?.send(effect.bytes, effect.to, effect.port);
          break;
        case "run":
          void parts.hooks?.run(effect.hook);
          break;
        case "log":
          parts.log(effect.id, effect.values);
          break;
        default:
          effect satisfies never;
      }
    }
  }

  function reportDropped(): void {
    if (dropped === 0) return;
    parts.log("SERVER-OVERLOADED", { count: dropped });
    dropped = 0;
  }

  return {
    push,
    close() {
      closing = true;
      return new Promise((resolve) => {
        idle = resolve;
        schedule();
      });
    },
  };
}

function decide(event: ServerEvent, actions: readonly ServerAction[]): Decision {
  const changes: LeaseChange[] = [];
  const effects: Exclude<ServerAction, { type: "commit" }>[] = [];
  for (const action of actions) {
    if (action.type === "commit") changes.push(...action.changes);
    else effects.push(action);
  }
  return { event, changes, effects };
}
