import { arrivalsOf } from "../shared/edge/arrivals.js";
import { sentenceOf } from "../shared/edge/errors.js";
import type { HookSwitch } from "../shared/edge/hook-switch.js";
import type { Listening } from "../shared/edge/listening.js";
import type { Surroundings } from "../shared/edge/program.js";
import type { Diagnostic } from "../shared/config/diagnostics.js";
import type { ServerConfig } from "../shared/config/types.js";
import { type ControlAnswer, refusal } from "../shared/control.js";
import type { ServerLoop } from "./loop.js";
import { byNames } from "./serve-names.js";
import type { Events } from "./serve-events.js";
import type { Prepared, Web } from "./serve-web.js";

/** What a reload works with. */
export interface ReloadParts {
  readonly surroundings: Pick<Surroundings<ServerConfig>, "paths" | "log" | "reread" | "reloading">;
  readonly listening: Pick<Listening, "serve">;
  readonly hooks: Pick<HookSwitch, "use">;
  readonly web: Pick<Web, "prepare">;
  readonly events: Pick<Events, "prepare">;
  readonly push: ServerLoop["push"];
  /** Calls interfaces by their names. */
  readonly named?: typeof byNames;
}

/**
 * Reads the configuration again and lets it hold, one time after the other; never rejects. Nothing changes
 * before it is known to be without errors and all its sockets are open, so that a mistake stops nobody from
 * being served.
 */
export function createReload(parts: ReloadParts): () => Promise<ControlAnswer> {
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const answer = last.then(() => reload(parts));
    last = answer;
    parts.surroundings.reloading?.(answer);
    return answer;
  };
}

/** Both, or nothing. */
export async function prepareBoth(
  { web, events }: Pick<ReloadParts, "web" | "events">,
  config: ServerConfig,
  diagnostics: readonly Diagnostic[],
): Promise<Prepared> {
  const pages = await web.prepare(config, diagnostics);
  try {
    const sinks = await events.prepare(config);
    return {
      async keep() {
        await pages.keep();
        await sinks.keep();
      },
      async abandon() {
        await pages.abandon();
        await sinks.abandon();
      },
    };
  } catch (error) {
    await pages.abandon();
    throw error;
  }
}

async function reload(parts: ReloadParts): Promise<ControlAnswer> {
  const { surroundings, listening, hooks, push, named = byNames } = parts;
  const { log, paths, reread } = surroundings;
  const file = paths.configFile;
  const refuse = (reason: string, error: string): ControlAnswer => {
    log("SERVER-RELOAD-REFUSED", { file, reason });
    return refusal(`${error}\nnot reloaded: the server goes on with the configuration it has`);
  };
  const read = await reread();
  if (!read.ok) return refuse("it has errors", read.error);
  let config: ServerConfig;
  try {
    config = named(read.config);
    const prepared = await prepareBoth(parts, config, read.diagnostics);
    try {
      await listening.serve(arrivalsOf(config.interfaces), config.inactiveMode, (interfaces) => {
        hooks.use(config);
        push({ type: "configured", config, interfaces });
      });
    } catch (error) {
      await prepared.abandon();
      throw error;
    }
    await prepared.keep();
  } catch (error) {
    const sentence = sentenceOf(error);
    return refuse(sentence, sentence);
  }
  read.use();
  const summary = summaryOf(config);
  log("SERVER-RELOADED", { file, summary });
  return { ok: true, message: `${read.findings}reloaded ${file}: ${summary}` };
}

function summaryOf({ interfaces }: ServerConfig): string {
  const classes = interfaces.flatMap((it) => [...it.pdClasses, ...it.addressClasses, ...it.temporaryClasses]);
  const reservations = interfaces.flatMap((it) => it.reservations);
  const count = (what: readonly unknown[], one: string, many: string): string =>
    `${what.length} ${what.length === 1 ? one : many}`;
  return [
    count(interfaces, "interface", "interfaces"),
    count(classes, "class", "classes"),
    count(reservations, "reservation", "reservations"),
  ].join(", ");
}
