import type { Cursor } from "./cursor.js";
import type { Span } from "./diagnostics.js";
import type { Syntax } from "./syntax.js";

/** A directive that does something; the keyword tells the type of the value. */
export interface ActingHead<K extends string, T> {
  readonly acts: true;
  readonly keyword: K;
  readonly value: T;
  readonly at: Span;
}

/** A directive that is read and kept, but changes nothing. */
export interface InertHead {
  readonly acts: false;
  readonly keyword: string;
  readonly value: unknown;
  readonly at: Span;
}

/** Whether a block in braces follows a directive. */
export type BodyNeed = "required" | "optional" | "none";

/**
 * A row of a directive table: everything there is to know about reading one directive of Dibbler's grammar.
 */
export interface Row<H, S extends string> {
  readonly keyword: string;
  /** False for a row that is checked and kept only. */
  readonly acts: boolean;
  /** Other spellings. */
  readonly aliases: readonly string[];
  /** The blocks in which it may stand. */
  readonly scopes: readonly S[];
  /** A whole statement, as help in messages. */
  readonly example: string;
  /** What holds without the directive, written as its value. */
  readonly standard: string | undefined;
  /** What will not happen although the directive is accepted: said once per file. */
  readonly unused: string | undefined;
  /** Why the directive is never accepted. */
  readonly refused: string | undefined;
  /** The directive that must have come before. */
  readonly needs: string | undefined;
  readonly body: BodyRow<S> | undefined;
  /** Reads the value and makes the head; undefined after it has reported what is wrong. */
  readonly read: (cursor: Cursor, at: Span) => { readonly head: H; readonly need: BodyNeed } | undefined;
}

/**
 * The block of a directive: the scope it opens, whether it may be empty, what must follow the closing
 * brace.
 */
export interface BodyRow<S extends string> {
  readonly scope: S;
  readonly mayBeEmpty: boolean;
  readonly end: ";" | undefined;
}

/** The heads that the rows `R` make. */
export type HeadOf<R> = R extends Row<infer H, string> ? H : never;

interface Details<T, S extends string> {
  readonly example: string;
  /** The keyword as written, where several rows share the one that tells the type. */
  readonly spelled?: string;
  readonly standard?: string;
  readonly aliases?: readonly string[];
  readonly unused?: string;
  readonly refused?: string;
  readonly needs?: string;
  readonly body?: {
    readonly scope: S;
    readonly mayBeEmpty?: boolean;
    readonly end?: ";";
    /** Required when left out. */
    readonly need?: BodyNeed | ((value: T) => BodyNeed);
  };
}

/** Makes the rows of one program, whose blocks are named by `S`. */
export interface RowMaker<S extends string> {
  /** A row that acts: the evaluation must handle its keyword, or it does not compile. */
  readonly directive: <const K extends string, T>(
    keyword: K,
    scopes: readonly S[],
    syntax: Syntax<T>,
    details: Details<T, S>,
  ) => Row<ActingHead<K, T>, S>;
  /**
   * A row that is checked and kept only. It says in `unused` what will not happen, or in `refused` why it
   * is wrong.
   */
  readonly inert: <T>(
    keyword: string,
    scopes: readonly S[],
    syntax: Syntax<T>,
    details: Details<T, S>,
  ) => Row<InertHead, S>;
}

/** The row makers for a program with these scopes. */
export function rowsFor<S extends string>(): RowMaker<S> {
  return {
    directive: (keyword, scopes, syntax, details) =>
      makeRow(keyword, true, scopes, syntax, details, (value, at) => ({ acts: true, keyword, value, at })),
    inert: (keyword, scopes, syntax, details) =>
      makeRow(keyword, false, scopes, syntax, details, (value, at) => ({ acts: false, keyword, value, at })),
  };
}

/**
 * The whole grammar of a program: its rows by lower-case keyword, and what its blocks are called in
 * messages.
 */
export interface Grammar<H, S extends string> {
  readonly rows: ReadonlyMap<string, Row<H, S>>;
  /** First words of all rows, lower case. */
  readonly keywords: ReadonlySet<string>;
  readonly top: S;
}

/** A grammar out of rows; `top` is the scope outside all blocks. */
export function grammarOf<H, S extends string>(rows: readonly Row<H, S>[], top: S): Grammar<H, S> {
  const byKeyword = new Map(
    rows.flatMap((row) => [row.keyword, ...row.aliases].map((name) => [name.toLowerCase(), row] as const)),
  );
  const keywords = new Set([...byKeyword.keys()].map((name) => name.replace(/ .*/, "")));
  return { rows: byKeyword, keywords, top };
}

function makeRow<H, T, S extends string>(
  keyword: string,
  acts: boolean,
  scopes: readonly S[],
  syntax: Syntax<T>,
  details: Details<T, S>,
  makeHead: (value: T, at: Span) => H,
): Row<H, S> {
  const { body } = details;
  return {
    keyword: details.spelled ?? keyword,
    acts,
    scopes,
    aliases: details.aliases ?? [],
    example: details.example,
    standard: details.standard,
    unused: details.unused,
    refused: details.refused,
    needs: details.needs,
    body: body && { scope: body.scope, mayBeEmpty: body.mayBeEmpty === true, end: body.end },
    read: (cursor, at) => {
      const value = syntax.read(cursor);
      if (value === undefined) return undefined;
      const need = typeof body?.need === "function" ? body.need(value) : (body?.need ?? "required");
      return { head: makeHead(value, at), need: body === undefined ? "none" : need };
    },
  };
}
