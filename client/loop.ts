import { type Alarm, type Clock, createAlarm } from "../shared/edge/clock.js";
import type { HookRunner } from "../shared/edge/hooks.js";
import type { Log } from "../shared/edge/log.js";
import { deadline, step } from "./machine.js";
import type { RememberedLink } from "./remembered.js";
import type { ClientAction, ClientEvent, ClientState } from "./state.js";

/** What the loop of one interface moves things between. `send` goes to all servers of the link, `save` to the disk. */
export interface LoopParts {
  readonly state: ClientState;
  readonly clock: Clock;
  readonly random: (octets: number) => Uint8Array;
  readonly log: Log;
  readonly hooks: Pick<HookRunner, "run"> | undefined;
  readonly send: (bytes: Uint8Array) => void;
  readonly save: (remembered: RememberedLink) => void;
}

/** The running client of one interface: `push` takes events in, `ended` resolves when the machine has come to its end. */
export interface ClientLoop {
  readonly push: (event: ClientEvent) => void;
  readonly ended: Promise<void>;
}

/** Moves datagrams and timers through the machine, and what it decides to disk, socket, script and log, in this order. */
export function createClientLoop(parts: LoopParts): ClientLoop {
  let { state } = parts;
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const alarm: Alarm = createAlarm(parts.clock, () => {
    push({ type: "timer" });
  });

  function push(event: ClientEvent): void {
    if (state.phase.phase === "stopped") return;
    const result = step(state, event, { now: parts.clock.now(), random: parts.random });
    state = result.state;
    for (const action of result.actions) perform(action);
    alarm.set(deadline(state).at);
  }

  function perform(action: ClientAction): void {
    switch (action.type) {
      case "save":
        parts.save(action.remembered);
        break;
      case "send":
        parts.send(action.bytes);
        break;
      case "run":
        void parts.hooks?.run(action.hook);
        break;
      case "log":
        parts.log(action.id, action.values);
        break;
      case "ended":
        end();
        break;
      default:
        action satisfies never;
    }
  }

  return { push, ended };
}
