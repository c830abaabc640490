import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareOctets } from "../../shared/octets.js";
import type { Access, ClientRange, Condition } from "../../shared/config/types.js";
import { errors, iface, server, warnings } from "./given.js";

/** Who may use a class: `allow` and `deny` of client classes, `accept-only` and `reject-clients`. */

const PD = "pd-pool 2001:db8:1000::/40 pd-length 56";
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
const shown = ({ by, first, last }: ClientRange): string => `${by} ${hex(first)}-${hex(last)}`;

/** What may use each pd-class and each class of the first interface. */
const prefixes = (text: string): readonly Access[] => iface(text).pdClasses.map(({ access }) => access);
const addresses = (text: string): readonly Access[] => iface(text).addressClasses.map(({ access }) => access);

describe("access: client classes", () => {
  const A = "client-class a { match-if (client.vendor-class.en == 1) }";
  const B = 'client-class "b" { match-if (client.vendor-spec.data contain x) }';
  const isA: Condition = { operator: "==", left: { field: "client.vendor-class.en" }, right: { text: "1" } };
  const isB: Condition = {
    operator: "contain",
    left: { field: "client.vendor-spec.data" },
    right: { text: "x" },
  };

  test.each([
    ["allow", `iface s0 { pd-class { ${PD} allow a } }`, [[isA], []]],
    ["deny", `iface s0 { pd-class { deny b ${PD} deny "a" } }`, [[], [isB, isA]]],
    ["allow on the interface", `iface s0 { allow a pd-class { ${PD} } }`, [[isA], []]],
    ["allow at the top level", `allow a iface s0 { pd-class { ${PD} allow b } }`, [[isA, isB], []]],
    ["allow outside, deny inside", `iface s0 { allow a pd-class { deny b ${PD} } }`, [[isA], [isB]]],
    ["allow behind the class", `iface s0 { pd-class { ${PD} } allow a }`, [[], []]],
    ["allow in an earlier class", `iface s0 { class { pool ::1 allow a } pd-class { ${PD} } }`, [[], []]],
  ])("pd-class: %s", (_name, lines, [allow, deny]) => {
    expect(prefixes(`${A} ${B} ${lines}`)).toEqual([{ allow, deny, acceptOnly: [], reject: [] }]);
  });

  test("class and ta-class in the same way", () => {
    const { addressClasses, temporaryClasses } = iface(
      `${A} ${B} iface s0 { deny a class { pool ::1 deny b } ta-class { pool ::2 } }`,
    );
    expect([addressClasses[0]?.access.deny, temporaryClasses[0]?.access.deny]).toEqual([[isA, isB], [isA]]);
  });

  test("a whole condition, with all that can be compared", () => {
    const text =
      'client-class c { match-if ((client.vendor-class.data contain "x") or ' +
      "((client.vendor-spec.en == 38h) and (substring(substring(client.vendor-spec.data,1,9),0,2) == ab))) } " +
      `iface s0 { pd-class { ${PD} allow c } }`;
    const [access] = prefixes(text);
    const of = { of: { field: "client.vendor-spec.data" }, from: 1, length: 9 };
    expect(access?.allow).toEqual([
      {
        operator: "or",
        left: { operator: "contain", left: { field: "client.vendor-class.data" }, right: { text: "x" } },
        right: {
          operator: "and",
          left: { operator: "==", left: { field: "client.vendor-spec.en" }, right: { text: "56" } },
          right: { operator: "==", left: { of, from: 0, length: 2 }, right: { text: "ab" } },
        },
      },
    ]);
  });

  test("the last class of a name above the line", () => {
    const again = `${A} iface s0 { pd-class { ${PD} allow a } } ${B.replace('"b"', "a")}
      iface s1 { pd-class { ${PD} allow a } }`;
    const found = server(again).interfaces.map(({ pdClasses }) => pdClasses[0]?.access.allow);
    expect(found).toEqual([[isA], [isB]]);
    expect(warnings("server", again)).toEqual([
      '1:133 client-class "a" is defined again: from here on this one counts',
    ]);
  });

  test.each([
    [
      "unknown",
      `iface s0 { allow c pd-class { ${PD} } }`,
      '1:12 there is no client-class "c" above this line',
    ],
    ["both in one block", `${A} iface s0 { allow a deny a pd-class { ${PD} } }`, BOTH(78)],
    ["both at the top level", `${A} allow a deny a iface s0 { pd-class { ${PD} } }`, BOTH(67)],
    [
      "a condition that cannot be read is told once",
      `client-class c { match-if (a) } iface s0 { pd-class { ${PD} allow c } }`,
      '1:29 expected "==" or "contain", found ")"',
    ],
  ])("%s: an error", (_name, text, error) => {
    expect(errors("server", text)).toEqual([error]);
  });

  function BOTH(column: number): string {
    return `1:${column} allow and deny cannot stand in one block`;
  }
});

describe("access: lists of clients", () => {
  test.each([
    ["fe80::1", [`address ${"fe80".padEnd(31, "0")}1-${"fe80".padEnd(31, "0")}1`]],
    ["::1-::5", [`address ${"1".padStart(32, "0")}-${"5".padStart(32, "0")}`]],
    ["0x000100 - 0x0002", ["duid 000100-0002"]],
    ["00:01:02", ["duid 000102-000102"]],
    [
      "0x01,::1,0x02-0x03",
      ["duid 01-01", `address ${"1".padStart(32, "0")}-${"1".padStart(32, "0")}`, "duid 02-03"],
    ],
    ["0x00000000000000000000000000000001", [`duid ${"1".padStart(32, "0")}-${"1".padStart(32, "0")}`]],
  ])("%s", (list, expected) => {
    const [accept] = addresses(`iface s0 { class { pool ::1 accept-only ${list} } }`);
    const [reject] = addresses(`iface s0 { class { pool ::1 reject-clients ${list} } }`);
    expect([accept?.acceptOnly.map(shown), accept?.reject]).toEqual([expected, []]);
    expect([reject?.reject.map(shown), reject?.acceptOnly]).toEqual([expected, []]);
  });

  test.each([
    ["two lines of one block add up", "class { pool ::1 accept-only 0x01 accept-only 0x02 }", ["01", "02"]],
    ["from the interface", "accept-only 0x01 class { pool ::1 }", ["01"]],
    ["its own instead", "accept-only 0x01 class { pool ::1 accept-only 0x02 }", ["02"]],
    ["not from behind", "class { pool ::1 } accept-only 0x01", []],
  ])("%s", (_name, lines, expected) => {
    const [access] = addresses(`iface s0 { ${lines} }`);
    expect(access?.acceptOnly.map(({ first }) => hex(first))).toEqual(expected);
  });

  const around = `accept-only 0x01 reject-clients 0x02 pd-class { ${PD} } class { pool ::1 }`;

  test("one on the interface means prefixes as well", () => {
    const text = `iface s0 { ${around} }`;
    for (const [access] of [prefixes(text), addresses(text)]) {
      expect(access?.acceptOnly.map(shown)).toEqual(["duid 01-01"]);
      expect(access?.reject.map(shown)).toEqual(["duid 02-02"]);
    }
  });

  test.each([
    ["before", `compatibility "strict" iface s0 { ${around} }`, 0],
    ["behind: too late for the class", `iface s0 { ${around} } compatibility "strict"`, 1],
    ["taken back before", `compatibility "strict" compatibility "fixed" iface s0 { ${around} }`, 1],
  ])("strict compatibility, %s", (_name, text, count) => {
    expect(prefixes(text).map(({ acceptOnly, reject }) => [acceptOnly.length, reject.length])).toEqual([
      [count, count],
    ]);
    expect(addresses(text).map(({ acceptOnly, reject }) => [acceptOnly.length, reject.length])).toEqual([
      [1, 1],
    ]);
  });

  test.each([
    ["address, then DUID", "::1-0x01", '1:45 expected an address, as before the dash, found "0x01"'],
    ["DUID, then address", "0x01-::1", '1:46 expected a DUID, as before the dash, found "::1"'],
    ["no end", "0x01-", '1:29 expected an IPv6 address or octets such as 0x0a1b after "accept-only 0x01-"'],
  ])("%s: an error", (_name, list, error) => {
    expect(errors("server", `iface s0 { class { pool ::1 accept-only ${list} } }`)).toEqual([error]);
  });

  test.each([
    ["addresses", "::9-::5", `address ${"5".padStart(32, "0")}-${"9".padStart(32, "0")}`],
    ["DUIDs", "0x0203-0x02", "duid 02-0203"],
  ])("%s upside down are turned", (_name, list, expected) => {
    const text = `iface s0 { class { pool ::1 reject-clients ${list} } }`;
    expect(addresses(text)[0]?.reject.map(shown)).toEqual([expected]);
    expect(warnings("server", text)).toEqual([
      "1:29 this range of clients is upside down: it is read the other way round",
    ]);
  });
});

test("access: the order of clients is that of their hexadecimal digits", () => {
  const octets = fc.uint8Array({ maxLength: 6, max: 3 });
  fc.assert(
    fc.property(octets, octets, (a, b) => {
      expect(Math.sign(compareOctets(a, b))).toBe(hex(a) < hex(b) ? -1 : hex(a) > hex(b) ? 1 : 0);
    }),
  );
});
