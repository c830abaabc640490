import type { LeaseId } from "../lease/lease.js";
import { pause, type Timing } from "./clock.js";

/** Answers that wait for the hook script (`script-wait`). */
export interface Holding {
  /**
   * Calls `send` when the promise has resolved, but not later than after so many milliseconds, and not at all
   * when one of the leases is withdrawn before.
   */
  readonly hold: (
    leases: readonly LeaseId[],
    until: Promise<unknown>,
    patienceMs: number,
    send: () => void,
  ) => void;
  /** These leases have ended: what grants one of them is not sent any more. */
  readonly withdraw: (leases: readonly LeaseId[]) => void;
  /** How many wait. */
  readonly size: () => number;
  /** Ends all waiting. */
  readonly release: () => void;
}

interface Held {
  readonly leases: readonly LeaseId[];
  readonly patience: AbortController;
  isWithdrawn: boolean;
}

/** Nothing held yet. */
export function createHolding(timing?: Timing): Holding {
  const held = new Set<Held>();
  return {
    hold(leases, until, patienceMs, send) {
      const one: Held = { leases, patience: new AbortController(), isWithdrawn: false };
      held.add(one);
      void Promise.race([until, pause(patienceMs, one.patience.signal, timing)]).then(() => {
        held.delete(one);
        one.patience.abort();
        if (!one.isWithdrawn) send();
      });
    },
    withdraw(leases) {
      for (const one of held) one.isWithdrawn ||= one.leases.some((id) => leases.includes(id));
    },
    size: () => held.size,
    release() {
      for (const { patience } of held) patience.abort();
    },
  };
}
