import { pause, type Timing } from "./clock.js";

/** Answers that wait for the hook script (`script-wait`). */
export interface Holding {
  /** Calls `send` when the promise has resolved, but not later than after so many milliseconds. */
  readonly hold: (until: Promise<unknown>, patienceMs: number, send: () => void) => void;
  /** Ends all waiting. */
  readonly release: () => void;
}

/** Nothing held yet. */
export function createHolding(timing?: Timing): Holding {
  const held = new Set<AbortController>();
  return {
    hold(until, patienceMs, send) {
      const patience = new AbortController();
      held.add(patience);
      void Promise.race([until, pause(patienceMs, patience.signal, timing)]).then(() => {
        held.delete(patience);
        patience.abort();
        send();
      });
    },
    release() {
      for (const patience of held) patience.abort();
    },
  };
}
