import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { routeVariables } from "../../shared/proto/hook-routes.js";
import { optionText, printableText, safeText } from "../../shared/proto/hook-text.js";
import { type DomainName, parseDomainName } from "../../shared/wire/domain-name.js";
import { type Option, option, rawOption } from "../../shared/wire/options.js";
import { ip } from "../server/settings.js";

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

function name(text: string, partial = false): DomainName {
  const parsed = parseDomainName(text, { partial });
  if (parsed === undefined) throw new Error(`no name: ${text}`);
  return parsed;
}

const A = "20010db8000000000000000000000001";

/** What Dibbler 1.0.1 writes for each kind of option. */
const FORMS: readonly (readonly [string, Option, string])[] = [
  ["a DUID", option("clientId", duid(hex("00030001020000000001"))), "00:03:00:01:02:00:00:00:00:01"],
  ["Preference", option("preference", 7), "7"],
  ["Elapsed Time", option("elapsedTime", 5), "5"],
  ["Server Unicast", option("unicast", ip("2001:db8:5::1")), "2001:db8:5::1"],
  ["addresses", option("dnsServers", [ip("2001:db8::53"), ip("2001:db8::54")]), "2001:db8::53 2001:db8::54 "],
  [
    "names",
    option("domainList", [name("example.com"), name("test.example.com")]),
    "example.com test.example.com ",
  ],
  ["one name", option("aftrName", [name("aftr.example.com")]), "aftr.example.com "],
  ["a time", option("informationRefreshTime", seconds(600)), "600"],
  ["a text", option("tzdbTimezone", octets("CET")), "CET"],
  ["a full host name", option("clientFqdn", { flags: 1, name: name("h1.example.com") }), "h1.example.com S"],
  ["a partial host name", option("clientFqdn", { flags: 6, name: name("h1", true) }), "h1 NO"],
  [
    "vendor options",
    option("vendorOptions", {
      enterprise: 1234,
      options: [
        { code: 5678, data: hex("0102") },
        { code: 1, data: hex("ff") },
      ],
    }),
    "vendor=1234 5678=01:02 1=ff ",
  ],
  ["octets by number", rawOption(99, hex("1234"), "octets"), "12:34"],
  ["an address by number", rawOption(100, hex(A), "address"), "2001:db8::1"],
  ["addresses by number", rawOption(101, hex(A + A), "addresses"), "2001:db8::1 2001:db8::1 "],
  ["a text by number", rawOption(102, octets("abc"), "text"), "abc"],
  ["an unknown option of a client", rawOption(65000, octets("$(reboot)")), "[generic]"],
  ["Option Request", option("optionRequest", [23]), "[generic]"],
  ["a status", option("statusCode", { status: 0, text: octets("`id`") }), "[generic]"],
  ["User Class", option("userClass", [octets("x")]), "[generic]"],
  ["Rapid Commit", option("rapidCommit", null), "[generic]"],
];

describe("hooks: options as text for scripts", () => {
  test.each(FORMS)("%s", (_kind, given, text) => {
    expect(optionText(given)).toBe(text);
  });

  test.each([
    ["$(reboot);`id`|a&b>c<d", "__reboot___id__a_b_c_d"],
    ["*?[x]~{y}!#'\"\\", "___x___y______"],
    ["line\nline\0end\x7f\x1b[31m", "line_line_end___31m"],
    ["ümlaut €", "_mlaut _"],
    ["h1.example.com S", "h1.example.com S"],
    ["vendor=1 2=aa:bb ", "vendor=1 2=aa:bb "],
    ["[generic]", "[generic]"],
  ])("what strangers send, %j -> %j", (given, text) => {
    expect(safeText(given)).toBe(text);
  });

  test.each([
    ["https://portal.example/?a=b&c", "https://portal.example/?a=b&c"],
    ["a\0b\nc", "a_b_c"],
  ])("what the operator wrote, %j -> %j", (given, text) => {
    expect(printableText(given)).toBe(text);
  });
});

describe("hooks: routes as Dibbler tells of them", () => {
  const route = (lifetime: string, prefix: string, length: string): string =>
    `00f30016 ${lifetime} ${length} 2a ${prefix}`;
  const LAN = "20010db8000100000000000000000000";

  test.each<readonly [string, Option, readonly (readonly string[])[]]>([
    [
      "a gateway with two routes",
      rawOption(242, hex(A + route("00001c20", LAN, "40") + route("ffffffff", "00".repeat(16), "00"))),
      [
        ["OPTION_NEXT_HOP_RTPREFIX", "2001:db8::1 2001:db8:1::/64 7200 42"],
        ["OPTION_NEXT_HOP_RTPREFIX", "2001:db8::1 ::/0 4294967295 42"],
      ],
    ],
    ["a gateway alone", rawOption(242, hex(A)), [["OPTION_NEXT_HOP", "2001:db8::1"]]],
    [
      "a route alone",
      rawOption(243, hex(route("ffffffff", LAN, "40")).subarray(4)),
      [["OPTION_RTPREFIX", "2001:db8:1::/64 4294967295 42"]],
    ],
    ["a route of the wrong size", rawOption(243, hex("00")), []],
    ["any other option", option("dnsServers", [ip("::1")]), []],
  ])("%s", (_kind, given, variables) => {
    expect(routeVariables([given])).toEqual(variables);
  });
});
