import { ASCII_ROOM, writeDecimal, writeDuid, writeHex, writeIp6, writePrefix } from "./ascii.js";
import { formatDuid } from "./duid.js";
import { formatIp6, formatPrefix, type Ip6, type Prefix } from "./prefix.js";

/**
 * A value of a log line that is shown in a form of its own. It becomes text when the line is written, if it
 * is, and then without a string for it where lines are octets.
 */
export type LogForm =
  | { readonly form: "duid"; readonly of: Uint8Array }
  | { readonly form: "ip6"; readonly of: Ip6 }
  | { readonly form: "prefixes"; readonly of: readonly Prefix[] }
  | { readonly form: "numbers"; readonly of: readonly number[] }
  | { readonly form: "hex"; readonly of: number };

/** Octets as Dibbler shows a DUID. */
export const asDuid = (of: Uint8Array): LogForm => ({ form: "duid", of });
/** An address. */
export const asIp6 = (of: Ip6): LogForm => ({ form: "ip6", of });
/** A prefix. */
export const asPrefix = (of: Prefix): LogForm => ({ form: "prefixes", of: [of] });
/** Prefixes, with commas. */
export const asPrefixes = (of: readonly Prefix[]): LogForm => ({ form: "prefixes", of });
/** Whole numbers, with blanks. */
export const asNumbers = (of: readonly number[]): LogForm => ({ form: "numbers", of });
/** A number of 32 bits, hexadecimal. */
export const asHex = (of: number): LogForm => ({ form: "hex", of });

/** The value as a text. */
export function formText(value: LogForm): string {
  switch (value.form) {
    case "duid":
      return formatDuid(value.of);
    case "ip6":
      return formatIp6(value.of);
    case "prefixes":
      return value.of.map(formatPrefix).join(", ");
    case "numbers":
      return value.of.join(" ");
    case "hex":
      return value.of.toString(16);
    default:
      return value satisfies never;
  }
}

/** Octets that `writeForm` needs at most. */
export function formRoom(value: LogForm): number {
  switch (value.form) {
    case "duid":
      return value.of.length * ASCII_ROOM.duidOctet;
    case "ip6":
      return ASCII_ROOM.ip6;
    case "prefixes":
      return value.of.length * (ASCII_ROOM.prefix + 2);
    case "numbers":
      return value.of.length * (ASCII_ROOM.number + 1);
    case "hex":
      return ASCII_ROOM.hex;
    default:
      return value satisfies never;
  }
}

/** Writes the text of the value in ASCII; gives the offset after it. */
export function writeForm(octets: Uint8Array, at: number, value: LogForm): number {
  switch (value.form) {
    case "duid":
      return writeDuid(octets, at, value.of);
    case "ip6":
      return writeIp6(octets, at, value.of);
    case "prefixes":
      return writeList(octets, at, value.of, writePrefix, COMMA);
    case "numbers":
      return writeList(octets, at, value.of, writeDecimal, BLANK);
    case "hex":
      return writeHex(octets, at, value.of);
    default:
      return value satisfies never;
  }
}

function writeList<T>(
  octets: Uint8Array,
  at: number,
  values: readonly T[],
  write: (octets: Uint8Array, at: number, value: T) => number,
  between: readonly number[],
): number {
  let to = at;
  let isFirst = true;
  for (const value of values) {
    if (!isFirst) for (const octet of between) octets[to++] = octet;
    isFirst = false;
    to = write(octets, to, value);
  }
  return to;
}

const COMMA = [0x2c, 0x20] as const;
const BLANK = [0x20] as const;
