import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clientXml, fileXml, inLine, readAddrMgr, SAMPLE_READ } from "./addrmgr.js";

const sample = readFileSync("test/lease/files/dibbler-101.xml", "utf8");
const CLIENT = "00:03:00:01:02:00:00:00:00:01";

describe("server-AddrMgr.xml of Debian's dibbler-server 1.0.1", () => {
  const ofSample = [
    "12 ta 2001:db8:6:0:549d:dcaf:f0a7:590d/128 00:01:00:01:32:98:96:3d:22:ea:78:d7:a3:4f 1 s0 bound -6..7194",
    "19 pd 2001:db8:104c:2000::/56 00:01:00:01:32:98:96:3d:22:ea:78:d7:a3:4f 1 s0 bound -6..7194",
    "29 na 2001:db8:5::12f/128 58 0 s0 declined 0..7200",
  ];

  test.each([1, 7, 100, 100_000])("read in pieces of %d characters it gives every lease", (piece) => {
    const { leases, passages } = readAddrMgr(sample, SAMPLE_READ, piece);
    expect(leases.map(inLine)).toEqual(ofSample);
    expect(passages).toEqual([]);
  });

  test("T1, T2, Reconfigure key and the address of the client come along", () => {
    const [lease] = readAddrMgr(sample).leases.filter(({ iaType }) => iaType === "pd");
    expect(lease).toMatchObject({ t1: 1000, t2: 2000, preferred: 3600, valid: 7200, interfaceIndex: 2 });
    expect(Buffer.from(lease?.key ?? []).toString("hex")).toBe("7f8f40d74bb65a2c7ac6bff11f8c7be4");
    expect(lease?.nextHop?.slice(0, 2)).toEqual(Uint8Array.of(0xfe, 0x80));
  });

  test("indented otherwise, or all in one line, it is the same", () => {
    const leases = (text: string): readonly string[] =>
      readAddrMgr(text).leases.map((it) => inLine({ ...it, line: 0 }));
    expect(leases(sample.replaceAll(/\n\s*/g, ""))).toEqual(leases(sample));
    expect(leases(`<?xml version="1.0"?>\r\n${sample.replaceAll("\n", "\r\n\t")}`)).toEqual(leases(sample));
  });
});

describe("values that Dibbler breaks, or that other versions write", () => {
  const long = Array.from({ length: 130 }, () => "ab").join(":");
  const read = [
    ["an IAID written as a negative number", { iaid: "-99205631" }, "4195761665 eth0 bound -10..390"],
    ["an IAID written in 64 bits", { iaid: "18446744073610345985" }, "4195761665 eth0 bound -10..390"],
    ["an endless lifetime", { valid: "4294967295" }, "1 eth0 bound -10..Infinity"],
    ["an endless lifetime as -1", { valid: "-1" }, "1 eth0 bound -10..Infinity"],
    ["an endless lifetime in 64 bits", { valid: "18446744073709551615" }, "1 eth0 bound -10..Infinity"],
    ["a preferred lifetime of 0", { pref: "0" }, "1 eth0 bound -10..390"],
    ["no unicast attribute", { unicast: "" }, "1 eth0 bound -10..390"],
    ["an empty unicast attribute", { unicast: ' unicast=""' }, "1 eth0 bound -10..390"],
    ["no name of the interface", { name: "" }, "1 #2 bound -10..390"],
    ["an interface with a slash and a dot", { name: ' ifacename="br/x.7"' }, "1 br/x.7 bound -10..390"],
    ["a lease that ended long ago", { timestamp: "1700000000" }, "1 eth0 bound -95545540..-95545140"],
    ["seconds since boot (1.0.2)", { timestamp: "86400" }, "1 eth0 bound 0..400"],
    ["a lease of next year", { timestamp: "1830000000" }, "1 eth0 bound 60..460"],
  ] as const;

  test.each(read)("%s", (_what, change, rest) => {
    const { leases } = readAddrMgr(fileXml(clientXml(change)));
    expect(leases.map(inLine)).toEqual([`13 pd 2001:db8:1000:100::/56 ${CLIENT} ${rest}`]);
  });

  test("a DUID of 130 octets, in a line of 420 characters", () => {
    const { leases } = readAddrMgr(fileXml(clientXml({ duid: long })));
    expect(leases.map(({ duid }) => duid.length)).toEqual([130]);
  });

  test.each([
    ["86400", "counted from the boot"],
    ["1830000000", "begins in the future"],
  ])("timestamp %s is adapted, and said so", (timestamp, words) => {
    const { passages } = readAddrMgr(fileXml(clientXml({ timestamp })));
    expect(passages).toMatchObject([{ line: 13, kind: "adapted" }]);
    expect(passages[0]?.text).toContain(words);
  });
});

describe("what gives no lease is told with its line", () => {
  const rows = [
    ["a timestamp of 0", { timestamp: "0" }, 13, "left out", "timestamp is 0"],
    ["a valid lifetime of 0", { valid: "0" }, 13, "left out", "lifetime is 0"],
    ["no address", { prefix: "" }, 13, "unreadable", "without an IPv6 address"],
    ["an IPv4 address", { prefix: "192.0.2.1" }, 13, "unreadable", "without an IPv6 address"],
    ["the address ::", { prefix: "::" }, 13, "unreadable", "without an IPv6 address"],
    ["no length", { length: "" }, 13, "unreadable", "length from 1 to 128"],
    ["a length of 129", { length: ' length="129"' }, 13, "unreadable", "length from 1 to 128"],
    ["a lifetime that is a word", { valid: "long" }, 13, "unreadable", "no numbers"],
    ["an IAID that is a word", { iaid: "one" }, 13, "unreadable", "without IAID"],
    ["a DUID of 131 octets", { duid: "ab".repeat(131) }, 6, "unreadable", "3 to 130 octets"],
    ["a DUID that is none", { duid: "hello" }, 6, "unreadable", "3 to 130 octets"],
    ["a DUID of one octet that is not 58", { duid: "59" }, 6, "unreadable", "3 to 130 octets"],
  ] as const;

  test.each(rows)("%s", (_what, change, line, kind, words) => {
    const other = clientXml({ duid: "00:03:00:01:02:00:00:00:00:02", prefix: "2001:db8:1000:200::" });
    const { leases, passages } = readAddrMgr(fileXml(clientXml(change), other));
    expect(passages).toMatchObject([{ line, kind }]);
    expect(passages[0]?.text).toContain(words);
    expect(leases.map((it) => it.line)).toEqual([24]);
  });

  test("a key of 15 octets: the lease is taken without it", () => {
    const { leases, passages } = readAddrMgr(
      fileXml(clientXml({ key: `<ReconfigureKey length="15">${"aa:".repeat(14)}aa</ReconfigureKey>` })),
    );
    expect(leases.map(({ key }) => key)).toEqual([undefined]);
    expect(passages).toMatchObject([{ line: 7, kind: "adapted" }]);
  });
});

describe("files that are broken", () => {
  const two = fileXml(
    clientXml(),
    clientXml({ duid: "00:03:00:01:02:00:00:00:00:02", prefix: "2001:db8:1000:200::" }),
  );
  const rows = [
    ["nothing in it", "", [], [0]],
    ["another XML file", "<AddrBook>\n<Entry/></AddrBook>", [], [1, 0]],
    ["binary junk", "\u0000\u0001\ufffd\u0000", [], [1, 0]],
    ["a client whose end tag is damaged", two.replace("</AddrClient>", "</Addr\u0000"), [13, 24], [5]],
    ["the tag of a lease that is damaged", two.replace("<AddrPrefix", "<\u0000ddrPrefix"), [24], [11]],
    ["the tag of an IA that is damaged", two.replace("<AddrPD", "<AddrPX"), [24], [5]],
    ["a tag that does not end", two.replace('length="56">2001', 'length="56"2001'), [24], [13]],
    [
      "a line between clients that is junk",
      two.replace("</AddrClient>\n", "</AddrClient>\n\nxy\n"),
      [13, 26],
      [17],
    ],
    ["a start tag that is damaged", two.replace("<AddrClient>", "<AddrCl"), [24], [5]],
  ] as const;

  test.each(rows)("%s", (_what, text, lines, unreadable) => {
    const { leases, passages } = readAddrMgr(text);
    expect(leases.map(({ line }) => line)).toEqual(lines);
    expect(passages.filter(({ kind }) => kind === "unreadable").map(({ line }) => line)).toEqual(unreadable);
  });

  test.each([
    ["an element that does not belong there", clientXml({ key: `<${"\u001b[2J".repeat(200)}/>` })],
    ["what is no XML", clientXml({ key: `<${"\u001b[2J".repeat(200)}` })],
  ])("%s is told in few words, none of which steers a terminal", (_what, client) => {
    const { passages } = readAddrMgr(fileXml(client));
    expect(passages.length).toBeGreaterThan(0);
    for (const { text } of passages) expect(text).toMatch(/^\P{Cc}{1,210}$/u);
  });

  test("cut off anywhere: leases that are whole are read, others never; and it is told", () => {
    const whole = readAddrMgr(sample).leases.map(inLine);
    const ends = [...sample.matchAll(/<\/Addr(Prefix|Addr)>/g)].map((it) => it.index + it[0].length);
    for (let length = 0; length < sample.trimEnd().length; length++) {
      const { leases, passages } = readAddrMgr(sample.slice(0, length));
      expect(leases.map(inLine)).toEqual(whole.slice(0, ends.filter((end) => end <= length).length));
      expect(passages.some(({ kind }) => kind === "unreadable")).toBe(true);
    }
  });

  test("one octet changed anywhere: no exception, and nothing but leases of the file or a word about it", () => {
    const known = new Set(readAddrMgr(sample).leases.map(({ line }) => line));
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.integer({ min: 0, max: 255 }), (at, octet) => {
        const text = sample.slice(0, at) + String.fromCharCode(octet) + sample.slice(at + 1);
        const { leases, passages } = readAddrMgr(text);
        expect(leases.length + passages.length).toBeGreaterThan(0);
        expect(leases.length).toBeLessThanOrEqual(known.size);
      }),
    );
  });
});
