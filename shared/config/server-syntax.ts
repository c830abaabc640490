import type { Ip6, Prefix } from "../prefix.js";
import { octetsOf } from "../wire/kinds.js";
import { accept, type Cursor, expected, isAt, peek, take } from "./cursor.js";
import { domainName } from "./option-syntax.js";
import {
  address,
  addressOrBytes,
  bytes,
  choice,
  decimal,
  either,
  list,
  map,
  MAX_NUMBER,
  number,
  optional,
  pair,
  prefix,
  type Syntax,
  text,
  word,
} from "./syntax.js";
import type { Condition, Expression } from "./types.js";

/** Two numbers as written: the first may be the larger one. */
export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

const seconds = number();

/** A time: one number, or the two ends of a range. */
export const timeRange: Syntax<NumberRange> = {
  expects: "a number of seconds, or two with - between",
  begins: number().begins,
  read: (cursor) => {
    const from = seconds.read(cursor);
    if (from === undefined) return undefined;
    const to = accept(cursor, "-") ? seconds.read(cursor) : from;
    return to === undefined ? undefined : { from, to };
  },
};

const prefixLength = number(0, 128);

/** `A/N`, `A-B`, or a single address. */
export const addressRange: Syntax<Prefix | readonly [Ip6, Ip6]> = {
  expects: "an address range (A-B or A/length)",
  begins: address.begins,
  read: (cursor) => {
    const first = address.read(cursor);
    if (first === undefined) return undefined;
    if (accept(cursor, "/")) {
      const length = prefixLength.read(cursor);
      return length === undefined ? undefined : { address: first, length };
    }
    const last = accept(cursor, "-") ? address.read(cursor) : first;
    return last === undefined ? undefined : [first, last];
  },
};

/** An address or DUID, or a range of them: the clients that `accept-only` and `reject-clients` speak of. */
export const clientRange: Syntax<readonly Uint8Array[]> = {
  expects: "an address, a DUID, or a range of them",
  begins: addressOrBytes.begins,
  read: (cursor) => {
    const first = addressOrBytes.read(cursor);
    if (first === undefined) return undefined;
    const last = accept(cursor, "-") ? addressOrBytes.read(cursor) : first;
    return last === undefined ? undefined : [first, last];
  },
};

const identityKind = choice("duid", "remote-id", "link-local");
const identities = { duid: bytes, "remote-id": pair(number(), "-", bytes), "link-local": address };

/** Whom a `client` block is about: `duid 0x…`, `remote-id 5-0x…`, `link-local fe80::1`. */
export const clientSelector: Syntax<unknown> = {
  expects: "duid, remote-id or link-local",
  begins: (cursor) => peek(cursor).kind === "word",
  read: (cursor) => {
    const by = identityKind.read(cursor);
    const identity: unknown = by && identities[by].read(cursor);
    return identity && { by, identity };
  },
};

/** What relays send as Interface-Id: a number (4 octets), octets, or the octets of a text. */
export const interfaceId: Syntax<Uint8Array> = either(
  map(number(), (value) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)),
  either(bytes, map(text, octetsOf)),
);

/** `P/N [lifetime N|infinite]`. */
export const route: Syntax<unknown> = pair(
  prefix(decimal(0, 128)),
  undefined,
  optional(pair(choice("lifetime"), undefined, either(decimal(0, MAX_NUMBER), choice("infinite")))),
);

/** `[mode [length]] NAME[-DUID|-ADDRESS],…`: names for clients, registered by mode 0 to 2. */
export const fqdnNames: Syntax<unknown> = {
  expects: "names for clients",
  begins: (cursor) => peek(cursor).kind === "number" || domainName.begins(cursor),
  read: (cursor) => {
    if (peek(cursor).kind === "number" && decimal(0, 2).read(cursor) === undefined) return undefined;
    if (peek(cursor).kind === "number" && decimal(0, 128).read(cursor) === undefined) return undefined;
    return list<unknown>({
      ...domainName,
      read: (at) => {
        const name = domainName.read(at);
        if (name === undefined || !accept(at, "-")) return name;
        return addressOrBytes.read(at);
      },
    }).read(cursor);
  },
};

/** Parentheses beyond this depth are refused. */
const MAX_DEPTH = 32;

/** A whole condition; the outer parentheses are part of it. */
export const condition: Syntax<Condition> = {
  expects: "a condition in parentheses",
  begins: (cursor) => isAt(cursor, "("),
  read: (cursor) => readCondition(cursor, 0),
};

const field = choice(
  "client.vendor-spec.en",
  "client.vendor-spec.data",
  "client.vendor-class.en",
  "client.vendor-class.data",
);
const contain = choice("contain");
const substring = choice("substring");
const expressionWord = word("a field of the client's message, a text, a number or substring(…)");

function readCondition(cursor: Cursor, depth: number): Condition | undefined {
  if (depth > MAX_DEPTH) return expected(cursor, `no more than ${MAX_DEPTH} parentheses inside each other`);
  if (!accept(cursor, "(")) return expected(cursor, condition.expects);
  const read = isAt(cursor, "(") ? readJunction(cursor, depth) : readComparison(cursor, depth);
  if (read === undefined) return undefined;
  return accept(cursor, ")") ? read : expected(cursor, '")"');
}

function readJunction(cursor: Cursor, depth: number): Condition | undefined {
  const left = readCondition(cursor, depth + 1);
  const operator = left && choice("and", "or").read(cursor);
  const right = operator && readCondition(cursor, depth + 1);
  return right && { operator, left, right };
}

function readComparison(cursor: Cursor, depth: number): Condition | undefined {
  const left = readExpression(cursor, depth);
  if (left === undefined) return undefined;
  const operator = readOperator(cursor);
  const right = operator && readExpression(cursor, depth);
  return right && { operator, left, right };
}

function readOperator(cursor: Cursor): "==" | "contain" | undefined {
  if (accept(cursor, "==")) return "==";
  return contain.begins(cursor) ? contain.read(cursor) : expected(cursor, '"==" or "contain"');
}

function readExpression(cursor: Cursor, depth: number): Expression | undefined {
  if (depth > MAX_DEPTH) return expected(cursor, `no more than ${MAX_DEPTH} parentheses inside each other`);
  if (field.begins(cursor)) return map(field, (name) => ({ field: name })).read(cursor);
  if (substring.begins(cursor)) return readSubstring(cursor, depth);
  if (seconds.begins(cursor)) return map(seconds, (value) => ({ text: String(value) })).read(cursor);
  return map(expressionWord, (value) => ({ text: value })).read(cursor);
}

function readSubstring(cursor: Cursor, depth: number): Expression | undefined {
  take(cursor);
  if (!accept(cursor, "(")) return expected(cursor, '"("');
  const of = readExpression(cursor, depth + 1);
  if (of === undefined) return undefined;
  if (!accept(cursor, ",")) return expected(cursor, '","');
  const bounds = pair(seconds, ",", seconds).read(cursor);
  if (bounds === undefined) return undefined;
  return accept(cursor, ")") ? { of, from: bounds[0], length: bounds[1] } : expected(cursor, '")"');
}
