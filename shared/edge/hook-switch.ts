import type { ScriptRunner } from "./hook-process.js";
import { createHookRunner, type HookOptions, type HookRunner } from "./hooks.js";
import type { Log } from "./log.js";

/** What a configuration says of the hook script. */
export interface ScriptSettings {
  readonly script: string | undefined;
  /** Seconds. */
  readonly scriptTimeout: number;
}

/** Runs hook calls with the script that the configuration names, which a reload may change. */
export interface HookSwitch {
  /** Without a script the call has ended at once. */
  readonly run: HookRunner["run"];
  /** From now on this script; what waits goes to it as well, or to the last one when there is none. */
  readonly use: (settings: ScriptSettings) => void;
  readonly load: HookRunner["load"];
  readonly tally: HookRunner["tally"];
  readonly drain: HookRunner["drain"];
}

/**
 * A switch without script. `openScripts` gives what starts them,
 * when there is one for the first time.
 */
export function createHookSwitch(
  cwd: string,
  log: Log,
  openScripts: () => ScriptRunner,
  system: Pick<HookOptions, "timing" | "findShell"> = {},
): HookSwitch {
  let runner: HookRunner | undefined;
  return {
    async run(call) {
      return (await runner?.run(call)) ?? "ended";
    },
    use({ script, scriptTimeout }) {
      if (script === undefined) return;
      const target = { script, timeoutMs: scriptTimeout * 1000 };
      if (runner !== undefined) runner.use(target);
      else runner = createHookRunner({ ...system, ...target, cwd, log, scripts: openScripts() });
    },
    load: () => runner?.load() ?? { waiting: 0, running: 0 },
    tally: () => runner?.tally() ?? { ended: 0, failed: 0, seconds: 0 },
    async drain(patienceMs, isFirm) {
      await runner?.drain(patienceMs, isFirm);
    },
  };
}
