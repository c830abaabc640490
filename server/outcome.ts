import type { LogId, LogValues } from "../shared/catalogue.js";
import type { HookCall } from "../shared/hook.js";
import type { LeaseEvent } from "./lease-event.js";
import type { ServerAction } from "./state.js";

/** The actions of one step as they come up, by kind; the changes of leases are in the ledger. */
export interface Outcome {
  readonly sends: ServerAction[];
  readonly runs: ServerAction[];
  readonly events: ServerAction[];
  readonly logs: ServerAction[];
}

/** Nothing yet. */
export const createOutcome = (): Outcome => ({ sends: [], runs: [], events: [], logs: [] });

/** Adds a hook call, if there is one; `beforeReply`: the step's answer waits for its end. */
export function run({ runs }: Outcome, hook: HookCall | undefined, beforeReply = false): void {
  if (hook !== undefined) runs.push({ type: "run", hook, beforeReply });
}

/** Adds what happened to a lease. */
export function tell({ events }: Outcome, event: LeaseEvent): void {
  events.push({ type: "happened", event });
}

/** Adds a line for the log; functions among the values are called when it is written, if it is. */
export function log({ logs }: Outcome, id: LogId, values: LogValues): void {
  logs.push({ type: "log", id, values });
}
