import { INFINITY, type Seconds, seconds } from "../brand.js";
import { type Duid, duid as duidOf, formatDuid } from "../duid.js";
import { formatIp6, formatPrefix, type Ip6, ip6 as ip6Of, type Prefix } from "../prefix.js";
import type { Reader, Writer } from "./bytes.js";
import { type DomainName, formatDomainName, readDomainName } from "./domain-name.js";
import { MAX_VALUES } from "./fault.js";
import type { Kind, Printed } from "./kind.js";

const hex = (octets: Uint8Array): Printed => ({ text: formatDuid(octets) });
const number = (value: number): Printed => ({ text: String(value) });

/** No data at all: the option is there or it is not. */
export const empty: Kind<null> = {
  decode: () => null,
  encode: () => undefined,
  print: () => ({ text: "" }),
};

/** One octet. */
export const u8: Kind<number> = {
  decode: (reader) => reader.u8(),
  encode: (writer, value) => {
    writer.u8(value);
  },
  print: number,
};

/** Two octets. */
export const u16: Kind<number> = {
  decode: (reader) => reader.u16(),
  encode: (writer, value) => {
    writer.u16(value);
  },
  print: number,
};

/** Four octets. */
export const u32: Kind<number> = {
  decode: (reader) => reader.u32(),
  encode: (writer, value) => {
    writer.u32(value);
  },
  print: number,
};

/** Four octets of seconds, the highest value meaning never (RFC 8415 7.7). */
export const duration: Kind<Seconds> = {
  decode: (reader) => seconds(reader.u32()),
  encode: (writer, value) => {
    writer.u32(value);
  },
  print: (value) => ({ text: formatSeconds(value) }),
};

/** Octets without a layout of their own, or with one that this program has no use for. */
export const opaque: Kind<Uint8Array> = {
  decode: (reader) => reader.rest(),
  encode: (writer, value) => {
    writer.octets(value);
  },
  print: hex,
};

/** Text, kept as the octets it came in because they need not be UTF-8. */
export const text: Kind<Uint8Array> = { ...opaque, print: (value) => ({ text: formatText(value) }) };

/** A DUID of whatever length; whether it is a legal one is for the validity rules (RFC 8415 11). */
export const duid: Kind<Duid> = {
  decode: (reader) => duidOf(reader.rest()),
  encode: (writer, value) => {
    writer.octets(value);
  },
  print: hex,
};

/** One IPv6 address. */
export const ip6: Kind<Ip6> = {
  decode: (reader) => reader.ip6(),
  encode: (writer, value) => {
    writer.octets(value);
  },
  print: (value) => ({ text: formatIp6(value) }),
};

/** A prefix length and only as many octets as it needs (RFC 7598 4.3, RFC 8539 4.2). */
export const shortPrefix: Kind<Prefix> = {
  decode: readShortPrefix,
  encode: writeShortPrefix,
  print: (value) => ({ text: formatPrefix(value) }),
};

/** IPv6 addresses back to back, at least one. */
export const ip6List: Kind<readonly Ip6[]> = listOf(ip6, 1);
/** IPv6 addresses back to back, possibly none. */
export const anyIp6List: Kind<readonly Ip6[]> = listOf(ip6, 0);
/** Octets that are preceded by their 16-bit count. */
export const item: Kind<Uint8Array> = {
  decode: (reader) => reader.octets(reader.u16()),
  encode: writeCounted,
  print: hex,
};
/** Counted octets back to back, as in User Class (RFC 8415 21.15). */
export const itemList: Kind<readonly Uint8Array[]> = listOf(item, 0);
/** Full domain names back to back, at least one (RFC 8415 10). Where one name is meant the first counts. */
export const domainNames: Kind<readonly DomainName[]> = listOf(
  {
    decode: readDomainName,
    encode: (writer, value) => {
      writer.octets(value);
    },
    print: (value) => ({ text: formatDomainName(value) }),
  },
  1,
);

/**
 * 16-bit codes back to back, possibly none; `label` names one of them for people. As many as fit: they are
 * plain numbers, and an Option Request may ask for whatever there is (RFC 8415 21.7).
 */
export function codes(label: (code: number) => string): Kind<readonly number[]> {
  return { ...listOf({ ...u16, print: (value) => ({ text: label(value) }) }, 0), decode: readCodes };
}

function readCodes(reader: Reader): readonly number[] {
  const values: number[] = [];
  while (reader.left > 0) values.push(reader.u16());
  return values;
}

/**
 * Values of one kind back to back until the end of the option, at least `least` of them. A list that has the
 * datagram's values exceed their limit is a fault of its option, which nobody honest sends: the message is
 * answered without it.
 */
export function listOf<T>(kind: Kind<T>, least: 0 | 1): Kind<readonly T[]> {
  return {
    decode: (reader) => {
      if (reader.left < least) reader.fail("option-short");
      const values: T[] = [];
      while (reader.left > 0) {
        if (reader.valueCount++ >= MAX_VALUES) reader.fail("value-count");
        else values.push(kind.decode(reader));
      }
      return values;
    },
    encode: (writer, values) => {
      for (const value of values) kind.encode(writer, value);
    },
    print: (values) => ({ text: values.map((value) => kind.print(value).text).join(" ") }),
  };
}

/** Reads a prefix length and the octets it needs; bits beyond the length are kept. */
export function readShortPrefix(reader: Reader): Prefix {
  const length = reader.u8();
  if (length > 128) reader.fail("prefix-length", reader.at - 1);
  const address = new Uint8Array(16);
  address.set(reader.octets(Math.min(length + 7, 135) >> 3));
  return { address: ip6Of(address), length };
}

/** Writes what `readShortPrefix` reads. */
export function writeShortPrefix(writer: Writer, prefix: Prefix): void {
  writer.u8(prefix.length);
  writer.octets(prefix.address.subarray(0, (prefix.length + 7) >> 3));
}

/** Reads a part whose 16-bit length stands before it; the part must fill it. */
export function readCounted<T>(reader: Reader, read: (reader: Reader) => T): T {
  const length = reader.u16();
  if (length > reader.left) reader.fail("option-overrun");
  const outer = reader.narrow(Math.min(length, reader.left));
  const value = read(reader);
  if (reader.left > 0) reader.fail("option-long");
  reader.widen(outer);
  return value;
}

/** Writes a 16-bit count and the octets. */
export function writeCounted(writer: Writer, value: Uint8Array): void {
  const mark = writer.openLength();
  writer.octets(value);
  writer.closeLength(mark);
}

/** Seconds for people. */
export const formatSeconds = (value: Seconds): string => (value === INFINITY ? "infinity" : String(value));

/** Octets as quoted text; what is not UTF-8 shows as U+FFFD, what could steer a terminal as `\\uXXXX`. */
export const formatText = (octets: Uint8Array): string =>
  JSON.stringify(textOf(octets)).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter);

const escapeCharacter = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

/** Octets as text; what is not UTF-8 becomes U+FFFD. */
export const textOf = (octets: Uint8Array): string => new TextDecoder().decode(octets);

/** Text as UTF-8 octets, for Status Code and the other text options. */
export const octetsOf = (value: string): Uint8Array => new TextEncoder().encode(value);
