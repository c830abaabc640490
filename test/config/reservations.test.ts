import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import type { Reservation } from "../../shared/config/types.js";
import { formatIp6, formatPrefix, ip6, overlaps } from "../../shared/prefix.js";
import { errors, iface, PD_CLASS, server, warnings } from "./given.js";

/** `client` blocks: whom they are about, what is kept for them. */

const inIface = (lines: string): string => `iface s0 { ${lines} ${PD_CLASS} }`;
const reserved = (text: string): Reservation => iface(text).reservations[0] ?? expect.fail("no reservation");
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");

describe("reservations: whom they are about", () => {
  test.each([
    ["duid 0x000102", "duid 000102"],
    ["duid 0x102", "duid 0102"],
    ["duid 00:01:02:03:04:05:06:07", "duid 0001020304050607"],
    ["link-local fe80::1", "fe80::1"],
    ["remote-id 5-0x01020304", "5: 01020304"],
    ["remote-id 5-0x0000000501020304", "5: 0000000501020304 01020304"],
    ["remote-id 5-0x0000000601020304", "5: 0000000601020304"],
    ["remote-id 4294967295 - ff:ff:ff:ff:07", "4294967295: ffffffff07 07"],
    ["remote-id 5-0x00000005", "5: 00000005"],
    ["remote-id 5-0x07", "5: 07"],
  ])("client %s", (line, expected) => {
    const { selector } = reserved(inIface(`client ${line} { address ::1 }`));
    const shown = {
      duid: () => (selector.by === "duid" ? `duid ${hex(selector.duid)}` : ""),
      linkLocal: () => (selector.by === "linkLocal" ? formatIp6(selector.address) : ""),
      remoteId: () =>
        selector.by === "remoteId" ? `${selector.enterprise}: ${selector.ids.map(hex).join(" ")}` : "",
    }[selector.by]();
    expect(shown).toBe(expected);
  });
});

describe("reservations: what is kept", () => {
  test.each([
    ["prefix", "prefix 2001:db8:9::/48", ["2001:db8:9::/48", undefined]],
    ["hexadecimal length", "prefix 2001:db8:9::/30h", ["2001:db8:9::/48", undefined]],
    ["the last of two prefixes", "prefix ::/48 prefix 2001:db8:9::/48", ["2001:db8:9::/48", undefined]],
    ["address", "address 2001:db8::9", [undefined, "2001:db8::9"]],
    ["both", "address 2001:db8::9 prefix 2001:db8:9::/48", ["2001:db8:9::/48", "2001:db8::9"]],
    ["neither", "option dns-server ::1", [undefined, undefined]],
  ])("%s", (_name, lines, expected) => {
    const { prefix, address } = reserved(inIface(`client duid 0x010203 { ${lines} }`));
    expect([prefix && formatPrefix(prefix), address && formatIp6(address)]).toEqual(expected);
  });

  test("options of the block alone, of one vendor put together", () => {
    const block =
      "client duid 0x010203 { option vendor-spec 7-1-0x01 option dns-server ::2 option vendor-spec 7-2-0x02 }";
    const { options } = reserved(`option domain a.b ${inIface(`option dns-server ::1 ${block}`)}`);
    expect(options.map(({ name }) => name)).toEqual(["vendorOptions", "dnsServers"]);
    expect(options[0]).toMatchObject({ value: { enterprise: 7, options: [{ code: 1 }, { code: 2 }] } });
    expect(iface(inIface(block)).options).toEqual([]);
  });

  test("in the order of the file, with the place of each block", () => {
    const text = `iface s0 {\n client duid 0x010203 { address ::1 }\n ${PD_CLASS}\n client duid 0x010203 { address ::2 } }`;
    expect(iface(text).reservations.map(({ address, at }) => [address && formatIp6(address), at])).toEqual([
      ["::1", { line: 2, column: 2 }],
      ["::2", { line: 4, column: 2 }],
    ]);
  });

  test("of the top level: on every interface behind, before its own", () => {
    const client = (last: number): string => `client duid 0x01020${last} { address ::${last} }`;
    const { interfaces } = server(
      `iface s0 { ${PD_CLASS} } ${client(1)} ${inIface(client(2)).replace("s0", "s1")} ${client(3)} ` +
        `iface r1 { relay s0 }`,
    );
    const found = interfaces.map(({ reservations }) =>
      reservations.map(({ address }) => address && formatIp6(address)),
    );
    expect(found).toEqual([[], ["::1", "::2"], ["::1", "::3"]]);
  });
});

describe("reservations: warnings and errors", () => {
  const client = (prefix: string, last = 1): string => `client duid 0x01020${last} { prefix ${prefix} }`;

  test.each([
    [
      "host bits",
      inIface(client("2001:db8:9::1/48")),
      ["1:35 2001:db8:9::1/48 has bits beyond its length: 2001:db8:9::/48 is reserved"],
    ],
    ["side by side", inIface(`${client("2001:db8::/56")} ${client("2001:db8:0:100::/56", 2)}`), []],
    [
      "the same prefix for two",
      `iface s0 {\n${client("2001:db8::/48")}\n${client("2001:db8::/48", 2)} ${PD_CLASS} }`,
      ["3:24 this prefix is 2001:db8::/48 of line 2: only one of the two clients gets it"],
    ],
    [
      "one inside of another",
      `iface s0 {\n${client("2001:db8:0:100::/56")}\n${client("2001:db8::/48", 2)} ${PD_CLASS} }`,
      ["3:24 this prefix overlaps 2001:db8:0:100::/56 of line 2: only one of the two clients gets it"],
    ],
    [
      "three inside of each other: told once",
      inIface(`${client("2001:db8::/48")} ${client("2001:db8::/52", 2)} ${client("2001:db8::/56", 3)}`),
      [
        "1:81 this prefix overlaps 2001:db8::/48 of line 1: only one of the two clients gets it " +
          "(here and once more)",
      ],
    ],
    [
      "of the top level, on two interfaces: told once",
      `${client("::/48")} ${client("::/48", 2)} ${inIface("T1 5")} iface s1 { ${PD_CLASS} }`,
      ["1:62 this prefix is ::/48 of line 1: only one of the two clients gets it"],
    ],
    ["on two interfaces", `${inIface(client("::/48"))} iface s1 { ${client("::/48")} ${PD_CLASS} }`, []],
    [
      "at the top level behind the last interface",
      `${inIface("T1 5")} ${client("::/48")}`,
      ["1:72 this client has no interface behind it and is not used"],
    ],
    [
      "a DUID that nobody can have",
      inIface("client duid 0x0102 { address ::1 }"),
      ["1:12 no client has a DUID of 2 octets: nobody gets this"],
    ],
    [
      "a refresh time that nobody heeds",
      inIface("client duid 0x010203 { option lifetime 5 }"),
      ["1:35 clients wait 600 s at least before they ask again: that is sent, not 5"],
    ],
  ])("%s", (_name, text, expected) => {
    expect(errors("server", text)).toEqual([]);
    expect(warnings("server", text)).toEqual(expected);
  });

  test.each([
    ["everything", client("::/0"), "1:45"],
    ["a prefix longer than an address", client("::/129"), "1:45"],
    ["an address without a client", "client { address ::1 }", "1:19"],
    ["a client without an identity", "client duid { address ::1 }", "1:24"],
    ["a remote-id without enterprise", "client remote-id 0x01 { address ::1 }", "1:29"],
    ["an option with names", "client duid 0x010203 { option fqdn a.b }", "1:35"],
  ])("%s: an error", (_name, line, place) => {
    const found = errors("server", inIface(line));
    expect(found.map((error) => error.replace(/ .*/, ""))).toEqual([place]);
  });

  test("a warning comes exactly when two prefixes have addresses in common", () => {
    const prefixes = fc.record({
      address: fc
        .uint8Array({ minLength: 2, maxLength: 2, max: 3 })
        .map((octets) => ip6(Uint8Array.of(...octets, ...new Uint8Array(14)))),
      length: fc.integer({ min: 6, max: 16 }),
    });
    fc.assert(
      fc.property(fc.array(prefixes, { maxLength: 8 }), (all) => {
        const lines = all.map((prefix) => client(formatPrefix(prefix))).join("\n");
        const { diagnostics } = parseServerConfig(inIface(lines));
        const expected = all.some((a, i) => all.some((b, j) => i < j && overlaps(a, b)));
        expect(diagnostics.some(({ message }) => message.startsWith("this prefix "))).toBe(expected);
      }),
    );
  });
});
