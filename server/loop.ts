import type { Millis } from "../shared/brand.js";
import { createAlarm, type Clock, systemTiming, type Timer, type Timing } from "../shared/edge/clock.js";
import { sentenceOf } from "../shared/edge/errors.js";
import { createHolding } from "../shared/edge/holding.js";
import type { Log } from "../shared/edge/log.js";
import type { UdpSocket } from "../shared/edge/udp.js";
import type { LeaseChange } from "../shared/lease/changes.js";
import type { LeaseId } from "../shared/lease/lease.js";
import type { LeaseStore } from "../shared/lease/store.js";
import type { Ip6 } from "../shared/prefix.js";
import type { Recorder } from "./serve-recorder.js";
import type { LeaseEvent } from "./lease-event.js";
import { createCommitReport } from "./serve-commits.js";
import {
  callsOf,
  changesOf,
  type Decision,
  type Effect,
  endsIn,
  eventsOf,
  grantsIn,
  overtakenIn,
  withoutSends,
} from "./decision.js";
import { createIntake, type Wish } from "./intake.js";
import { deadline, type ServerAction, type ServerEvent, type ServerState, step, undo } from "./engine.js";
import type { Owing } from "./serve-owing.js";

/**
 * What the loop moves things between. `socketFor` gives the socket to answer an address from on an interface.
 */
export interface LoopParts {
  readonly state: ServerState;
  readonly store: LeaseStore;
  readonly hooks: Pick<Owing, "owe" | "takeSettled" | "failed" | "dismiss" | "run">;
  readonly clock: Clock;
  /** Node's event loop when not given. */
  readonly timing?: Timing;
  readonly random: (octets: number) => Uint8Array;
  readonly log: Log;
  /** Hears what happened to leases, in the order in which it has become durable. */
  readonly happened: (event: LeaseEvent) => void;
  /** Has what happened stored with what it tells of. */
  readonly recorder?: Pick<Recorder, "enter" | "committed" | "failed">;
  /** Hears how long things take; for metrics. */
  readonly pace?: () => Pace | undefined;
  readonly socketFor: (interfaceName: string, to: Ip6) => Pick<UdpSocket, "send"> | undefined;
}

/** Times, milliseconds: of an answer from its datagram's arrival, and of a commit. */
export interface Pace {
  readonly answered: (ms: number) => void;
  readonly committed: (ms: number, changes: number) => void;
  readonly commitFailed: () => void;
  /** Datagrams that had to give way to others. */
  readonly dropped: (count: number) => void;
}

/**
 * The running server: `push` takes events in; `close` takes no more of them and resolves when all that was
 * decided is durable and sent.
 */
export interface ServerLoop {
  readonly push: (event: ServerEvent) => void;
  /** Why nothing can be stored, since the last commit failed; undefined as a rule. */
  readonly failing: () => string | undefined;
  /** For how many milliseconds the commit under way has lasted; 0 when there is none. */
  readonly waiting: () => number;
  readonly close: () => Promise<void>;
}

/**
 * Events decided in one turn at most, so that the first Reply does not wait for the last datagram of a storm.
 */
const BATCH_LIMIT = 256;
/**
 * After so many events in one turn no Solicit is looked at any more while more come in than can be answered:
 * without koffi no more than 32 datagrams of a socket are read between two turns, and the rest waits in the
 * kernel, where the next Request is behind the last Solicit. One in `share` of the first events is a Solicit
 * all the same, lest a flood of anything else keep new clients out.
 */
const HOT = { arrivals: 32, batch: 12, share: 4 } as const;
/** Decisions that may wait for the commit before theirs: they share the next one. */
const DECIDED_LIMIT = 1024;
/**
 * With so many changes waiting no timer rings: what runs out by the thousand would make a commit that is long
 * for the Replies that share it.
 */
const CHANGES_LIMIT = 64;
/** How often to say at most that datagrams are dropped, or that all is dealt with, in milliseconds. */
const REPORT_MS = 1000;
/**
 * Pause after a commit that failed, in milliseconds: a full disk is not filled any sooner by trying harder.
 */
const RETRY_MS = 1000;

/** What Dibbler says when nothing is due ever. */
const NO_EVENT = 4_294_967_295;

/**
 * Moves datagrams and timers through the engine, and what it decides to store, sockets, scripts and log. One
 * commit is on its way at a time; what is decided meanwhile waits for the next, so that a commit that fails
 * takes with it everything that was decided on top of it.
 */
export function createServerLoop(parts: LoopParts): ServerLoop {
  const { timing = systemTiming } = parts;
  const intake = createIntake();
  let decided: Decision[] = [];
  let changesWaiting = 0;
  const ring = (): void => {
    push({ type: "timer" });
  };
  const alarm = createAlarm(parts.clock, ring, timing);
  const holding = createHolding(timing);
  const report = createCommitReport(parts.log);
  const lines: Extract<Effect, { type: "log" }>[] = [];
  /** When the commit under way began. */
  let committingSince: Millis | undefined;
  let failing: string | undefined;
  let scheduled = false;
  let closing = false;
  let busy = false;
  /** Runs for a while after it was said that all is dealt with; whether that has come true again since. */
  let restTimer: Timer | undefined;
  let hasRested = false;
  let arrivals = 0;
  let reportAt = 0;
  let idle = (): void => undefined;

  function push(event: ServerEvent): void {
    if (closing) return;
    arrivals++;
    const now = parts.clock.now();
    if (event.type === "datagram") event.at = now;
    intake.put(event, now);
    schedule();
  }

  function schedule(pauseMs = 0): void {
    if (scheduled) return;
    scheduled = true;
    if (pauseMs > 0) timing.after(pauseMs, turn);
    else timing.soon(turn);
  }

  function turn(): void {
    scheduled = false;
    reportDropped();
    if (decided.length < DECIDED_LIMIT) {
      const env = { now: parts.clock.now(), random: parts.random };
      busy ||= intake.size() > 0;
      const isHot = arrivals >= HOT.arrivals;
      arrivals = 0;
      for (let n = 0; n < BATCH_LIMIT; n++) {
        const event = intake.take(env.now, isHot ? wishOf(n) : "first");
        if (event === undefined) break;
        add(event, step(parts.state, event, env));
      }
    }
    if (committingSince === undefined) commit();
    if (closing || changesWaiting >= CHANGES_LIMIT) alarm.cancel();
    else alarm.set(deadline(parts.state));
    if (intake.size() > 0 && decided.length < DECIDED_LIMIT) schedule();
    writeLines();
    if (intake.size() === 0 && committingSince === undefined) rest();
  }

  /** Once what answers and the disk are waiting for is under way. */
  function writeLines(): void {
    for (const { id, values } of lines.splice(0)) parts.log(id, values);
  }

  /** What needs no commit is done at once, however slow the disk is. */
  function add(event: ServerEvent, actions: readonly ServerAction[]): void {
    let changes = NO_CHANGES;
    let hasAnswered = false;
    const effects: Effect[] = [];
    for (const action of actions) {
      if (action.type === "commit") changes = action.changes;
      else if (action.type === "send" && action.early) {
        void carryOut(action);
        hasAnswered = true;
      } else effects.push(action);
    }
    if (hasAnswered) timeAnswer(event);
    // Whatever the configuration says by now.
    if (holding.size() > 0) holding.withdraw(endsIn(changes));
    // With an answer on its way the rest of what it came with, its log lines say, has nothing to wait for.
    if (hasAnswered && changes.length === 0) perform({ event, changes, effects });
    else if (changes.length + effects.length > 0) decided.push({ event, changes, effects });
    changesWaiting += changes.length;
  }

  function takeDecided(): readonly Decision[] {
    const taken = decided;
    decided = [];
    changesWaiting = 0;
    return taken;
  }

  /** Everything has been dealt with. */
  function rest(): void {
    if (busy && !closing) {
      if (restTimer === undefined) sayRest();
      else hasRested = true;
    }
    busy = false;
    idle();
  }

  /**
   * Dibbler says so, and how long it will be until something is due, each time; we say it at once and then
   * once a second, as it would be every third line of a busy server's log.
   */
  function sayRest(): void {
    parts.log("SERVER-ACCEPTING", { seconds: () => String(secondsUntil(deadline(parts.state))) });
    hasRested = false;
    restTimer = timing.after(REPORT_MS, () => {
      restTimer = undefined;
      if (hasRested && !closing) sayRest();
    });
    restTimer.unref();
  }

  function secondsUntil(due: Millis): number {
    const seconds = Math.ceil((due - parts.clock.now()) / 1000);
    return Math.min(Math.max(seconds, 0), NO_EVENT);
  }

  function commit(): void {
    const decisions = takeDecided();
    const changes = changesOf(decisions);
    if (changes.length === 0) {
      for (const decision of decisions) perform(decision);
      return;
    }
    const began = parts.clock.now();
    committingSince = began;
    const notes = [...parts.hooks.owe(callsOf(decisions)), ...parts.hooks.takeSettled()];
    const entries = parts.recorder?.enter(() => eventsOf(decisions));
    parts.store.commit(changes, notes, entries).then(
      (refused) => {
        parts.pace?.()?.committed(parts.clock.now() - began, changes.length);
        onCommitted(decisions, new Set(refused));
      },
      (error: unknown) => {
        parts.hooks.failed(notes);
        parts.recorder?.failed();
        onFailed(decisions, error);
      },
    );
  }

  /**
   * A refused decision is made again: another server won the race for its prefix, the engine finds the next
   * one.
   */
  function onCommitted(decisions: readonly Decision[], refused: ReadonlySet<LeaseId>): void {
    committingSince = undefined;
    failing = undefined;
    report.succeeded(parts.clock.now());
    const lost =
      refused.size === 0
        ? NONE
        : decisions.filter(({ changes }) => changes.some(({ id }) => refused.has(id)));
    parts.recorder?.committed(lost.length > 0);
    const overtaken = overtakenIn(decisions, decided);
    // The disk goes on while answers are sent.
    if (lost.length === 0 && changesWaiting > 0) commit();
    for (const decision of decisions) {
      if (lost.length > 0 && lost.includes(decision)) continue;
      perform(overtaken.has(decision) ? withoutSends(decision) : decision);
    }
    if (lost.length > 0) {
      parts.hooks.dismiss(callsOf(lost));
      takeBack([...lost, ...takeDecided()]);
    }
    schedule();
    writeLines();
  }

  /** Nothing of this commit counts: its Replies are not sent, and clients will ask again. */
  function onFailed(decisions: readonly Decision[], error: unknown): void {
    committingSince = undefined;
    failing = sentenceOf(error);
    const count = decisions.reduce((sum, { changes }) => sum + changes.length, 0);
    parts.pace?.()?.commitFailed();
    report.failed(count, failing, parts.clock.now());
    const events = decisions.filter(({ event }) => event.type !== "datagram");
    const later = takeDecided();
    undoAll([...decisions, ...later]);
    const again = [...events, ...later].map(({ event }) => event);
    if (!closing) intake.putBack(again);
    schedule(RETRY_MS);
  }

  function takeBack(decisions: readonly Decision[]): void {
    undoAll(decisions);
    intake.putBack(decisions.map(({ event }) => event));
  }

  /** For the leases of these decisions the engine knows again what the store says. */
  function undoAll(decisions: readonly Decision[]): void {
    const ids = new Set(decisions.flatMap(({ changes }) => changes.map(({ id }) => id)));
    undo(parts.state, ids, (id) => parts.store.read(id));
  }

  function timeAnswer(event: ServerEvent): void {
    if (event.type !== "datagram" || event.at === undefined) return;
    const pace = parts.pace?.();
    pace?.answered(parts.clock.now() - event.at);
  }

  function perform(decision: Decision): void {
    if (parts.state.config.scriptWait && !closing) {
      performAwaiting(decision);
      return;
    }
    let hasSent = false;
    for (const effect of decision.effects) {
      hasSent ||= effect.type === "send";
      void carryOut(effect);
    }
    if (hasSent) timeAnswer(decision.event);
  }

  /** Holds an answer back until the scripts that its client is to find done have ended. */
  function performAwaiting({ event, changes, effects }: Decision): void {
    const isAwaited = effects.some((effect) => effect.type === "run" && effect.beforeReply);
    const sends = isAwaited ? effects.filter(({ type }) => type === "send") : [];
    const ended: Promise<unknown>[] = [];
    let hasSent = false;
    for (const effect of effects) {
      if (sends.includes(effect)) continue;
      hasSent ||= effect.type === "send";
      const end = carryOut(effect);
      if (effect.type === "run" && effect.beforeReply && end !== undefined) ended.push(end);
    }
    if (hasSent) timeAnswer(event);
    if (sends.length === 0) return;
    // As the configuration has it now: a reload may have changed it.
    const patienceMs = parts.state.config.scriptTimeout * 1000;
    holding.hold(grantsIn(changes), Promise.all(ended), patienceMs, () => {
      for (const effect of sends) void carryOut(effect);
      timeAnswer(event);
    });
  }

  /** Gives the end of a hook call. */
  function carryOut(effect: Effect): Promise<unknown> | undefined {
    switch (effect.type) {
      case "send":
        parts.socketFor(effect.interfaceName, effect.to)?.send(effect.bytes, effect.to, effect.port);
        return undefined;
      case "run":
        return parts.hooks.run(effect.hook);
      case "happened":
        parts.happened(effect.event);
        return undefined;
      case "log":
        lines.push(effect);
        return undefined;
      default:
        return effect satisfies never;
    }
  }

  function reportDropped(): void {
    const now = parts.clock.now();
    if (now < reportAt) return;
    const count = intake.dropped();
    if (count === 0) return;
    parts.pace?.()?.dropped(count);
    parts.log("SERVER-OVERLOADED", { count });
    reportAt = now + REPORT_MS;
  }

  return {
    push,
    failing: () => failing,
    waiting: () => (committingSince === undefined ? 0 : parts.clock.now() - committingSince),
    close() {
      closing = true;
      holding.release();
      return new Promise((resolve) => {
        idle = resolve;
        schedule();
      });
    },
  };
}

const wishOf = (n: number): Wish =>
  n >= HOT.batch ? "onlyFirst" : n % HOT.share === HOT.share - 1 ? "later" : "first";

const NONE: readonly Decision[] = [];
const NO_CHANGES: readonly LeaseChange[] = [];
