import { quote } from "../shared/config/diagnostics.js";
import { type Duid, formatDuid, parseDuid } from "../shared/duid.js";
import {
  formatIp6,
  formatPrefix,
  type Ip6,
  masked,
  parseIp6,
  parsePrefix,
  type Prefix,
} from "../shared/prefix.js";

/** What a command is about. */
export type Subject =
  | { readonly by: "client"; readonly client: Duid }
  | { readonly by: "prefix"; readonly prefix: Prefix }
  | { readonly by: "address"; readonly address: Ip6 };

/**
 * Reads a prefix, an address or a DUID; `undefined` when it is none of them. Eight pairs of digits are a
 * DUID, although they could be an address as well: nobody writes one like that.
 */
export function parseSubject(text: string): Subject | undefined {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return { by: "prefix", prefix: masked(prefix) };
  const client = parseDuid(text);
  const isPairs = /^([0-9a-f]{2}:)+[0-9a-f]{2}$/i.test(text.trim());
  if (client !== undefined && isPairs) return { by: "client", client };
  const address = parseIp6(text);
  if (address !== undefined) return { by: "address", address };
  return client === undefined ? undefined : { by: "client", client };
}

/** The subject as people read it. */
export function subjectText(subject: Subject): string {
  switch (subject.by) {
    case "client":
      return formatDuid(subject.client);
    case "prefix":
      return formatPrefix(subject.prefix);
    case "address":
      return formatIp6(subject.address);
    default:
      return subject satisfies never;
  }
}

/** All addresses that a prefix or address stands for; `undefined` for a client. */
export function prefixOfSubject(subject: Subject): Prefix | undefined {
  if (subject.by === "prefix") return subject.prefix;
  return subject.by === "address" ? { address: subject.address, length: 128 } : undefined;
}

/** What is wrong with a subject. */
export function notSubject(given: unknown): string {
  const text = typeof given === "string" ? quote(given) : "the subject";
  return `${text} is neither a prefix (2001:db8::/56) nor an address nor a DUID (00:03:00:01:02:00:00:00:00:01)`;
}
