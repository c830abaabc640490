import { describe, expect, test } from "vitest";
import type { KnownScript } from "../../shared/config/script-notes.js";
import { checkNotes } from "../../server/check-notes.js";
import { understand } from "../../server/understanding.js";
import { understandingText } from "../../server/understanding-text.js";
import { server } from "../config/given.js";
import { ip } from "./settings.js";

const PD = "pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 }";
const SILENT = '  script        "/x", 10 s at most';
const ENDLESS = "                sent: T1 3600 s, T2 5400 s, preferred infinity, valid infinity";
const linesOf = (text: string): string[] => understandingText(understand(server(text))).split("\n");

describe("check: what was understood", () => {
  test("a file with a little of everything, as people read it", () => {
    const text = `
log-mode short log-level 7 log-name "edge 1" log-colors 1
script "/etc/dibbler/hook.sh" script-timeout 5 guess-mode reconfigure-enabled 1 interface-id-order omit
relay-supplied-options 143 cache-size 1470
client-class cpe { match-if ((client.vendor-class.en == 5) or (client.vendor-class.data contain "X")) }
iface "s0" {
  preference 255 rapid-commit 1 unicast 2001:db8::547 client-max-lease 4 quarantine 60
  T1 1000-2000 preferred-lifetime 3600 valid-lifetime 7200
  option dns-server 2001:db8::53 option 99 duid 0x1234 option vendor-spec 7-1-0xab
  accept-leasequery bulk-leasequery-accept 1
  source-lease-rate 20 60
  pd-class { pd-pool 2001:db8:1000::/40 pd-pool 2001:db8:2000::/40 pd-length 56 allow cpe
    routes 1 pd-exclude 0:0:0:ff::/64 }
  class { pool 2001:db8:5::1-2001:db8:5::ff share 7 reject-clients 00:01:02, fe80::1-fe80::9 }
  ta-class { pool 2001:db8:6::/64 }
  client duid 0x000102 { prefix 2001:db8:9::/48 option dns-server 2001:db8::1 }
  client link-local fe80::5 { address 2001:db8:5::5 }
}
iface olt1 { relay s0 interface-id 5 subnet 2001:db8:8::/64
  client remote-id 5-0x0a { option domain a.example } }`;
    expect(linesOf(text)).toEqual(
      `server
  log           short, level 7, as "edge 1", in colours
  script        "/etc/dibbler/hook.sh", 5 s at most; told of live leases at start
  modes         guess-mode, reconfigure-enabled 1
  Interface-Id  left out
  remembers     what 10 clients had
  relays supply options 65, 143

interface "s0" (line 6)
  unicast       2001:db8::547
  preference    255, with Rapid Commit
  client        4 leases at most
  prefixes      /56 out of 2001:db8:1000::/40 and 2001:db8:2000::/40: 131072
                a client gets one out of each pool
                excluded from each: 0:0:0:ff::/64
                routes are set by the server
                only for ((client.vendor-class.en == "5") or (client.vendor-class.data contain "X"))
                sent: T1 1800 s, T2 2880 s, preferred 3600 s, valid 7200 s
                within: T1 1000-2000 s, T2 10-5400 s, preferred 3600 s, valid 7200 s
  addresses     2001:db8:5::1-2001:db8:5::ff: 255
                share 7
                not for duid 0x000102
                not for address fe80::1-fe80::9
                sent: T1 1800 s, T2 2880 s, preferred 3600 s, valid 7200 s
                within: T1 1000-2000 s, T2 10-5400 s, preferred 3600 s, valid 7200 s
  temporary     2001:db8:6::-2001:db8:6:0:ffff:ffff:ffff:ffff: about 2^64
                sent: T1 1800 s, T2 2880 s, preferred 3600 s, valid 7200 s
                within: T1 1000-2000 s, T2 10-5400 s, preferred 3600 s, valid 7200 s
  reserved      duid 00:01:02 (line 16): prefix 2001:db8:9::/48
                sent, outside of all pools: T1 1800 s, T2 2880 s, preferred 3600 s, valid 7200 s
                option 23 dns-server: 2001:db8::1
  reserved      link-local fe80::5 (line 17): address 2001:db8:5::5
  option        23 dns-server: 2001:db8::53
  option        99: 12:34
  option        17 vendor-spec: vendor=7 1=ab
  Leasequery    over UDP, and TCP port 547 (10 connections, 300 s)
  limit         20 new leases in 60 s for each source
  quarantine    60 s

link behind relays "olt1" (line 19)
  heard on      s0
  Interface-Id  00:00:00:05
  subnet        2001:db8:8::-2001:db8:8:0:ffff:ffff:ffff:ffff
  preference    0
  client        10 leases at most
  prefixes      none: only options are given
  reserved      remote-id 5-0x0a (line 20): options only
                option 24 domain: a.example
`.split("\n"),
    );
  });

  test.each([
    ["no script", `iface s0 { ${PD} }`, "  script        none"],
    ["a script that is not told at start", `script "/x" script-replay 0 iface s0 { ${PD} }`, SILENT],
    ["any interface", `iface s0 { ${PD} } iface r { interface-id 1 }`, "  heard on      any"],
    ["an interface by number", `iface 7 { ${PD} }`, 'interface "7" (line 1)'],
    ["no end", `iface s0 { valid-lifetime 4294967295 preferred-lifetime 4294967295 ${PD} }`, ENDLESS],
    [
      "a preferred lifetime above the valid one, as it is sent",
      `iface s0 { preferred-lifetime 900 valid-lifetime 600 T1 0-5000 T2 0-5000 ${PD} }`,
      "                sent: T1 300 s, T2 480 s, preferred 600 s, valid 600 s",
    ],
    [
      "T1 above T2, as they are sent",
      `iface s0 { T1 900 T2 500 ${PD} }`,
      "                sent: T1 500 s, T2 500 s, preferred 86400 s, valid 172800 s",
    ],
    [
      "text that could steer a terminal",
      `log-name "\u001b[2J" iface s0 { ${PD} }`,
      '  log           full, level 8, as "?[2J"',
    ],
  ])("%s", (_what, text, line) => {
    expect(linesOf(text)).toContain(line);
  });

  test("as JSON it has no value that JSON loses", () => {
    const understood = understand(server(`iface s0 { ${PD} } iface r { relay s0 }`));
    expect(JSON.parse(JSON.stringify(understood))).toEqual(understood);
  });
});

describe("check: notes on the system", () => {
  const s0 = {
    name: "s0",
    index: 3,
    up: true,
    addresses: [
      { address: ip("fe80::1"), linkLocal: true },
      { address: ip("2001:db8::1"), linkLocal: false },
    ],
  };
  const down = { ...s0, up: false, addresses: [] };

  test.each([
    ["all is there", `iface s0 { unicast 2001:db8::1 ${PD} } iface r { relay s0 ${PD} }`, [s0], []],
    ["by number", `iface 3 { ${PD} }`, [s0], []],
    [
      "no such interface",
      `iface s1 { ${PD} }`,
      [s0],
      ["interface s1 does not exist here (there are: s0): the server would not start"],
    ],
    [
      "no such number, and it may come",
      `inactive-mode iface 9 { ${PD} }`,
      [s0],
      ["interface number 9 does not exist here (there are: s0): it is served as soon as it is ready"],
    ],
    [
      "by name and by number",
      `iface s0 { ${PD} }\niface 3 { ${PD} }`,
      [s0],
      [
        "interface s0 is configured twice, by its name and by its number: lines 1 and 2: " +
          "the server would not start",
      ],
    ],
    ["relays by its number", `iface s0 { ${PD} } iface r { relay 3 ${PD} }`, [s0], []],
    [
      "relays on an interface that is not there, named once",
      `iface r { relay s1 ${PD} } iface q { relay s1 ${PD} }`,
      [s0],
      ["interface s1 does not exist here (there are: s0): the server would not start"],
    ],
    [
      "down",
      `iface s0 { ${PD} }`,
      [down],
      ["interface s0 has no link-local address and is down: the server would not start"],
    ],
    [
      "without the address",
      `iface s0 { unicast 2001:db8::2 ${PD} }`,
      [s0],
      ["interface s0 does not have the address 2001:db8::2: the server would not start"],
    ],
  ])("%s", (_what, text, interfaces, expected) => {
    expect(checkNotes(server(text), interfaces, undefined)).toEqual(expected);
  });

  const scripts: readonly (readonly [KnownScript, string[]])[] = [
    ["ready", []],
    ["missing", ["the script /x does not exist: the server would serve without it"]],
    ["not executable", ["the script /x is not executable: the server would serve without it (chmod +x it)"]],
    [
      "started by a shell",
      ['the script /x has no "#!" line: a shell is started for it, bash if there is one'],
    ],
  ];
  test.each(scripts)("script %s", (script, expected) => {
    expect(checkNotes(server(`script "/x" iface s0 { ${PD} }`), [s0], script)).toEqual(expected);
  });
});
