import { sentenceOf } from "../shared/edge/errors.js";
import type { Log } from "../shared/edge/log.js";

/** One thing after the other: the work of a user of leases, and what has to wait for it. */
export interface WorkQueue {
  /** The work is due; asked for several times before it begins, it is done once. */
  readonly schedule: () => void;
  /** Calls `next` when all that was asked for before is done. */
  readonly afterwards: (next: () => void) => void;
  /** Resolves when everything is done. */
  readonly idle: () => Promise<void>;
}

/** Work that fails is told and holds nothing up: hook calls and the end of the program wait behind it. */
export function createWorkQueue(work: () => Promise<void>, log: Log): WorkQueue {
  let queue = Promise.resolve();
  let isDue = false;

  async function attempt(): Promise<void> {
    isDue = false;
    try {
      await work();
    } catch (error) {
      log("LEASE-USE-TROUBLE", { sentence: sentenceOf(error) });
    }
  }

  return {
    schedule() {
      if (isDue) return;
      isDue = true;
      queue = queue.then(attempt);
    },
    afterwards(next) {
      queue = queue.then(next);
    },
    idle: () => queue,
  };
}
