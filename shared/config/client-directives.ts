import { DUID_OCTETS } from "../duid.js";
import { OPTIONS as WIRE } from "../wire/options.js";
import { COMMON_DIRECTIVES } from "./common-directives.js";
import { grammarOf, type HeadOf, rowsFor } from "./grammar.js";
import { NAMED_OPTIONS, numberedRequest, type OptionRequest, vendorRequest } from "./option-syntax.js";
import {
  address,
  addressOrDuid,
  bytes,
  choice,
  either,
  flag,
  list,
  map,
  number,
  optional,
  pair,
  prefix,
  refine,
  selector,
  type Syntax,
  text,
  toggle,
  truth,
} from "./syntax.js";
import type { DuidType } from "./types.js";

/** The blocks of client.conf by the directive that opens them; `global` is outside of all. */
export type ClientScope = "global" | "iface" | "ia" | "ta" | "address" | "pd" | "prefix";

const { directive, inert } = rowsFor<ClientScope>();
const G = ["global"] as const;
const I = ["iface"] as const;
const GI = ["global", "iface"] as const;
const TIMES = ["global", "iface", "ia", "pd"] as const;
const LIFETIMES = ["global", "iface", "ia", "address", "prefix"] as const;

/** What is for the server to say: there is no value to write. */
const ASKED_WITHOUT_WISH: ReadonlySet<string> = new Set([
  "lifetime",
  "aftr",
  "sol-max-rt",
  "inf-max-rt",
  "captive-portal",
]);
/** Type and enterprise number of a DUID-EN. */
const DUID_EN_HEADER = 6;
const NO_PARAMETERS = "addresses are set as the server leases them";
const NO_TEMPORARY = "temporary addresses are not asked for";
const NO_NAMES = "the name of the host is not sent";

const globals = [
  directive("duid-type", G, duidType(), {
    example: "duid-type duid-en 8888 0x0123456789abcdef",
    standard: "duid-llt",
  }),
  directive("downlink-prefix-ifaces", G, list(text), { example: 'downlink-prefix-ifaces "none"' }),
  directive("compatibility", G, choice("strict", "fixed"), {
    example: 'compatibility "strict"',
    standard: '"fixed"',
  }),
  directive("radvd-config", G, refine(text, 'an absolute path, or "none"', absoluteOrNone), {
    example: 'radvd-config "/run/dibbler/radvd.conf"',
    standard: '"/etc/dibbler/radvd.conf"',
  }),
  directive("skip-confirm", G, flag, { example: "skip-confirm" }),
  directive("inactive-mode", G, flag, { example: "inactive-mode" }),
  directive("insist-mode", G, flag, { example: "insist-mode" }),
  directive("reconfigure-accept", G, truth, {
    example: "reconfigure-accept 1",
    standard: "0",
  }),
  directive("strict-rfc-no-routing", G, optional(toggle), {
    example: "strict-rfc-no-routing 0",
    standard: "1",
  }),
  inert("obey-ra-bits", G, flag, {
    example: "obey-ra-bits",
    unused: "the client does not wait for a Router Advertisement",
  }),
  inert("anonymous-inf-request", G, flag, {
    example: "anonymous-inf-request",
    unused: "Information-request carries the client's DUID",
  }),
  inert("option fqdn-s", G, toggle, { example: "option fqdn-s 1", unused: NO_NAMES }),
] as const;

const interfaces = [
  directive("iface", G, pair(selector, undefined, optional(choice("no-config"))), {
    example: 'iface "eth0" { pd }',
    body: {
      scope: "iface",
      mayBeEmpty: true,
      need: ([, noConfig]) => (noConfig === null ? "required" : "none"),
    },
  }),
  directive("bind-to-address", I, address, { example: "bind-to-address fe80::1" }),
  directive("rapid-commit", ["global", "iface", "ia"], truth, { example: "rapid-commit 1", standard: "0" }),
  directive("stateless", GI, flag, { example: "stateless" }),
  inert("unicast", GI, toggle, {
    example: "unicast 1",
    unused: "everything is sent to the multicast address of the servers",
  }),
  directive("preferred-servers", GI, list(addressOrDuid), {
    example: "preferred-servers fe80::1,0x000100010a0b0c0d",
    aliases: ["prefered-servers"],
  }),
  directive("reject-servers", GI, list(addressOrDuid), {
    example: "reject-servers fe80::1,0x000100010a0b0c0d",
  }),
  inert("routing", I, toggle, { example: "routing 1", unused: "routes are not asked for" }),
  inert("remote-autoconf", GI, flag, {
    example: "remote-autoconf",
    needs: "experimental",
    unused: NO_PARAMETERS,
  }),
] as const;

const associations = [
  directive("pd", I, optional(number()), {
    example: "pd 1 { prefix 2001:db8::/56 }",
    aliases: ["prefix-delegation"],
    body: { scope: "pd", mayBeEmpty: true, need: "optional" },
  }),
  directive("prefix", ["pd"], optional(prefix(number(0, 128))), {
    example: "prefix 2001:db8::/56 { valid-lifetime 7200 preferred-lifetime 3600 }",
    body: { scope: "prefix", mayBeEmpty: true, need: "optional" },
  }),
  directive("T1", TIMES, number(), { example: "T1 1800", standard: "4294967295" }),
  directive("T2", TIMES, number(), { example: "T2 2700", standard: "4294967295" }),
  directive("preferred-lifetime", LIFETIMES, number(), {
    example: "preferred-lifetime 3600",
    standard: "4294967295",
    aliases: ["prefered-lifetime"],
  }),
  directive("valid-lifetime", LIFETIMES, number(), {
    example: "valid-lifetime 7200",
    standard: "4294967295",
  }),
  directive("ia", I, optional(number()), {
    example: "ia 1 { T1 1800 T2 2700 }",
    body: { scope: "ia", mayBeEmpty: true, need: "optional" },
  }),
  directive("address", ["ia"], optional(either(number(), address)), {
    example: "address 2001:db8::1 { valid-lifetime 7200 }",
    body: { scope: "address", need: "optional" },
  }),
  inert("addr-params", ["global", "iface", "ia"], flag, {
    example: "addr-params",
    needs: "experimental",
    unused: NO_PARAMETERS,
  }),
  directive("ta", I, flag, {
    example: "ta { iaid 1 }",
    unused: NO_TEMPORARY,
    body: { scope: "ta", mayBeEmpty: true, need: "optional" },
  }),
  inert("iaid", ["ta"], number(), { example: "iaid 1", unused: NO_TEMPORARY }),
] as const;

const options = [
  ...NAMED_OPTIONS.map(({ keyword, code, syntax, example }) => {
    const hasWish = !ASKED_WITHOUT_WISH.has(keyword);
    const wish = hasWish ? optional(syntax) : map(flag, () => null);
    return directive(
      "option",
      GI,
      map(wish, (value): OptionRequest => ({ code, options: value === null ? [] : [value] })),
      { spelled: `option ${keyword}`, example: `option ${keyword}${hasWish ? ` ${example}` : ""}` },
    );
  }),
  directive(
    "option",
    GI,
    map(
      optional(vendorRequest),
      (value): OptionRequest => ({ code: WIRE.vendorOptions.code, options: value ?? [] }),
    ),
    { spelled: "option vendor-spec", example: "option vendor-spec 4491-1" },
  ),
  directive("option", GI, numberedRequest, { spelled: "option N", example: "option 99 hex 0x1234" }),
  inert("option fqdn", GI, optional(text), { example: 'option fqdn "host.example.com"', unused: NO_NAMES }),
] as const;

/** Every directive of Dibbler's client.conf, and ours. A new one is a row here. */
export const CLIENT_DIRECTIVES = [
  ...COMMON_DIRECTIVES,
  ...globals,
  ...interfaces,
  ...associations,
  ...options,
] as const;

/** A directive of client.conf as read. */
export type ClientHead = HeadOf<(typeof CLIENT_DIRECTIVES)[number]>;

/** The grammar of client.conf. */
export const CLIENT_GRAMMAR = grammarOf<ClientHead, ClientScope>(CLIENT_DIRECTIVES, "global");

function absoluteOrNone(path: string): string | undefined {
  return path.startsWith("/") || path.toLowerCase() === "none" ? path : undefined;
}

/** `duid-llt`, `duid-ll`, or `duid-en N OCTETS` with an enterprise number (RFC 8415 11.2-11.4). */
function duidType(): Syntax<DuidType> {
  const kind = choice("duid-llt", "duid-ll", "duid-en");
  const room = DUID_OCTETS.max - DUID_EN_HEADER;
  const identifier = refine(bytes, `an identifier of at most ${room} octets, such as 0x0a1b`, (octets) =>
    octets.length <= room ? octets : undefined,
  );
  return {
    ...kind,
    read: (cursor) => {
      const word = kind.read(cursor);
      if (word !== "duid-en") return word && { kind: word === "duid-ll" ? "ll" : "llt" };
      const parts = pair(number(), undefined, identifier).read(cursor);
      return parts && { kind: "en", enterprise: parts[0], identifier: parts[1] };
    },
  };
}
