import { seconds } from "../brand.js";
import { type DomainName, parseDomainName } from "../wire/domain-name.js";
import { octetsOf } from "../wire/kinds.js";
import {
  type KnownOption,
  option,
  type Option,
  type OptionName,
  OPTIONS,
  type OptionValue,
  type RawFormat,
  rawOption,
} from "../wire/options.js";
import { accept, type Cursor, expected, peek, take } from "./cursor.js";
import {
  address,
  addressOrBytes,
  bytes,
  either,
  list,
  map,
  number,
  optional,
  refine,
  type Syntax,
  text,
  word,
} from "./syntax.js";

/** An option that has a word of its own after `option`, and how its value is written. */
export interface NamedOption<N extends OptionName = OptionName> {
  readonly keyword: string;
  readonly code: number;
  readonly syntax: Syntax<KnownOption<N>>;
  /** A value, as an example. */
  readonly example: string;
}

/** Option numbers that fit into a message; 0 is reserved (RFC 8415 24). */
export const optionCode: Syntax<number> = number(1, 0xffff);

/**
 * So many values fit into one option, whatever their kind: a name takes up to 255 octets, an option up to
 * 65535.
 */
const MAX_VALUES = 256;
const MAX_TEXT_OCTETS = 1024;
/** Vendor options of one enterprise share one option up to this size. */
const MAX_VENDOR_OCTETS = 32_768;

/** A domain name, quoted or bare. */
export const domainName: Syntax<DomainName> = refine(
  word("a domain name"),
  "a domain name (labels of 1 to 63 characters, dots between)",
  (name) => parseDomainName(name),
);

const addresses = list(address, MAX_VALUES);
const names = list(domainName, MAX_VALUES);
const oneName = map(domainName, (name) => [name]);
const octets = shortEnough(bytes);
const textOctets = shortEnough(map(text, octetsOf));
/** RFC 8415 21.24, 21.25: clients ignore other values. */
const maxRt = map(number(60, 86_400), seconds);
const enterpriseNumber = number();
const vendorCode = number(0, 0xffff);
const vendorValue = either(shortEnough(addressOrBytes), textOctets);

const PLAIN = {
  sipDomains: { syntax: names, example: "sip.example.com" },
  sipServers: { syntax: addresses, example: "2001:db8::5060" },
  dnsServers: { syntax: addresses, example: "2001:db8::53,2001:db8::54" },
  domainList: { syntax: names, example: "example.com" },
  nisServers: { syntax: addresses, example: "2001:db8::1" },
  nisPlusServers: { syntax: addresses, example: "2001:db8::1" },
  nisDomain: { syntax: oneName, example: "nis.example.com" },
  nisPlusDomain: { syntax: oneName, example: "nisplus.example.com" },
  sntpServers: { syntax: addresses, example: "2001:db8::123" },
  informationRefreshTime: { syntax: map(number(), seconds), example: "86400" },
  posixTimezone: { syntax: textOctets, example: '"CET-1CEST,M3.5.0,M10.5.0/3"' },
  tzdbTimezone: { syntax: textOctets, example: '"Europe/Berlin"' },
  bootfileUrl: { syntax: textOctets, example: '"tftp://[2001:db8::69]/image"' },
  aftrName: { syntax: oneName, example: "aftr.example.com" },
  solMaxRt: { syntax: maxRt, example: "7200" },
  infMaxRt: { syntax: maxRt, example: "7200" },
  captivePortal: { syntax: textOctets, example: '"https://portal.example.com/api"' },
} as const satisfies { readonly [N in OptionName]?: PlainOption<N> };

type PlainName = keyof typeof PLAIN;
interface PlainOption<N extends OptionName> {
  readonly syntax: Syntax<OptionValue<N>>;
  readonly example: string;
}
const PLAIN_BY_NAME: { readonly [N in PlainName]: PlainOption<N> } = PLAIN;

/** The options whose value is written in one way for both programs; the option table has their keywords. */
export const NAMED_OPTIONS: readonly NamedOption[] = Object.keys(PLAIN)
  .filter(isPlainName)
  .map((name) => named(name));

/**
 * `99 duid 0x…`, `100 address A`, `101 address-list A,B`, `102 string "…"`: an option by its number, with a
 * value.
 */
export const numberedOption: Syntax<Option> = {
  expects: "an option number, a format and a value",
  begins: optionCode.begins,
  read: (cursor) => {
    const code = optionCode.read(cursor);
    const value = code === undefined ? undefined : readFormat(cursor, "duid");
    const data = value?.syntax.read(cursor);
    if (code === undefined || data === undefined) return undefined;
    return rawOption(code, data, value?.format);
  },
};

/**
 * What the client asks for by number: the value is a wish and may be missing. Octets are called `hex` here.
 */
export const numberedRequest: Syntax<OptionRequest> = {
  expects: "an option number and a format",
  begins: optionCode.begins,
  read: (cursor) => {
    const code = optionCode.read(cursor);
    const value = code === undefined ? undefined : readFormat(cursor, "hex");
    const data = value && optional(value.syntax).read(cursor);
    if (code === undefined || data === undefined) return undefined;
    return { code, options: data === null ? [] : [rawOption(code, data, value?.format)] };
  },
};

/** An option to ask for, and what to send along as a wish. */
export interface OptionRequest {
  readonly code: number;
  readonly options: readonly Option[];
}

/** `E-C-V,…`: enterprise number, option code and value (octets, an address or text); one option per entry. */
export const vendorOptions: Syntax<readonly Option[]> = list<Option>(
  {
    expects: "enterprise-code-value",
    begins: (cursor) => peek(cursor).kind === "number",
    read: (cursor) => {
      const enterprise = enterpriseNumber.read(cursor);
      if (enterprise === undefined || !readDash(cursor)) return undefined;
      const code = vendorCode.read(cursor);
      if (code === undefined || !readDash(cursor)) return undefined;
      const data = vendorValue.read(cursor);
      return data && option("vendorOptions", { enterprise, options: [{ code, data }] });
    },
  },
  MAX_VALUES,
);

/** `N[-M],…`: what the client asks of vendors: enterprise numbers, each perhaps with one option code. */
export const vendorRequest: Syntax<readonly Option[]> = list<Option>(
  {
    expects: "an enterprise number",
    begins: (cursor) => peek(cursor).kind === "number",
    read: (cursor) => {
      const enterprise = enterpriseNumber.read(cursor);
      if (enterprise === undefined) return undefined;
      if (!accept(cursor, "-")) return option("vendorOptions", { enterprise, options: [] });
      const code = vendorCode.read(cursor);
      if (code === undefined) return undefined;
      return option("vendorOptions", { enterprise, options: [{ code, data: new Uint8Array() }] });
    },
  },
  MAX_VALUES,
);

/**
 * The options with those of one vendor put together at the place of the first, as Dibbler sends them (RFC
 * 8415 21.17).
 */
export function mergeVendorOptions(options: readonly Option[]): readonly Option[] {
  const merged: Option[] = [];
  const open = new Map<number, { index: number; octets: number }>();
  for (const each of options) {
    if (each.name !== "vendorOptions") {
      merged.push(each);
      continue;
    }
    const { enterprise } = each.value;
    const size = each.value.options.reduce((sum, { data }) => sum + 4 + data.length, 0);
    const target = open.get(enterprise);
    const first = target && merged[target.index];
    if (
      target !== undefined &&
      first?.name === "vendorOptions" &&
      target.octets + size <= MAX_VENDOR_OCTETS
    ) {
      target.octets += size;
      const all = [...first.value.options, ...each.value.options];
      merged[target.index] = option("vendorOptions", { enterprise, options: all });
    } else {
      open.set(enterprise, { index: merged.length, octets: size });
      merged.push(each);
    }
  }
  return merged;
}

function isPlainName(name: string): name is PlainName {
  return Object.hasOwn(PLAIN, name);
}

function named<N extends PlainName>(name: N): NamedOption<N> {
  const { code, keyword } = OPTIONS[name];
  const { syntax, example } = PLAIN_BY_NAME[name];
  return { keyword, code, example, syntax: map(syntax, (value) => option(name, value)) };
}

const joined = (all: readonly Uint8Array[]): Uint8Array => Uint8Array.from(all.flatMap((each) => [...each]));

/** What the value of a numbered option is, and how it is written. */
interface ValueFormat {
  readonly format: RawFormat;
  readonly syntax: Syntax<Uint8Array>;
}

/** Reads the word that says how the value of a numbered option is written. */
function readFormat(cursor: Cursor, octetsWord: "duid" | "hex"): ValueFormat | undefined {
  const formats = new Map<string, ValueFormat>([
    [octetsWord, { format: "octets", syntax: octets }],
    ["string", { format: "text", syntax: textOctets }],
    ["address", { format: "address", syntax: address }],
    ["address-list", { format: "addresses", syntax: map(addresses, joined) }],
  ]);
  const { kind, text: format } = peek(cursor);
  const value = kind === "word" ? formats.get(format.toLowerCase()) : undefined;
  if (value === undefined) return expected(cursor, `one of ${[...formats.keys()].join(", ")}`);
  take(cursor);
  return value;
}

function readDash(cursor: Cursor): boolean {
  if (accept(cursor, "-")) return true;
  expected(cursor, '"-" between enterprise number, code and value');
  return false;
}

function shortEnough(syntax: Syntax<Uint8Array>): Syntax<Uint8Array> {
  const expects = `${syntax.expects} (no more than ${MAX_TEXT_OCTETS} octets)`;
  return refine(syntax, expects, (value) => (value.length <= MAX_TEXT_OCTETS ? value : undefined));
}
