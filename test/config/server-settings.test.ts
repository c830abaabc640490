import { describe, expect, test } from "vitest";
import { formatPrefix, parseIp6 } from "../../shared/prefix.js";
import { option, type Option, rawOption } from "../../shared/wire/options.js";
import { encodeMessage } from "../../shared/wire/message.js";
import { xid } from "../../shared/brand.js";
import { iface, PD_CLASS, pdClass, server, warnings } from "./given.js";

const GUIDE = `script "/var/lib/dibbler/pd-server.sh"

iface "br-ex" {
    pd-class {
        pd-pool 2222:2222:2222::/48
        pd-length 64
    }
}
`;

const settings = (text: string): string => {
  const { t1, t2, preferred, valid } = pdClass(text);
  return [t1, t2, preferred, valid].map(({ min, max }) => `${min}-${max}`).join(" ");
};
const address = (text: string): Uint8Array => parseIp6(text) ?? new Uint8Array();

describe("server: the configuration of the OpenStack guide", () => {
  test("as it stands there", () => {
    const range = (min: number, max: number): object => ({ min, max });
    const times = {
      t1: range(5, 3600),
      t2: range(10, 5400),
      preferred: range(7200, 86400),
      valid: range(10800, 172800),
    };
    expect(server(GUIDE)).toEqual({
      log: { level: 8, mode: "full", name: "Server", colors: false },
      script: "/var/lib/dibbler/pd-server.sh",
      scriptTimeout: 10,
      scriptReplay: true,
      compatibility: "fixed",
      inactiveMode: false,
      interfaces: [
        {
          selector: { name: "br-ex" },
          pdClasses: [
            { pools: [{ address: address("2222:2222:2222::"), length: 48 }], length: 64, ...times },
          ],
          preference: 0,
          rapidCommit: false,
          clientMaxLease: 10,
          unicast: undefined,
          ...times,
          options: [],
          at: { line: 3, column: 1 },
        },
      ],
    });
    expect(warnings("server", GUIDE)).toEqual([]);
  });
});

describe("server: what a directive sets", () => {
  test.each([
    ["log-level 3", { log: { level: 3, mode: "full", name: "Server", colors: false } }],
    ["log-mode SHORT", { log: { level: 8, mode: "short", name: "Server", colors: false } }],
    ['log-name "pd 1"', { log: { level: 8, mode: "full", name: "pd 1", colors: false } }],
    ["log-colors 1", { log: { level: 8, mode: "full", name: "Server", colors: true } }],
    ['script ""', { script: undefined }],
    ["script notify.sh", { script: "notify.sh" }],
    ["script-timeout 3", { scriptTimeout: 3 }],
    ["script-replay no", { scriptReplay: false }],
    ['compatibility "strict"', { compatibility: "strict" }],
    ["inactive-mode", { inactiveMode: true }],
  ])("at the top level: %s", (line, expected) => {
    expect(server(`iface s0 { ${PD_CLASS} } ${line}`)).toMatchObject(expected);
  });

  test.each([
    ["preference 255", { preference: 255 }],
    ["preference 0ah", { preference: 10 }],
    ["rapid-commit 1", { rapidCommit: true }],
    ["rapid-commit TRUE", { rapidCommit: true }],
    ["rapid-commit no", { rapidCommit: false }],
    ["client-max-lease 3", { clientMaxLease: 3 }],
    ["unicast 2001:db8::547", { unicast: address("2001:db8::547") }],
    ["T1 1000-2000", { t1: { min: 1000, max: 2000 } }],
    ["T2 10 - 20", { t2: { min: 10, max: 20 } }],
    ["T2 20-10", { t2: { min: 10, max: 20 } }],
    ["prefered-lifetime 100", { preferred: { min: 100, max: 100 } }],
    ["valid-lifetime 4294967295", { valid: { min: 0xffffffff, max: 0xffffffff } }],
  ])("in iface: %s", (line, expected) => {
    expect(iface(`iface s0 { ${line} ${PD_CLASS} }`)).toMatchObject(expected);
    expect(iface(`${line} iface s0 { ${PD_CLASS} }`)).toMatchObject(expected);
  });

  test("inactive-mode inside iface has no effect, and that is said", () => {
    const text = `iface s0 { inactive-mode ${PD_CLASS} }`;
    expect(server(text).inactiveMode).toBe(false);
    expect(warnings("server", text)).toEqual(['1:12 "inactive-mode" only counts at the top level']);
  });

  test.each([
    ["iface 7", { index: 7 }],
    ['iface "7"', { name: "7" }],
    ["iface Wan.100", { name: "Wan.100" }],
  ])("%s selects", (header, selector) => {
    expect(iface(`${header} { ${PD_CLASS} }`).selector).toEqual(selector);
  });

  test.each([
    ["pd-pool 2001:db8:1234:5678::1/40 pd-length 56", "2001:db8:1200::/40 56"],
    ["pd-pool 2001:db8::/40 pd-pool 2001:db8:100::/40 pd-length 56", "2001:db8::/40 2001:db8:100::/40 56"],
    ["pd-pool 2001:db8::/40 pd-length 48 pd-length 38h", "2001:db8::/40 56"],
  ])("pd-class: %s", (lines, expected) => {
    const { pools, length } = pdClass(`iface s0 { pd-class { ${lines} } }`);
    expect([...pools.map(formatPrefix), length].join(" ")).toBe(expected);
  });
});

describe("server: inheritance at the point of the file", () => {
  test.each([
    ["from the top level and from iface", `T1 100 iface s0 { T2 200 ${PD_CLASS} }`, "100-100 200-200"],
    ["not backwards in iface", `iface s0 { ${PD_CLASS} T1 777 }`, "5-3600 10-5400"],
    ["not from behind iface", `iface s0 { ${PD_CLASS} } T1 777`, "5-3600 10-5400"],
    [
      "the class itself comes last",
      `T1 1 iface s0 { T1 2 pd-class { T1 3 pd-pool ::/40 pd-length 56 } }`,
      "3-3 10-5400",
    ],
    ["not from an earlier class", `iface s0 { class { T1 9 pool ::/64 } ${PD_CLASS} }`, "5-3600 10-5400"],
    ["not from an earlier iface", `iface s0 { T1 9 ${PD_CLASS} } iface s1 { ${PD_CLASS} }`, "9-9 10-5400"],
    ["the last one of two", `T1 1 T1 2 iface s0 { ${PD_CLASS} }`, "2-2 10-5400"],
    ["a class at the top level sees only that", `T1 4 ${PD_CLASS} iface s0 { T1 5 }`, "4-4 10-5400"],
  ])("%s", (_name, text, expected) => {
    expect(settings(text)).toBe(`${expected} 7200-86400 10800-172800`);
  });

  test("a line behind the class changes the interface alone", () => {
    const text = `iface s0 { T1 200 ${PD_CLASS} T1 777 }`;
    expect(pdClass(text).t1).toEqual({ min: 200, max: 200 });
    expect(iface(text).t1).toEqual({ min: 777, max: 777 });
  });

  test("a line between two interfaces reaches the second one only", () => {
    const { interfaces } = server(`iface s0 { ${PD_CLASS} } preference 9 iface s1 { ${PD_CLASS} }`);
    expect(interfaces.map(({ preference }) => preference)).toEqual([0, 9]);
  });

  test("a class at the top level goes to the first interface behind it, before its own classes", () => {
    const top = "pd-class { pd-pool 2001:db8:2000::/40 pd-length 48 }";
    const { interfaces } = server(`${top} iface s0 { ${PD_CLASS} } iface s1 { ${PD_CLASS} }`);
    expect(interfaces.map(({ pdClasses }) => pdClasses.map(({ length }) => length))).toEqual([
      [48, 56],
      [56],
    ]);
    expect(warnings("server", `iface s0 { ${PD_CLASS} } ${top}`)).toEqual([
      "1:67 this pd-class has no interface behind it and is not used",
    ]);
  });

  test("interfaces behind relays are left out", () => {
    const { interfaces } = server(
      `iface s0 { ${PD_CLASS} } iface r1 { relay s0 interface-id 5 ${PD_CLASS} }`,
    );
    expect(interfaces.map(({ selector }) => selector)).toEqual([{ name: "s0" }]);
  });
});

describe("server: options become values for the wire", () => {
  const options = (lines: string): readonly Option[] => iface(`iface s0 { ${PD_CLASS} ${lines} }`).options;
  const hex = (option: Option): string => {
    const message = { form: "message", type: "reply", code: 7, xid: xid(0), options: [option] } as const;
    return Buffer.from(encodeMessage(message)).subarray(4).toString("hex");
  };

  test.each([
    [
      "dns-server 2001:db8::1, 2001:db8::2",
      `00170020${"20010db8".padEnd(31, "0")}1${"20010db8".padEnd(31, "0")}2`,
    ],
    ["domain example.com", "0018000d076578616d706c6503636f6d00"],
    ['domain "a.b", c.d.', "0018000a01610162000163016400"],
    ["ntp-server ::1", `001f0010${"1".padStart(32, "0")}`],
    ["time-zone CET", "002a0003434554"],
    ["sip-server ::1", `00160010${"1".padStart(32, "0")}`],
    ["sip-domain a.b", "001500050161016200"],
    ["nis-server ::1", `001b0010${"1".padStart(32, "0")}`],
    ["nis+-server ::1", `001c0010${"1".padStart(32, "0")}`],
    ["nis-domain a.b", "001d00050161016200"],
    ["nis+-domain a.b", "001e00050161016200"],
    ["lifetime 1800", "0020000400000708"],
    ["aftr a.b", "004000050161016200"],
    ["vendor-spec 5678-1-0x3031", "0011000a0000162e000100023031"],
    ["vendor-spec 5678-1-ab", "0011000a0000162e000100026162"],
    ["vendor-spec 5678-1-::1", `001100180000162e00010010${"1".padStart(32, "0")}`],
    ["vendor-spec 5678-1-01:02", "0011000a0000162e000100020102"],
    ["99 duid 0x123", "006300020123"],
    ["99 duid 00:01:02:03:04:05:06:07", "006300080001020304050607"],
    ["100 address ::1", `00640010${"1".padStart(32, "0")}`],
    ["101 address-list ::1,::1", `00650020${"1".padStart(32, "0").repeat(2)}`],
    ['102 string "abc"', "00660003616263"],
  ])("option %s", (line, expected) => {
    expect(options(`option ${line}`).map(hex)).toEqual([expected]);
  });

  test("lines add up, from the top level and in one block", () => {
    const text = `option dns-server ::1 iface s0 { option dns-server ::2 option dns-server ::3 ${PD_CLASS} }`;
    expect(iface(text).options).toEqual(
      ["::1", "::2", "::3"].map((each) => option("dnsServers", [parseIp6(each) ?? expect.fail()])),
    );
  });

  test("vendor options of one enterprise are put together, at the place of the first", () => {
    const found = options(
      "option vendor-spec 7-1-0x01,8-1-0x02 option 99 duid 0x01 option vendor-spec 7-2-0x03",
    );
    const data = (octet: number): Uint8Array => Uint8Array.of(octet);
    expect(found).toEqual([
      option("vendorOptions", {
        enterprise: 7,
        options: [
          { code: 1, data: data(1) },
          { code: 2, data: data(3) },
        ],
      }),
      option("vendorOptions", { enterprise: 8, options: [{ code: 1, data: data(2) }] }),
      rawOption(99, data(1)),
    ]);
  });

  test("vendor options that fill one option go on in another", () => {
    const value = `"${"x".repeat(1000)}"`;
    const lines = `option vendor-spec ${Array.from({ length: 100 }, () => `7-1-${value}`).join(",")}`;
    const sizes = options(lines).map((each) => hex(each).length / 2);
    expect(sizes.length).toBe(4);
    expect(Math.max(...sizes)).toBeLessThan(0x8000 + 8);
  });
});
