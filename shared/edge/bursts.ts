import { codeOf, sentenceOf } from "./errors.js";
import type { KernelCalls } from "./kernel-calls.js";

/** What datagrams are read and sent with where they come in bursts. */
export interface Bursts {
  /** A datagram has come by way of Node. */
  readonly heard: () => void;
  /** The kernel's calls for many datagrams; undefined before the first burst, or if they cannot be had. */
  readonly calls: () => KernelCalls | undefined;
}

/** How it went: they are used from now on, or cannot be had, and why. */
export type BurstOutcome = { readonly type: "used" } | { readonly type: "singly"; readonly sentence: string };

/**
 * So many datagrams within so many milliseconds are a burst. A home router never hears as many, and is spared
 * the 3 MB and 20 ms that koffi takes.
 */
const BURST = { count: 256, withinMs: 1000 } as const;

const ABSENT = "the optional package koffi is not installed";

/** Looks out for the first burst, loads the calls then, once, and tells `onOutcome` how that went. */
export function createBursts(onOutcome: (outcome: BurstOutcome) => void): Bursts {
  let calls: KernelCalls | undefined;
  let isSettled = false;
  let heard = 0;
  let since = -Infinity;

  async function load(): Promise<void> {
    try {
      const { openKernelCalls } = await import("./kernel-calls.js");
      calls = openKernelCalls();
      onOutcome({ type: "used" });
    } catch (error) {
      const sentence = sentenceOf(error);
      const isAbsent = codeOf(error) === "MODULE_NOT_FOUND" && sentence.includes("'koffi'");
      onOutcome({ type: "singly", sentence: isAbsent ? ABSENT : sentence });
    }
  }

  return {
    heard() {
      if (isSettled) return;
      const now = performance.now();
      if (now - since > BURST.withinMs) {
        heard = 0;
        since = now;
      }
      if (++heard < BURST.count) return;
      isSettled = true;
      void load();
    },
    calls: () => calls,
  };
}
