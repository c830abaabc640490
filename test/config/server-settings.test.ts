import { describe, expect, test } from "vitest";
import { formatPrefix, parseIp6 } from "../../shared/prefix.js";
import { option, type Option, rawOption } from "../../shared/wire/options.js";
import { encodeMessage } from "../../shared/wire/message.js";
import { seconds, xid } from "../../shared/brand.js";
import { errors, iface, PD_CLASS, pdClass, server, warnings } from "./given.js";

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
      scriptWait: false,
      scriptReplay: true,
      compatibility: "fixed",
      inactiveMode: false,
      stateless: false,
      guessMode: false,
      interfaceIdOrder: "before",
      dropUnicast: false,
      reconfigure: false,
      affinity: 7133,
      relaySuppliedOptions: [65],
      events: [],
      performanceMode: false,
      shown: { workDir: undefined, authMethods: [] },
      interfaces: [
        {
          selector: { name: "br-ex" },
          relay: undefined,
          interfaceId: undefined,
          subnets: [],
          pdClasses: [
            {
              pools: [{ address: address("2222:2222:2222::"), length: 48 }],
              length: 64,
              access: { allow: [], deny: [], acceptOnly: [], reject: [] },
              exclude: undefined,
              shownMaxLease: 0xffffffff,
              routes: false,
              ...times,
            },
          ],
          addressClasses: [],
          temporaryClasses: [],
          reservations: [],
          leasequery: false,
          bulkLeasequery: undefined,
          limits: { source: undefined, relay: undefined, remoteId: undefined },
          quarantine: 0,
          routes: false,
          preference: 0,
          rapidCommit: false,
          clientMaxLease: 10,
          shownMaxLease: 0xffffffff,
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
    ["script-wait 1", { scriptWait: true }],
    ["script-replay no", { scriptReplay: false }],
    ['compatibility "strict"', { compatibility: "strict", scriptReplay: false }],
    ['script-replay 1 compatibility "strict"', { compatibility: "strict", scriptReplay: true }],
    ["inactive-mode", { inactiveMode: true }],
    ["stateless", { stateless: true }],
    ["guess-mode", { guessMode: true }],
    ["interface-id-order after", { interfaceIdOrder: "after" }],
    ['interface-id-order "Omitted"', { interfaceIdOrder: "omit" }],
    ["drop-unicast", { dropUnicast: true }],
    ["experimental performance-mode 1", { performanceMode: true }],
    ["reconfigure-enabled 1", { reconfigure: true }],
    ["reconfigure-enabled 1 reconfigure-enabled no", { reconfigure: false }],
    ['metrics "[::1]:9547"', { metrics: { host: "::1", port: 9547 } }],
    ['status-page "[::1]:9548"', { statusPage: { host: "::1", port: 9548 }, metrics: undefined }],
    ['metrics "127.0.0.1:80"', { metrics: { host: "127.0.0.1", port: 80 } }],
    ["cache-size 1469", { affinity: 9 }],
    ["cache-size 146", { affinity: 0 }],
    ["cache-size 0", { affinity: 0 }],
    ["relay-supplied-options 143", { relaySuppliedOptions: [65, 143] }],
    ["relay-supplied-options 143,65,23,143", { relaySuppliedOptions: [65, 143, 23] }],
    ["relay-supplied-options 24 relay-supplied-options 23", { relaySuppliedOptions: [65, 24, 23] }],
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
    ["routes 1", { routes: true, pdClasses: [{ routes: true }] }],
    ["unicast 2001:db8::547", { unicast: address("2001:db8::547") }],
    ["T1 1000-2000", { t1: { min: 1000, max: 2000 } }],
    ["T2 10 - 20", { t2: { min: 10, max: 20 } }],
    ["T2 20-10", { t2: { min: 10, max: 20 } }],
    ["prefered-lifetime 100", { preferred: { min: 100, max: 100 } }],
    ["valid-lifetime 4294967295", { valid: { min: 0xffffffff, max: 0xffffffff } }],
    ["quarantine 60", { quarantine: 60 }],
    ["accept-leasequery", { leasequery: true, bulkLeasequery: undefined }],
    ["accept-leasequery 1 accept-leasequery 0", { leasequery: false }],
    [
      "bulk-leasequery-accept 1 accept-leasequery 1",
      { bulkLeasequery: { port: 547, maxConnections: 10, timeout: 300 } },
    ],
    [
      "accept-leasequery bulk-leasequery-timeout 60 bulk-leasequery-accept yes " +
        "bulk-leasequery-max-conns 2 bulk-leasequery-tcp-port 5470",
      { bulkLeasequery: { port: 5470, maxConnections: 2, timeout: 60 } },
    ],
    ["bulk-leasequery-accept 1", { leasequery: false, bulkLeasequery: undefined }],
    ["accept-leasequery bulk-leasequery-accept 0", { leasequery: true, bulkLeasequery: undefined }],
    [
      "source-lease-rate 20 relay-lease-rate 500 60 remote-id-lease-rate 1 86400",
      {
        limits: {
          source: { leases: 20, per: 3600 },
          relay: { leases: 500, per: 60 },
          remoteId: { leases: 1, per: 86400 },
        },
      },
    ],
    [
      "source-lease-rate 20 relay-lease-rate 5 source-lease-rate 0",
      { limits: { source: undefined, relay: { leases: 5, per: 3600 }, remoteId: undefined } },
    ],
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

  test("limits are inherited one by one", () => {
    const { interfaces } = server(
      `source-lease-rate 9 quarantine 5 iface s0 { relay-lease-rate 8 ${PD_CLASS} } ` +
        `iface s1 { source-lease-rate 0 ${PD_CLASS} }`,
    );
    expect(interfaces.map(({ limits, quarantine }) => ({ limits, quarantine }))).toEqual([
      {
        limits: { source: { leases: 9, per: 3600 }, relay: { leases: 8, per: 3600 }, remoteId: undefined },
        quarantine: 5,
      },
      { limits: { source: undefined, relay: undefined, remoteId: undefined }, quarantine: 5 },
    ]);
  });
});

describe("server: settings that are put right, or refused", () => {
  test.each([
    [
      "cache for more clients than are remembered",
      `cache-size 147000147 iface s0 { ${PD_CLASS} }`,
      "1:1 1000001 clients would fit into this cache: 1000000 are remembered",
    ],
    [
      "Leasequery over TCP only",
      `iface s0 { bulk-leasequery-accept 1 ${PD_CLASS} }`,
      '1:12 there is no Leasequery over TCP without "accept-leasequery" on the same interface',
    ],
    [
      "Leasequery over TCP, for two interfaces of three",
      `bulk-leasequery-accept 1 iface s0 { ${PD_CLASS} } iface s1 { ${PD_CLASS} } ` +
        `iface s2 { accept-leasequery ${PD_CLASS} }`,
      '1:1 there is no Leasequery over TCP without "accept-leasequery" on the same interface ' +
        "(here and once more)",
    ],
    [
      "refresh time that clients do not heed",
      `iface s0 { ${PD_CLASS} option lifetime 599 }`,
      "1:65 clients wait 600 s at least before they ask again: that is sent, not 599",
    ],
  ])("warning: %s", (_name, text, warning) => {
    expect(warnings("server", text)).toEqual([warning]);
  });

  test.each([
    `cache-size 147000000 iface s0 { ${PD_CLASS} }`,
    `option lifetime 600 iface s0 { ${PD_CLASS} }`,
    `bulk-leasequery-accept 1 iface s0 { accept-leasequery ${PD_CLASS} }`,
  ])("nothing is said of %s", (text) => {
    expect(warnings("server", text)).toEqual([]);
  });

  test("what was put right is what counts", () => {
    expect(server(`cache-size 4294967295 iface s0 { ${PD_CLASS} }`).affinity).toBe(1_000_000);
    expect(server(`cache-size 147000000 iface s0 { ${PD_CLASS} }`).affinity).toBe(1_000_000);
    const { options } = iface(`option lifetime 0 iface s0 { option lifetime 600 ${PD_CLASS} }`);
    expect(options).toEqual([
      option("informationRefreshTime", seconds(600)),
      option("informationRefreshTime", seconds(600)),
    ]);
  });

  test.each([
    ["relay-supplied-options 23,1", 27],
    ["relay-supplied-options 23,6", 27],
    ["relay-supplied-options 23,20", 27],
    ["relay-supplied-options 25", 24],
    ["relay-supplied-options 26", 24],
    ["relay-supplied-options 0", 24],
    ["interface-id-order foo", 20],
    ["source-lease-rate -1", 19],
    ["source-lease-rate 5 0", 21],
    ["bulk-leasequery-tcp-port 0", 26],
    ["bulk-leasequery-max-conns 0", 27],
    ["bulk-leasequery-timeout 0", 25],
    ["accept-leasequery 2", 19],
    ["option sol-max-rt 59", 19],
    ["option sol-max-rt 86401", 19],
    ["option inf-max-rt 59", 19],
    ["option inf-max-rt 86401", 19],
  ])("error: %s", (line, column) => {
    const found = errors("server", `${line} iface s0 { ${PD_CLASS} }`);
    expect(found.map((error) => error.replace(/ .*/, ""))).toEqual([`1:${column}`]);
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
    ["sol-max-rt 60", "005200040000003c"],
    ["inf-max-rt 86400", "0053000400015180"],
    ['posix-timezone "EST5"', "0029000445535435"],
    ['bootfile-url "a:b"', "003b0003613a62"],
    ['captive-portal "a:b"', "00670003613a62"],
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
      rawOption(99, data(1), "octets"),
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
