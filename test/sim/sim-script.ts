import type { ScriptOutcome, ScriptRun, ScriptRunner } from "../../shared/edge/hook-process.js";
import type { Chance } from "./chance.js";
import type { World } from "./world.js";

/** How hook scripts do; changed while the world runs. */
export interface ScriptMood {
  kind: "well" | "slow" | "failing" | "hanging";
}

/** What is told of each run. */
export interface ScriptWatch {
  readonly starts: (run: ScriptRun) => void;
  readonly ends: (run: ScriptRun) => void;
}

/** What scripts run in. */
export interface SimScriptParts {
  readonly world: World;
  readonly chance: Chance;
  readonly mood: ScriptMood;
  readonly watch: ScriptWatch;
  /** False when the program has been killed. */
  readonly effect: (what: string) => boolean;
}

/** Runs scripts that take virtual time. */
export function createSimScripts({ world, chance, mood, watch, effect }: SimScriptParts): ScriptRunner {
  const running = new Set<(outcome: ScriptOutcome) => void>();
  let isEnding = false;
  return {
    run: (run) =>
      new Promise((resolve) => {
        if (!effect("script")) return;
        watch.starts(run);
        const { ms, outcome } = isEnding ? ENDED_AT_ONCE : fateOf(mood, chance, run.timeoutMs);
        const end = (how: ScriptOutcome): void => {
          if (!running.delete(end) || !effect("script end")) return;
          watch.ends(run);
          resolve(how);
        };
        running.add(end);
        world.at(world.now() + ms, () => {
          end(outcome);
        });
      }),
    end: () => {
      isEnding = true;
      for (const end of running) end(ENDED_AT_ONCE.outcome);
    },
    close: () => undefined,
  };
}

const ENDED_AT_ONCE = { ms: 0, outcome: { kind: "timeout", output: "" } } as const;

function fateOf(
  { kind }: ScriptMood,
  chance: Chance,
  timeoutMs: number,
): { readonly ms: number; readonly outcome: ScriptOutcome } {
  switch (kind) {
    case "well":
      return { ms: chance.between(1, 30), outcome: { kind: "exit", status: 0, output: "" } };
    case "slow":
      return { ms: chance.between(10, 3000), outcome: { kind: "exit", status: 0, output: "" } };
    case "failing":
      return { ms: chance.between(1, 30), outcome: { kind: "exit", status: 1, output: "no route" } };
    case "hanging":
      return { ms: timeoutMs, outcome: { kind: "timeout", output: "" } };
    default:
      return kind satisfies never;
  }
}
