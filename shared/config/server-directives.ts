import { COMMON_DIRECTIVES } from "./common-directives.js";
import { grammarOf, type HeadOf, rowsFor } from "./grammar.js";
import { NAMED_OPTIONS, numberedOption, vendorOptions } from "./option-syntax.js";
import {
  addressRange,
  clientRange,
  clientSelector,
  condition,
  fqdnNames,
  interfaceId,
  route,
  timeRange,
} from "./server-syntax.js";
import {
  address,
  choice,
  decimal,
  flag,
  list,
  map,
  number,
  optional,
  pair,
  prefix,
  refine,
  selector,
  terminated,
  text,
  toggle,
} from "./syntax.js";

/** The blocks of server.conf by the directive that opens them; `global` is outside of all. */
export type ServerScope =
  | "global"
  | "iface"
  | "class"
  | "pd-class"
  | "ta-class"
  | "client"
  | "client-class"
  | "key"
  | "next-hop";

const { directive, inert } = rowsFor<ServerScope>();
const G = ["global"] as const;
const I = ["iface"] as const;
const GI = ["global", "iface"] as const;
const GIC = ["global", "iface", "class"] as const;
const TIMES = ["global", "iface", "class", "pd-class"] as const;
const LIFETIMES = ["global", "iface", "class", "pd-class", "ta-class"] as const;
const POOLS = ["global", "iface", "class", "ta-class"] as const;
const OPTIONS = ["global", "iface", "client"] as const;

const NO_ADDRESSES = "addresses are not handed out";
const NO_RELAYS = "relayed messages are not answered";
const NO_LEASEQUERY = "Leasequery is not answered";
const NO_NAMES = "clients are given no names, and no DNS update is made";
const NO_ROUTES = "routes are not sent to clients";
const ONE_FOR_ALL = "clients are not told apart: every class serves all of them";

const globals = [
  directive("script-replay", G, toggle, { example: "script-replay 0", standard: "1" }),
  directive("compatibility", G, choice("strict", "fixed"), {
    example: 'compatibility "strict"',
    standard: '"fixed"',
  }),
  directive("inactive-mode", GI, flag, { example: "inactive-mode" }),
  directive("stateless", G, flag, {
    example: "stateless",
    unused: "other messages than Information-request are answered as well",
  }),
  inert("guess-mode", G, flag, { example: "guess-mode", unused: NO_RELAYS }),
  inert("interface-id-order", G, interfaceIdOrder(), {
    example: "interface-id-order before",
    unused: NO_RELAYS,
  }),
  inert("cache-size", G, number(), {
    example: "cache-size 1048576",
    unused: "there is no cache to size, a client finds its way back to its prefix without one",
  }),
  inert("drop-unicast", G, flag, { example: "drop-unicast", unused: "nobody is told to use multicast" }),
  inert("reconfigure-enabled", G, toggle, {
    example: "reconfigure-enabled 1",
    unused: "Reconfigure is not sent",
  }),
  inert("performance-mode", G, toggle, {
    example: "performance-mode 1",
    needs: "experimental",
    unused: "leases are always written before the client hears of them",
  }),
  inert("fqdn-ddns-address", G, address, { example: "fqdn-ddns-address 2001:db8::53", unused: NO_NAMES }),
  directive("client-class", G, text, {
    example: 'client-class "cpe" { match-if (client.vendor-class.en == 4491) }',
    unused: ONE_FOR_ALL,
    body: { scope: "client-class" },
  }),
  inert("match-if", ["client-class"], condition, {
    example: "match-if (client.vendor-class.en == 4491)",
    unused: ONE_FOR_ALL,
  }),
  inert("key", G, text, {
    example: 'key "ddns" { secret "c2VjcmV0"; algorithm hmac-sha256; fudge 300; };',
    unused: NO_NAMES,
    body: { scope: "key", end: ";" },
  }),
  inert("secret", ["key"], terminated(text), { example: 'secret "c2VjcmV0";', unused: NO_NAMES }),
  inert("algorithm", ["key"], terminated(choice("hmac-md5", "hmac-sha1", "hmac-sha256")), {
    example: "algorithm hmac-sha256;",
    unused: NO_NAMES,
  }),
  inert("fudge", ["key"], terminated(number()), { example: "fudge 300;", unused: NO_NAMES }),
] as const;

const interfaces = [
  directive("iface", G, selector, {
    example: 'iface "eth0" { pd-class { pd-pool 2001:db8::/40 pd-length 56 } }',
    body: { scope: "iface" },
  }),
  directive("preference", GI, number(0, 255), { example: "preference 255", standard: "0" }),
  directive("rapid-commit", GI, toggle, { example: "rapid-commit 1", standard: "0" }),
  directive("client-max-lease", GI, number(), { example: "client-max-lease 20", standard: "10" }),
  directive("unicast", GI, address, { example: "unicast 2001:db8::547" }),
  inert("iface-max-lease", GI, number(), { example: "iface-max-lease 1000", unused: NO_ADDRESSES }),
  // Before any interface it crashes Dibbler; behind one it is accepted.
  inert("subnet", GI, addressRange, {
    example: "subnet 2001:db8:1::/48",
    needs: "iface",
    unused: NO_RELAYS,
  }),
  directive("relay", GI, selector, { example: 'relay "eth0"', unused: NO_RELAYS }),
  directive("interface-id", GI, interfaceId, { example: "interface-id 5020", unused: NO_RELAYS }),
  inert("accept-leasequery", GI, optional(toggle), { example: "accept-leasequery 1", unused: NO_LEASEQUERY }),
  inert("bulk-leasequery-accept", GI, toggle, { example: "bulk-leasequery-accept 1", unused: NO_LEASEQUERY }),
  inert("bulk-leasequery-tcp-port", GI, number(0, 65535), {
    example: "bulk-leasequery-tcp-port 547",
    unused: NO_LEASEQUERY,
  }),
  inert("bulk-leasequery-max-conns", GI, number(), {
    example: "bulk-leasequery-max-conns 10",
    unused: NO_LEASEQUERY,
  }),
  inert("bulk-leasequery-timeout", GI, number(), {
    example: "bulk-leasequery-timeout 300",
    unused: NO_LEASEQUERY,
  }),
  inert("accept-unknown-fqdn", GI, pair(number(), undefined, optional(text)), {
    example: 'accept-unknown-fqdn 4 "example.org"',
    unused: NO_NAMES,
  }),
  inert("next-hop", I, address, {
    example: "next-hop 2001:db8::1 { route 2001:db8:1::/48 lifetime 3600 }",
    unused: NO_ROUTES,
    body: { scope: "next-hop", need: "optional" },
  }),
  inert("route", ["iface", "next-hop"], route, {
    example: "route 2001:db8:1::/48 lifetime infinite",
    unused: NO_ROUTES,
  }),
] as const;

const classes = [
  directive("pd-class", GI, flag, {
    example: "pd-class { pd-pool 2001:db8::/40 pd-length 56 }",
    body: { scope: "pd-class" },
  }),
  directive("pd-pool", ["pd-class"], prefix(decimal(1, 128)), { example: "pd-pool 2001:db8::/40" }),
  directive("pd-length", ["pd-class"], number(1, 128), { example: "pd-length 56" }),
  directive("T1", TIMES, timeRange, { example: "T1 1800", standard: "5-3600" }),
  directive("T2", TIMES, timeRange, { example: "T2 2700", standard: "10-5400" }),
  directive("preferred-lifetime", LIFETIMES, timeRange, {
    example: "preferred-lifetime 3600-7200",
    standard: "7200-86400",
    aliases: ["prefered-lifetime"],
  }),
  directive("valid-lifetime", LIFETIMES, timeRange, {
    example: "valid-lifetime 7200-14400",
    standard: "10800-172800",
  }),
  directive("class", I, flag, {
    example: "class { pool 2001:db8:1::/64 }",
    unused: NO_ADDRESSES,
    body: { scope: "class" },
  }),
  directive("ta-class", I, flag, {
    example: "ta-class { pool 2001:db8:2::/96 }",
    unused: NO_ADDRESSES,
    body: { scope: "ta-class" },
  }),
  inert("pool", POOLS, list(addressRange), {
    example: "pool 2001:db8:1::1-2001:db8:1::ff",
    unused: NO_ADDRESSES,
  }),
  inert("reject-clients", POOLS, list(clientRange), {
    example: "reject-clients 0x000100010a0b0c0d",
    unused: NO_ADDRESSES,
  }),
  inert("accept-only", POOLS, list(clientRange), { example: "accept-only fe80::1", unused: NO_ADDRESSES }),
  inert("class-max-lease", POOLS, number(), { example: "class-max-lease 100", unused: NO_ADDRESSES }),
  inert("share", GIC, number(1, 1000), { example: "share 100", unused: NO_ADDRESSES }),
  inert("addr-params", GIC, number(), {
    example: "addr-params 80",
    needs: "experimental",
    unused: NO_ADDRESSES,
  }),
  directive("allow", LIFETIMES, text, { example: 'allow "cpe"', unused: ONE_FOR_ALL }),
  directive("deny", LIFETIMES, text, { example: 'deny "cpe"', unused: ONE_FOR_ALL }),
] as const;

const reservations = [
  inert("client", GI, clientSelector, {
    example: "client duid 0x000100010a0b0c0d { prefix 2001:db8:1::/56 }",
    unused: "nothing is reserved; its prefix may go to anybody and its options to nobody",
    body: { scope: "client" },
  }),
  inert("prefix", ["client"], prefix(number(0, 128)), {
    example: "prefix 2001:db8:1::/56",
    unused: "nothing is reserved",
  }),
  inert("address", ["client"], address, { example: "address 2001:db8::1", unused: "nothing is reserved" }),
] as const;

const options = [
  ...NAMED_OPTIONS.map(({ keyword, syntax, example }) =>
    directive(
      "option",
      OPTIONS,
      map(syntax, (value) => [value]),
      {
        spelled: `option ${keyword}`,
        example: `option ${keyword} ${example}`,
      },
    ),
  ),
  directive("option", OPTIONS, vendorOptions, {
    spelled: "option vendor-spec",
    example: "option vendor-spec 4491-1-0x0102,4491-2-2001:db8::1",
  }),
  directive(
    "option",
    OPTIONS,
    map(numberedOption, (value) => [value]),
    {
      spelled: "option N",
      example: "option 99 duid 0x1234",
    },
  ),
  directive("option fqdn", GI, fqdnNames, {
    example: "option fqdn 1 64 host.example.com - 2001:db8::1",
    unused: NO_NAMES,
  }),
  inert("option neighbors", GI, list(address), {
    example: "option neighbors 2001:db8::1",
    needs: "experimental",
    unused: "it is not sent to clients",
  }),
] as const;

/** Every directive of Dibbler's server.conf, and ours. A new one is a row here. */
export const SERVER_DIRECTIVES = [
  ...COMMON_DIRECTIVES,
  ...globals,
  ...interfaces,
  ...classes,
  ...reservations,
  ...options,
] as const;

/** A directive of server.conf as read. */
export type ServerHead = HeadOf<(typeof SERVER_DIRECTIVES)[number]>;

/** The grammar of server.conf. */
export const SERVER_GRAMMAR = grammarOf<ServerHead, ServerScope>(SERVER_DIRECTIVES, "global");

/** Dibbler compares beginnings only. */
function interfaceIdOrder(): ReturnType<typeof refine<string, string>> {
  return refine(text, "one of before, after, omit", (value) =>
    /^(before|after|omit)/i.test(value) ? value : undefined,
  );
}
