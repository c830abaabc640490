import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid, millis } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import type { Lease } from "../../shared/lease/lease.js";
import { leaseId } from "../../shared/lease/lease.js";
import { compareIp6, ip6, maskIp6 } from "../../shared/prefix.js";
import { formatDuration, formatEnd } from "../../shared/durations.js";
import { isListed, type LeaseFilter, readFilter } from "../../server/lease-filter.js";
import { leaseColumns, tallyText } from "../../server/lease-list.js";
import { leaseRow, type LeaseRow } from "../../server/lease-row.js";
import { createPrefixOrder } from "../../server/prefix-order.js";
import { createTable } from "../../shared/text-table.js";
import { leaseOf } from "../lease/model.js";
import { ip, prefix, START } from "./settings.js";

const iso = (at: number): string => new Date(at).toISOString();
const now = millis(START + 60_000);

/** A lease of client n: granted at START for two hours, unless told otherwise. */
const lease = (n: number, more: Partial<Lease> = {}): Lease => ({
  ...leaseOf(n),
  duid: duid(Uint8Array.of(0, 3, 0, 1, 2, n)),
  iaid: iaid(n),
  prefix: prefix(`2001:db8:${n}::/56`),
  state: "bound",
  since: START,
  until: millis(START + 7_200_000),
  interfaceName: "eth0",
  clientAddress: ip(`fe80::${n}`),
  trail: undefined,
  key: undefined,
  ...more,
});

const row = (n: number, more: Partial<Lease> = {}): LeaseRow => leaseRow(lease(n, more), now, iso);

describe("durations", () => {
  test.each([
    [0, "0s"],
    [59.9, "59s"],
    [60, "1m 00s"],
    [3599, "59m 59s"],
    [3600, "1h 00m"],
    [86_399, "23h 59m"],
    [86_400, "1d 00h"],
    [1e9, "11574d 01h"],
    [-5, "0s"],
  ])("%d seconds -> %s", (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  test("ends: to come, past, never", () => {
    expect([formatEnd(61), formatEnd(0), formatEnd(-7300), formatEnd(null)]).toEqual([
      "in 1m 01s",
      "0s ago",
      "2h 01m ago",
      "never",
    ]);
  });
});

describe("rows of leases", () => {
  test("a lease with all that can be known of it; the key is not shown", () => {
    const trail = { relay: ip("fe80::ee"), port: 547, arrival: "core0", message: new Uint8Array(0) };
    const shown = row(1, { trail, key: new Uint8Array(16).fill(0xab), interfaceName: "olt" });
    expect(shown).toMatchObject({
      prefix: "2001:db8:1::/56",
      type: "pd",
      state: "bound",
      client: "00:03:00:01:02:01",
      iaid: 1,
      interface: "olt",
      address: "fe80::1",
      relay: "fe80::ee",
      since: "2027-01-15T08:00:00.000Z",
      ends: "2027-01-15T10:00:00.000Z",
      remaining: 7140,
      reconfigure: true,
    });
    expect(Object.keys(shown).join(" ")).toBe(
      "prefix type state client iaid interface address relay since preferred valid t1 t2 ends remaining reconfigure",
    );
    expect(JSON.stringify(shown)).not.toMatch(/ab.?ab/);
  });

  test("taken over, and its client not heard since -> no address, which the table says in words", () => {
    const unheard = row(1, { clientAddress: ip("::") });
    expect(unheard.address).toBeNull();
    const column = leaseColumns((time) => time).find(({ title }) => title === "ADDRESS");
    expect(column?.cell(unheard)).toBe("not heard");
  });

  test.each([
    ["bound", millis(now + 1), "bound", 1],
    ["bound", now, "expired", 0],
    ["bound", millis(START - 60_000), "expired", -120],
    ["bound", millis(Infinity), "bound", null],
    ["resting", millis(START), "resting", -60],
    ["declined", millis(now + 5000), "declined", 5],
  ] as const)("%s until %d -> %s", (state, until, shown, remaining) => {
    expect(row(1, { state, until })).toMatchObject({ state: shown, remaining });
  });
});

describe("filters", () => {
  const nothing = { client: undefined, prefix: undefined, states: [], interfaces: [], types: [] };
  const read = (words: Partial<Parameters<typeof readFilter>[0]>): LeaseFilter => {
    const filter = readFilter({ ...nothing, ...words });
    if (typeof filter === "string") throw new Error(filter);
    return filter;
  };
  const all = [
    lease(1),
    lease(2, { until: START }),
    lease(3, { iaType: "na", prefix: prefix("2001:db8:1::5/128"), interfaceName: "eth1" }),
    lease(4, { state: "resting" }),
  ];

  test.each<readonly [string, Partial<Parameters<typeof readFilter>[0]>, readonly number[]]>([
    ["nothing", {}, [1, 2, 3, 4]],
    ["a client", { client: "0x000300010202" }, [2]],
    ["a prefix around", { prefix: "2001:db8:1::/48" }, [1, 3]],
    ["a prefix within", { prefix: "2001:db8:1:0::/64" }, [1, 3]],
    ["a prefix with host bits", { prefix: "2001:db8:4::9/48" }, [4]],
    ["an address", { prefix: "2001:db8:2::1" }, [2]],
    ["states", { states: ["expired", "resting"] }, [2, 4]],
    ["an interface", { interfaces: ["eth1"] }, [3]],
    ["a type and a state", { types: ["pd"], states: ["bound"] }, [1]],
  ])("%s", (_what, words, expected) => {
    const filter = read(words);
    expect(all.filter((each) => isListed(each, filter, now)).map(({ iaid: n }) => n)).toEqual(expected);
  });

  test.each([
    [{ client: "fe80::1" }, '"fe80::1" is no DUID such as 00:03'],
    [{ prefix: "2001:db8::/129" }, '"2001:db8::/129" is neither a prefix'],
    [{ prefix: "x".repeat(200) }, `"${"x".repeat(57)}..." is neither`],
  ])("%j -> a sentence", (words, sentence) => {
    expect(readFilter({ ...nothing, ...words })).toContain(sentence);
  });
});

describe("the order of prefixes", () => {
  test("by address, then by length, however many there are", () => {
    const octets = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const prefixes = fc.array(fc.tuple(octets, fc.integer({ min: 1, max: 128 })), { maxLength: 3000 });
    fc.assert(
      fc.property(prefixes, (list) => {
        const order = createPrefixOrder();
        const all = list.map(([bits, length]) => ({ address: maskIp6(ip6(bits), length), length }));
        for (const [n, each] of all.entries()) order.add(leaseId(n), each);
        const sorted = [...order.sorted()];
        expect([...sorted].sort((a, b) => a - b)).toEqual(all.map((_, n) => n));
        sorted.slice(1).forEach((id, i) => {
          const [a, b] = [all[sorted[i] ?? 0], all[id]];
          if (a === undefined || b === undefined) throw new Error("an id that was not given");
          expect(compareIp6(a.address, b.address) || a.length - b.length).toBeLessThanOrEqual(0);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe("the table", () => {
  const columns = leaseColumns((text) => text.slice(0, 19).replace("T", " "));
  const rows = [row(1), row(2, { until: millis(Infinity), interfaceName: "a-long-name" })];
  const print = (room: number): readonly string[] => {
    const table = createTable(columns, rows, room);
    return [table.header, ...rows.map(table.line), table.omitted.join(" ")];
  };

  test("all columns, aligned", () => {
    expect(print(Infinity)).toEqual([
      "PREFIX           STATE  ENDS       CLIENT             IAID  INTERFACE    ADDRESS  SINCE",
      "2001:db8:1::/56  bound  in 1h 59m  00:03:00:01:02:01     1  eth0         fe80::1  2027-01-15 08:00:00",
      "2001:db8:2::/56  bound  never      00:03:00:01:02:02     2  a-long-name  fe80::2  2027-01-15 08:00:00",
      "",
    ]);
  });

  test("a narrow terminal: what matters least goes first, and is named", () => {
    expect(print(70)).toEqual([
      "PREFIX           STATE  ENDS       CLIENT             INTERFACE",
      "2001:db8:1::/56  bound  in 1h 59m  00:03:00:01:02:01  eth0",
      "2001:db8:2::/56  bound  never      00:03:00:01:02:02  a-long-name",
      "IAID ADDRESS SINCE",
    ]);
    expect(print(1)[0]).toBe("PREFIX           STATE  CLIENT");
  });

  test("one monster among the DUIDs does not widen the others' lines", () => {
    const monster = row(3, { duid: duid(new Uint8Array(130).fill(1)) });
    const table = createTable(columns, [...rows, monster], Infinity);
    expect(table.line(row(1)).length).toBeLessThan(150);
    expect(table.line(monster)).toContain(monster.client);
  });

  test.each([
    [[], false, "no lease"],
    [[], true, "no such lease"],
    [[["bound", 1]], false, "1 lease: 1 bound"],
    [
      [
        ["declined", 2],
        ["bound", 1_234_567],
        ["expired", 1000],
      ],
      false,
      "1,235,569 leases: 1,234,567 bound, 1,000 expired, 2 declined",
    ],
  ] as const)("%j -> %s", (states, filtered, text) => {
    expect(tallyText(new Map(states), filtered)).toBe(text);
  });
});
