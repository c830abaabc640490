import { describe, expect, test } from "vitest";
import { formatPrefix, parseIp6 } from "../../shared/prefix.js";
import { option, rawOption } from "../../shared/wire/options.js";
import { client, clientIface, errors, warnings } from "./given.js";

const ROUTER = "cb9b7a2c-8b5e-4d3a-9c57-1e6c60e1c02f";
const AREA = `/var/lib/neutron/pd/${ROUTER}:ea139dcd-17a3-4f0a-8cca-dff8b4e03f8a:qr-a7e4d663-e3`;

/** What Neutron's dibbler driver writes: it begins with a newline and has none behind its last brace. */
const neutron = (pd: string): string => `
# Config for dibbler-client.

# Use enterprise number based duid
duid-type duid-en 8888 0xea139dcd17a34f0a8ccadff8b4e03f8a

# 8 (Debug) is most verbose. 7 (Info) is usually the best option
log-level 8

# No automatic downlink address assignment
downlink-prefix-ifaces "none"

# Use script to notify l3_agent of assigned prefix
script "${AREA}/notify.sh"

# Ask for prefix over the external gateway interface
iface "qg-1f2e3d4c-5b" {
# Bind to generated LLA
bind-to-address fe80::f816:3eff:fe27:a59c
# ask for address
   
${pd}
   
}`;

const QUIET = 'downlink-prefix-ifaces "none"';
const address = (text: string): Uint8Array => parseIp6(text) ?? new Uint8Array();

/** `iaid hint,hint` of each PD. */
const pds = (text: string): string[][] =>
  client(text).interfaces.map(({ pds: all }) =>
    all.map(({ iaid, hints }) => [iaid, ...hints.map(({ prefix }) => formatPrefix(prefix))].join(" ")),
  );

describe("client: the file that Neutron writes", () => {
  test("without hint", () => {
    const text = neutron("    pd 1");
    expect(client(text)).toEqual({
      log: { level: 8, mode: "full", name: "Client", colors: false },
      script: `${AREA}/notify.sh`,
      scriptTimeout: 10,
      duidType: {
        kind: "en",
        enterprise: 8888,
        identifier: Uint8Array.from(Buffer.from("ea139dcd17a34f0a8ccadff8b4e03f8a", "hex")),
      },
      downlinks: { mode: "none" },
      compatibility: "fixed",
      radvdConfig: "/etc/dibbler/radvd.conf",
      skipConfirm: false,
      inactiveMode: false,
      insistMode: false,
      reconfigureAccept: false,
      addressLength: 128,
      interfaces: [
        {
          selector: { name: "qg-1f2e3d4c-5b" },
          bindToAddress: address("fe80::f816:3eff:fe27:a59c"),
          rapidCommit: false,
          preferredServers: [],
          rejectedServers: [],
          pds: [{ iaid: 1, hints: [], t1: undefined, t2: undefined }],
          ias: [],
          stateless: false,
          requestedOptions: [],
          options: [],
          at: { line: 17, column: 1 },
        },
      ],
    });
    expect(warnings("client", text)).toEqual([]);
  });

  test("with hint", () => {
    const text = neutron("    pd 1 {\n        prefix 2222:2222:2222:6977::/64\n    }");
    expect(pds(text)).toEqual([["1 2222:2222:2222:6977::/64"]]);
    const [hint] = clientIface(text).pds[0]?.hints ?? [];
    expect(hint).toMatchObject({ preferred: 0xffffffff, valid: 0xffffffff });
    expect(warnings("client", text)).toEqual([]);
  });
});

describe("client: accepted", () => {
  test.each([
    "iface wan0 { pd }",
    'iface "wan0"\r\n{\r\n  pd\r\n}',
    "IFACE wan0 { Pd }",
    "iface 2 { prefix-delegation }",
    "\uFEFFiface wan0 { pd }",
    "# a\n// b\n/* c\n */ iface wan0 { pd }",
    "iface wan0 { pd { } }",
    "iface wan0 { pd 1 { } }",
    "iface wan0 { pd 10h }",
    "iface wan0 { pd { prefix } pd { prefix { } } pd { prefix ::/56 } }",
    "iface wan0 { pd { prefix 2001:db8:: / 48 { valid-lifetime 200 preferred-lifetime 100 } T1 10 T2 20 } }",
    "iface wan0 { pd { prefix { preferred-lifetime 1 } } }",
    "iface wan0 { }",
    "iface br_lan { pd }",
    "iface nope0 { pd }",
    "iface wan0 no-config iface wan1 { pd }",
    "downlink-prefix-ifaces none iface wan0 { pd }",
    "downlink-prefix-ifaces lan1, lan2 downlink-prefix-ifaces lan3 iface wan0 { pd }",
    "duid-type DUID-LL iface wan0 { pd }",
    "duid-type duid-en 1234 67:89:ab:cd iface wan0 { pd }",
    "auth-protocol none iface wan0 { pd }",
    "auth-protocol delayed auth-methods digest-hmac-md5,digest-none iface wan0 { pd }",
    "strict-rfc-no-routing iface wan0 { pd }",
    "strict-rfc-no-routing 0 iface wan0 { pd }",
    "iface wan0 { ia ia { } ia 7 ia { T1 1 T2 2 rapid-commit 1 address address 2 } }",
    "iface wan0 { ia { address 2001:db8::1 { valid-lifetime 5 preferred-lifetime 4 } } }",
    "iface wan0 { ta ta { } ta { iaid 5 } }",
    "experimental remote-autoconf iface wan0 { ia { addr-params } }",
    "experimental addr-params iface wan0 { addr-params pd }",
    "iface wan0 { stateless option lifetime option dns-server }",
    "iface wan0 { reject-servers fe80::1,0x0001 preferred-servers 00:01:02 pd }",
    "iface wan0 { option vendor-spec option vendor-spec 5 option vendor-spec 5-6,7 pd }",
    "iface wan0 { option 99 hex option 98 string option 97 address option 96 address-list pd }",
    "iface wan0 { option domain option fqdn option time-zone pd }",
    "option aftr option 99 hex 0x12 iface wan0 { pd }",
  ])("%s", (text) => {
    expect(errors("client", text)).toEqual([]);
  });
});

describe("client: refused, with one error at the right place", () => {
  test.each([
    ["iface wan0 { pd } /* and", 19],
    ["iface wan0 { pd };", 18],
    ["iface wan0 { pd", 12],
    ["iface wan0", 1],
    ["iface /dev/x { pd }", 7],
    ["iface wan0 { no-config }", 14],
    ["iface wan0 { pd } iface wan0 { pd }", 19],
    ["iface wan0 { pd { rapid-commit 1 } }", 19],
    ["iface wan0 { pd { option dns-server } }", 19],
    ["iface wan0 { pd { prefix 2001:db8::/129 } }", 37],
    ["iface wan0 { pd { prefix 2001:db8:: } }", 19],
    ["iface wan0 { pd { T1 20 T2 10 } }", 14],
    ["iface wan0 { pd { prefix ::/56 { preferred-lifetime 2 valid-lifetime 1 } } }", 19],
    ["iface wan0 { pd 1 pd 1 }", 19],
    ["iface wan0 { pd 2 pd }", 19],
    ["iface wan0 { ia 1 ia 1 pd }", 19],
    ["iface wan0 { ia { T1 20 T2 10 } }", 14],
    ["iface wan0 { ia { address fe80::1 } }", 19],
    ["iface wan0 { ia { address { } } }", 27],
    ["iface wan0 { ia { address { preferred-lifetime 2 valid-lifetime 1 } } }", 19],
    ["iface wan0 { ta { T1 5 } }", 19],
    ["iface wan0 { stateless pd }", 24],
    ["iface wan0 { ia stateless }", 14],
    ["iface wan0 { option lifetime pd }", 14],
    ["iface wan0 { option 99 pd }", 24],
    ["iface wan0 { option 99 duid 0x12 pd }", 24],
    ["iface wan0 { option vendor-spec 1-2 hex 0x12 pd }", 37],
    ["iface wan0 { T1 10-20 pd }", 19],
    ["iface wan0 { T1 99999999999 pd }", 17],
    ["iface wan0 { bind-to-address fe80::1%eth0 pd }", 30],
    ["iface wan0 { bind-to-address fe80::1/64 pd }", 37],
    ['iface wan0 { bind-to-address "fe80::1" pd }', 30],
    ["iface wan0 { unicast 2 pd }", 22],
    ["iface wan0 { rapid-commit on pd }", 27],
    ["iface wan0 { rapid-commit pd }", 27],
    ["bind-to-address fe80::1 iface wan0 { pd }", 1],
    ["routing 1 iface wan0 { pd }", 1],
    ["iface wan0 { option fqdn-s 1 pd }", 14],
    ["iface wan0 { skip-confirm pd }", 14],
    ["log-level 0x10 iface wan0 { pd }", 11],
    ["duid-type duid-en 1234 iface wan0 { pd }", 24],
    [`duid-type duid-en 1 0x${"ab".repeat(125)} iface wan0 { pd }`, 21],
    ["duid-type duid-uuid iface wan0 { pd }", 11],
    ["downlink-prefix-ifaces lan1 lan2 iface wan0 { pd }", 29],
    ['radvd-config "radvd.conf" iface wan0 { pd }', 14],
    ["ddns-protocol icmp iface wan0 { pd }", 15],
    ['auth-algorithm "x" iface wan0 { pd }', 1],
    ["remote-autoconf iface wan0 { pd }", 1],
    ["no-ia iface wan0 { pd }", 1],
  ])("%s", (text, column) => {
    expect(errors("client", text).map((error) => error.replace(/ .*/, ""))).toEqual([`1:${column}`]);
  });
});

describe("client: what a directive sets", () => {
  test.each([
    ["duid-type duid-ll", { duidType: { kind: "ll" } }],
    [
      "duid-type duid-en 1234 0x123",
      { duidType: { kind: "en", enterprise: 1234, identifier: Uint8Array.of(1, 0x23) } },
    ],
    ["strict-rfc-no-routing", { addressLength: 128 }],
    ["strict-rfc-no-routing 1", { addressLength: 128 }],
    ["strict-rfc-no-routing 0", { addressLength: 64 }],
    ["downlink-prefix-ifaces lan1,lan2", { downlinks: { mode: "list", names: ["lan1", "lan2"] } }],
    ['downlink-prefix-ifaces "none"', { downlinks: { mode: "none" } }],
    ["", { radvdConfig: "/etc/dibbler/radvd.conf" }],
    ['radvd-config "/run/r.conf"', { radvdConfig: "/run/r.conf" }],
    ['compatibility "strict"', { compatibility: "strict" }],
    ['radvd-config "none"', { radvdConfig: undefined }],
    ["radvd-config none", { radvdConfig: undefined }],
    ["skip-confirm", { skipConfirm: true }],
    ["inactive-mode", { inactiveMode: true }],
    ["insist-mode", { insistMode: true }],
    ["reconfigure-accept 2", { reconfigureAccept: true }],
    ["script-timeout 3", { scriptTimeout: 3 }],
    ['script ""', { script: undefined }],
  ])("at the top level: %s", (line, expected) => {
    expect(client(`${line} iface wan0 { pd }`)).toMatchObject(expected);
  });

  test.each([
    ["bind-to-address fe80::2 pd", { bindToAddress: address("fe80::2") }],
    ["rapid-commit 5 pd", { rapidCommit: true }],
    ["ia ia 9 ia", { ias: [{ iaid: 1 }, { iaid: 9 }, { iaid: 3 }], pds: [] }],
    ["stateless", { stateless: true }],
    ["option dns-server option domain", { stateless: true, requestedOptions: [23, 24] }],
    ["option dns-server pd", { stateless: false, requestedOptions: [23] }],
    ["rapid-commit 1", { stateless: false, pds: [], ias: [] }],
    ["", { ias: [{ iaid: 1 }], pds: [] }],
    [
      "option dns-server ::1 option dns-server option 99 hex 0x12 option vendor-spec 7-8,9",
      {
        requestedOptions: [23, 99, 17],
        options: [
          option("dnsServers", [parseIp6("::1") ?? expect.fail()]),
          rawOption(99, Uint8Array.of(0x12)),
          option("vendorOptions", { enterprise: 7, options: [{ code: 8, data: new Uint8Array() }] }),
          option("vendorOptions", { enterprise: 9, options: [] }),
        ],
      },
    ],
  ])("in iface: %s", (lines, expected) => {
    expect(clientIface(`iface wan0 { ${lines} }`)).toMatchObject(expected);
  });

  test("an interface marked no-config is left out", () => {
    const { interfaces } = client("iface lan0 no-config iface 3 { pd }");
    expect(interfaces.map(({ selector }) => selector)).toEqual([{ index: 3 }]);
  });
});

describe("client: IAIDs and hints of pd", () => {
  test.each([
    ["a number or the place in the file", "iface a0 { pd 7 pd pd 9 }", [["7", "2", "9"]]],
    [
      "places count on over interfaces, PDs stay in theirs",
      "iface a0 { pd } iface b0 { pd pd }",
      [["1"], ["2", "3"]],
    ],
    ["prefix without value", "iface a0 { pd { prefix prefix { } } }", [["1 ::/0 ::/0"]]],
    ["a length only", "iface a0 { pd { prefix ::/56 } }", [["1 ::/56"]]],
    ["hexadecimal length", "iface a0 { pd { prefix ::/38h } }", [["1 ::/56"]]],
    ["several", "iface a0 { pd { prefix 2001:db8::/48 prefix ::/60 } pd }", [["1 2001:db8::/48 ::/60", "2"]]],
    ["host bits are cleared", "iface a0 { pd { prefix 2001:db8::1/64 } }", [["1 2001:db8::/64"]]],
    ["ia does not count", "iface a0 { ia pd ia pd }", [["1", "2"]]],
  ])("%s", (_name, text, expected) => {
    expect(pds(`${QUIET} ${text}`)).toEqual(expected);
  });

  test.each([
    ["top level, interface, pd", "T1 1 iface a0 { T2 2 pd { T1 2 } }", { t1: 2, t2: 2 }],
    ["not backwards", "iface a0 { pd T1 5 }", { t1: undefined, t2: undefined }],
    ["infinity is no wish", "iface a0 { T1 4294967295 pd }", { t1: undefined, t2: undefined }],
    [
      "lifetimes",
      "valid-lifetime 9 iface a0 { preferred-lifetime 8 pd { prefix ::/56 { preferred-lifetime 7 } } }",
      { hints: [{ prefix: { address: address("::"), length: 56 }, preferred: 7, valid: 9 }] },
    ],
    [
      "valid lifetime alone",
      "iface a0 { pd { prefix ::/56 { valid-lifetime 9 } } }",
      { hints: [{ prefix: { address: address("::"), length: 56 }, preferred: 9, valid: 9 }] },
    ],
  ])("times come from the point of the file: %s", (_name, text, expected) => {
    expect(clientIface(text).pds).toMatchObject([expected]);
  });
});

describe("client: warnings", () => {
  test.each([
    [
      "hint with host bits",
      `${QUIET} iface a0 { pd { prefix ::1/64 } }`,
      ["::1/64 has bits beyond its length: ::/64 is asked for"],
    ],
    [
      "one IAID on two interfaces",
      `${QUIET} iface a0 { pd 1 } iface b0 { pd 1 }`,
      ["IAID 1 is also used in line 1: a server of both links takes them for one"],
    ],
    ["options only", "iface a0 { option dns-server }", []],
    ["nothing to ask for", "iface a0 { rapid-commit 1 }", ['nothing is asked for on interface "a0"']],
    [
      "an uplink as downlink",
      "downlink-prefix-ifaces lan0,a0 iface a0 { pd }",
      ['a0 is an "iface" of this file: it gets no part of the prefixes'],
    ],
    ["address", `${QUIET} iface a0 { pd ia }`, []],
  ])("%s", (_name, text, expected) => {
    expect(warnings("client", text).map((each) => each.replace(/^\S+ /, ""))).toEqual(expected);
  });
});
