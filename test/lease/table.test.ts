import { beforeEach, describe, expect, test } from "vitest";
import { iaid, millis } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { leaseId, type LeaseId } from "../../shared/lease/lease.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { parsePrefix, type Prefix } from "../../shared/prefix.js";
import { duidOf, leaseOf, prefixOf, SEED, trailOf } from "./model.js";

let table: LeaseTable;

beforeEach(() => {
  table = createLeaseTable({ seed: SEED });
});

describe("lease table: ids", () => {
  test("new leases -> ids 0, 1, 2, ... whatever the order of their prefixes", () => {
    expect([9, 4, 7].map((number) => table.put(leaseOf(number)))).toEqual([0, 1, 2]);
  });

  test("few free ids -> not used, new ones go on ascending", () => {
    const ids = fill(100);
    for (const id of ids.slice(10, 20)) table.remove(id);
    expect(fill(3, 100)).toEqual([100, 101, 102]);
  });

  test("an eighth of all ids free -> given out again, ascending, then new ones", () => {
    const ids = fill(64);
    for (const index of [60, 3, 40, 5, 22, 41, 7, 50]) table.remove(leaseId(ids[index] ?? 0));
    expect(fill(10, 64)).toEqual([3, 5, 7, 22, 40, 41, 50, 60, 64, 65]);
  });

  test("an id that becomes free behind the sweep -> waits for the next one", () => {
    const ids = fill(16);
    for (const index of [2, 9, 12]) table.remove(leaseId(ids[index] ?? 0));
    expect(fill(2, 16)).toEqual([2, 9]);
    for (const index of [5, 6, 7]) table.remove(leaseId(ids[index] ?? 0));
    expect(fill(5, 18)).toEqual([12, 16, 5, 6, 7]);
  });

  test("offers that come and go -> neither ids nor memory are used up", () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200_000; i++) table.remove(table.put(leaseOf(i, { state: "offered" })));
    expect(table.put(leaseOf(1))).toBeLessThan(8);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3_000_000);
  });

  test("leases with long trails that come and go, under ever new ids -> their memory serves again", () => {
    fill(10_000);
    const trail = trailOf(1000);
    const before = process.memoryUsage().arrayBuffers;
    const ids = range(0, 1200).map((number) => {
      const id = table.put(leaseOf(20_000 + number, { trail }));
      table.remove(id);
      return id;
    });
    expect(new Set(ids).size).toBe(1200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test("records put back under ids far apart -> those ids taken, the gaps free", () => {
    const record = table.recordOf(table.put(leaseOf(1)));
    const other = createLeaseTable({ seed: SEED });
    for (const id of [2, 40, 5]) expect(other.setRecord(leaseId(id), record)).toBe(true);
    expect(fillTable(other, 38)).toEqual(range(0, 41).filter((id) => ![2, 5, 40].includes(id)));
    expect(other.put(leaseOf(99))).toBe(41);
  });

  test("ids in slices -> every lease once, ascending, up to the limit", () => {
    const ids = fill(300);
    for (const id of ids.slice(90, 210)) table.remove(id);
    const slices = [0, 100, 200, 300].map((from) => table.idsIn(from, from + 100));
    expect(slices).toEqual([range(0, 90), [], range(210, 300), []]);
    expect(table.idLimit()).toBe(300);
    expect(table.idsIn(0, 2 ** 26)).toEqual(slices.flat());
    expect(createLeaseTable({ seed: SEED }).idLimit()).toBe(0);
  });

  const readers = [
    "read",
    "remove",
    "stateOf",
    "sinceOf",
    "untilOf",
    "prefixOf",
    "iaTypeOf",
    "duidOf",
    "nameOf",
    "trailOf",
    "keyOf",
    "recordOf",
  ] as const;

  test.each(readers)("%s of an id without lease -> throws, it is a mistake of ours", (method) => {
    const id = table.put(leaseOf(1));
    table.remove(id);
    expect(() => table[method](id)).toThrow("there is no lease 0");
    expect(() => table[method](leaseId(5000))).toThrow("there is no lease 5000");
    expect(() => {
      table.replace(id, leaseOf(1));
    }).toThrow("there is no lease 0");
  });
});

describe("lease table: overlap", () => {
  const prefix = (text: string): Prefix => parsePrefix(text) ?? prefixOf(0);
  const cases: readonly (readonly [held: string, asked: string, found: boolean])[] = [
    ["2001:db8:0:1::/64", "2001:db8:0:1::/64", true],
    ["2001:db8:0:1::/64", "2001:db8:0:2::/64", false],
    ["2001:db8:0:1::/64", "2001:db8::/56", true],
    ["2001:db8:0:1::/64", "2001:db8:0:100::/56", false],
    ["2001:db8::/56", "2001:db8:0:ff::/64", true],
    ["2001:db8::/56", "2001:db8:0:100::/64", false],
    ["2001:db8::/56", "2001:db8::1/128", true],
    ["2001:db8:0:1::/64", "::/0", true],
    ["::/0", "2001:db8::/64", true],
    ["2001:db8::/33", "2001:db8:8000::/33", false],
    ["2001:db8:8000::/33", "2001:db8:8000::/34", true],
  ];

  test.each(cases)(
    "%s held, %s asked for -> %s, watched or not, and not after removal",
    (held, asked, found) => {
      const other = table.put(leaseOf(0, { prefix: prefix("3fff::/64") }));
      const id = table.put(leaseOf(1, { prefix: prefix(held) }));
      const expected = found ? id : undefined;
      if (asked !== "::/0") expect(table.holder(prefix(asked))).toBe(expected);
      table.watchLength(prefix(asked).length);
      if (asked === "::/0") table.remove(other);
      expect(table.holder(prefix(asked))).toBe(expected);
      table.remove(id);
      expect(table.holder(prefix(asked))).toBeUndefined();
    },
  );

  test.each([[[]], [[48, 56, 64]]])(
    "leases around, in and beside a prefix, lengths %j watched -> the holders are those that overlap",
    (watched) => {
      for (const length of watched) table.watchLength(length);
      const held = ["2001:db8::/48", "2001:db8::/56", "2001:db8::/64", "2001:db8:0:ff::1/128"];
      const [pool, part, one, address] = held.map((text) => table.put(leaseOf(1, { prefix: prefix(text) })));
      const twin = table.put(leaseOf(2, { prefix: prefix("2001:db8::/64") }));
      const holders = (text: string): Set<LeaseId> => new Set(table.holders(prefix(text)));
      expect(holders("2001:db8::/64")).toEqual(new Set([pool, part, one, twin]));
      expect(holders("2001:db8::/56")).toEqual(new Set([pool, part, one, twin, address]));
      expect(holders("2001:db8:0:ff::/64")).toEqual(new Set([pool, part, address]));
      expect(holders("2001:db8:0:100::/56")).toEqual(new Set([pool]));
      expect(holders("2001:db8:1::/48")).toEqual(new Set());
    },
  );

  test("host bits in a lease or a question -> do not count", () => {
    const id = table.put(leaseOf(1, { prefix: prefix("2001:db8:0:1:2:3:4:5/64") }));
    expect(table.prefixOf(id)).toEqual(prefix("2001:db8:0:1::/64"));
    expect(table.holder(prefix("2001:db8:0:1::9/64"))).toBe(id);
    table.replace(id, leaseOf(1, { prefix: prefix("2001:db8:0:1::7/64"), until: millis(1) }));
    expect([table.size, table.nextExpiry()]).toEqual([1, 1]);
  });

  test("a pool of a watched length -> the number of leases in it, kept through moves and removals", () => {
    const pool = prefix("2001:db8::/48");
    table.watchLength(48);
    const ids = fill(300);
    expect(table.countWithin(pool)).toBe(300);
    table.replace(leaseId(ids[7] ?? 0), leaseOf(7, { prefix: prefix("2001:db8:1::/64") }));
    for (const id of ids.slice(0, 5)) table.remove(id);
    expect(table.countWithin(pool)).toBe(294);
    expect(table.countWithin(prefix("2001:db8:1::/48"))).toBe(1);
  });
});

describe("lease table: clients", () => {
  test("two prefixes and an address of one client -> found by IA type and IAID, counted together", () => {
    const one = table.put(leaseOf(1));
    const two = table.put(leaseOf(1, { prefix: prefixOf(2) }));
    const third = table.put(leaseOf(1, { iaid: iaid(2), prefix: prefixOf(3) }));
    const address = table.put(leaseOf(1, { iaType: "na", prefix: prefixOf(4, 128) }));
    table.put(leaseOf(9));
    expect(new Set(table.find(duidOf(1), "pd", iaid(1)))).toEqual(new Set([one, two]));
    expect(table.find(duidOf(1), "pd", iaid(2))).toEqual([third]);
    expect(table.find(duidOf(1), "na", iaid(1))).toEqual([address]);
    expect(table.find(duidOf(1), "na", iaid(2))).toEqual([]);
    expect(new Set(table.ofClient(duidOf(1)))).toEqual(new Set([one, two, third, address]));
    expect([duidOf(1), duidOf(9), duidOf(8)].map((each) => table.countOf(each))).toEqual([4, 1, 0]);
  });

  test("a client that grows to 30 leases and shrinks again, refilled at each size -> all found by IAID", () => {
    const shuffled = range(0, 30).map((number) => (number * 7) % 30);
    const held = new Map<number, LeaseId>();
    const check = (): void => {
      const again = createLeaseTable({ seed: SEED });
      const filling = again.fill();
      for (const id of held.values()) {
        const record = table.recordOf(id);
        expect(filling.add(id, record, 0, record.length)).toBe(true);
      }
      filling.done();
      for (const each of [table, again]) {
        const found = shuffled.map((number) => each.find(duidOf(1), "pd", iaid(number)));
        const expected = shuffled.map((number) => [held.get(number)].filter((id) => id !== undefined));
        expect(found).toEqual(expected);
        expect(each.countOf(duidOf(1))).toBe(held.size);
      }
    };
    fill(40, 100);
    for (const number of shuffled) {
      held.set(number, table.put(leaseOf(1, { iaid: iaid(number), prefix: leaseOf(number).prefix })));
      check();
    }
    for (const number of shuffled) {
      table.remove(leaseId(held.get(number) ?? -1));
      held.delete(number);
      check();
    }
    expect(table.size).toBe(40);
  });

  test.each([
    ["IA type", { iaType: "na" }],
    ["IAID", { iaid: iaid(9) }],
    ["DUID", { duid: duidOf(9) }],
  ] as const)(
    "a lease replaced by one that differs in the %s alone -> found there, not here",
    (_what, changes) => {
      const id = table.put(leaseOf(1));
      const other = leaseOf(1, changes);
      table.replace(id, other);
      expect(table.find(duidOf(1), "pd", iaid(1))).toEqual([]);
      expect(table.find(other.duid, other.iaType, other.iaid)).toEqual([id]);
      expect(table.holder(prefixOf(1))).toBe(id);
    },
  );

  test("a DUID changed by its owner after put -> the table keeps what it was given", () => {
    const mine = duid(new Uint8Array(130).fill(5));
    const id = table.put(leaseOf(1, { duid: mine }));
    mine.fill(6);
    expect(table.read(id).duid).toEqual(new Uint8Array(130).fill(5));
    expect(table.find(duid(new Uint8Array(130).fill(5)), "pd", iaid(1))).toEqual([id]);
  });

  test("two long DUIDs alike but for the last octet, trails and keys alike -> each finds its own", () => {
    const trail = trailOf(120);
    const key = new Uint8Array(16).fill(3);
    const owners = [1, 2].map((last) => duid(new Uint8Array(100).fill(9, 0, 99).fill(last, 99)));
    const ids = owners.map((owner) => table.put(leaseOf(1, { duid: owner, trail, key })));
    const other = table.put(leaseOf(2, { duid: owners[0] ?? duidOf(1), trail: undefined }));
    expect(owners.map((owner) => table.countOf(owner))).toEqual([2, 1]);
    expect(new Set(table.ofClient(owners[0] ?? duidOf(1)))).toEqual(new Set([ids[0], other]));
    expect(table.find(owners[1] ?? duidOf(1), "pd", iaid(1))).toEqual([ids[1]]);
  });

  test("trail and key changed by their owner after put, or after reading -> the table keeps its own", () => {
    const [trail, key] = [trailOf(100), new Uint8Array(16).fill(3)];
    const id = table.put(leaseOf(1, { trail, key }));
    for (const octets of [trail.message, key, trail.relay]) octets.fill(1);
    for (const octets of [table.trailOf(id)?.message, table.keyOf(id)]) octets?.fill(2);
    expect(table.trailOf(id)).toEqual(trailOf(100));
    expect(table.keyOf(id)).toEqual(new Uint8Array(16).fill(3));
  });

  test.each([
    ["an interface name of 256 octets", { interfaceName: "ü".repeat(128) }, "at most 255 octets"],
    ["a DUID of 131 octets", { duid: duid(new Uint8Array(131)) }, "at most 130 octets"],
    ["a key of 15 octets", { key: new Uint8Array(15) }, "16 octets, not 15"],
    ["a trail of too many octets", { trail: trailOf(1025) }, "at most 1024 octets, not 1025"],
    [
      "an arrival of 16 octets",
      { trail: { ...trailOf(9), arrival: "sixteen-octets.." } },
      "at most 15 octets",
    ],
  ])("%s -> refused, nothing is changed", (_what, changes, says) => {
    const before = leaseOf(1, { trail: trailOf(50) });
    const id = table.put(before);
    expect(() => table.put(leaseOf(2, changes))).toThrow(says);
    expect(() => {
      table.replace(id, leaseOf(3, changes));
    }).toThrow(says);
    expect([table.size, table.idLimit(), table.read(id)]).toEqual([1, 1, before]);
    expect(table.find(duidOf(1), "pd", iaid(1))).toEqual([id]);
  });

  test("a key of less than 8 octets -> refused", () => {
    expect(() => createLeaseTable({ seed: new Uint8Array(7) })).toThrow("8 octets");
  });
});

describe("lease table: size", () => {
  test("50000 leases put, a third removed, another third moved -> each found exactly where it is", () => {
    const ids = fill(50_000);
    for (let i = 0; i < 50_000; i += 3) table.remove(leaseId(ids[i] ?? 0));
    for (let i = 1; i < 50_000; i += 3) {
      table.replace(leaseId(ids[i] ?? 0), leaseOf(i, { prefix: prefixOf(i + 100_000), iaid: iaid(77) }));
    }
    const wrong = range(0, 50_000).filter((i) => {
      const kept = i % 3 === 2 ? ids[i] : undefined;
      const moved = i % 3 === 1 ? ids[i] : undefined;
      return (
        table.find(duidOf(i), "pd", iaid(1))[0] !== kept ||
        table.find(duidOf(i), "pd", iaid(77))[0] !== moved ||
        table.countOf(duidOf(i)) !== (i % 3 === 0 ? 0 : 1) ||
        table.holder(prefixOf(i)) !== kept ||
        table.holder(prefixOf(i + 100_000)) !== moved
      );
    });
    expect(wrong).toEqual([]);
  });

  test("20000 leases of one client -> counted, all but the first removed again", () => {
    const ids = range(0, 20_000).map((number) => table.put(leaseOf(number, { duid: duidOf(1) })));
    expect(table.countOf(duidOf(1))).toBe(20_000);
    for (const id of ids.slice(1)) table.remove(id);
    expect(table.ofClient(duidOf(1))).toEqual([0]);
  });

  test("expiry of thousands, in lots -> at most the limit each, none early, none left over", () => {
    const ends = range(0, 5000).map((number) => (number * 7919) % 5003);
    for (const [number, end] of ends.entries()) table.put(leaseOf(number, { until: millis(end) }));
    const seen: number[] = [];
    for (let due = table.due(millis(2500), 64); due.length > 0; due = table.due(millis(2500), 64)) {
      expect(due.length).toBeLessThanOrEqual(64);
      expect(table.untilOf(leaseId(due[0] ?? 0))).toBe(table.nextExpiry());
      for (const id of due) {
        seen.push(table.untilOf(id));
        table.remove(id);
      }
    }
    expect(seen.sort((a, b) => a - b)).toEqual(ends.filter((end) => end <= 2500).sort((a, b) => a - b));
    expect(table.nextExpiry()).toBe(Math.min(...ends.filter((end) => end > 2500)));
  });
});

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

function fill(count: number, first = 0): LeaseId[] {
  return fillTable(table, count, first);
}

function fillTable(into: LeaseTable, count: number, first = 0): LeaseId[] {
  return range(first, first + count).map((number) => into.put(leaseOf(number)));
}
