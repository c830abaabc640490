import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { type Duid, formatDuid } from "../../shared/duid.js";
import { type ForeignFormat, FOREIGN_FORMATS, formatOf } from "../../shared/lease/foreign-file.js";
import { parseIscTime, unescapeOctets } from "../../shared/lease/isc-text.js";
import { type Found, inLine, readAll, SAMPLE_WRITTEN } from "./addrmgr.js";

const kea = readFileSync("test/lease/files/kea-22-leases6.csv", "utf8");
const isc = readFileSync("test/lease/files/isc-44-dhcpd6.leases", "utf8");
/** Some minutes after both were written. */
const NOW = millis(1_795_549_000_000);
const LONG = `00:02:00:00:00:09:${Array.from({ length: 100 }, (_, i) => (i + 32).toString(16)).join(":")}`;
const LL = "00:03:00:01:02:00:00:00:00";

function read(format: ForeignFormat, text: string, piece?: number): Found & { readonly server?: Duid } {
  let server: Duid | undefined;
  const found = readAll(
    (sink) => {
      const told = { ...sink, server: (duid: Duid) => void (server = duid) };
      return FOREIGN_FORMATS[format].make(told, { now: NOW, written: NOW });
    },
    text,
    piece,
  );
  return server === undefined ? found : { ...found, server };
}

/** Times of `inLine` count from here. */
const at = (unix: number): number => unix - SAMPLE_WRITTEN / 1000;
const times = (since: number, until: number): string => `#? bound ${at(since)}..${at(until)}`;

describe("kea-leases6.csv of Kea 2.2", () => {
  const leases = [
    `3 pd 2001:db8:1000:100::/56 ${LL}:02 305419896 ${times(1_795_548_777, 1_795_555_977)}`,
    `4 na 2001:db8:5::100/128 ${LL}:03 4195761665 ${times(1_795_548_778, 1_795_555_978)}`,
    `5 pd 2001:db8:1000:200::/56 ${LL}:03 4195761665 ${times(1_795_548_778, 1_795_555_978)}`,
    `9 na 2001:db8:5::101/128 58 7 #? declined ${at(1_795_548_779)}..${at(1_795_635_179)}`,
    `10 pd 2001:db8:1000:300::/56 ${LONG} 9 ${times(1_795_548_779, 1_795_555_979)}`,
  ];

  test.each([1, 50, 100_000])(
    "in pieces of %d characters: what was released is gone, later rows count",
    (piece) => {
      const { leases: found, passages } = read("kea", kea, piece);
      expect(found.map(inLine)).toEqual(leases);
      expect(passages).toEqual([]);
      expect(found[0]).toMatchObject({ preferred: 3600, valid: 7200, t1: 1800, t2: 2880 });
    },
  );

  const head = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,state";
  const row = "2001:db8:1::,00:03:01,100,1795549050,1,50,2,7,56,0";
  const rows = [
    [
      "columns in another order",
      "duid,address,iaid,lease_type,prefix_len,expire,valid_lifetime\n00:03:01,2001:db8:1::,7,2,56,1795549050,100",
      ["2 pd 2001:db8:1::/56"],
      [],
    ],
    [
      "more columns, as in later versions",
      `${head},user_context,pool_id\n${row},{"a": "b&#x2cc"},3`,
      ["2 pd 2001:db8:1::/56"],
      [],
    ],
    ["reclaimed (2) and released (3)", `${head}\n${row.slice(0, -1)}2\n${row.slice(0, -1)}3`, [], []],
    ["an endless lifetime", `${head}\n${row.replace(",100,", ",4294967295,")}`, ["2 pd 2001:db8:1::/56"], []],
    ["empty lines and CR", `${head}\r\n\r\n${row}\r\n`, ["3 pd 2001:db8:1::/56"], []],
    ["no column for the DUID", "address,valid_lifetime\n2001:db8::,1", [], [1]],
    ["nothing", "", [], [0]],
    ["a row with too many columns", `${head}\n${row},1,2,3\n${row}`, ["3 pd 2001:db8:1::/56"], [2]],
    ["a type of lease that nobody has", `${head}\n${row.replace(",2,7,", ",5,7,")}`, [], [2]],
    ["a row that breaks off", `${head}\n${row}\n2001:db8:2::,00:0`, ["2 pd 2001:db8:1::/56"], [3]],
    ["no address", `${head}\n${row.replace("2001:db8:1::", "192.0.2.1")}`, [], [2]],
    ["a lifetime that is a word", `${head}\n${row.replace(",100,", ",long,")}`, [], [2]],
  ] as const;
  test("a lease that ends later than its lifetime allows begins when the file is read, not after", () => {
    const [lease] = read("kea", `${head}\n${row.replace("1795549050", "4000000000")}`).leases;
    expect(lease).toMatchObject({ since: NOW, until: 4_000_000_000_000 });
  });

  test.each(rows)("%s", (_what, text, found, unreadable) => {
    const { leases: got, passages } = read("kea", text);
    expect(got.map((lease) => inLine(lease).split(" ").slice(0, 3).join(" "))).toEqual(found);
    expect(passages.map(({ line }) => line)).toEqual(unreadable);
  });
});

describe("dhcpd6.leases of ISC dhcpd 4.4", () => {
  const leases = [
    `21 pd 2001:db8:10ff:fe00::/56 ${LL}:02 305419896 ${times(1_795_548_783, 1_795_555_983)}`,
    `31 na 2001:db8:5::15e/128 ${LL}:03 4195761665 ${times(1_795_548_783, 1_795_555_983)}`,
    `41 pd 2001:db8:10ff:fc00::/56 ${LL}:03 4195761665 ${times(1_795_548_783, 1_795_555_983)}`,
    `71 na 2001:db8:5::1ac/128 58 7 #? declined ${at(1_795_549_000)}..${at(1_795_556_200)}`,
    `81 pd 2001:db8:10ff:ff00::/56 ${LONG} 9 ${times(1_795_548_785, 1_795_555_985)}`,
  ];

  test.each([1, 50, 100_000])(
    "in pieces of %d characters: later blocks count, DUID of the server",
    (piece) => {
      const { leases: found, passages, server } = read("isc", isc, piece);
      expect(found.map(inLine)).toEqual(leases);
      expect(passages).toEqual([]);
      expect(server === undefined ? "" : formatDuid(server)).toBe(
        "00:01:00:01:32:98:a2:ec:02:00:00:00:00:01",
      );
    },
  );

  const block = (inner: string): string => `ia-pd "\\001\\000\\000\\000\\000\\003\\007" {\n${inner}\n}\n`;
  const lease = (state: string, ends: string): string =>
    block(`  cltt 2 2026/11/24 19:33:03;\n  iaprefix 2001:db8:1::/56 {\n    binding state ${state};
    preferred-life 50;\n    max-life 100;\n    ends ${ends};\n  }`);
  const rows = [
    ["a date", lease("active", "2 2026/11/24 19:40:00"), ["3"], []],
    [
      "seconds since 1970, with a comment",
      lease("active", "epoch 1795549050; # Tue Nov 24 19:37:30 2026").replace(";;", ";"),
      ["3"],
      [],
    ],
    ["never", lease("active", "never"), ["3"], []],
    ["expired", lease("expired", "2 2026/11/24 19:40:00"), [], []],
    ["free", lease("free", "never"), [], []],
    ["released after it was active", lease("active", "never") + lease("released", "never"), [], []],
    ["big-endian", `authoring-byte-order big-endian;\n${lease("active", "never")}`, ["4"], []],
    [
      "blocks of IPv4 and scripts around it",
      `lease 192.0.2.1 {\n  on expiry {\n    log "}";\n  }\n}\n${lease("active", "never")}`,
      ["8"],
      [],
    ],
    [
      "variables and events of scripts",
      lease("active", "never").replace(
        "    max",
        '    set x = "y{";\n    on release {\n      set a = 1;\n    }\n    max',
      ),
      ["3"],
      [],
    ],
    ["nothing", "", [], [0]],
    ["it breaks off in a lease", lease("active", "never").slice(0, 120), [], [4, 1]],
    ["it breaks off in the last line", `${lease("active", "never")}ia-pd "\\001`, ["3"], [10]],
    ["a block before it that is not closed", `failover {\n${lease("active", "never")}`, ["4"], [1]],
    ["a block behind it that is not closed", `${lease("active", "never")}failover {\n}\nx {\n`, ["3"], [12]],
    ["a time that is none", lease("active", "tomorrow"), [], [3]],
    ["a prefix that is none", lease("active", "never").replace("/56", "/560"), [], [3]],
    ["an IA without a DUID", lease("active", "never").replace("\\000\\003\\007", ""), [], [1]],
  ] as const;
  test.each(rows)("%s", (_what, text, lines, unreadable) => {
    const { leases: got, passages } = read("isc", text);
    expect(got.map((it) => String(it.line))).toEqual(lines);
    expect(passages.map(({ line }) => line)).toEqual(unreadable);
  });

  test("the IAID is read in the byte order of the machine that wrote it", () => {
    const ids = (text: string): readonly number[] => read("isc", text).leases.map(({ iaid }) => iaid);
    expect(ids(lease("active", "never"))).toEqual([1]);
    expect(ids(`authoring-byte-order big-endian;\n${lease("active", "never")}`)).toEqual([0x0100_0000]);
  });

  test("dates are those of the calendar, from 1970 to 2099", () => {
    const span = { min: new Date(0), max: new Date("2099-12-31T23:59:59Z"), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(span), (date) => {
        const text = date.toISOString().slice(0, 19).replaceAll("-", "/").replace("T", " ");
        expect(parseIscTime(`3 ${text}`)).toBe(Math.floor(date.getTime() / 1000));
      }),
    );
  });

  test("octets come back however they are escaped", () => {
    const escaped = (octet: number, all: boolean): string => {
      if (all || octet < 32 || octet > 126) return `\\${octet.toString(8).padStart(3, "0")}`;
      const sign = String.fromCharCode(octet);
      return sign === '"' || sign === "\\" ? `\\${sign}` : sign;
    };
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (octets, all) => {
        expect(unescapeOctets([...octets].map((octet) => escaped(octet, all)).join(""))).toEqual(octets);
      }),
    );
  });
});

describe("files of leases", () => {
  test.each([
    ["kea", kea],
    ["isc", isc],
    ["isc", isc.slice(isc.indexOf("ia-na"))],
    ["dibbler", readFileSync("test/lease/files/dibbler-101.xml", "utf8")],
    [undefined, ""],
    [undefined, "#!/bin/sh\n"],
    [undefined, "\u0000\u0001"],
  ])("%s is known by its beginning", (format, text) => {
    expect(formatOf(text.slice(0, 4096))).toBe(format);
  });

  test.each(["kea", "isc"] as const)("%s, damaged in any octet: no exception, no endless work", (format) => {
    const text = format === "kea" ? kea : isc;
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 }), (place, octet) => {
        const damaged = text.slice(0, place) + String.fromCharCode(octet) + text.slice(place + 1);
        const { leases, passages } = read(format, damaged);
        expect(leases.length + passages.length).toBeGreaterThan(0);
      }),
    );
  });
});
