import { type Ip6, type Prefix, parseIp6 } from "../prefix.js";
import { accept, adjacent, type Cursor, expected, isAtBreak, isAtKeyword, peek, take } from "./cursor.js";
import { quote } from "./diagnostics.js";
import type { AddressOrDuid, InterfaceSelector } from "./types.js";

/** How one kind of value is written in a configuration. */
export interface Syntax<T> {
  /** In words, to follow "expected". */
  readonly expects: string;
  /** True when the next token can begin such a value; nothing is consumed. */
  readonly begins: (cursor: Cursor) => boolean;
  /** Reads the value; undefined after it has reported what is wrong. */
  readonly read: (cursor: Cursor) => T | undefined;
}

/** Highest number of the grammar. */
export const MAX_NUMBER = 0xffff_ffff;
const BOOLEANS: ReadonlyMap<string, number> = new Map([
  ["yes", 1],
  ["true", 1],
  ["no", 0],
  ["false", 0],
]);
const OCTETS = /^[\dA-Fa-f]{2}(?::[\dA-Fa-f]{2})+$/;

/** Nothing at all: the directive alone says it. */
export const flag: Syntax<true> = { expects: "nothing", begins: () => true, read: () => true };

/** A number, decimal or hexadecimal with suffix h; the words yes, true, no and false count as 1 and 0. */
export function number(least = 0, most = MAX_NUMBER): Syntax<number> {
  return numeric(describeRange("a number", least, most), least, most, parseNumber);
}

/** A number that can only be decimal, as after the slash of a prefix. */
export function decimal(least: number, most: number): Syntax<number> {
  return numeric(describeRange("a decimal number", least, most), least, most, (text) =>
    /^\d+$/.test(text) ? Number(text) : undefined,
  );
}

/** 0 or 1, or the words for them; other numbers are refused. */
export const toggle: Syntax<boolean> = map(numeric("0 or 1", 0, 1, parseNumber), (value) => value === 1);

/** Any number, all but 0 meaning true. */
export const truth: Syntax<boolean> = map(number(), (value) => value !== 0);

/** A string in single or double quotes, or a bare word; `expects` says what for. */
export function word(expects: string): Syntax<string> {
  return {
    expects,
    begins: (cursor) => {
      const { kind } = peek(cursor);
      return kind === "string" || (kind === "word" && !isAtKeyword(cursor));
    },
    read: (cursor) => {
      const token = peek(cursor);
      if (token.kind === "string") return take(cursor).text.slice(1, -1);
      const span = adjacent(cursor);
      if (token.kind === "word" && span.end === token.end && !isAtBreak(cursor)) return take(cursor).text;
      const written = cursor.text.slice(span.start, span.end);
      const isQuotable = !isAtBreak(cursor) && !/^[{}(),;]$/.test(written);
      return expected(cursor, expects, isQuotable ? `put it in quotes: ${quote(written)}` : undefined);
    },
  };
}

/** Any text. */
export const text: Syntax<string> = word("a word or a text in quotes");

const interfaceName = word("the name of an interface");

/** The name of an interface, or its index. */
export const selector: Syntax<InterfaceSelector> = {
  expects: interfaceName.expects,
  begins: (cursor) => peek(cursor).kind === "number" || interfaceName.begins(cursor),
  read: (cursor) =>
    peek(cursor).kind === "number"
      ? map(number(1), (index) => ({ index })).read(cursor)
      : map(interfaceName, (name) => ({ name })).read(cursor),
};

/** An IPv6 address without zone. */
export const address: Syntax<Ip6> = {
  expects: "an IPv6 address",
  begins: (cursor) => peek(cursor).kind === "colons",
  read: (cursor) => {
    const { kind, text: written } = peek(cursor);
    const value = kind === "colons" ? parseIp6(written) : undefined;
    if (value === undefined) return expected(cursor, "an IPv6 address");
    take(cursor);
    return value;
  },
};

/** `address/length`; bits beyond the length are kept. */
export function prefix(prefixLength: Syntax<number>): Syntax<Prefix> {
  return {
    expects: "a prefix (address/length)",
    begins: address.begins,
    read: (cursor) => {
      const begin = address.read(cursor);
      if (begin === undefined) return undefined;
      if (!accept(cursor, "/")) return expected(cursor, '"/" and the length of the prefix');
      const length = prefixLength.read(cursor);
      return length === undefined ? undefined : { address: begin, length };
    },
  };
}

/**
 * Octets: 0x… (an odd first digit stands alone), or two digits each with colons between, eight of them
 * included.
 */
export const bytes: Syntax<Uint8Array> = {
  expects: "octets such as 0x0a1b or 0a:1b",
  begins: (cursor) => ["bytes", "colons"].includes(peek(cursor).kind),
  read: (cursor) => {
    const { kind, text: written } = peek(cursor);
    if (kind !== "bytes" && !(kind === "colons" && OCTETS.test(written))) {
      return expected(cursor, bytes.expects);
    }
    take(cursor);
    const digits = kind === "bytes" ? written.slice(2) : written.replaceAll(":", "");
    const even = digits.length % 2 === 0 ? digits : `0${digits}`;
    const octets = new Uint8Array(even.length / 2);
    for (let i = 0; i < octets.length; i++) octets[i] = parseInt(even.slice(2 * i, 2 * i + 2), 16);
    return octets;
  },
};

/** An address, or octets where the text is none: eight groups with colons are an address here. */
export const addressOrDuid: Syntax<AddressOrDuid> = {
  expects: "an IPv6 address or octets such as 0x0a1b",
  begins: bytes.begins,
  read: (cursor) => {
    const { kind, text: written } = peek(cursor);
    if (!bytes.begins(cursor)) return expected(cursor, addressOrDuid.expects);
    const isDuid = kind === "bytes" || (OCTETS.test(written) && parseIp6(written) === undefined);
    const octets = isDuid ? bytes.read(cursor) : address.read(cursor);
    return octets && { by: isDuid ? "duid" : "address", octets };
  },
};

/** The octets of either. */
export const addressOrBytes: Syntax<Uint8Array> = map(addressOrDuid, ({ octets }) => octets);

/** One of these words, quoted or not, in any case. */
export function choice<const W extends string>(...words: readonly W[]): Syntax<W> {
  const expects = words.length === 1 ? `"${words.join("")}"` : `one of ${words.join(", ")}`;
  const find = (cursor: Cursor): W | undefined => {
    const { kind, text: written } = peek(cursor);
    const bare = kind === "string" ? written.slice(1, -1) : written;
    return words.find((word) => word === bare.toLowerCase());
  };
  return {
    expects,
    begins: (cursor) => find(cursor) !== undefined,
    read: (cursor) => {
      const word = find(cursor);
      if (word === undefined) return expected(cursor, expects);
      take(cursor);
      return word;
    },
  };
}

/** One or more values with commas between them. */
export function list<T>(item: Syntax<T>, most = Infinity): Syntax<readonly T[]> {
  return {
    expects: item.expects,
    begins: item.begins,
    read: (cursor) => {
      const values: T[] = [];
      do {
        if (values.length === most) return expected(cursor, `no more than ${most} values`);
        const value = item.read(cursor);
        if (value === undefined) return undefined;
        values.push(value);
      } while (accept(cursor, ","));
      const next = peek(cursor);
      if (!next.first && !isAtKeyword(cursor) && item.begins(cursor)) {
        return expected(cursor, '"," before the next value');
      }
      return values;
    },
  };
}

/** The value, or null when none begins here. */
export function optional<T>(syntax: Syntax<T>): Syntax<T | null> {
  return {
    expects: syntax.expects,
    begins: () => true,
    read: (cursor) => (syntax.begins(cursor) ? syntax.read(cursor) : null),
  };
}

/** The first of these kinds of value that can begin here. */
export function either<A, B>(first: Syntax<A>, second: Syntax<B>): Syntax<A | B> {
  return {
    expects: `${first.expects} or ${second.expects}`,
    begins: (cursor) => first.begins(cursor) || second.begins(cursor),
    read: (cursor) => {
      if (first.begins(cursor)) return first.read(cursor);
      if (second.begins(cursor)) return second.read(cursor);
      return expected(cursor, `${first.expects} or ${second.expects}`);
    },
  };
}

/** The same way of writing, with the value made into another one. */
export function map<A, B>(syntax: Syntax<A>, convert: (value: A) => B): Syntax<B> {
  return {
    ...syntax,
    read: (cursor) => {
      const value = syntax.read(cursor);
      return value === undefined ? undefined : convert(value);
    },
  };
}

/** The same way of writing, for what `convert` can make something of; it answers undefined for the rest. */
export function refine<A, B>(
  syntax: Syntax<A>,
  expects: string,
  convert: (value: A) => B | undefined,
): Syntax<B> {
  return {
    ...syntax,
    expects,
    read: (cursor) => {
      const start = cursor.position;
      const value = syntax.read(cursor);
      if (value === undefined) return undefined;
      const converted = convert(value);
      if (converted !== undefined) return converted;
      cursor.position = start;
      return expected(cursor, expects);
    },
  };
}

/** One value after another, with a mark between them when `between` names one. */
export function pair<A, B>(first: Syntax<A>, between: string | undefined, second: Syntax<B>): Syntax<[A, B]> {
  return {
    expects: first.expects,
    begins: first.begins,
    read: (cursor) => {
      const left = first.read(cursor);
      if (left === undefined) return undefined;
      if (between !== undefined && !accept(cursor, between)) return expected(cursor, `"${between}"`);
      const right = second.read(cursor);
      return right === undefined ? undefined : [left, right];
    },
  };
}

/** The value up to the end of its statement, marked by a semicolon. */
export function terminated<T>(syntax: Syntax<T>): Syntax<T> {
  return {
    ...syntax,
    read: (cursor) => {
      const value = syntax.read(cursor);
      if (value === undefined) return undefined;
      return accept(cursor, ";") ? value : expected(cursor, '";"');
    },
  };
}

function parseNumber(written: string): number | undefined {
  if (/^\d+$/.test(written)) return Number(written);
  if (/^\d[\dA-Fa-f]*[hH]$/.test(written)) return parseInt(written, 16);
  return BOOLEANS.get(written.toLowerCase());
}

function numeric(
  expects: string,
  least: number,
  most: number,
  parse: (text: string) => number | undefined,
): Syntax<number> {
  return {
    expects,
    begins: (cursor) => {
      const { kind, text: written } = peek(cursor);
      return kind === "number" || (kind === "word" && parse(written) !== undefined);
    },
    read: (cursor) => {
      const { kind, text: written } = peek(cursor);
      const value = kind === "number" || kind === "word" ? parse(written) : undefined;
      if (value === undefined || value < least || value > most) return expected(cursor, expects);
      take(cursor);
      return value;
    },
  };
}

function describeRange(noun: string, least: number, most: number): string {
  if (most < MAX_NUMBER) return `${noun} from ${least} to ${most}`;
  return `${noun} ${least === 0 ? "up to" : `from ${least} to`} ${most}`;
}
