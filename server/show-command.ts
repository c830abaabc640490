import { type ControlRequest, refusal } from "../shared/control.js";
import type { CommandContext, CommandDecision } from "./command.js";
import { reportOn } from "./report.js";
import { reportText } from "./report-text.js";
import type { ServerState } from "./state.js";
import { notSubject, parseSubject } from "./subject.js";

/** Decides on `{ subject }`: the report as text for people, and as data. */
export function decideShow(
  state: ServerState,
  { subject: text }: ControlRequest,
  { now, iso, local }: CommandContext,
): CommandDecision {
  const subject = typeof text === "string" ? parseSubject(text) : undefined;
  if (subject === undefined) return { answer: refusal(notSubject(text)) };
  const { table } = state.ledger;
  const report = reportOn({ table, state, isRunning: true, now, iso }, subject);
  return { answer: { ok: true, message: reportText(report, local), data: report }, isQuiet: true };
}
