import type { LogId, LogValues } from "../shared/catalogue.js";
import { type ControlAnswer, type ControlRequest, refusal } from "../shared/control.js";
import type { CommandContext, CommandDecision } from "./command.js";
import { decideReconfigure } from "./reconfigure-command.js";
import type { EventsLoad } from "./serve-follower.js";
import { decideRelease } from "./release-command.js";
import { decideShow } from "./show-command.js";
import type { ServerEvent, ServerState } from "./state.js";

/** What the channel for commands asks and tells; see `openControl`. */
export interface ControlService {
  readonly handle: (request: ControlRequest) => ControlAnswer | Promise<ControlAnswer>;
  readonly onTrouble: (sentence: string) => void;
}

/** What the service is made of. */
export interface ControlParts {
  readonly state: ServerState;
  readonly push: (event: ServerEvent) => void;
  readonly log: (id: LogId, values: LogValues) => void;
  readonly context: () => CommandContext;
  /** Reads the configuration again; tells what came of it. */
  readonly reload: () => Promise<ControlAnswer>;
  /** How many calls of the script wait, run, and must be made even if the server is killed. */
  readonly hooks: () => { readonly waiting: number; readonly running: number; readonly owed: number };
  /** Who gets events, and how far; undefined when nobody does. */
  readonly events: () => EventsLoad | undefined;
  /** Whether routes are set, how many changes wait, and how many could not be made. */
  readonly routes: () => { readonly wanted: boolean; readonly waiting: number; readonly failed: number };
}

/** Commands of an operator, for `openControl`. */
export function createControlService({
  state,
  push,
  log,
  context,
  reload,
  hooks,
  routes,
  events,
}: ControlParts): ControlService {
  return {
    handle(request) {
      if (request.command === "reload") return reload();
      if (request.command === "status") return statusOf(hooks(), routes(), events());
      const decide = COMMANDS.get(request.command);
      if (decide === undefined) return refusal("the server does not know this command");
      const { answer, event, isQuiet } = decide(state, request, context());
      if (isQuiet !== true) {
        log("SERVER-COMMAND", {
          command: request.command,
          answer: answer.ok ? answer.message : answer.error,
        });
      }
      if (event !== undefined) push(event);
      return answer;
    },
    onTrouble(sentence) {
      log("SERVER-CONTROL-TROUBLE", { sentence });
    },
  };
}

/** Only looks, so it does not go into the log. */
function statusOf(
  hooks: ReturnType<ControlParts["hooks"]>,
  { wanted, ...routes }: ReturnType<ControlParts["routes"]>,
  events: EventsLoad | undefined,
): ControlAnswer {
  const calls = `calls of the script: ${hooks.waiting} waiting, ${hooks.running} running, ${hooks.owed} owed`;
  const lines = [
    calls,
    ...(wanted ? [`routes: ${routes.waiting} waiting, ${routes.failed} failed`] : []),
    ...(events === undefined ? [] : [eventsText(events)]),
  ];
  const data = { hooks, ...(wanted ? { routes } : {}), ...(events === undefined ? {} : { events }) };
  return { ok: true, message: lines.join("\n"), data };
}

function eventsText({ last, subscribers, webhook }: EventsLoad): string {
  const text = `events: ${last} is the latest, ${subscribers} subscriber(s)`;
  if (webhook === null) return text;
  const { acknowledged, waiting, failing } = webhook;
  const trouble = failing === null ? "" : `, failing: ${failing}`;
  return `${text}, webhook has ${acknowledged}, ${waiting} waiting${trouble}`;
}

type Decide = (state: ServerState, request: ControlRequest, context: CommandContext) => CommandDecision;

const COMMANDS: ReadonlyMap<string, Decide> = new Map<string, Decide>([
  ["reconfigure", decideReconfigure],
  ["release", decideRelease],
  ["show", decideShow],
]);
