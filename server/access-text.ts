import type { ClientRange, Condition, Expression, Reservation } from "../shared/config/types.js";
import { formatDuid } from "../shared/duid.js";
import { type AddressRange, formatIp6, ip6 } from "../shared/prefix.js";

/** Whom a `client` block is about, as the file would have it; a Remote-ID with all that it may be. */
export function selectorText(selector: Reservation["selector"]): string {
  switch (selector.by) {
    case "duid":
      return `duid ${formatDuid(selector.duid)}`;
    case "linkLocal":
      return `link-local ${formatIp6(selector.address)}`;
    case "remoteId":
      return `remote-id ${selector.enterprise}-${selector.ids.map(hex).join(" or ")}`;
    default:
      return selector satisfies never;
  }
}

/** Addresses from the first to the last. */
export const rangeText = ({ first, last }: AddressRange): string => `${formatIp6(first)}-${formatIp6(last)}`;

/** Clients that a list names: `duid 0x0102-0x0106`, `address fe80::1`. */
export function clientsText({ by, first, last }: ClientRange): string {
  const text = (octets: Uint8Array): string => (by === "duid" ? hex(octets) : formatIp6(ip6(octets)));
  const [from, to] = [text(first), text(last)];
  return `${by} ${from === to ? from : `${from}-${to}`}`;
}

/** A condition as the file would have it. */
export function conditionText(condition: Condition): string {
  switch (condition.operator) {
    case "and":
    case "or":
      return `(${conditionText(condition.left)} ${condition.operator} ${conditionText(condition.right)})`;
    case "==":
    case "contain":
      return `(${expressionText(condition.left)} ${condition.operator} ${expressionText(condition.right)})`;
    default:
      return condition satisfies never;
  }
}

function expressionText(expression: Expression): string {
  if ("field" in expression) return expression.field;
  if ("text" in expression) return `"${expression.text}"`;
  return `substring(${expressionText(expression.of)},${expression.from},${expression.length})`;
}

const hex = (octets: Uint8Array): string => `0x${formatDuid(octets).replaceAll(":", "")}`;
