import { NAMED_OPTIONS, numberedOption, vendorOptions } from "./option-syntax.js";
import { directive, G, GI, I, inert, NO_NAMES } from "./server-places.js";
import {
  addressRange,
  clientRange,
  clientSelector,
  condition,
  fqdnNames,
  timeRange,
} from "./server-syntax.js";
import { address, decimal, flag, list, map, number, prefix, text } from "./syntax.js";

const GIC = ["global", "iface", "class"] as const;
const TIMES = ["global", "iface", "class", "pd-class"] as const;
const LIFETIMES = ["global", "iface", "class", "pd-class", "ta-class"] as const;
const POOLS = ["global", "iface", "class", "ta-class"] as const;
const OPTIONS = ["global", "iface", "client"] as const;

/** Classes of prefixes and addresses, their times, and who may use them. */
export const CLASS_DIRECTIVES = [
  directive("pd-class", GI, flag, {
    example: "pd-class { pd-pool 2001:db8::/40 pd-length 56 }",
    body: { scope: "pd-class" },
  }),
  directive("pd-pool", ["pd-class"], prefix(decimal(1, 128)), { example: "pd-pool 2001:db8::/40" }),
  directive("pd-length", ["pd-class"], number(1, 128), { example: "pd-length 56" }),
  // What each delegated prefix lacks, by its bits behind pd-length (RFC 6603).
  directive("pd-exclude", ["pd-class"], prefix(number(1, 128)), { example: "pd-exclude 0:0:0:ff::/64" }),
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
    body: { scope: "class" },
  }),
  directive("ta-class", I, flag, {
    example: "ta-class { pool 2001:db8:2::/96 }",
    body: { scope: "ta-class" },
  }),
  directive("pool", POOLS, list(addressRange), { example: "pool 2001:db8:1::1-2001:db8:1::ff" }),
  directive("reject-clients", POOLS, list(clientRange), { example: "reject-clients 0x000100010a0b0c0d" }),
  directive("accept-only", POOLS, list(clientRange), { example: "accept-only fe80::1" }),
  directive("share", GIC, number(1, 1000), { example: "share 200", standard: "100" }),
  directive("class-max-lease", POOLS, number(), {
    example: "class-max-lease 100",
    unused: "every address of a pool can be handed out",
  }),
  inert("addr-params", GIC, number(), {
    example: "addr-params 80",
    needs: "experimental",
    unused: "addresses are sent without parameters",
  }),
  directive("allow", LIFETIMES, text, { example: 'allow "cpe"' }),
  directive("deny", LIFETIMES, text, { example: 'deny "cpe"' }),
  directive("client-class", G, text, {
    example: 'client-class "cpe" { match-if (client.vendor-class.en == 4491) }',
    body: { scope: "client-class" },
  }),
  directive("match-if", ["client-class"], condition, {
    example: "match-if (client.vendor-class.en == 4491)",
  }),
] as const;

/** What is kept for one client. At the top level it holds on every interface behind it. */
export const RESERVATION_DIRECTIVES = [
  directive("client", GI, clientSelector, {
    example: "client duid 0x000100010a0b0c0d { prefix 2001:db8:1::/56 }",
    body: { scope: "client" },
  }),
  directive("prefix", ["client"], prefix(number(1, 128)), { example: "prefix 2001:db8:1::/56" }),
  directive("address", ["client"], address, { example: "address 2001:db8::1" }),
] as const;

/** What clients are told beside prefixes and addresses. */
export const OPTION_DIRECTIVES = [
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
