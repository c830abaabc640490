import type { Millis } from "../shared/brand.js";
import type { Log } from "../shared/edge/log.js";

/** Tells the log of commits that fail: when it begins, and when it is over. */
export interface CommitReport {
  /** A commit with so many changes has failed. */
  readonly failed: (count: number, reason: string, now: Millis) => void;
  readonly succeeded: (now: Millis) => void;
}

/** Milliseconds without a failure until it is over: on a disk that is nearly full some commits succeed. */
const CALM_MS = 5000;

/** One line for failures in a row of the same reason: a full disk need not be filled with more. */
export function createCommitReport(log: Log): CommitReport {
  let said: string | undefined;
  let lost = 0;
  let failedAt = 0;
  return {
    failed(count, reason, now) {
      lost += count;
      failedAt = now;
      if (reason === said) return;
      said = reason;
      log("SERVER-COMMIT-FAILED", { count, reason });
    },
    succeeded(now) {
      if (said === undefined || now - failedAt < CALM_MS) return;
      log("SERVER-COMMITS-AGAIN", { count: lost });
      said = undefined;
      lost = 0;
    },
  };
}
