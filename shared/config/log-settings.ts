import type { Report, Span } from "./diagnostics.js";
import type { LogSettings } from "./types.js";

/** A log directive as read. */
export type LogHead =
  | { readonly keyword: "log-level" | "log-colors"; readonly value: number; readonly at: Span }
  | { readonly keyword: "log-mode" | "log-name"; readonly value: string; readonly at: Span };

const MODES = ["full", "short", "precise", "syslog", "json"] as const;

/**
 * The settings with this directive applied. Values that Dibbler ignores are ignored too, but not in
 * silence.
 */
export function applyLog(log: LogSettings, head: LogHead, report: Report): LogSettings {
  switch (head.keyword) {
    case "log-level":
      if (head.value >= 1 && head.value <= 8) return { ...log, level: head.value };
      report.warning(head.at, `log levels go from 1 to 8: the level stays at ${log.level}`);
      return log;
    case "log-mode": {
      const mode = MODES.find((each) => each === head.value.toLowerCase());
      if (mode !== undefined) return { ...log, mode };
      report.warning(head.at, `log modes are ${MODES.join(", ")}: the mode stays at ${log.mode}`);
      return log;
    }
    case "log-name":
      return { ...log, name: head.value };
    case "log-colors":
      return { ...log, colors: head.value === 1 };
    default:
      return head satisfies never;
  }
}
