import { seconds as makeSeconds } from "../brand.js";
import { duid } from "../duid.js";
import { type AddressRange, parseIp6, rangeOf } from "../prefix.js";
import { octetsOf } from "../wire/kinds.js";
import { OPTIONS } from "../wire/options.js";
import { accept, type Cursor, expected, isAt, peek, take } from "./cursor.js";
import { domainName, optionCode } from "./option-syntax.js";
import {
  address,
  addressOrBytes,
  addressOrDuid,
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
  refine,
  type Syntax,
  text,
  word,
} from "./syntax.js";
import type {
  ClientRange,
  Condition,
  EventTarget,
  Expression,
  ListenAddress,
  Rate,
  ReservationSelector,
} from "./types.js";

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

/** Where to listen for TCP, e.g. `[::1]:9547`. */
export const listenAddress: Syntax<ListenAddress> = refine(
  text,
  'an address and a port, e.g. "[::1]:9547"',
  (written) => {
    const [, v6, v4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(written) ?? [];
    const port = Number(digits);
    const isAddress = v6 === undefined ? isIp4(v4 ?? "") : parseIp6(v6) !== undefined;
    return isAddress && port >= 1 && port <= 65_535 ? { host: v6 ?? v4 ?? "", port } : undefined;
  },
);

/** Where lease events go: a socket, or a file by its path alone. */
export const eventTarget: Syntax<EventTarget> = refine(
  text,
  'a socket or a file, e.g. "unix:/run/dibbler/events.sock" or "/var/log/dibbler/events.jsonl"',
  (written) => {
    const [, kind = "file", path] = /^(?:(unix|file):)?(\/\P{Cc}+)$/u.exec(written) ?? [];
    return path === undefined ? undefined : { kind: kind === "unix" ? "unix" : "file", path };
  },
);

/** An URL to send to. A name and password would come into the log with it. */
export const webUrl: Syntax<string> = refine(
  text,
  'an URL with http or https and without a user, e.g. "https://ipam.example/dibbler"',
  (written) => {
    if (!/^https?:\/\/[!-~]+$/.test(written) || !URL.canParse(written)) return undefined;
    const { username, password, hash } = new URL(written);
    return username + password + hash === "" ? written : undefined;
  },
);

const isIp4 = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255);

const prefixLength = number(1, 128);

/** `A/N`, `A-B`, or a single address; of `A-B` the first may be the higher one. */
export const addressRange: Syntax<AddressRange> = {
  expects: "an address range (A-B or A/length)",
  begins: address.begins,
  read: (cursor) => {
    const first = address.read(cursor);
    if (first === undefined) return undefined;
    if (accept(cursor, "/")) {
      const length = prefixLength.read(cursor);
      return length === undefined ? undefined : rangeOf({ address: first, length });
    }
    const last = accept(cursor, "-") ? address.read(cursor) : first;
    return last && { first, last };
  },
};

/** The end of a range must be of the kind of its beginning. */
const lastClient = {
  address: refine(addressOrDuid, "an address, as before the dash", (last) =>
    last.by === "address" ? last : undefined,
  ),
  duid: refine(addressOrDuid, "a DUID, as before the dash", (last) =>
    last.by === "duid" ? last : undefined,
  ),
};

/** An address or DUID, or a range of them: the clients that `accept-only` and `reject-clients` speak of. */
export const clientRange: Syntax<ClientRange> = {
  expects: "an address, a DUID, or a range of them",
  begins: addressOrDuid.begins,
  read: (cursor) => {
    const first = addressOrDuid.read(cursor);
    if (first === undefined) return undefined;
    const last = accept(cursor, "-") ? lastClient[first.by].read(cursor) : first;
    return last && { by: first.by, first: first.octets, last: last.octets };
  },
};

const identityKind = choice("duid", "remote-id", "link-local");
const identities: Readonly<Record<"duid" | "remote-id" | "link-local", Syntax<ReservationSelector>>> = {
  duid: map(bytes, (octets) => ({ by: "duid", duid: duid(octets) })),
  "remote-id": map(pair(number(), "-", bytes), ([enterprise, id]) => ({
    by: "remoteId",
    enterprise,
    ids: remoteIds(enterprise, id),
  })),
  "link-local": map(address, (value) => ({ by: "linkLocal", address: value })),
};

/** Whom a `client` block is about: `duid 0x…`, `remote-id 5-0x…`, `link-local fe80::1`. */
export const clientSelector: Syntax<ReservationSelector> = {
  expects: "duid, remote-id or link-local",
  begins: (cursor) => peek(cursor).kind === "word",
  read: (cursor) => {
    const by = identityKind.read(cursor);
    return by && identities[by].read(cursor);
  },
};

/** `N [SECONDS]`: so many new leases in that time, an hour unless it is said; null for no limit. */
export const leaseRate: Syntax<Rate | null> = map(
  pair(number(), undefined, optional(number(1))),
  ([leases, per]) => (leases === 0 ? null : { leases, per: makeSeconds(per ?? 3600) }),
);

/**
 * An option that relays may supply for clients: not one of those that make up the exchange itself (RFC 6422
 * 7).
 */
export const relaySuppliedCode: Syntax<number> = refine(
  optionCode,
  "the code of an option that relays can supply (not 1 to 20, 25, 26)",
  (code) => (code > 20 && code !== OPTIONS.iaPd.code && code !== OPTIONS.iaPrefix.code ? code : undefined),
);

const INTERFACE_ID_ORDERS = ["before", "after", "omit"] as const;

/** Where the Interface-Id of a Relay-reply stands. Dibbler compares beginnings only. */
export const interfaceIdOrder: Syntax<(typeof INTERFACE_ID_ORDERS)[number]> = refine(
  text,
  "one of before, after, omit",
  (value) => INTERFACE_ID_ORDERS.find((each) => value.toLowerCase().startsWith(each)),
);

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

/**
 * What a Remote-ID of this enterprise may be. Dibbler takes the enterprise number out of the octets, so that
 * its users write it in front of them once more: these are understood as well.
 */
function remoteIds(enterprise: number, octets: Uint8Array): readonly Uint8Array[] {
  const written = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const isRepeated = octets.length > 4 && written.getUint32(0) === enterprise;
  return isRepeated ? [octets, octets.subarray(4)] : [octets];
}
