import { quote, type Report, type Span } from "./diagnostics.js";
import type { Token } from "./lexer.js";

/**
 * What is being read, for messages: the directive as the user wrote it, where, and how it looks when it is
 * right.
 */
export interface Subject extends Span {
  readonly keyword: string;
  readonly example: string;
}

/**
 * The reading position in the tokens of one file. `position` and `subject` are the only things that change.
 */
export interface Cursor {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly report: Report;
  /** The lower-case words that begin a statement anywhere in this grammar. */
  readonly keywords: ReadonlySet<string>;
  position: number;
  subject: Subject;
}

const NOWHERE: Token = { kind: "end", text: "", start: 0, end: 0, first: true };

/**
 * The next token, or one near it, not consumed. Behind the end of the file it is the `end` token, again and
 * again.
 */
export function peek(cursor: Cursor, ahead = 0): Token {
  const index = Math.min(cursor.position + ahead, cursor.tokens.length - 1);
  return cursor.tokens[index] ?? NOWHERE;
}

/** The next token, consumed. */
export function take(cursor: Cursor): Token {
  const token = peek(cursor);
  if (token.kind !== "end") cursor.position++;
  return token;
}

/** True when the next token is this mark, such as `{`. */
export function isAt(cursor: Cursor, mark: string): boolean {
  const token = peek(cursor);
  return token.kind === "mark" && token.text === mark;
}

/** Consumes the mark if it is next. */
export function accept(cursor: Cursor, mark: string): boolean {
  const found = isAt(cursor, mark);
  if (found) cursor.position++;
  return found;
}

/** True when the next token is a bare word that Dibbler reserves for the beginning of a statement. */
export function isAtKeyword(cursor: Cursor): boolean {
  const token = peek(cursor);
  return token.kind === "word" && cursor.keywords.has(token.text.toLowerCase());
}

/**
 * True when a new statement seems to begin here, or a block or the file to end: what should have come
 * before is missing.
 */
export function isAtBreak(cursor: Cursor): boolean {
  const token = peek(cursor);
  return token.kind === "end" || isAt(cursor, "}") || (token.first && isAtKeyword(cursor));
}

/**
 * Reports that something else was expected here. The answer is always undefined, for `return expected(…)`.
 * When nothing follows the directive, what there is of it is marked; else what stands in the wrong place,
 * up to the next blank.
 */
export function expected<T>(cursor: Cursor, what: string, suggestion?: string): T | undefined {
  const { subject, report, text } = cursor;
  const help = suggestion ?? `for example: ${subject.example}`;
  if (isAtBreak(cursor)) {
    const span = { start: subject.start, end: peek(cursor, -1).end };
    report.error(span, `expected ${what} after ${quote(text.slice(span.start, span.end))}`, help);
  } else {
    const span = adjacent(cursor);
    report.error(span, `expected ${what}, found ${quote(text.slice(span.start, span.end))}`, help);
  }
  return undefined;
}

/**
 * The next token with all that stands right behind it, blanks, braces and list commas excluded: `/tmp/x` is
 * one thing.
 */
export function adjacent(cursor: Cursor): Span {
  const { start, end: firstEnd, text } = peek(cursor);
  let end = firstEnd;
  for (let ahead = 1; !PUNCTUATION.test(text); ahead++) {
    const token = peek(cursor, ahead);
    if (token.kind === "end" || token.start !== end || PUNCTUATION.test(token.text)) break;
    end = token.end;
  }
  return { start, end };
}

const PUNCTUATION = /^[{}(),;]$/;

/**
 * Goes on to where the next statement may begin: a `}`, a reserved word, or whatever begins a line like a
 * word. Blocks on the way are skipped whole. A caller that has consumed something always makes progress.
 */
export function skipToStatement(cursor: Cursor): void {
  for (;;) {
    const token = peek(cursor);
    if (token.kind === "end" || isAt(cursor, "}")) return;
    if (isAtKeyword(cursor) || (token.first && ["word", "junk"].includes(token.kind))) return;
    if (isAt(cursor, "{")) skipBlock(cursor);
    else cursor.position++;
  }
}

/**
 * Goes on to the `{` that opens the block of a broken header; false when there is none before the next
 * statement.
 */
export function skipToBlock(cursor: Cursor): boolean {
  while (!isAt(cursor, "{")) {
    if (isAtBreak(cursor)) return false;
    cursor.position++;
  }
  return true;
}

function skipBlock(cursor: Cursor): void {
  let depth = 0;
  do {
    if (isAt(cursor, "{")) depth++;
    if (isAt(cursor, "}")) depth--;
    if (take(cursor).kind === "end") return;
  } while (depth > 0);
}
