import { describe, expect, test } from "vitest";
import { formatIp6 } from "../../shared/prefix.js";
import { errors, iface, PD_CLASS, server, warnings } from "./given.js";

/** Links behind relays: what they lie on, and how relays name them. */

const S0 = `iface s0 { ${PD_CLASS} }`;

/** Each interface as `name`, with what it lies on behind `<` when it is a relay one. */
function overview(text: string): string[] {
  return server(text).interfaces.map(({ selector, relay }) => {
    const name = "name" in selector ? selector.name : `#${selector.index}`;
    if (relay === undefined) return name;
    const { over } = relay;
    return `${name} < ${over === undefined ? "any" : "name" in over ? over.name : `#${over.index}`}`;
  });
}

describe("relay interfaces: what they lie on", () => {
  test.each([
    ["an interface of the file", `${S0} iface r1 { relay s0 }`, ["s0", "r1 < s0"]],
    ["an interface of the system only", "iface r1 { relay eth7 }", ["r1 < eth7"]],
    ["an interface by its index", "iface r1 { relay 3 }", ["r1 < #3"]],
    ["any interface", `${S0} iface r1 { interface-id 5 }`, ["s0", "r1 < any"]],
    [
      "relays on top of each other lie on the interface of the system",
      `${S0} iface r1 { relay s0 } iface r2 { relay r1 interface-id 5 } iface r3 { relay "r2" }`,
      ["s0", "r1 < s0", "r2 < s0", "r3 < s0"],
    ],
    [
      "on top of one that lies on any",
      `${S0} iface r1 { interface-id 1 } iface r2 { relay r1 }`,
      ["s0", "r1 < any", "r2 < any"],
    ],
    [
      "a relay interface that comes later is taken for one of the system",
      "iface r1 { relay r2 } iface r2 { relay s0 }",
      ["r1 < r2", "r2 < s0"],
    ],
    ["a number is a name for a relay interface", "iface 7 { relay s0 }", ["7 < s0"]],
    ["the last of two", "iface r1 { relay s0 relay s1 }", ["r1 < s1"]],
    ["said for all interfaces behind it", "relay s0 iface r1 { interface-id 1 }", ["r1 < s0"]],
  ])("%s", (_name, text, expected) => {
    expect(overview(text)).toEqual(expected);
    expect(warnings("server", text)).toEqual([]);
  });

  test("a relay interface has classes, options and limits of its own", () => {
    const { interfaces } = server(
      `T1 9 ${S0} iface r1 { relay s0 T1 5 preference 3 quarantine 7 ${PD_CLASS} class { pool ::/64 } }`,
    );
    expect(interfaces[1]).toMatchObject({
      t1: { min: 5, max: 5 },
      preference: 3,
      quarantine: 7,
      pdClasses: [{ length: 56 }],
      addressClasses: [{ share: 100 }],
    });
  });
});

describe("relay interfaces: Interface-Id", () => {
  test.each([
    ["interface-id 5555", "000015b3"],
    ["interface-id 15b3h", "000015b3"],
    ["interface-id 4294967295", "ffffffff"],
    ["interface-id 0x010203", "010203"],
    ["interface-id 01:02:03", "010203"],
    ['interface-id "r2"', "7232"],
    ["interface-id ge-0.1", "67652d302e31"],
  ])("%s", (line, expected) => {
    const { interfaceId } = iface(`iface r1 { relay s0 ${line} }`);
    expect(Buffer.from(interfaceId ?? []).toString("hex")).toBe(expected);
  });
});

describe("interfaces: subnets", () => {
  const subnets = (text: string, index = 0): string[] =>
    (server(text).interfaces[index]?.subnets ?? []).map(
      ({ first, last }) => `${formatIp6(first)}-${formatIp6(last)}`,
    );

  test.each([
    ["subnet 2001:db8::/120", ["2001:db8::-2001:db8::ff"]],
    ["subnet 2001:db8::77/120", ["2001:db8::-2001:db8::ff"]],
    ["subnet 2001:db8::1-2001:db8::5", ["2001:db8::1-2001:db8::5"]],
    ["subnet 2001:db8::1", ["2001:db8::1-2001:db8::1"]],
    ["subnet ::1 subnet ::5-::7", ["::1-::1", "::5-::7"]],
  ])("%s", (line, expected) => {
    expect(subnets(`iface s0 { ${line} ${PD_CLASS} }`)).toEqual(expected);
    expect(subnets(`iface r1 { relay s0 ${line} }`)).toEqual(expected);
  });

  test("one of the top level belongs to the interface before it, as with Dibbler", () => {
    const text = `${S0} subnet ::1 iface s1 { subnet ::2 ${PD_CLASS} } iface s2 { ${PD_CLASS} }`;
    expect([0, 1, 2].map((index) => subnets(text, index))).toEqual([["::1-::1"], ["::2-::2"], []]);
  });

  test.each([
    [
      "upside down",
      `iface s0 { subnet ::5-::1 ${PD_CLASS} }`,
      "1:12 this range of addresses is upside down: it is read as ::1-::5",
    ],
    ["at the top level", `${S0} subnet ::/64`, '1:67 this subnet belongs to the interface before it, "s0"'],
  ])("%s", (_name, text, warning) => {
    expect(warnings("server", text)).toEqual([warning]);
  });
});

describe("relay interfaces: mistakes", () => {
  const longest = "ü".repeat(127);

  test.each([
    [
      "the same name twice",
      "iface r1 { relay s0 } iface r1 { relay s1 }",
      '1:23 interface "r1" is configured twice',
    ],
    [
      "the name of an interface of the system",
      `${S0} iface s0 { relay s1 }`,
      '1:67 interface "s0" is configured twice',
    ],
    [
      "the same number twice",
      'iface 7 { relay s0 } iface "7" { relay s1 }',
      '1:22 interface "7" is configured twice',
    ],
    [
      "nothing of the system is named",
      `iface r1 { interface-id 5 ${PD_CLASS} } iface r2 { relay r1 }`,
      "1:1 no interface of the system is named in this file: relayed messages cannot come in",
    ],
    [
      "a name of 256 octets",
      `iface "${longest}xx" { relay s0 }`,
      "1:1 the name of a relay interface can have 255 octets: this one has 256",
    ],
    ["no name", 'iface "" { relay s0 }', "1:1 a relay interface needs a name"],
    ["not a relay one, and nothing to hand out", `${S0} iface s1 { subnet ::/64 }`, NOTHING("s1")],
  ])("%s", (_name, text, error) => {
    expect(errors("server", text)).toEqual([error]);
  });

  test("a name of 255 octets can be kept, and one of the system may have any length", () => {
    expect(errors("server", `iface "${longest}x" { relay s0 }`)).toEqual([]);
    expect(errors("server", `iface "${longest}xx" { ${PD_CLASS} }`)).toEqual([]);
  });

  function NOTHING(name: string): string {
    return `1:67 interface "${name}" has no class: there is nothing to hand out`;
  }
});
