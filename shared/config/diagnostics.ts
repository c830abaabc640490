/**
 * One thing to say about a configuration file. Line and column count from 1, in characters; length is what
 * to underline.
 */
export interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly line: number;
  readonly column: number;
  readonly length: number;
  readonly message: string;
  /** What to write instead, or where the cause lies. */
  readonly suggestion?: string;
}

/** A piece of the text, as offsets: `end` is the first one behind it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A point of the text, counted from 1 as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Collects what is found in one text. Nothing is thrown: reading goes on, so that all mistakes come out at
 * once.
 */
export interface Report {
  readonly error: (span: Span, message: string, suggestion?: string) => void;
  readonly warning: (span: Span, message: string, suggestion?: string) => void;
  /**
   * Like `error` or `warning`, but only the first call with this key counts; it then tells how often there
   * were more.
   */
  readonly once: (key: string, severity: Diagnostic["severity"], span: Span, message: string) => void;
  readonly place: (offset: number) => Place;
  readonly errorCount: () => number;
  /** True when so much is wrong that more errors help nobody: reading may stop. */
  readonly isFull: () => boolean;
  /** Everything said, in the order of the text. */
  readonly diagnostics: () => Diagnostic[];
}

/** Errors beyond this number are not collected: such a file is no configuration at all. */
export const MAX_ERRORS = 1000;
/** Columns of a source line that are shown. */
const MAX_SHOWN = 120;

interface Entry extends Span {
  readonly severity: Diagnostic["severity"];
  readonly message: string;
  readonly suggestion: string | undefined;
  readonly key: string | undefined;
}

/** An empty report about `text`. */
export function createReport(text: string): Report {
  const entries: Entry[] = [];
  const repeats = new Map<string, number>();
  const placeOf = createPlaces(text);
  let errors = 0;

  const add = (entry: Entry): void => {
    if (errors > MAX_ERRORS) return;
    if (entry.severity === "error") errors++;
    const isLast = errors > MAX_ERRORS;
    entries.push(isLast ? { ...entry, message: "too many errors: reading stops here" } : entry);
  };
  return {
    error: ({ start, end }, message, suggestion) => {
      add({ severity: "error", start, end, message, suggestion, key: undefined });
    },
    warning: ({ start, end }, message, suggestion) => {
      add({ severity: "warning", start, end, message, suggestion, key: undefined });
    },
    once: (key, severity, { start, end }, message) => {
      const count = repeats.get(key) ?? 0;
      repeats.set(key, count + 1);
      if (count === 0) add({ severity, start, end, message, suggestion: undefined, key });
    },
    place: placeOf,
    errorCount: () => errors,
    isFull: () => errors > MAX_ERRORS,
    diagnostics: () =>
      entries
        .toSorted((a, b) => a.start - b.start)
        .map((entry) => describe(entry, repeats, text, placeOf(entry.start))),
  };
}

/**
 * The diagnostic as people read it: `file:line:column: error: …`, the source line with the spot underlined,
 * and the suggestion. Several lines without a final newline. `text` is the whole file; control characters
 * in it are not shown.
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  source: { readonly file: string; readonly text: string },
): string {
  const { severity, line, column, length, message, suggestion } = diagnostic;
  const shown = showLine(sourceLine(source.text, line), column, length);
  const gutter = " ".repeat(5);
  const lines = [
    `${source.file}:${line}:${column}: ${severity}: ${message}`,
    `${String(line).padStart(5)} | ${shown.text}`,
    `${gutter} | ${" ".repeat(shown.indent)}${"^".repeat(shown.length)}`,
  ];
  if (suggestion !== undefined) lines.push(`${gutter} = ${suggestion}`);
  return lines.map((each) => each.trimEnd()).join("\n");
}

/** Text of the file for a message: on one line, short, and without what could steer a terminal. */
export function quote(text: string): string {
  const plain = text.replace(/\s+/g, " ").replace(UNPRINTABLE, "?");
  const short = plain.length > 60 ? `${plain.slice(0, 57)}...` : plain;
  return short.includes('"') ? `'${short}'` : `"${short}"`;
}

/** Control and format characters (bidirectional marks among them) and halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

function describe(
  entry: Entry,
  repeats: ReadonlyMap<string, number>,
  text: string,
  { line, column }: Place,
): Diagnostic {
  const spanned = text.slice(entry.start, entry.end).split(/\r?\n/, 1)[0] ?? "";
  const more = entry.key === undefined ? 0 : (repeats.get(entry.key) ?? 1) - 1;
  const also = more === 0 ? "" : ` (here and ${more === 1 ? "once more" : `${more} times more`})`;
  return {
    severity: entry.severity,
    line,
    column,
    length: Math.max(1, countCharacters(spanned, 0, spanned.length)),
    message: entry.message + also,
    ...(entry.suggestion === undefined ? {} : { suggestion: entry.suggestion }),
  };
}

/** Finds places in a text; fast for offsets that come in rising order, however long the lines are. */
function createPlaces(text: string): (offset: number) => Place {
  const lineStarts = findLineStarts(text);
  let known = { line: 1, offset: lineStarts[0] ?? 0, column: 1 };
  return (offset) => {
    let low = 0;
    let high = lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    const line = low + 1;
    const isBehind = known.line === line && known.offset <= offset;
    const from = isBehind ? known : { offset: lineStarts[low] ?? 0, column: 1 };
    const column = from.column + countCharacters(text, from.offset, offset);
    known = { line, offset, column };
    return { line, column };
  };
}

function findLineStarts(text: string): readonly number[] {
  const starts = [text.startsWith("\uFEFF") ? 1 : 0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Characters, not UTF-16 units: the second half of a surrogate pair does not count. */
function countCharacters(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (!isSecondHalf(text.charCodeAt(at))) count++;
  return count;
}

const isSecondHalf = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

function sourceLine(text: string, line: number): string {
  let start = text.startsWith("\uFEFF") ? 1 : 0;
  for (let n = 1; n < line; n++) {
    const next = text.indexOf("\n", start);
    if (next < 0) return "";
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
}

/** The part of a line around the spot, with one column per character, and where in it the underline goes. */
function showLine(
  line: string,
  column: number,
  length: number,
): { readonly text: string; readonly indent: number; readonly length: number } {
  const hidden = line.length <= MAX_SHOWN ? 0 : Math.max(0, column - 1 - MAX_SHOWN / 2);
  let start = 0;
  for (let skipped = 0; skipped < hidden; start++) if (!isSecondHalf(line.charCodeAt(start + 1))) skipped++;
  const near = line
    .slice(start, start + 2 * MAX_SHOWN)
    .replaceAll("\t", " ")
    .replace(UNPRINTABLE, "?");
  const text = Array.from(near).slice(0, MAX_SHOWN).join("");
  const indent = column - 1 - hidden;
  return { text, indent, length: Math.max(1, Math.min(length, MAX_SHOWN - indent)) };
}
