import type { HookCall } from "../shared/hook.js";
import type { LeaseChange } from "../shared/lease/changes.js";
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
