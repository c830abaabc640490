import type { HookCall } from "../shared/hook.js";
import type { LeaseChange } from "../shared/lease/changes.js";
import type { LeaseId } from "../shared/lease/lease.js";
import { stateAt } from "../shared/lease/record.js";
import type { LeaseEvent } from "./lease-event.js";
import type { ServerAction, ServerEvent } from "./state.js";

/** What is to be done when a decision is durable. */
export type Effect = Exclude<ServerAction, { type: "commit" }>;

/** One event with what the engine decided on it, but for what was sent at once. */
export interface Decision {
  readonly event: ServerEvent;
  readonly changes: readonly LeaseChange[];
  /** What waits for the changes. */
  readonly effects: readonly Effect[];
}

/** What has to be stored, in order. */
export function changesOf(decisions: readonly Decision[]): readonly LeaseChange[] {
  const all: LeaseChange[] = [];
  for (const { changes } of decisions) for (const change of changes) all.push(change);
  return all;
}

/** The calls that tell of what is committed. */
export function callsOf(decisions: readonly Decision[]): readonly HookCall[] {
  const calls: HookCall[] = [];
  for (const { changes, effects } of decisions) {
    if (changes.length === 0) continue;
    for (const effect of effects) if (effect.type === "run") calls.push(effect.hook);
  }
  return calls;
}

/** What is committed, as events. */
export function eventsOf(decisions: readonly Decision[]): readonly LeaseEvent[] {
  const events: LeaseEvent[] = [];
  for (const { effects } of decisions) {
    for (const effect of effects) if (effect.type === "happened") events.push(effect.event);
  }
  return events;
}

/** True when a change takes a lease away from its client, although its prefix may be kept for it. */
const isEnd = (change: LeaseChange): boolean =>
  change.type === "remove" || stateAt(change.record, 0) !== "bound";

/** The leases that end by changes. */
export const endsIn = (changes: readonly LeaseChange[]): readonly LeaseId[] =>
  changes.filter(isEnd).map(({ id }) => id);

/** The leases that changes grant. */
export const grantsIn = (changes: readonly LeaseChange[]): readonly LeaseId[] =>
  changes.filter((change) => !isEnd(change)).map(({ id }) => id);

/**
 * Decisions whose Replies would grant what a later one, of them or of those behind, has taken away: by a
 * Release, or because the configuration has changed while the disk was slow and the client has asked once
 * more. It listens to the first Reply only (RFC 8415 18.2.10), and would use what others are given next.
 */
export function overtakenIn(
  decisions: readonly Decision[],
  behind: readonly Decision[],
): ReadonlySet<Decision> {
  const overtaken = new Set<Decision>();
  const ended = new Set<LeaseId>();
  const noteEnds = ({ changes }: Decision): void => {
    for (const change of changes) if (isEnd(change)) ended.add(change.id);
  };
  for (const decision of behind) noteEnds(decision);
  for (let n = decisions.length - 1; n >= 0; n--) {
    const decision = decisions[n];
    if (decision === undefined) continue;
    if (ended.size > 0 && decision.changes.some((change) => ended.has(change.id) && !isEnd(change)))
      overtaken.add(decision);
    noteEnds(decision);
  }
  return overtaken;
}

/** What its client is not to hear any more. */
export const withoutSends = (decision: Decision): Decision => ({
  ...decision,
  effects: decision.effects.filter(({ type }) => type !== "send"),
});
