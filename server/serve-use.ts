import type { Millis } from "../shared/brand.js";
import { countUse, type Use } from "./pool-use.js";
import type { ServerState } from "./state.js";

/** What use is counted with. */
export interface UseParts {
  readonly state: ServerState;
  readonly now: () => Millis;
  /** Gives way to everything else. */
  readonly pause: () => Promise<unknown>;
}

/** What each pool has is counted anew when it is so old, and rarely enough to cost a fiftieth of the time. */
const COUNT_MS = 10_000;
const COUNT_SHARE = 50;

/** One count for all who ask at a time, and a while longer. */
export function createUse({ state, now, pause }: UseParts): () => Promise<Use> {
  let known: Promise<Use> | undefined;
  let until = 0;
  return () => {
    if (known !== undefined && now() < until) return known;
    const began = now();
    until = Infinity;
    known = finish(countUse(state), pause).finally(() => {
      until = now() + Math.max(COUNT_MS, (now() - began) * COUNT_SHARE);
    });
    return known;
  };
}

async function finish(counting: Generator<undefined, Use>, pause: () => Promise<unknown>): Promise<Use> {
  for (;;) {
    const step = counting.next();
    if (step.done === true) return step.value;
    await pause();
  }
}
