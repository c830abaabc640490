import { formatDuid } from "../duid.js";
import { formatIp6, ip6, type Ip6 } from "../prefix.js";
import { type DomainName, formatDomainName } from "../wire/domain-name.js";
import { textOf } from "../wire/kinds.js";
import type { KnownOption, Option, OptionName, OptionValue, RawOption } from "../wire/options.js";

/** How the hook script is shown an option that has no simple text; Dibbler's word. */
export const GENERIC = "[generic]";

/**
 * The value of an option as Dibbler 1.0.1 writes it for its scripts: numbers in decimal, DUIDs and octets in
 * lower-case hexadecimal with colons, every item of a list followed by a blank, `[generic]` for what has no
 * simple text. Not yet fit for a script when a stranger has sent the option: see `safeText`.
 */
export function optionText(option: Option): string {
  return option.name === "raw" ? rawText(option) : knownText(option);
}

/**
 * Makes a text out of what strangers sent harmless to scripts, quoted or not: every character besides
 * letters, digits, blanks and `. : _ - / , = + @ %` becomes `_`.
 */
export const safeText = (text: string): string =>
  text === GENERIC ? text : text.replace(/[^\w .:/,=+@%-]/g, "_");

/** The same for what the operator has written: only what no environment or line can hold is replaced. */
export const printableText = (text: string): string => text.replace(/\p{Cc}/gu, "_");

const addresses = (list: readonly Ip6[]): string => list.map((address) => `${formatIp6(address)} `).join("");
const nameText = (name: DomainName): string => formatDomainName(name).replace(/\.$/, "");
const names = (list: readonly DomainName[]): string => list.map((name) => `${nameText(name)} `).join("");

/** Flag bits of Client FQDN and the letters that scripts know them by (RFC 4704 4.1). */
const FQDN_FLAGS = [
  ["N", 4],
  ["O", 2],
  ["S", 1],
] as const;

function fqdnText({ flags, name }: OptionValue<"clientFqdn">): string {
  const letters = FQDN_FLAGS.map(([letter, bit]) => ((flags & bit) === 0 ? "" : letter));
  return `${nameText(name)} ${letters.join("")}`;
}

function vendorText({ enterprise, options }: OptionValue<"vendorOptions">): string {
  return `vendor=${enterprise} ${options.map(({ code, data }) => `${code}=${formatDuid(data)} `).join("")}`;
}

/** What is not in here is `[generic]`. */
const TEXTS: { readonly [N in OptionName]?: (value: OptionValue<N>) => string } = {
  clientId: formatDuid,
  serverId: formatDuid,
  preference: String,
  elapsedTime: String,
  unicast: formatIp6,
  vendorOptions: vendorText,
  sipDomains: names,
  sipServers: addresses,
  dnsServers: addresses,
  domainList: names,
  nisServers: addresses,
  nisPlusServers: addresses,
  nisDomain: names,
  nisPlusDomain: names,
  sntpServers: addresses,
  informationRefreshTime: String,
  clientFqdn: fqdnText,
  posixTimezone: textOf,
  tzdbTimezone: textOf,
  bootfileUrl: textOf,
  aftrName: names,
  erpLocalDomain: names,
  solMaxRt: String,
  infMaxRt: String,
  captivePortal: textOf,
};

function knownText<N extends OptionName>({ name, value }: KnownOption<N>): string {
  const text: ((value: OptionValue<N>) => string) | undefined = TEXTS[name];
  return text?.(value) ?? GENERIC;
}

function rawText({ data, format }: RawOption): string {
  switch (format) {
    case undefined:
      return GENERIC;
    case "octets":
      return formatDuid(data);
    case "text":
      return textOf(data);
    case "address":
      return formatIp6(ip6(data));
    case "addresses":
      return addresses(split(data));
    default:
      return format satisfies never;
  }
}

const split = (data: Uint8Array): readonly Ip6[] =>
  Array.from({ length: Math.floor(data.length / 16) }, (_, i) => ip6(data.subarray(16 * i, 16 * i + 16)));
