import { describe, expect, test } from "vitest";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { parseDuid } from "../../shared/duid.js";
import { createClassUse } from "../../server/class-use.js";
import { renderConfigView } from "../../server/config-view.js";
import { prefix } from "./settings.js";

const duid = parseDuid("00:01:00:01:32:97:1e:a8:02:00:00:00:00:03") ?? expect.fail();
const indexes = new Map([
  ["s0", 2],
  ["r1", 1024],
]);

/** How Dibbler calls the order "omit". */
const NONE = "  <InterfaceIDOrder>none</InterfaceIDOrder>";

const read = (text: string): ServerConfig => parseServerConfig(text).config ?? expect.fail();

function view(text: string, assigned = 0): string[] {
  const facts = { duid, workDir: "/var/lib/dibbler", indexes, assigned: () => assigned };
  return renderConfigView(read(text), facts).split("\n");
}

/** As dumped by dibbler-server 1.0.1 for this configuration. */
const DUMPED = `<SrvCfgMgr>
  <workDir>/var/lib/dibbler</workDir>
  <LogName>Server</LogName>
  <LogLevel>8</LogLevel>
  <InactiveMode>0</InactiveMode>
  <GuessMode>0</GuessMode>
  <duid length="14">00:01:00:01:32:97:1e:a8:02:00:00:00:00:03</duid>
  <InterfaceIDOrder>before</InterfaceIDOrder>
  <auth count="0"></auth>
  <!-- <stateless/> -->
  <SrvCfgIface name="s0" ifindex="2">
    <!-- <relay/> -->
    <!--0 subnet(s) -->
    <preference>7</preference>
    <ifaceMaxLease>4294967295</ifaceMaxLease>
    <clntMaxLease>4</clntMaxLease>
    <LeaseQuery>0</LeaseQuery>
    <T1 min="1000" max="2000" />
    <T2 min="1500" max="3000" />
    <pref min="2000" max="3600" />
    <valid min="4000" max="7200" />
    <unicast>2001:db8:5::1</unicast>
    <rapid-commit/>

    <!-- IA: non-temporary addr class count: 0-->

    <!-- PD: prefix delegation class count: 1-->
    <PD id="0">
      <!-- total prefixes in class: 65536, prefixes assigned: 3 -->
      <T1 min="1000" max="2000" />
      <T2 min="1500" max="3000" />
      <prefered-lifetime min="2000" max="3600" />
      <valid-lifetime min="4000" max="7200" />
      <PDMaxLease>65536</PDMaxLease>
      <!-- prefix range -->
      <range type="addr" min="2001:db8:1000::" max="2001:db8:10ff:ffff:ffff:ffff:ffff:ffff"/>
    </PD>

    <!-- TA: temporary IPv6 addr class count: 0-->

    <!-- options -->
    <!-- 2 extra option(s) -->
      <extraOption type="23" length="36">2001:db8::53 2001:db8::54 </extraOption>
      <extraOption type="24" length="35">example.com test.example.com </extraOption>
    <!-- <fqdnOptions/> -->
    <!-- 0 per-client parameters (exceptions) -->
  </SrvCfgIface>
</SrvCfgMgr>
`;

const CONFIGURED = `iface s0 {
  preference 7 client-max-lease 4 rapid-commit 1 unicast 2001:db8:5::1
  T1 1000-2000 T2 1500-3000 preferred-lifetime 2000-3600 valid-lifetime 4000-7200
  option dns-server 2001:db8::53,2001:db8::54
  option domain example.com,test.example.com
  pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
}`;

describe("server-CfgMgr.xml", () => {
  test("is what Dibbler writes, with the live count of prefixes", () => {
    expect(view(CONFIGURED, 3)).toEqual(DUMPED.split("\n"));
  });

  const pd = "pd-class { pd-pool 2001:db8::/40 pd-length 56 }";
  test.each([
    ["a name for XML", `log-name "a<b&c" iface s0 { ${pd} }`, "  <LogName>a&lt;b&amp;c</LogName>"],
    ["no interface of that name", `iface s9 { ${pd} }`, '  <SrvCfgIface name="s9" ifindex="-1">'],
    ["an interface by its number", `iface 2 { ${pd} }`, '  <SrvCfgIface name="s0" ifindex="2">'],
    [
      "a link behind relays",
      `iface r1 { relay s0 interface-id 5555 }`,
      '    <relay name="s0" ifindex="2" interfaceid="00:00:15:b3"/>',
    ],
    [
      "a link on another one",
      `iface r1 { relay s0 } iface r2 { relay r1 ${pd} }`,
      '    <relay name="r1" ifindex="2" interfaceid="null"/>',
    ],
    ["Interface-Id left out", `interface-id-order omit iface s0 { ${pd} }`, NONE],
    [
      "ways to sign, which nobody does",
      `auth-methods digest-none,hmac-sha1,digest-hmac-md5 iface s0 { ${pd} }`,
      '  <auth count="3">NONE HMAC-SHA-1 HMAC-MD5 </auth>',
    ],
    ["the directory of the file", `work-dir "/x" iface s0 { ${pd} }`, "  <workDir>/x</workDir>"],
    [
      "more prefixes than 32 bits count",
      "iface s0 { pd-class { pd-pool 2001:db8::/31 pd-length 64 } }",
      "      <!-- total prefixes in class: 4294967295, prefixes assigned: 0 -->",
    ],
    [
      "a limit that nothing heeds",
      `iface s0 { class-max-lease 9 ${pd} }`,
      "      <PDMaxLease>9</PDMaxLease>",
    ],
    [
      "vendor options",
      `iface s0 { ${pd} option vendor-spec 5-1-0x3031,5-2-ab }`,
      '      <extraOption type="17" length="20">vendor=5 1=30:31 2=61:62 </extraOption>',
    ],
    [
      "an option by its number, in octets",
      `iface s0 { ${pd} option 102 string "abc" }`,
      '      <extraOption type="102" length="7">61:62:63</extraOption>',
    ],
    [
      "a reservation by Remote-ID",
      `iface s0 { ${pd} client remote-id 5-0x0102 { prefix 2001:db8:9::/48 } }`,
      '      <RemoteID enterprise="5" length="2">01:02</RemoteID>',
    ],
    [
      "addresses",
      "iface s0 { class { pool 2001:db8::1-2001:db8::ff } }",
      "      <!-- total addrs in class: 255, addrs assigned: 0 -->",
    ],
  ])("%s", (_what, text, line) => {
    expect(view(text)).toContain(line);
  });

  test("classes are numbered through all interfaces", () => {
    const lines = view(`iface s0 { ${pd} ${pd} } iface r1 { relay s0 ${pd} }`);
    expect(lines.filter((line) => line.includes("<PD "))).toEqual(
      [0, 1, 2].map((id) => `    <PD id="${id}">`),
    );
  });
});

describe("use of classes", () => {
  test("a lease counts for the first class of its link that holds it, and for no other link", () => {
    const config = read(`iface s0 {
      pd-class { pd-pool 2001:db8:1000::/40 pd-pool 2001:db8:2000::/40 pd-length 56 }
      pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }
      class { pool 2001:db8:5::1-2001:db8:5::ff }
    } iface r1 { relay s0 pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } }`);
    const use = createClassUse(config, indexes);
    for (const [interfaceName, text] of [
      ["s0", "2001:db8:1000:100::/56"],
      ["s0", "2001:db8:2000:100::/56"],
      ["s0", "2001:db8:5::7/128"],
      ["s0", "2001:db8:9::/56"],
      ["r1", "2001:db8:1000::/56"],
      ["s9", "2001:db8:1000:200::/56"],
    ] as const) {
      use.add({ interfaceName, prefix: prefix(text) });
    }
    const links = config.interfaces.map(({ pdClasses, addressClasses }) =>
      [...pdClasses, ...addressClasses].map(use.assigned),
    );
    expect(links).toEqual([[2, 0, 1], [1]]);
  });
});
