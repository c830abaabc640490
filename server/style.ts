import type { ServerConfig } from "../shared/config/types.js";
import type { HookCall } from "../shared/hook.js";
import type { Lease } from "../shared/lease/lease.js";
import type { DropId } from "../shared/proto/validity.js";
import type { Option } from "../shared/wire/options.js";
import type { Answer } from "./answers.js";
import type { Grant, IaResult } from "./bindings.js";
import { callForExpired, callsForReply } from "./hook-env.js";
import { type Timers, timersFor } from "./lifetimes.js";
import type { Query } from "./query.js";
import { type AnswerOptions, answerOptions } from "./reply-options.js";
import type { Story } from "./story.js";
import type { ServerState } from "./state.js";
import type { StatusOption } from "./status.js";
import { STRICT } from "./strict.js";

/**
 * How answers and hook calls look, as far as `compatibility "strict"` makes a difference; for how messages and
 * leases are treated see `manners.ts`.
 */
export interface Style {
  /** The last word on an answer before it takes effect. */
  readonly adapt: (query: Query, answer: Answer | DropId) => Answer | DropId;
  /** T1 and T2 of each IA of a message. */
  readonly timers: (results: readonly IaResult[]) => (result: IaResult) => Timers;
  /** The status of an IA as it is sent. */
  readonly statusOf: (query: Query, result: IaResult) => StatusOption | undefined;
  /** The options of an answer, the IAs among them. */
  readonly options: (query: Query, answer: Answer, ias: readonly Option[]) => AnswerOptions;
  /** The hook calls for a Reply with these options. */
  readonly calls: (query: Query, sent: readonly Option[], story: Story) => readonly HookCall[];
  /** The hook call for a lease that has run out. */
  readonly expired: (state: ServerState, lease: Lease) => HookCall | undefined;
}

/** As RFC 8415 wants it and scripts need it. */
const FIXED: Style = {
  adapt: (_query, answer) => answer,
  timers: (results) => {
    const timers = timersFor(grantsOf(results));
    return () => timers;
  },
  statusOf: (_query, { status }) => status,
  options: answerOptions,
  calls: callsForReply,
  expired: callForExpired,
};

/** Most messages have one IA. */
function grantsOf(results: readonly IaResult[]): readonly Grant[] {
  const [first] = results;
  return results.length === 1 && first !== undefined ? first.grants : results.flatMap(({ grants }) => grants);
}

/** The style that the configuration asks for. */
export const styleOf = ({ compatibility }: ServerConfig): Style => STYLES[compatibility];

const STYLES: Readonly<Record<ServerConfig["compatibility"], Style>> = { fixed: FIXED, strict: STRICT };
