import { compareOctets } from "../shared/octets.js";
import type { Access, ClientField, ClientRange, Condition, Expression } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import type { Ip6 } from "../shared/prefix.js";
import type { ClientServerMessage } from "../shared/wire/message.js";
import { find } from "../shared/wire/options.js";

/** What is known of a client when its class is looked for. */
export interface Suspect {
  readonly client: Duid;
  readonly from: Ip6;
  readonly message: ClientServerMessage;
}

/**
 * True when the client may use a class, as Dibbler decides it: no deny that fits, an allow that fits if there
 * is any; not among those rejected, among those accepted if there are any.
 */
export function mayUse(access: Access, suspect: Suspect): boolean {
  if (isForEverybody(access)) return true;
  const { allow, deny, acceptOnly, reject } = access;
  const fits = (condition: Condition): boolean => isTrue(condition, suspect.message);
  const isIn = (range: ClientRange): boolean => isInRange(range, suspect);
  if (deny.some(fits) || reject.some(isIn)) return false;
  return (allow.length === 0 || allow.some(fits)) && (acceptOnly.length === 0 || acceptOnly.some(isIn));
}

/** True for a class that has no condition at all. */
export const isForEverybody = ({ allow, deny, acceptOnly, reject }: Access): boolean =>
  allow.length + deny.length + acceptOnly.length + reject.length === 0;

/** True when a list names the client: such a class is for it before all others. */
export const isMeantFor = ({ acceptOnly }: Access, suspect: Suspect): boolean =>
  acceptOnly.some((range) => isInRange(range, suspect));

/** DUIDs of other lengths than the ends of a range are in no range: they have no order that people know. */
function isInRange({ by, first, last }: ClientRange, { client, from }: Suspect): boolean {
  const octets = by === "duid" ? client : from;
  if (octets.length < Math.min(first.length, last.length)) return false;
  if (octets.length > Math.max(first.length, last.length)) return false;
  return compareOctets(first, octets) <= 0 && compareOctets(octets, last) <= 0;
}

function isTrue(condition: Condition, message: ClientServerMessage): boolean {
  switch (condition.operator) {
    case "and":
      return isTrue(condition.left, message) && isTrue(condition.right, message);
    case "or":
      return isTrue(condition.left, message) || isTrue(condition.right, message);
    case "==":
      return textOf(condition.left, message) === textOf(condition.right, message);
    case "contain":
      return textOf(condition.left, message).includes(textOf(condition.right, message));
    default:
      return condition satisfies never;
  }
}

function textOf(expression: Expression, message: ClientServerMessage): string {
  if ("text" in expression) return expression.text;
  if ("field" in expression) return FIELDS[expression.field](message);
  const { of, from, length } = expression;
  return textOf(of, message).slice(from, from + length);
}

/** What an option does not say is an empty text. */
const FIELDS: Readonly<Record<ClientField, (message: ClientServerMessage) => string>> = {
  "client.vendor-spec.en": ({ options }) => numberText(find(options, "vendorOptions")?.enterprise),
  // Dibbler reads the data as a text that ends at the first octet of zero, and so do those who compare it.
  "client.vendor-spec.data": ({ options }) =>
    octetText(find(options, "vendorOptions")?.options.map(({ data }) => data)).replace(/\0[^]*$/, ""),
  "client.vendor-class.en": ({ options }) => numberText(find(options, "vendorClass")?.enterprise),
  "client.vendor-class.data": ({ options }) => octetText(find(options, "vendorClass")?.classes),
};

const numberText = (value: number | undefined): string => (value === undefined ? "" : String(value));

/** Octets as one character each: comparing is all that is done with them. */
const octetText = (parts: readonly Uint8Array[] = []): string =>
  parts.map((part) => Array.from(part, (octet) => String.fromCharCode(octet)).join("")).join("");
