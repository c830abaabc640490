import { asIp6 } from "../shared/log-form.js";
import { millis } from "../shared/brand.js";
import type { LogId, LogValues } from "../shared/catalogue.js";
import type { HookCall } from "../shared/hook.js";
import type { Ip6 } from "../shared/prefix.js";
import type { Option } from "../shared/wire/options.js";
import { type Binding, isLive } from "./binding.js";
import { deadline } from "./deadline.js";
import { NO_OPTIONS, type ReceivedOptions, sameOptions } from "./option-files.js";
import { receivedOptions } from "./options.js";
import { remember } from "./remembered.js";
import type { ClientAction, ClientState, Env, Phase, Step } from "./state.js";
import { type TransitionEvent, transitionOf } from "./transitions.js";

/** One call of `step` in progress: the state so far and the actions so far. Lives no longer than the call. */
export interface Turn {
  readonly env: Env;
  readonly before: ClientState;
  state: ClientState;
  readonly actions: ClientAction[];
}

/** Begins a turn. */
export const beginTurn = (state: ClientState, env: Env): Turn => ({ env, before: state, state, actions: [] });

/**
 * Ends a turn; what has to outlive the process comes before everything else, hooks after the messages and
 * after the files that they may read.
 */
export function endTurn({ before, state: last, actions: others }: Turn): Step {
  const state = { ...last, options: optionsInForce(last) };
  const { options } = state;
  const actions = options === before.options ? others : [{ type: "options", options } as const, ...others];
  const changed =
    state.bindings !== before.bindings ||
    state.solMaxRt !== before.solMaxRt ||
    state.infMaxRt !== before.infMaxRt ||
    state.keys !== before.keys ||
    options !== before.options;
  if (!changed) return { state, actions };
  const save = { type: "save", remembered: remember(state.bindings, state) } as const;
  return { state, actions: [save, ...actions] };
}

/**
 * The only way into another phase: checked against the table of transitions, and logged with what comes next.
 */
export function enter(turn: Turn, event: TransitionEvent, phase: Phase): void {
  const from = turn.state.phase.phase;
  const { to } = transitionOf(from, event, phase.phase);
  const state = { ...turn.state, phase };
  turn.state = state;
  const { now } = turn.env;
  log(turn, "CLIENT-PHASE", {
    interface: state.setup.interfaceName,
    from,
    to,
    event,
    next: () => describeDeadline(state, now),
  });
}

/** Replaces the data of the phase without leaving it. */
export function update(turn: Turn, phase: Phase): void {
  const { phase: now } = turn.state.phase;
  if (now !== phase.phase) throw new Error(`the client is ${now}, not ${phase.phase}`);
  turn.state = { ...turn.state, phase };
}

/** Replaces the bindings. */
export function setBindings(turn: Turn, bindings: readonly Binding[]): void {
  turn.state = { ...turn.state, bindings };
}

/** What a Reply says beside its IAs takes the place of what an earlier one said. */
export function takeOptions(turn: Turn, sent: readonly Option[]): void {
  const { state } = turn;
  const options = receivedOptions(sent, state.setup.requestedOptions);
  if (!sameOptions(options, state.options)) turn.state = { ...state, options };
}

/** Queues a line for the log. */
export function log(turn: Turn, id: LogId, values: LogValues): void {
  turn.actions.push({ type: "log", id, values });
}

/** Notes that a datagram was thrown away. */
export function discard(turn: Turn, from: Ip6, why: string): void {
  log(turn, "CLIENT-DISCARD", {
    interface: turn.state.setup.interfaceName,
    from: asIp6(from),
    why,
  });
}

/** Queues a call of the hook script. */
export function run(turn: Turn, hook: HookCall): void {
  turn.actions.push({ type: "run", hook });
}

/**
 * Options come with leases and go with the last one; without any IA they hold until the client is stopped.
 */
function optionsInForce({ setup, phase, bindings, options }: ClientState): ReceivedOptions {
  const holds = setup.stateless ? phase.phase !== "stopped" : bindings.some(isLive);
  // Another object than any before: this is a change.
  return holds || sameOptions(options, NO_OPTIONS) ? options : {};
}

function describeDeadline(state: ClientState, now: number): string {
  const { at, why } = deadline(state);
  if (at === Infinity) return why;
  return `${why} in ${(millis(Math.max(0, at - now)) / 1000).toFixed(1)} s`;
}
