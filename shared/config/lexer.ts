import type { Span } from "./diagnostics.js";

/**
 * What a token looks like; what it means is for the grammar to say. `colons` may be an address or octets of
 * a DUID, `number` is decimal or hexadecimal with the suffix h, `bytes` is 0x…, `junk` fits nothing.
 */
export type TokenKind = "word" | "number" | "bytes" | "colons" | "string" | "mark" | "junk" | "end";

/** A token with its text as written (quotes included) and whether it is the first one on its line. */
export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
  readonly first: boolean;
}

/** The tokens of a file, the last one of kind `end`, and what was opened but never closed. */
export interface Lexed {
  readonly tokens: readonly Token[];
  readonly openComment: Span | undefined;
  /** Strings without a closing quote; each was read to the end of its line. */
  readonly openStrings: readonly Span[];
}

/**
 * Cuts a configuration into tokens. White space (a byte order mark too) and the comments `#`, `//` and
 * slash-star only separate. Accepts any text. A quoted string may span lines; when a quote is left open,
 * every string ends at the end of its line instead, so that one forgotten quote does not turn the rest of
 * the file inside out.
 */
export function lex(text: string): Lexed {
  const lexed = lexWith(text, true);
  return lexed.openStrings.length === 0 ? lexed : lexWith(text, false);
}

const BLANKS = /\s+/y;
const WORD = /[A-Za-z_][\w.+-]*/y;
const BYTES = /0[xX][\dA-Fa-f]+/y;
const COLONS = /[\dA-Fa-f.:]*:[\dA-Fa-f.:]*/y;
const NUMBER = /\d[\dA-Fa-f]*[hH]|\d+/y;
const JUNK = /[^\s{}(),;"'#/]+/y;
/** What may stand right behind a word, number or address; anything else makes the whole run junk. */
const BOUNDARY = /[\s{}(),;"'#/=-]/;
const MARKS = "{}(),/-;";
const RUNS: readonly (readonly [TokenKind, RegExp])[] = [
  ["bytes", BYTES],
  ["colons", COLONS],
  ["number", NUMBER],
  ["word", WORD],
];

function lexWith(text: string, stringsSpanLines: boolean): Lexed {
  const tokens: Token[] = [];
  const openStrings: Span[] = [];
  let at = 0;
  for (;;) {
    const start = skipGap(text, at);
    if (start >= text.length || text.startsWith("/*", start)) {
      const end = text.length;
      tokens.push({ kind: "end", text: "", start: end, end, first: true });
      return { tokens, openComment: start < end ? { start, end: start + 2 } : undefined, openStrings };
    }
    const first = at === 0 || text.slice(at, start).includes("\n");
    const quoteMark = text[start];
    if (quoteMark === '"' || quoteMark === "'") {
      const limit = stringsSpanLines ? text.length : endOfLine(text, start);
      const close = endOfString(text, start, quoteMark, limit);
      at = close ?? endOfLine(text, start);
      if (close === undefined) openStrings.push({ start, end: at });
      tokens.push({ kind: "string", text: text.slice(start, at), start, end: at, first });
    } else {
      const [kind, end] = scan(text, start);
      tokens.push({ kind, text: text.slice(start, end), start, end, first });
      at = end;
    }
  }
}

/** The offset of the next token; stops at a comment that is never closed. */
function skipGap(text: string, from: number): number {
  let at = matchEnd(BLANKS, text, from);
  for (;;) {
    if (text[at] === "#" || text.startsWith("//", at)) {
      at = endOfLine(text, at);
    } else if (text.startsWith("/*", at)) {
      const close = text.indexOf("*/", at + 2);
      if (close < 0) return at;
      at = close + 2;
    } else {
      return at;
    }
    at = matchEnd(BLANKS, text, at);
  }
}

/**
 * Behind the closing quote, or undefined when there is none before `limit`. A doubled `''` does not close.
 */
function endOfString(text: string, start: number, mark: string, limit: number): number | undefined {
  let close = text.indexOf(mark, start + 1);
  if (mark === "'") while (close >= 0 && text[close + 1] === mark) close = text.indexOf(mark, close + 2);
  return close < 0 || close >= limit ? undefined : close + 1;
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/** Kind and end of the token at `start`, which is neither a gap nor a quote. */
function scan(text: string, start: number): readonly [TokenKind, number] {
  if (MARKS.includes(text[start] ?? "")) return ["mark", start + 1];
  if (text.startsWith("==", start)) return ["mark", start + 2];
  for (const [kind, pattern] of RUNS) {
    const end = matchEnd(pattern, text, start);
    if (end > start && (end === text.length || BOUNDARY.test(text[end] ?? ""))) return [kind, end];
  }
  return ["junk", Math.max(start + 1, matchEnd(JUNK, text, start))];
}

function matchEnd(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start;
  return pattern.test(text) ? pattern.lastIndex : start;
}
