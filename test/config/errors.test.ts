import { describe, expect, test } from "vitest";
import { MAX_ERRORS } from "../../shared/config/diagnostics.js";
import { client, errors, PD_CLASS, rendered, server, warnings } from "./given.js";

/** What is printed for one mistake each: the whole text. */
describe("errors: as printed", () => {
  test.each([
    [
      "misspelled directive",
      'iface "br-ex" {\n    pd-class {\n        pd-pool 2001:db8::/48\n        pd-lenght 64\n    }\n}\n',
      `server.conf:4:9: error: unknown directive "pd-lenght"
    4 |         pd-lenght 64
      |         ^^^^^^^^^
      = did you mean "pd-length"?`,
    ],
    [
      "script without quotes",
      `script /var/lib/dibbler/pd-server.sh\niface "br-ex" { ${PD_CLASS} }`,
      `server.conf:1:8: error: expected a word or a text in quotes, found "/var/lib/dibbler/pd-server.sh"
    1 | script /var/lib/dibbler/pd-server.sh
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      = put it in quotes: "/var/lib/dibbler/pd-server.sh"`,
    ],
    [
      "brace that is never closed",
      'iface "br-ex" {\n    pd-class {\n        pd-pool 2001:db8::/40\n        pd-length 56\n    }\n',
      `server.conf:1:15: error: the block opened with 'iface "br-ex" {' is never closed
    1 | iface "br-ex" {
      |               ^`,
    ],
    [
      "brace missing before the next interface",
      `iface a0 {\n  pd-class {\n    pd-pool 2001:db8::/40\n    pd-length 56\n}\niface b0 { ${PD_CLASS} }`,
      `server.conf:6:1: error: a "}" is missing before "iface"
    6 | iface b0 { pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } }
      | ^^^^^
      = the block opened with "iface a0 {" in line 1 is still open`,
    ],
    [
      "one brace too many",
      `iface a0 { ${PD_CLASS} } }`,
      `server.conf:1:67: error: unexpected "}": no block is open here
    1 | iface a0 { pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } } }
      |                                                                   ^`,
    ],
    [
      "opening brace missing",
      'iface "br-ex"\n    pd-class { pd-pool 2001:db8::/40 pd-length 56 }\n}',
      `server.conf:1:1: error: expected "{" after 'iface "br-ex"'
    1 | iface "br-ex"
      | ^^^^^^^^^^^^^
      = for example: iface "eth0" { pd-class { pd-pool 2001:db8::/40 pd-length 56 } }`,
    ],
    [
      "value missing",
      'iface "br-ex" {\n    pd-class {\n        pd-pool 2001:db8::/40\n        pd-length\n    }\n}',
      `server.conf:4:9: error: expected a number from 1 to 128 after "pd-length"
    4 |         pd-length
      |         ^^^^^^^^^
      = for example: pd-length 56`,
    ],
    [
      "number out of range",
      `preference 256\niface s0 { ${PD_CLASS} }`,
      `server.conf:1:12: error: expected a number from 0 to 255, found "256"
    1 | preference 256
      |            ^^^
      = for example: preference 255`,
    ],
    [
      "IPv4 address",
      `iface s0 {\n\toption dns-server 192.0.2.1\n\t${PD_CLASS}\n}`,
      `server.conf:2:20: error: expected an IPv6 address, found "192.0.2.1"
    2 |  option dns-server 192.0.2.1
      |                    ^^^^^^^^^
      = for example: option dns-server 2001:db8::53,2001:db8::54`,
    ],
    [
      "directive in the wrong block",
      `iface s0 {\n  script "/x"\n  ${PD_CLASS}\n}`,
      `server.conf:2:3: error: "script" cannot stand inside iface
    2 |   script "/x"
      |   ^^^^^^
      = it belongs at the top level`,
    ],
    [
      "directive outside of its block",
      `pd-pool 2001:db8::/40\niface s0 { ${PD_CLASS} }`,
      `server.conf:1:1: error: "pd-pool" cannot stand at the top level
    1 | pd-pool 2001:db8::/40
      | ^^^^^^^
      = it belongs inside pd-class`,
    ],
    [
      "unknown option",
      `iface s0 {\n  option dns-servers 2001:db8::53\n  ${PD_CLASS}\n}`,
      `server.conf:2:10: error: unknown option "dns-servers"
    2 |   option dns-servers 2001:db8::53
      |          ^^^^^^^^^^^
      = did you mean "option dns-server"?`,
    ],
    [
      "quote that is never closed",
      `script "/var/lib/x\niface "s0" { ${PD_CLASS} }`,
      `server.conf:1:8: error: this text has no closing quote
    1 | script "/var/lib/x
      |        ^^^^^^^^^^^
      = strings end with the mark they began with`,
    ],
    [
      "interface twice",
      `iface s0 { ${PD_CLASS} }\niface s0 { ${PD_CLASS} }`,
      `server.conf:2:1: error: interface "s0" is configured twice
    2 | iface s0 { pd-class { pd-pool 2001:db8:1000::/40 pd-length 56 } }
      | ^^^^^
      = the first block is in line 1`,
    ],
    [
      "pool too small",
      "iface s0 {\n  pd-class {\n    pd-pool 2001:db8::1/48\n    pd-length 40\n  }\n}",
      `server.conf:3:5: warning: 2001:db8::1/48 has bits beyond its length: the pool is 2001:db8::/48
    3 |     pd-pool 2001:db8::1/48
      |     ^^^^^^^
server.conf:4:5: error: pd-length 40 is shorter than the pool 2001:db8::/48: nothing fits into it
    4 |     pd-length 40
      |     ^^^^^^^^^`,
    ],
    [
      "nothing at all",
      "",
      `server.conf:1:1: error: no "iface" in this file: there is nothing to serve
    1 |
      | ^
      = for example: iface "eth0" { pd-class { pd-pool 2001:db8::/40 pd-length 56 } }`,
    ],
  ])("server: %s", (_name, text, expected) => {
    expect(rendered("server", text)).toBe(expected);
  });

  test("a long line is shown around the mistake, without characters that steer the terminal", () => {
    const around = "log-level 8 ".repeat(20);
    const text = `${around}foo\u001b[31m 3 ${around}iface s0 { ${PD_CLASS} }`;
    const [place, source, underline] = rendered("server", text).split("\n");
    expect(place).toBe('server.conf:1:241: error: unknown directive "foo?[31m"');
    expect(source?.slice(underline?.indexOf("^"), underline?.lastIndexOf("^"))).toBe("foo?[31");
    expect(source?.length).toBeLessThan(140);
  });

  test("interfaces with long names are told apart", () => {
    const name = "x".repeat(80);
    expect(errors("server", `iface "${name}a" { ${PD_CLASS} } iface "${name}b" { ${PD_CLASS} }`)).toEqual([]);
  });

  test("columns count characters, not UTF-16 units", () => {
    const ducks = "🦆".repeat(200);
    const shown = rendered("server", `log-name "${ducks}" foo 3 iface s0 { ${PD_CLASS} }`).split("\n");
    expect(shown[0]).toMatch(/^server.conf:1:213: /);
    expect(Array.from(shown[1] ?? "").indexOf("f")).toBe(shown[2]?.indexOf("^"));
    expect(errors("server", `log-name "🦆🦆" foo 3 iface s0 { ${PD_CLASS} }`)).toEqual([
      '1:15 unknown directive "foo"',
    ]);
  });
});

describe("errors: all of them at once, one for each mistake", () => {
  test("a file with ten mistakes has ten errors", () => {
    const text = `script /x
log-level seven
iface "a" {
    pd-class {
        pd-poll 2001:db8::/40
        pd-pool 2001:db8::/28h
        pd-length 129
    }
    T1 -5
    scirpt "/y"
    option domain "a..b"
    nonsense { more { 1 2 } } and on
    preference
}
log-name "x" "y"
iface "b" { ${PD_CLASS} }`;
    expect(errors("server", text)).toEqual([
      '1:8 expected a word or a text in quotes, found "/x"',
      '2:11 expected a number up to 4294967295, found "seven"',
      '5:9 unknown directive "pd-poll"',
      '6:28 expected a decimal number from 1 to 128, found "28h"',
      '7:19 expected a number from 1 to 128, found "129"',
      '9:8 expected a number up to 4294967295, found "-5"',
      '10:5 unknown directive "scirpt"',
      "11:19 expected a domain name (labels of 1 to 63 characters, dots between), found '\"a..b\"'",
      '12:5 unknown directive "nonsense"',
      '13:5 expected a number from 0 to 255 after "preference"',
      "15:14 expected a directive, found '\"y\"'",
    ]);
  });

  test.each([
    ["header without name", `iface { ${PD_CLASS} }`],
    ["name that needs quotes", `iface eth0:1 { ${PD_CLASS} }`],
    ["misspelled block", `iface s0 { pd-clas { pd-pool 2001:db8::/40 pd-length 56 } }`],
    ["misspelled block with a bad value", `ifcae 0x12 { ${PD_CLASS} }`],
    ["block in the wrong place", `class { pool 2001:db8::/64 } iface s0 { ${PD_CLASS} }`],
    ["stray braces", `{ log-level 8 } iface s0 { ${PD_CLASS} }`],
    ["interface inside an interface", `iface s0 { ${PD_CLASS} iface s1 { ${PD_CLASS} } }`],
    ["option without name", `option\niface s0 { ${PD_CLASS} }`],
    ["list without comma", `iface s0 { option domain a.example b.example ${PD_CLASS} }`],
    ["zone in an address", `iface s0 { unicast fe80::1%eth0 ${PD_CLASS} }`],
    ["vendor option without code", `iface s0 { option vendor-spec 5678 ${PD_CLASS} }`],
    ["vendor option without value", `iface s0 { option vendor-spec 5678-1 ${PD_CLASS} }`],
    ["vendor option with a large code", `iface s0 { option vendor-spec 5678-65536-0x00 ${PD_CLASS} }`],
    ["option number 0", `iface s0 { option 0 duid 0x00 ${PD_CLASS} }`],
    ["more addresses than fit", `iface s0 { option dns-server ${"::1, ".repeat(256)}::1 ${PD_CLASS} }`],
    ["more text than fits", `iface s0 { option time-zone "${"x".repeat(1025)}" ${PD_CLASS} }`],
    ["label that is too long", `iface s0 { option domain ${"x".repeat(64)} ${PD_CLASS} }`],
    ["interface index 0", `iface 0 { ${PD_CLASS} }`],
    ["octets that are none", `iface s0 { client duid 0:1 { address ::1 } ${PD_CLASS} }`],
    ["half a range", `iface s0 { T1 5- ${PD_CLASS} }`],
    ["interface-id in braces", `iface s0 { interface-id { } ${PD_CLASS} }`],
    ["condition without operator", `client-class c { match-if ("a" "b") } iface s0 { ${PD_CLASS} }`],
    ["condition that is not closed", `client-class c { match-if ("a" == "b" } iface s0 { ${PD_CLASS} }`],
    [
      "substring without bounds",
      `client-class c { match-if (substring("a") == "b") } iface s0 { ${PD_CLASS} }`,
    ],
    [
      "substring with one bound",
      `client-class c { match-if (substring("a", 1) == "b") } iface s0 { ${PD_CLASS} }`,
    ],
    ["mode of names", `iface s0 { option dns-server ::1 option fqdn 3 a.example ${PD_CLASS} }`],
    ["empty block", "iface s0 { pd-class { } }"],
    ["value of the wrong kind on the next line", `preference\n  high\n  iface s0 { ${PD_CLASS} }`],
    ["directive as value", `script\niface s0 { ${PD_CLASS} }`],
    ["colon behind a directive", `log-level: 8 iface s0 { ${PD_CLASS} }`],
  ])("%s: one error", (_name, text) => {
    expect(errors("server", text)).toHaveLength(1);
  });

  test(`after ${MAX_ERRORS} errors reading stops`, () => {
    const found = errors("server", "@ \n".repeat(5000));
    expect(found).toHaveLength(MAX_ERRORS + 1);
    expect(found.at(-1)).toMatch(/too many errors/);
  });
});

describe("warnings", () => {
  test("a directive without effect is named once, with what will not happen and how often", () => {
    const text = `iface s0 { ${PD_CLASS} class-max-lease 3 class-max-lease 4 }`;
    expect(warnings("server", text)).toEqual([
      '1:65 "class-max-lease" is read but not acted on: every address of a pool can be handed out ' +
        "(here and once more)",
    ]);
  });

  test.each([
    ["T1 above T2", "T1 6000", "T1 (6000 s) is above T2 (5400 s) in this pd-class: it is lowered in answers"],
    [
      "preferred above valid",
      "preferred-lifetime 200000",
      "the preferred lifetime (200000 s) is above the valid lifetime (172800 s) in this pd-class: " +
        "it is lowered in answers",
    ],
    ["range upside down", "T1 20-10", "the range of T1 is upside down: it is read as 10-20"],
    [
      "pool twice",
      "pd-pool 2001:db8::/40",
      "this pool is the pool 2001:db8::/40 of line 1: a prefix of both is delegated once",
    ],
  ])("pd-class: %s", (_name, line, message) => {
    const text = `iface s0 { pd-class { pd-pool 2001:db8::/40 pd-length 56 ${line} } }`;
    expect(warnings("server", text).map((each) => each.replace(/^\S+ /, ""))).toEqual([message]);
  });

  test.each([
    [
      "pool inside another one of the interface",
      `iface s0 { pd-class { pd-pool 2001:db8::/32 pd-length 56 } ${PD_CLASS} }`,
      1,
    ],
    [
      "three pools inside each other: told once",
      `iface s0 { ${"pd-class { pd-pool 2001:db8::/40 pd-length 56 } ".repeat(3)} }`,
      1,
    ],
    ["pools side by side", `iface s0 { pd-class { pd-pool 2001:db8::/40 pd-length 56 } ${PD_CLASS} }`, 0],
    ["same pool on two interfaces", `iface s0 { ${PD_CLASS} } iface s1 { ${PD_CLASS} }`, 0],
  ])("%s: %#", (_name, text, count) => {
    expect(warnings("server", text)).toHaveLength(count);
  });

  test("log settings that Dibbler ignores stay as they are", () => {
    const { log } = server(`log-level 9 log-mode loud log-colors 2 iface s0 { ${PD_CLASS} }`);
    expect(log).toEqual({ level: 8, mode: "full", name: "Server", colors: false });
    expect(warnings("server", `log-level 0 log-mode loud iface s0 { ${PD_CLASS} }`)).toEqual([
      "1:1 log levels go from 1 to 8: the level stays at 8",
      "1:13 log modes are full, short, precise, syslog, json: the mode stays at full",
    ]);
    expect(client('log-level 3 log-mode "syslog" iface wan0 { pd }').log).toMatchObject({
      level: 3,
      mode: "syslog",
      name: "Client",
    });
  });
});
