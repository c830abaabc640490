import {
  accept,
  type Cursor,
  expected,
  isAt,
  isAtBreak,
  peek,
  skipToBlock,
  skipToStatement,
  type Subject,
  take,
} from "./cursor.js";
import { quote, type Report, type Span } from "./diagnostics.js";
import type { BodyRow, Grammar, Row } from "./grammar.js";
import { readKeyword } from "./keyword.js";
import type { Lexed } from "./lexer.js";

/** A directive and the block behind it, if there is one. */
export interface Node<H> {
  readonly head: H;
  readonly body: readonly Node<H>[] | undefined;
  /** Something inside was wrong, has been reported and is left out: it must not be missed a second time. */
  readonly isFaulty: boolean;
}

/** A block that is being read: what opened it, and where. */
interface Block<S> {
  readonly scope: S;
  readonly subject: Subject;
  readonly brace: Span;
  /** The directive has no effect and has said so for all that is in its block. */
  readonly isUnused: boolean;
}

interface Parsing<H, S extends string> {
  readonly grammar: Grammar<H, S>;
  readonly cursor: Cursor;
  /** Keywords of the directives met so far, for those that need another one before them. */
  readonly met: Set<string>;
  /** Offset of the directive that showed last that a `}` is missing. */
  missingBraceAt: number;
  /** Blocks that were closed for that reason, whose `}` may still come. */
  closedEarly: number;
  readonly onProgress: ((done: number) => void) | undefined;
}

/**
 * Reads all statements of a file. Every mistake goes to the report and makes one error: reading goes on at
 * the next plausible statement, and a misspelled directive is read as what it was probably meant to be.
 */
export function parse<H, S extends string>(
  text: string,
  lexed: Lexed,
  grammar: Grammar<H, S>,
  report: Report,
  onProgress?: (done: number) => void,
): readonly Node<H>[] {
  const { keywords } = grammar;
  const subject: Subject = { keyword: "", example: "", start: 0, end: 0 };
  const cursor = { text, tokens: lexed.tokens, report, keywords, position: 0, subject };
  for (const span of lexed.openStrings) {
    report.error(span, "this text has no closing quote", "strings end with the mark they began with");
  }
  const parsing = { grammar, cursor, met: new Set<string>(), missingBraceAt: -1, closedEarly: 0, onProgress };
  return readStatements(parsing, undefined);
}

function readStatements<H, S extends string>(
  parsing: Parsing<H, S>,
  block: Block<S> | undefined,
): readonly Node<H>[] {
  const { cursor } = parsing;
  const nodes: Node<H>[] = [];
  while (!cursor.report.isFull()) {
    parsing.onProgress?.(cursor.position / cursor.tokens.length);
    if (peek(cursor).kind === "end") {
      if (block !== undefined) reportUnclosed(cursor, block);
      return nodes;
    }
    if (isAt(cursor, "}")) {
      const brace = take(cursor);
      if (block !== undefined) return nodes;
      if (parsing.closedEarly > 0) parsing.closedEarly--;
      else cursor.report.error(brace, 'unexpected "}": no block is open here');
    } else if (block !== undefined && isBraceMissing(parsing, block)) {
      parsing.closedEarly++;
      return nodes;
    } else {
      const node = readStatement(parsing, block);
      if (node !== undefined) nodes.push(node);
    }
  }
  return nodes;
}

function readStatement<H, S extends string>(
  parsing: Parsing<H, S>,
  block: Block<S> | undefined,
): Node<H> | undefined {
  const { cursor, grammar, met } = parsing;
  const errorsBefore = cursor.report.errorCount();
  const found = readKeyword(cursor, grammar, block?.scope ?? grammar.top);
  if (found === undefined) {
    skipToStatement(cursor);
    return undefined;
  }
  const { row, subject, isGuess } = found;
  const isAllowed = !isGuess && checkPlace(parsing, row, subject, block);
  cursor.subject = subject;
  const read = readValue(cursor, row, isGuess);
  if (read === undefined && (row.body === undefined || !skipToBlock(cursor))) {
    if (!isAtBreak(cursor) && !isAt(cursor, "{")) take(cursor);
    skipToStatement(cursor);
    return undefined;
  }
  const need = read?.need ?? "required";
  const hasBody = need === "required" || (need === "optional" && isAt(cursor, "{"));
  const isUnused = block?.isUnused === true || row.unused !== undefined;
  met.add(row.keyword);
  const body = row.body && hasBody ? readBody(parsing, row, row.body, { subject, isUnused }) : undefined;
  if (read === undefined || !isAllowed) return undefined;
  if (row.unused !== undefined && block?.isUnused !== true) {
    const message = `"${row.keyword}" is read but not acted on: ${row.unused}`;
    cursor.report.once(row.keyword, "warning", subject, message);
  }
  return { head: read.head, body, isFaulty: cursor.report.errorCount() > errorsBefore };
}

/**
 * What stands behind a misspelled directive is read without comment: one error is enough for one statement.
 */
function readValue<H, S extends string>(
  cursor: Cursor,
  row: Row<H, S>,
  isGuess: boolean,
): ReturnType<Row<H, S>["read"]> {
  if (!isGuess) return row.read(cursor, cursor.subject);
  const quiet: Cursor = { ...cursor, report: { ...cursor.report, error: () => undefined } };
  const read = row.read(quiet, cursor.subject);
  cursor.position = quiet.position;
  return read;
}

/** True when the directive may stand here; else the reason is reported. */
function checkPlace<H, S extends string>(
  { cursor, grammar, met }: Parsing<H, S>,
  row: Row<H, S>,
  subject: Subject,
  block: Block<S> | undefined,
): boolean {
  const scope = block?.scope ?? grammar.top;
  const { report } = cursor;
  if (!row.scopes.includes(scope)) {
    const inside = row.scopes.filter((each) => each !== grammar.top);
    const places = [
      ...(row.scopes.includes(grammar.top) ? ["at the top level"] : []),
      ...(inside.length > 0 ? [`inside ${inside.join(", ")}`] : []),
    ];
    const here = scope === grammar.top ? "at the top level" : `inside ${scope}`;
    const message = `${quote(subject.keyword)} cannot stand ${here}`;
    report.error(subject, message, `it belongs ${places.join(" or ")}`);
    return false;
  }
  if (row.refused !== undefined) {
    report.error(subject, `${quote(subject.keyword)} cannot be used: ${row.refused}`);
    return false;
  }
  if (row.needs !== undefined && !met.has(row.needs)) {
    report.error(subject, `${quote(subject.keyword)} needs "${row.needs}" before it`);
    return false;
  }
  return true;
}

function readBody<H, S extends string>(
  parsing: Parsing<H, S>,
  row: Row<H, S>,
  body: BodyRow<S>,
  { subject, isUnused }: { readonly subject: Subject; readonly isUnused: boolean },
): readonly Node<H>[] | undefined {
  const { cursor, grammar } = parsing;
  const errorsBefore = cursor.report.errorCount();
  if (!isAt(cursor, "{")) {
    expected(cursor, '"{"');
    const next = grammar.rows.get(peek(cursor).text.toLowerCase());
    const isInside = next?.scopes.includes(body.scope) === true;
    if (!isInside && !skipToBlock(cursor)) {
      accept(cursor, "}");
      return undefined;
    }
  }
  const brace = isAt(cursor, "{") ? take(cursor) : subject;
  const nodes = readStatements(parsing, { scope: body.scope, subject, brace, isUnused });
  cursor.subject = subject;
  if (nodes.length === 0 && !body.mayBeEmpty && cursor.report.errorCount() === errorsBefore) {
    cursor.report.error(brace, `the block of "${row.keyword}" is empty`, `for example: ${row.example}`);
  }
  if (body.end !== undefined && !accept(cursor, body.end)) {
    expected(cursor, `"${body.end}" behind the closing brace`);
  }
  return nodes;
}

/**
 * True, with one error for all open blocks, when a block that only ever stands outside of others begins
 * here.
 */
function isBraceMissing<H, S extends string>(parsing: Parsing<H, S>, block: Block<S>): boolean {
  const { cursor, grammar } = parsing;
  const token = peek(cursor);
  const row = token.kind === "word" ? grammar.rows.get(token.text.toLowerCase()) : undefined;
  if (row?.body === undefined || row.scopes.some((scope) => scope !== grammar.top)) return false;
  if (parsing.missingBraceAt !== token.start) {
    parsing.missingBraceAt = token.start;
    const { line } = cursor.report.place(block.brace.start);
    cursor.report.error(
      token,
      `a "}" is missing before "${row.keyword}"`,
      `the block opened with ${openingOf(cursor, block)} in line ${line} is still open`,
    );
  }
  return true;
}

function reportUnclosed<S>(cursor: Cursor, block: Block<S>): void {
  cursor.report.error(block.brace, `the block opened with ${openingOf(cursor, block)} is never closed`);
}

function openingOf<S>(cursor: Cursor, { subject, brace }: Block<S>): string {
  return quote(cursor.text.slice(subject.start, brace.end));
}
