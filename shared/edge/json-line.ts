import { pino, stdTimeFunctions } from "pino";
import type { LogId, LogLevel, LogValues } from "../catalogue.js";
import { textOf } from "./log-line.js";

/** Turns a line of the catalogue into one JSON object without its newline; `text` is the filled sentence. */
export type JsonFormat = (level: LogLevel, id: LogId, text: string, values: LogValues) => string;

/**
 * `log-mode json`: what log collectors read without being told how.
 *
 *     {"level":"notice","time":"2026-11-23T15:01:44.317Z","pid":812,"name":"Server",
 *      "id":"PROGRAM-…","signal":"SIGTERM","msg":"Received SIGTERM, shutting down."}
 *
 * `level` is the severity's word as syslog has it, `time` is UTC (ISO 8601), `id` the row of the catalogue,
 * `msg` the sentence of the other modes; what stands in the sentence follows `id` as fields of its own,
 * numbers as numbers. This file is a bundle of its own: who does not ask for JSON does not pay for it.
 */
export function createJsonFormat(name: string): JsonFormat {
  let line = "";
  const logger = pino(
    {
      base: { pid: process.pid, name },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      customLevels: SEVERITY,
      useOnlyCustomLevels: true,
      level: "debug",
    },
    { write: (text: string) => void (line = text) },
  );
  return (level, id, text, values) => {
    logger[WORD[level]]({ id, ...evaluated(values) }, text);
    return line.trimEnd().replace(UNPRINTABLE, escapeCharacter);
  };
}

/** Words of syslog (RFC 5424 6.2.1) and numbers in pino's order. */
const SEVERITY = { debug: 20, info: 30, notice: 35, warning: 40, error: 50, critical: 60 };

const WORD = {
  3: "critical",
  4: "error",
  5: "warning",
  6: "notice",
  7: "info",
  8: "debug",
} as const satisfies Record<LogLevel, keyof typeof SEVERITY>;

/** JSON escapes what ASCII calls control characters; these command terminals, too, or turn or hide text. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** JSON knows 16 bits at a time. */
const escapeCharacter = (character: string): string =>
  Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

const evaluated = (values: LogValues): Record<string, string | number | undefined> =>
  Object.fromEntries(
    Object.entries(values).map(([field, value]) => [
      field,
      typeof value === "number" ? value : value && textOf(value),
    ]),
  );
