import type { Brand } from "../brand.js";
import type { Reader } from "./bytes.js";

/**
 * A domain name as the wire has it: labels of a length octet (1..63) and that many octets, ended by a zero
 * octet; without the zero it is a partial name, which only Client FQDN may hold (RFC 8415 10, RFC 4704 4.2).
 */
export type DomainName = Brand<Uint8Array, "DomainName">;

/** Longest name in octets, lengths and root included. */
const MAX_NAME_OCTETS = 255;
const MAX_LABEL_OCTETS = 63;

/** Reads one full name; compression pointers, over-long and unended names are faults. */
export function readDomainName(reader: Reader): DomainName {
  const start = reader.at;
  while (readLabel(reader, start)) if (reader.left === 0) reader.fail("domain-name");
  return domainName(reader, start);
}

/** Reads the rest of the window as one name, full or partial, possibly without any label. */
export function readPartialName(reader: Reader): DomainName {
  const start = reader.at;
  while (reader.left > 0 && readLabel(reader, start));
  if (reader.left > 0) reader.fail("domain-name");
  return domainName(reader, start);
}

/** True when the name ends with the root label. */
export function isFullName(name: DomainName): boolean {
  let at = 0;
  while (at < name.length && name[at] !== 0) at += 1 + (name[at] ?? 0);
  return at < name.length;
}

/**
 * Presentation form, `www.example.com.`; a partial name has no dot at its end. Octets that are not printable
 * ASCII, dots and backslashes inside labels become `\DDD` (RFC 1035 5.1).
 */
export function formatDomainName(name: DomainName): string {
  const labels: string[] = [];
  let at = 0;
  for (let length = name[at] ?? 0; length > 0; length = name[at] ?? 0) {
    labels.push(Array.from(name.subarray(at + 1, at + 1 + length), formatOctet).join(""));
    at += 1 + length;
  }
  return labels.join(".") + (isFullName(name) ? "." : "");
}

/**
 * Reads presentation form with `\DDD` and `\c` escapes; non-ASCII characters as UTF-8. A dot at the end
 * changes nothing: the result is a full name unless `partial` is set. `undefined` for empty or over-long
 * labels or names.
 */
export function parseDomainName(text: string, options: { partial?: boolean } = {}): DomainName | undefined {
  const labels = text === "." ? [] : splitLabels(text);
  if (labels?.some((label) => label.length === 0 || label.length > MAX_LABEL_OCTETS) !== false)
    return undefined;
  const octets = labels.flatMap((label) => [label.length, ...label]);
  if (options.partial !== true) octets.push(0);
  return octets.length > MAX_NAME_OCTETS ? undefined : (Uint8Array.from(octets) as DomainName);
}

/** Equality without regard to ASCII case, as DNS compares. */
export function sameDomainName(a: DomainName, b: DomainName): boolean {
  return a.length === b.length && a.every((octet, index) => lowerCase(octet) === lowerCase(b[index] ?? 0));
}

/** Reads one label of the name that starts at `start`; false when it was the root label or a fault. */
function readLabel(reader: Reader, start: number): boolean {
  const length = reader.u8();
  if (length === 0) return false;
  if (length > MAX_LABEL_OCTETS || length > reader.left) reader.fail("domain-name", reader.at - 1);
  else reader.at += length;
  if (reader.at - start >= MAX_NAME_OCTETS) reader.fail("domain-name", start);
  return reader.fault === undefined;
}

const domainName = (reader: Reader, start: number): DomainName =>
  reader.slice(start, reader.at - start) as DomainName;

const lowerCase = (octet: number): number => (octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet);

function formatOctet(octet: number): string {
  const character = String.fromCharCode(octet);
  const plain = octet > 0x20 && octet < 0x7f && character !== "." && character !== "\\";
  return plain ? character : `\\${String(octet).padStart(3, "0")}`;
}

/** Octets of each label; `undefined` for a broken escape. The empty label after a final dot is left out. */
function splitLabels(text: string): number[][] | undefined {
  const utf8 = new TextEncoder();
  const labels: number[][] = [[]];
  for (let rest = text; rest !== ""; ) {
    const token = /^(?:\\(\d{3})|\\(\D)|([^\\]))/u.exec(rest);
    const code = Number(token?.[1] ?? 0);
    if (token === null || code > 255) return undefined;
    if (token[3] === ".") labels.push([]);
    else labels.at(-1)?.push(...(token[1] === undefined ? utf8.encode(token[2] ?? token[3]) : [code]));
    rest = rest.slice(token[0].length);
  }
  return labels.length > 1 && labels.at(-1)?.length === 0 ? labels.slice(0, -1) : labels;
}
