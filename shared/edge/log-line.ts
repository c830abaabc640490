import type { LogLevel, LogValue, LogValues } from "../catalogue.js";
import { formText } from "../log-form.js";

/** How a line begins: Dibbler's `log-mode` apart from syslog. */
export type LineStyle = "full" | "short" | "precise";

/** Turns level, text and time (Unix ms) into one line without its newline. */
export type LineFormat = (level: LogLevel, text: string, unixMs: number) => string;

/** What stands around the text of a line. */
export interface LineFrame {
  readonly head: (level: LogLevel, unixMs: number) => string;
  readonly tail: string;
}

/** Lines of a frame. */
export function createLineFormat(settings: FrameSettings): LineFormat {
  const { head, tail } = createLineFrame(settings);
  return (level, text, unixMs) => `${head(level, unixMs)}${text}${tail}`;
}

interface FrameSettings {
  readonly mode: LineStyle | "syslog" | "json";
  readonly name: string;
  readonly colors: boolean;
}

/**
 * Dibbler's line forms, in local time; the level is padded to ten characters:
 *
 *     full      2026.11.23 16:01:44 Client Notice    text
 *     short     23:04 Client Info      text                     minutes and seconds
 *     precise   1384s,682305us  Client Info      text           seconds within the hour, microseconds
 *
 * Colours are for full and short only.
 */
export function createLineFrame({ mode, name, colors }: FrameSettings): LineFrame {
  const stamp = mode === "short" ? cached(shortStamp) : mode === "precise" ? preciseStamp : cached(fullStamp);
  const coloured = colors && mode !== "precise";
  const heads = new Map<LogLevel, { readonly stamp: string; readonly head: string }>();
  return {
    head(level, unixMs) {
      const now = stamp(unixMs);
      const known = heads.get(level);
      if (known?.stamp === now) return known.head;
      const colour = coloured ? `\x1b[${COLOUR[level]}m` : "";
      const head = `${colour}${now} ${name} ${LEVEL_COLUMN[level]}`;
      heads.set(level, { stamp: now, head });
      return head;
    },
    tail: coloured ? "\x1b[0m" : "",
  };
}

/**
 * Puts the values in the places of `{names}`; characters
 * that would break the line or the terminal are escaped.
 */
export function fillTemplate(template: string, values: LogValues): string {
  const parts = partsOf(template);
  const line = fill(parts, values, AS_IT_IS);
  // Nearly always: one look at the whole line instead of one at each value.
  return isPlain(line) ? line : fill(parts, values, escapeControls);
}

function fill(parts: readonly Part[], values: LogValues, escape: (text: string) => string): string {
  let line = "";
  for (const { text, name } of parts) {
    line += text;
    if (name === undefined) continue;
    const value = values[name];
    if (value === undefined) line += `{${name}}`;
    else line += escape(textOf(value));
  }
  return line;
}

/** The text of a value, as it is. */
export function textOf(value: LogValue): string {
  if (typeof value === "object") return formText(value);
  return typeof value === "function" ? value() : String(value);
}

const AS_IT_IS = (text: string): string => text;

/** Text, and the name of the value that follows it; the last one has none. */
export interface Part {
  readonly text: string;
  readonly name: string | undefined;
}

/** Templates come from the catalogue, so there are not many: with every message at least two are filled. */
const templates = new Map<string, readonly Part[]>();

/** The parts of a template. */
export function partsOf(template: string): readonly Part[] {
  const known = templates.get(template);
  if (known !== undefined) return known;
  const pieces = template.split(/\{(\w+)\}/);
  const parts = pieces.flatMap((text, i) => (i % 2 === 0 ? [{ text, name: pieces[i + 1] }] : []));
  templates.set(template, parts);
  return parts;
}

/**
 * Replaces what could break a line, steer a terminal, turn text around or hide in it by \xNN or \u{NNNN}:
 * control and format characters, separators of lines, halves of characters.
 */
export function escapeControls(text: string): string {
  if (isPlain(text)) return text;
  return text.replace(UNPRINTABLE, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16);
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`;
  });
}

/** True for printable ASCII only: nearly everything that is logged. */
export const isPlain = (text: string): boolean => PLAIN.test(text);

const PLAIN = /^[\x20-\x7e]*$/;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Ten characters each. */
const LEVEL_COLUMN = {
  3: "Critical  ",
  4: "Error     ",
  5: "Warning   ",
  6: "Notice    ",
  7: "Info      ",
  8: "Debug     ",
} as const satisfies Record<LogLevel, string>;

/** ANSI colours: red, red, yellow, bright, plain, grey. */
const COLOUR = { 3: "1;31", 4: "31", 5: "33", 6: "1", 7: "0", 8: "90" } as const satisfies Record<
  LogLevel,
  string
>;

const two = (value: number): string => String(value).padStart(2, "0");

function fullStamp(at: Date): string {
  const day = `${at.getFullYear()}.${two(at.getMonth() + 1)}.${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function shortStamp(at: Date): string {
  return `${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Ends with a blank of its own, as Dibbler's does. Date has milliseconds only; the rest is zero. */
function preciseStamp(unixMs: number): string {
  const at = new Date(unixMs);
  const second = String(at.getMinutes() * 60 + at.getSeconds()).padStart(4, "0");
  return `${second}s,${String(at.getMilliseconds()).padStart(3, "0")}000us `;
}

/** Lines come in bursts, and a stamp holds for a second. */
function cached(stamp: (at: Date) => string): (unixMs: number) => string {
  let second = -1;
  let text = "";
  return (unixMs) => {
    const now = Math.floor(unixMs / 1000);
    if (now !== second) {
      second = now;
      text = stamp(new Date(unixMs));
    }
    return text;
  };
}
