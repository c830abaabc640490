import type { Millis } from "../shared/brand.js";
import type { ControlAnswer } from "../shared/control.js";
import type { LocalTime } from "./lease-list.js";
import type { IsoTime } from "./lease-row.js";
import type { ServerEvent } from "./state.js";

/** What a command comes to: what its caller is told, and the event that carries it out, if any does. */
export interface CommandDecision {
  readonly answer: ControlAnswer;
  readonly event?: ServerEvent;
  /** Set for one that only looks: it does not go into the log. */
  readonly isQuiet?: true;
}

/** What a command may know besides the state. */
export interface CommandContext {
  readonly now: Millis;
  readonly iso: IsoTime;
  readonly local: LocalTime;
}
