import { adjacent, type Cursor, expected, isAt, isAtBreak, peek, type Subject, take } from "./cursor.js";
import { quote, type Span } from "./diagnostics.js";
import type { Grammar, Row } from "./grammar.js";
import type { Token } from "./lexer.js";
import { nearest } from "./suggest.js";

/**
 * The row of the directive that stands here; for a misspelled one, reported as such, the row that was
 * probably meant.
 */
export interface Found<H, S extends string> {
  readonly row: Row<H, S>;
  readonly subject: Subject;
  readonly isGuess: boolean;
}

/**
 * Consumes the word or words that name a directive and finds its row. What is no directive is reported with
 * the nearest one that may stand in `scope`; undefined when nothing comes near.
 */
export function readKeyword<H, S extends string>(
  cursor: Cursor,
  grammar: Grammar<H, S>,
  scope: S,
): Found<H, S> | undefined {
  const token = peek(cursor);
  if (token.kind !== "word" && token.kind !== "junk") {
    reportStray(cursor);
    return undefined;
  }
  take(cursor);
  const name = token.text.toLowerCase();
  const row = grammar.rows.get(name);
  if (row !== undefined) return { row, subject: subjectOf(token, row), isGuess: false };
  if (grammar.keywords.has(name)) return readSecondWord(cursor, grammar, token);
  const words = [...grammar.rows].map(([keyword, { scopes }]) => ({ word: firstWord(keyword), scopes }));
  const here = words.filter(({ scopes }) => scopes.includes(scope));
  const meant =
    nearest(
      name,
      here.map(({ word }) => word),
    ) ?? nearest(name, grammar.keywords);
  cursor.report.error(token, `unknown directive ${quote(token.text)}`, didYouMean(grammar, meant));
  return guessed(grammar, token, meant);
}

/**
 * The second part of `option dns-server` or `option 99`; the number is part of the value and not consumed.
 */
function readSecondWord<H, S extends string>(
  cursor: Cursor,
  grammar: Grammar<H, S>,
  first: Token,
): Found<H, S> | undefined {
  const prefix = `${first.text.toLowerCase()} `;
  const second = peek(cursor);
  const numbered = grammar.rows.get(`${prefix}n`);
  cursor.subject = subjectOf(first, numbered);
  if (isAtBreak(cursor) || !["word", "number", "junk"].includes(second.kind)) {
    return expected(cursor, `the name or number of an ${first.text}`);
  }
  if (second.kind === "number" && numbered !== undefined) {
    return { row: numbered, subject: cursor.subject, isGuess: false };
  }
  take(cursor);
  const span = { text: `${first.text} ${second.text}`, start: first.start, end: second.end };
  const row = grammar.rows.get(prefix + second.text.toLowerCase());
  if (row !== undefined) return { row, subject: subjectOf(span, row), isGuess: false };
  const names = [...grammar.rows.keys()].filter((key) => key.startsWith(prefix) && key !== `${prefix}n`);
  const word = nearest(
    second.text,
    names.map((key) => key.slice(prefix.length)),
  );
  const meant = word && prefix + word;
  const help =
    didYouMean(grammar, meant) ?? `an ${first.text} without a name goes by its number: ${numbered?.example}`;
  cursor.report.error(second, `unknown ${first.text} ${quote(second.text)}`, help);
  return guessed(grammar, span, meant);
}

/** Reports what cannot begin a statement. A stray `{` is left for the caller to skip with its block. */
function reportStray(cursor: Cursor): void {
  const token = peek(cursor);
  if (isAt(cursor, ";")) {
    cursor.report.once(";", "error", token, 'unexpected ";": statements end without one');
  } else {
    const span = adjacent(cursor);
    cursor.report.error(
      span,
      `expected a directive, found ${quote(cursor.text.slice(span.start, span.end))}`,
    );
  }
  if (!isAt(cursor, "{")) take(cursor);
}

function guessed<H, S extends string>(
  grammar: Grammar<H, S>,
  written: Span & { readonly text: string },
  meant: string | undefined,
): Found<H, S> | undefined {
  const row = meant === undefined ? undefined : grammar.rows.get(meant.toLowerCase());
  return row && { row, subject: subjectOf(written, row), isGuess: true };
}

/** The spelling of the table, not the lower-case one it is looked up by. */
function didYouMean<H, S extends string>(
  grammar: Grammar<H, S>,
  meant: string | undefined,
): string | undefined {
  if (meant === undefined) return undefined;
  const keyword = grammar.rows.get(meant)?.keyword;
  return `did you mean "${keyword?.toLowerCase() === meant ? keyword : meant}"?`;
}

function subjectOf(
  { text, start, end }: Span & { readonly text: string },
  row: { readonly example: string } | undefined,
): Subject {
  return { keyword: text, example: row?.example ?? text, start, end };
}

const firstWord = (keyword: string): string => keyword.replace(/ .*/, "");
