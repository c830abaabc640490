import { PD_CLASS as P } from "./given.js";

/** A file: what is special about it, and its text. */
export type AcceptedRow = readonly [what: string, text: string];

/** A file, and the column of its only error. */
export type RefusedRow = readonly [what: string, text: string, column: number];

const pd = (lines: string): string => `iface s0 { pd-class { ${lines} } }`;
const inIface = (lines: string): string => `iface s0 { ${lines} ${P} }`;
const inClass = (lines: string): string => `iface s0 { class { pool 2001:db8:1::/64 ${lines} } }`;
const RESERVED = "{ prefix 2001:db8:9::/48 }";
const MATCH = "match-if (client.vendor-class.en == 5)";

const POOL = "pd-pool 2001:db8:1000::/40 pd-length 56";
const CLASSES = `client-class cc { ${MATCH} } client-class dd { ${MATCH} }`;
const RELAY_IDS = ["5", "0x0102", "01:02", '"ab"']
  .map((id, index) => `iface relay${index} { relay s0 interface-id ${id} ${P} }`)
  .join(" ");
const BULK =
  "accept-leasequery 1 bulk-leasequery-accept 1 bulk-leasequery-tcp-port 5470 " +
  "bulk-leasequery-max-conns 5 bulk-leasequery-timeout 60";
const AUTH =
  "auth-protocol reconfigure-key auth-replay monotonic auth-realm ab.c auth-required 1 " +
  "auth-methods digest-none, digest-plain, hmac-md5, digest-hmac-sha512";
const DDNS = "fqdn-ddns-address 2001:db8::53 ddns-protocol udp ddns-timeout 100";

/** Files that Dibbler 1.0.1 accepts. */
export const ACCEPTED: readonly AcceptedRow[] = [
  ["one line", `iface s0 { ${P} }`],
  ["many lines, CRLF", `iface s0\r\n{\r\n${P.replaceAll(" ", "\r\n")}\r\n}\r\n`],
  ["keywords in any case", "IFACE s0 { PD-CLASS { PD-POOL 2001:db8:1000::/40 PD-LENGTH 56 } }"],
  ["interface in double quotes", `iface "s0" { ${P} }`],
  ["interface in single quotes", `iface 's0' { ${P} }`],
  ["interface by index", `iface 2 { ${P} }`],
  ["two pools of equal length", pd("pd-pool 2001:db8:1000::/40 pd-pool 2001:db8:2000::/40 pd-length 56")],
  ["pd-length twice", pd("pd-pool 2001:db8:1000::/40 pd-length 48 pd-length 56")],
  ["hexadecimal pd-length", pd("pd-pool 2001:db8:1000::/40 pd-length 38h")],
  ["pool as long as pd-length", pd("pd-pool 2001:db8:1000::/56 pd-length 56")],
  ["pool with host bits", pd("pd-pool 2001:db8:1234:5678::1/40 pd-length 56")],
  ["more prefixes than 2^32", pd("pd-pool 2001::/16 pd-length 64")],
  ["two pd-classes", `iface s0 { ${P} pd-class { pd-pool 2001:db8:2000::/40 pd-length 64 } }`],
  ["pd-class at the top level", `${P} iface s0 { preference 1 }`],
  ["same pool on two interfaces", `iface s0 { ${P} } iface s1 { ${P} }`],
  ["class-max-lease in iface", inIface("class-max-lease 3")],
  ["range without blanks", inIface("T1 1000-2000")],
  ["range with blanks", inIface("t1 10 - 20")],
  ["range upside down", inIface("T1 2000-1000")],
  ["T1 above T2", inIface("T1 4000 T2 3000")],
  ["preferred above valid", inIface("preferred-lifetime 9000 valid-lifetime 8000")],
  ["hexadecimal time", inIface("T1 3e8h")],
  ["prefered-lifetime", inIface("prefered-lifetime 100-200")],
  ["all kinds of comments", `# a\n// b\n/* c\n d */ iface s0 { ${P} } # e`],
  ["comment without end, behind the last block", `iface s0 { ${P} } /* and so on`],
  ["log-level out of range", `log-level 9 iface s0 { ${P} }`],
  ["unknown log-mode", `log-mode bogus iface s0 { ${P} }`],
  ["experimental, then performance-mode", `experimental performance-mode 1 iface s0 { ${P} }`],
  ["stateless with pd-class", `stateless iface s0 { ${P} }`],
  ["stateless with options only", "stateless iface s0 { option dns-server 2001:db8::53 }"],
  ["stateless behind the interface", "iface s0 { option dns-server 2001:db8::53 } stateless"],
  ["client by DUID with colons", inIface(`client duid 00:01:02 ${RESERVED}`)],
  ["client by DUID of ten octets", inIface(`client duid 00:01:02:03:04:05:06:07:08:09 ${RESERVED}`)],
  ["client by DUID as number", inIface(`client duid 0x000102 ${RESERVED}`)],
  ["same client twice", inIface(`client duid 0x0102 ${RESERVED} client duid 0x0102 ${RESERVED}`)],
  [
    "two prefixes for a client",
    inIface("client duid 0x0102 { prefix 2001:db8::/48 prefix 2001:db8:1::/48 }"),
  ],
  ["prefix with host bits for a client", inIface("client duid 0x0102 { prefix 2001:db8:9::1/48 }")],
  ["client at the top level", `client duid 0x0102 ${RESERVED} iface s0 { ${P} }`],
  ["client by link-local address", inIface(`client link-local fe80::1 ${RESERVED}`)],
  ["client by remote-id", inIface(`client remote-id 5-0x01020304 ${RESERVED}`)],
  ["client-class", `client-class cc { ${MATCH} } iface s0 { ${P} }`],
  [
    "nested condition",
    "client-class cc { match-if ((client.vendor-class.en == 5) and ((client.vendor-spec.data contain " +
      `"abc") or (substring(client.vendor-class.data, 0, 3) == "CPE"))) } iface s0 { ${P} }`,
  ],
  ["option by number, octets", inIface("option 99 duid 0x1234")],
  ["option by number, address", inIface("option 100 address 2001:db8::1")],
  ["option by number, addresses", inIface("option 101 address-list 2001:db8::1,2001:db8::2")],
  ["option by number, text", inIface('option 102 string "abc"')],
  ["domain in quotes", inIface('option domain "nova.example.com"')],
  ["script before the interfaces", `script "/tmp/x" iface s0 { ${P} }`],
  ["script behind the interfaces", `iface s0 { ${P} } script "/tmp/x"`],
  ["key", `key "k" { secret "c2VjcmV0"; algorithm hmac-md5; fudge 300; }; iface s0 { ${P} }`],
  ["subnet at the top level, behind an interface", `iface s0 { ${P} } subnet 2001:db8::/32`],
  [
    "clients of an address class",
    "iface s0 { class { pool ::/64 accept-only ::1,::2-::5,0x01-0x05,00:01:02 } }",
  ],
  ["numbers in a condition", `client-class cc { match-if (client.vendor-spec.en == 38h) } iface s0 { ${P} }`],
  ["hexadecimal length of a reserved prefix", inIface("client duid 0x0102 { prefix 2001:db8::/38h }")],
  ["only relays", `iface relay1 { relay s0 interface-id 5 ${P} }`],
  ["any number for true", `experimental performance-mode 2 auth-required 2 iface s0 { ${P} }`],
  ["T1 of 0 and the highest number", inIface("T1 0-4294967295")],
  ["allow on the interface", `${CLASSES} iface s0 { allow cc allow dd ${P} }`],
  [
    "allow in one class, deny in the next",
    `${CLASSES} iface s0 { pd-class { allow cc ${POOL} } pd-class { deny cc ${POOL} } }`,
  ],
  ["interface-id in its four forms", RELAY_IDS],
  ["relay by a name that is quoted", `iface relay1 { relay "s0" interface-id 5 ${P} }`],
  ["all of Leasequery", inIface(BULK)],
  ["all of authentication", `${AUTH} iface s0 { ${P} }`],
  ["all of DNS update", `${DDNS} iface s0 { ${P} }`],
  ["work-dir that does not exist", `work-dir "/nowhere" iface s0 { ${P} }`],
  ["reservations with options only", inIface("client duid 0x0102 { option 99 string abc option aftr ab.c }")],
  ["reservation of an address", inIface("client link-local fe80::1 { address 2001:db8::1 }")],
  ["pool and pd-length in the other order", pd("pd-length 56 pd-pool 2001:db8:1000::/40")],
  ["no blanks but where they must be", "iface s0{pd-class{pd-pool 2001:db8:1000::/40 pd-length 56}}"],
  ["same pool twice in a class", pd("pd-pool 2001:db8::/40 pd-pool 2001:db8::/40 pd-length 56")],
  ["two classes at the top level", `${P} ${P} iface s0 { preference 1 }`],
  ["option with the code of a named one", inIface("option 23 duid 0x01")],
  ["word that is nearly a boolean, in quotes", `log-name "nova" iface s0 { ${P} }`],
  ["pool of addresses inherited", "pool 2001:db8:9::/64 iface s0 { class { share 5 } }"],
  ["subnet, both forms", inIface("subnet 2001:db8::/32 subnet 2001:db8::1-2001:db8::ff")],
  [
    "relays on top of each other, one without class",
    `iface s0 { ${P} } iface relay1 { relay s0 interface-id 5555 ${P} } ` +
      `iface relay2 { relay relay1 interface-id 0x010203 ${P} } iface relay3 { relay s0 }`,
  ],
  [
    "address classes",
    `iface s0 { class { pool 2001:db8:1::1-2001:db8:1::ff share 200 } ta-class { pool 2001:db8::/96 } }`,
  ],
  [
    "routes",
    inIface("next-hop 2001:db8::1 next-hop 2001:db8::2 { route ::/0 lifetime infinite } route ::/0"),
  ],
  ["vendor options", inIface("option vendor-spec 5678-1-0x3031,1556-2-2001:db8::1,1556-3-text")],
  [
    "names for clients",
    inIface("option dns-server 2001:db8::53 option fqdn 1 64 a.example - ::1, b.example - 0x0102, c.example"),
  ],
];

/** Files that Dibbler refuses, and that say plainly enough what they mean. */
export const WIDER: readonly AcceptedRow[] = [
  ["byte order mark", `\uFEFFiface s0 { ${P} }`],
  ["interface of one letter", `iface e { ${P} }`],
  ["interface with underscore", `iface qr-1234_5 { ${P} }`],
  ["interface that begins like no", `iface nova0 { ${P} }`],
  ["domain that begins like no", inIface("option domain nova.example.com")],
  ["auth-protocol none", `auth-protocol none iface s0 { ${P} }`],
  ["client-class of one letter", `client-class c { ${MATCH} } iface s0 { pd-class { allow c ${POOL} } }`],
  ["interface by a word of the grammar", `iface T1 { ${P} }`],
  ["log-name of one letter", `log-name x iface s0 { ${P} }`],
  ["allow around deny", `${CLASSES} iface s0 { allow cc pd-class { deny dd ${POOL} } }`],
  ["prefixes in a list of pools", "iface s0 { class { pool 2001:db8:1::/64, 2001:db8:2::/64 } }"],
  ["subnet of one address", inIface("subnet 2001:db8::1")],
  ["words that are reserved, in quotes", `auth-methods "digest-none" iface s0 { ${P} }`],
  ["relay by number", `iface relay1 { relay 2 interface-id 5 ${P} }`],
  ["DUID of eight octets with colons", inIface(`client duid 00:01:02:03:04:05:06:07 ${RESERVED}`)],
];

/** Files that Dibbler serves, with numbers that it cuts down or answers that no client can read. */
export const STRICTER: readonly RefusedRow[] = [
  ["number beyond 32 bits", inIface("T1 99999999999"), 15],
  ["domain with an empty label", inIface('option domain "a..b"'), 26],
  ["domain without labels", inIface('option domain ""'), 26],
  ["option code beyond 16 bits", inIface("option 70000 duid 0x01"), 19],
  ["vendor option code beyond 16 bits", inIface("option vendor-spec 5-70000-0x01"), 33],
  ["reserved prefix of length 129", inIface("client duid 0x0102 { prefix 2001:db8::/129 }"), 51],
  ["route of length 129", inIface("route ::/129"), 21],
  ["class of multicast addresses", "iface s0 { class { pool ff02::1-ff02::5 } }", 20],
  ["TCP port 0", inIface("bulk-leasequery-tcp-port 0"), 37],
  ["no blank behind a pool", pd("pd-pool 2001:db8:1000::/40pd-length 56"), 47],
];

/** The one file that makes Dibbler crash: see below. */
export const CRASHING = "subnet at the top level";

/** Files that nobody can serve. */
export const REFUSED: readonly RefusedRow[] = [
  ["two conditions of a client-class", `client-class cc { ${MATCH} ${MATCH} } iface s0 { ${P} }`, 58],
  ["key without secret", `key "k" { algorithm hmac-md5; }; iface s0 { ${P} }`, 1],
  ["key without algorithm", `key "k" { secret "c2VjcmV0"; }; iface s0 { ${P} }`, 1],
  ["key with a secret that is none", `key "k" { secret "!!"; algorithm hmac-md5; }; iface s0 { ${P} }`, 11],
  ["subnet of length 0", inIface("subnet ::/0"), 22],
  ["unknown auth-protocol", `auth-protocol bogus iface s0 { ${P} }`, 15],
  ["unknown ddns-protocol", `ddns-protocol bogus iface s0 { ${P} }`, 15],
  ["unquoted range of DUIDs and addresses", inClass("reject-clients 0x01-2001:db8::1"), 61],
  ["value missing at the end of a list", inIface("option dns-server ::1,"), 35],
  ["two pools of a pd-class on one line", inIface("pd-pool ::/40"), 12],
  ["brace too many", `iface s0 { ${P} } }`, 67],
  ["header without interface", `iface { ${P} }`, 7],
  ["option fqdn for one client", inIface("client duid 0x0102 { option fqdn a.example }"), 33],
  ["times for one client", inIface("client duid 0x0102 { T1 5 prefix ::/48 }"), 33],
  ["option lifetime without end", inIface("option lifetime infinite"), 28],
  ["empty file", "", 1],
  ["only comments", "# nothing\n", 1],
  ["empty iface", "iface s0 { }", 10],
  ["iface without class", "iface s0 { preference 3 }", 1],
  ["semicolons", `log-level 8; iface s0 { ${P} };`, 12],
  ["interface twice by name", `iface s0 { ${P} } iface "s0" { ${P} }`, 67],
  ["interface twice by index", `iface 2 { ${P} } iface 2 { ${P} }`, 66],
  [
    "pools of different lengths",
    pd("pd-pool 2001:db8:1000::/40 pd-pool 2001:db8:2000::/44 pd-length 56"),
    50,
  ],
  ["pools with comma", pd("pd-pool 2001:db8:1000::/40, 2001:db8:2000::/40 pd-length 56"), 49],
  ["pool as range", pd("pd-pool 2001:db8::1-2001:db8::ff pd-length 56"), 42],
  ["hexadecimal pool length", pd("pd-pool 2001:db8:1000::/28h pd-length 56"), 47],
  ["pool of length 0", pd("pd-pool ::/0 pd-length 56"), 34],
  ["pd-length 0", pd("pd-pool 2001:db8:1000::/40 pd-length 0"), 60],
  ["pd-length 129", pd("pd-pool 2001:db8:1000::/40 pd-length 129"), 60],
  ["pd-length below the pool", pd("pd-pool 2001:db8:1000::/40 pd-length 32"), 50],
  ["no pd-length", pd("pd-pool 2001:db8:1000::/40"), 12],
  ["no pd-pool", pd("pd-length 56"), 12],
  ["pd-class with times only", pd("T1 5"), 12],
  ["empty pd-class", pd(""), 21],
  ["class-max-lease in pd-class", pd("pd-pool 2001:db8::/40 pd-length 56 class-max-lease 3"), 58],
  ["accept-only in pd-class", pd("pd-pool 2001:db8::/40 pd-length 56 accept-only ::1"), 58],
  ["option in pd-class", pd("pd-pool 2001:db8::/40 pd-length 56 option dns-server ::1"), 58],
  ["class at the top level", `class { pool ::/64 } iface s0 { ${P} }`, 1],
  ["script in iface", inIface('script "/x"'), 12],
  ["guess-mode in iface", inIface("guess-mode"), 12],
  ["drop-unicast in iface", inIface("drop-unicast"), 12],
  ["preference 256", inIface("preference 256"), 23],
  ["preference as octets", inIface("preference 0x0a"), 23],
  ["rapid-commit 2", inIface("rapid-commit 2"), 25],
  ["reconfigure-enabled 2", `reconfigure-enabled 2 iface s0 { ${P} }`, 21],
  ["negative number", inIface("T1 -5"), 15],
  ["unknown directive", `foo 3 iface s0 { ${P} }`, 1],
  ["no final brace", `iface s0 { ${P}`, 10],
  ["auth-algorithm", `auth-algorithm "x" iface s0 { ${P} }`, 1],
  ["performance-mode without experimental", `performance-mode 1 iface s0 { ${P} }`, 1],
  ["addr-params without experimental", inClass("addr-params 80"), 41],
  ["experimental too late", `performance-mode 1 experimental iface s0 { ${P} }`, 1],
  ["stateless with class", `stateless ${inClass("")}`, 22],
  ["DUID of single digits", inIface(`client duid 0:1:0:1 ${RESERVED}`), 24],
  ["empty client", inIface("client duid 0x0102 { }"), 31],
  [
    "match-if without parentheses",
    `client-class cc { match-if client.vendor-class.en == 5 } iface s0 { ${P} }`,
    28,
  ],
  ["allow of an unknown class", `iface s0 { pd-class { pd-pool ::/40 pd-length 56 allow cc } }`, 50],
  [
    "allow of a later class",
    `iface s0 { pd-class { pd-pool ::/40 pd-length 56 allow cc } } client-class cc { ${MATCH} }`,
    50,
  ],
  [
    "allow and deny together",
    `client-class cc { ${MATCH} } iface s0 { pd-class { allow cc deny cc pd-pool ::/40 pd-length 56 } }`,
    91,
  ],
  ["option in hex", inIface("option 99 hex 0x1234"), 22],
  ["script without quotes", `script /tmp/x iface s0 { ${P} }`, 8],
  ["key without final semicolon", `key "k" { secret "c2VjcmV0"; algorithm hmac-md5; } iface s0 { ${P} }`, 52],
  ["subnet at the top level", `subnet 2001:db8::/32 iface s0 { ${P} }`, 1],
  ["fqdn without dns-server", inIface("option fqdn a.example"), 12],
  ["interface-id-order foo", `interface-id-order foo iface s0 { ${P} }`, 20],
  ["share 0", inClass("share 0"), 47],
  ["times of an address class", inClass("T1 6000"), 12],
  ["relays on nothing", `iface relay1 { interface-id 5 ${P} } iface relay2 { relay relay1 }`, 1],
  ["address class without pool", "iface s0 { class { share 5 } }", 12],
  ["address class of link-local addresses", inClass("pool fe80::1-fe80::ff"), 41],
  ["allow and deny of unknown classes", `iface s0 { deny cc ${P} }`, 12],
];
