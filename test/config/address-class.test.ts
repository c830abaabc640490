import { describe, expect, test } from "vitest";
import type { AddressClass } from "../../shared/config/types.js";
import { formatIp6 } from "../../shared/prefix.js";
import { errors, iface, PD_CLASS, warnings } from "./given.js";

/** `class` and `ta-class`: pools, shares and times; who may use them is in access.test.ts. */

const inIface = (lines: string): string => `iface s0 { ${lines} }`;
const classOf = (text: string): AddressClass => iface(text).addressClasses[0] ?? expect.fail("no class");
const pools = ({ ranges }: AddressClass): string =>
  ranges.map(({ first, last }) => `${formatIp6(first)}-${formatIp6(last)}`).join(" ");

describe("address classes: pools", () => {
  test.each([
    ["prefix", "class { pool 2001:db8::/126 }", "2001:db8::-2001:db8::3"],
    ["prefix with host bits", "class { pool 2001:db8::2/126 }", "2001:db8::-2001:db8::3"],
    ["range", "class { pool 2001:db8::1-2001:db8::ff }", "2001:db8::1-2001:db8::ff"],
    ["single address", "class { pool 2001:db8::1 }", "2001:db8::1-2001:db8::1"],
    [
      "all of a list, in its order",
      "class { pool 2001:db8::9,2001:db8::1 - 2001:db8::2 , 2001:db8:1::/127 }",
      "2001:db8::9-2001:db8::9 2001:db8::1-2001:db8::2 2001:db8:1::-2001:db8:1::1",
    ],
    [
      "two lines",
      "class { pool 2001:db8::1 pool 2001:db8::2 }",
      "2001:db8::1-2001:db8::1 2001:db8::2-2001:db8::2",
    ],
    ["from the interface", "pool 2001:db8::1 class { share 5 }", "2001:db8::1-2001:db8::1"],
    ["its own instead", "pool 2001:db8::1 class { pool 2001:db8::2 }", "2001:db8::2-2001:db8::2"],
  ])("%s", (_name, lines, expected) => {
    expect(pools(classOf(inIface(lines)))).toBe(expected);
    const temporary = iface(
      inIface(lines.replace("class {", "ta-class {").replace("share 5", "valid-lifetime 5")),
    );
    expect(temporary.temporaryClasses.map(pools)).toEqual([expected]);
    expect(temporary.addressClasses).toEqual([]);
  });

  test("from the top level, at that point of the file", () => {
    expect(pools(classOf("pool ::1 iface s0 { class { share 5 } } pool ::2"))).toBe("::1-::1");
  });

  test("what one class adds does not reach the next one", () => {
    const { addressClasses } = iface(inIface("pool ::1 class { pool ::2 pool ::3 } class { share 5 }"));
    expect(addressClasses.map(pools)).toEqual(["::2-::2 ::3-::3", "::1-::1"]);
  });
});

describe("address classes: shares and times", () => {
  test.each([
    ["built in", "class { pool ::1 }", 100],
    ["said", "class { pool ::1 share 1000 }", 1000],
    ["from the interface", "share 7 class { pool ::1 }", 7],
    ["not from an earlier class", "class { pool ::1 } class { pool ::2 share 7 }", 100],
  ])("share, %s", (_name, lines, expected) => {
    expect(classOf(inIface(lines)).share).toBe(expected);
  });

  test("times are those at the end of the class", () => {
    const lines = "T1 100 T2 200 class { pool ::1 T1 50 preferred-lifetime 300-400 valid-lifetime 500 } T1 7";
    expect(classOf(inIface(lines))).toMatchObject({
      t1: { min: 50, max: 50 },
      t2: { min: 200, max: 200 },
      preferred: { min: 300, max: 400 },
      valid: { min: 500, max: 500 },
    });
  });

  test("they may stand beside classes of prefixes, in any order", () => {
    const { pdClasses, addressClasses, temporaryClasses } = iface(
      inIface(`class { pool ::1 } ${PD_CLASS} ta-class { pool ::2 } class { pool ::3 }`),
    );
    expect([pdClasses.length, addressClasses.map(pools), temporaryClasses.map(pools)]).toEqual([
      1,
      ["::1-::1", "::3-::3"],
      ["::2-::2"],
    ]);
  });
});

describe("address classes: mistakes", () => {
  test.each([
    ["no pool", "class { share 5 }", "1:12 this class has no pool"],
    ["no pool for temporary addresses", "ta-class { valid-lifetime 5 }", "1:12 this ta-class has no pool"],
    [
      "a pool that cannot be read, told once",
      "class { pool nonsense }",
      '1:25 expected an IPv6 address, found "nonsense"',
    ],
    ["link-local addresses", "class { pool fe80::/64 }", link("fe80::/10")],
    ["the end of the link-local addresses", "class { pool febf:ffff::-fec0:: }", link("fe80::/10")],
    ["the first link-local address", "class { pool fe7f::-fe80:: }", link("fe80::/10")],
    [
      "the last link-local address",
      "class { pool febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff }",
      link("fe80::/10"),
    ],
    ["around the link-local addresses", "class { pool fe00::-feff:: }", link("fe80::/10")],
    ["link-local addresses in a list", "class { pool ::1,fe80::1 }", link("fe80::/10")],
    ["temporary link-local addresses", "ta-class { pool fe80::1 }", link("fe80::/10", 23)],
    ["addresses of groups", "class { pool ff02::1-ff02::ff }", link("ff00::/8")],
    ["T1 above T2", "class { pool ::1 T1 6000 }", "1:12 T1 (6000 s) is above T2 (5400 s) in this class"],
    [
      "preferred above valid",
      "class { pool ::1 preferred-lifetime 200000 }",
      "1:12 the preferred lifetime (200000 s) is above the valid lifetime (172800 s) in this class",
    ],
  ])("%s", (_name, lines, error) => {
    expect(errors("server", inIface(lines))).toEqual([error]);
  });

  function link(what: string, column = 20): string {
    return `1:${column} this pool has addresses of ${what}, which cannot be handed out`;
  }

  test.each([
    ["right below the link-local addresses", "class { pool fe7f::-fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff }"],
    ["right above them", "class { pool fec0:: }"],
    ["T1 below the highest T2", "class { pool ::1 T1 5000 T2 10-6000 }"],
    [
      "temporary addresses with lifetimes that Dibbler does not look at",
      "ta-class { pool ::1 preferred-lifetime 200000 }",
    ],
  ])("none: %s", (_name, lines) => {
    expect(errors("server", inIface(lines))).toEqual([]);
  });

  test("a pool upside down is turned", () => {
    const text = inIface("class { pool ::1,::9-::5 }");
    expect(pools(classOf(text))).toBe("::1-::1 ::5-::9");
    expect(warnings("server", text)).toEqual([
      "1:20 this range of addresses is upside down: it is read as ::5-::9",
    ]);
  });

  test("a stateless server has no class of addresses, of temporary ones neither used nor refused", () => {
    expect(errors("server", "stateless iface s0 { class { pool ::1 } }")).toEqual([
      "1:22 a stateless server cannot have a class of addresses",
    ]);
    expect(errors("server", "stateless iface s0 { ta-class { pool ::1 } }")).toEqual([]);
  });
});
