import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { OwedChange } from "../../shared/lease/owed.js";
import { openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { changeFor, restore, type LeaseChange } from "../../shared/lease/changes.js";
import { JOURNAL_SIZE, type JournalEntry } from "../../shared/lease/journal.js";
import { leaseId, type LeaseId } from "../../shared/lease/lease.js";
import { createMemoryStore, createStoreMemory } from "../../shared/lease/memory-store.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { anyLease, SEED } from "../lease/model.js";

/** One implementation: how to open the same store again and again, and how to remove it in the end. */
interface Subject {
  readonly open: () => Promise<LeaseStore>;
  readonly remove: () => void;
}

const subjects: readonly (readonly [name: string, make: () => Subject])[] = [
  ["memory store", inMemory],
  ["LMDB store", inLmdb],
];

describe.each(subjects)("%s", { timeout: 30_000 }, (_name, make) => {
  const opened: (Subject & { store: LeaseStore })[] = [];

  async function start(): Promise<Subject & { store: LeaseStore }> {
    const subject = make();
    const started = { ...subject, store: await subject.open() };
    opened.push(started);
    return started;
  }

  async function reopen(started: Subject & { store: LeaseStore }): Promise<LeaseStore> {
    await started.store.close();
    started.store = await started.open();
    return started.store;
  }

  afterEach(async () => {
    for (const { store, remove } of opened.splice(0)) {
      await store.close();
      remove();
    }
  });

  test("a new store -> nothing in it", async () => {
    const { store } = await start();
    expect(contentOf(store)).toEqual([]);
    expect(store.read(leaseId(0))).toBeUndefined();
    expect(store.meta("server-duid")).toBeUndefined();
  });

  test("a commit -> none refused, readable at once and after opening again, ids ascending", async () => {
    const started = await start();
    const changes = [put(7, 1), put(0, 2), put(300, 3)];
    expect(await started.store.commit(changes)).toEqual([]);
    const expected = [row(0, 2), row(7, 1), row(300, 3)];
    expect(contentOf(started.store)).toEqual(expected);
    expect(started.store.read(leaseId(7))).toEqual(octets(1));
    expect(contentOf(await reopen(started))).toEqual(expected);
  });

  test("put over put, remove, remove of nothing, put again -> the last one counts", async () => {
    const started = await start();
    await started.store.commit([put(1, 1), put(2, 1), put(3, 1)]);
    await started.store.commit([put(1, 2), remove(2), remove(9), put(4, 1), remove(4), remove(3), put(3, 4)]);
    expect(contentOf(await reopen(started))).toEqual([row(1, 2), row(3, 4)]);
  });

  test("commits called without waiting -> take effect in the order of the calls", async () => {
    const { store } = await start();
    await Promise.all([
      store.commit([put(1, 1)]),
      store.commit([remove(1)]),
      store.commit([put(1, 3), put(2, 3)]),
      store.setMeta("note", octets(1)),
      store.commit([put(1, 4)]),
      store.setMeta("note", octets(2)),
    ]);
    expect(contentOf(store)).toEqual([row(1, 4), row(2, 3)]);
    expect(store.meta("note")).toEqual(octets(2));
  });

  test("an empty commit -> resolves and changes nothing", async () => {
    const { store } = await start();
    expect(await store.commit([])).toEqual([]);
    expect(contentOf(store)).toEqual([]);
  });

  test("records of any length, the largest id -> come back octet by octet", async () => {
    const started = await start();
    const records = [1, 63, 64, 65, 127, 128, 129, 226, 1000, 1537].map((length) =>
      new Uint8Array(length).fill(length),
    );
    await started.store.commit(records.map((record, id) => ({ type: "put", id: leaseId(id), record })));
    await started.store.commit([put(2 ** 26 - 1, 5)]);
    const store = await reopen(started);
    expect(records.map((_record, id) => store.read(leaseId(id)))).toEqual(records);
    expect(contentOf(store).at(-1)).toEqual(row(2 ** 26 - 1, 5));
  });

  test("leases of every state, with and without trails and keys -> loaded into a table as they were", async () => {
    const started = await start();
    const table = createLeaseTable({ seed: SEED });
    for (const lease of fc.sample(anyLease, { seed: 1, numRuns: 300 })) table.put(lease);
    const ids = table.idsIn(0, table.idLimit());
    await started.store.commit(ids.map((id) => changeFor(table, id)));
    const loaded = createLeaseTable({ seed: SEED });
    (await reopen(started)).load((id, octets, from, to) => {
      expect(restore(loaded, id, octets.slice(from, to))).toBe(true);
    });
    const kept = ids.filter((id) => table.stateOf(id) !== "offered");
    expect(loaded.idsIn(0, loaded.idLimit())).toEqual(kept);
    expect(kept.map((id) => loaded.read(id))).toEqual(kept.map((id) => table.read(id)));
    expect(new Set(kept.map((id) => loaded.stateOf(id)))).toEqual(new Set(["bound", "resting", "declined"]));
  });

  test.each([3, 12_000])("%i leases without a list of them -> as if there were one", async (count) => {
    const started = await start();
    await started.store.commit([put(1, 1), put(2, 1)]);
    const ids = Array.from({ length: count }, (_, index) => leaseId(count - index));
    await started.store.commitMany(ids, (id) => (id === 2 ? remove(2) : put(id, id % 200)));
    const store = await reopen(started);
    const content = contentOf(store);
    expect(content).toHaveLength(count - 1);
    expect([content[0], content[1], content.at(-1)]).toEqual([row(1, 1), row(3, 3), row(count, count % 200)]);
    await store.commit([put(2, 7)]);
    expect(store.read(leaseId(2))).toEqual(put(2, 7).record);
  });

  test("calls owed -> kept with the commit that notes them, numbers ascending, until they are settled", async () => {
    const started = await start();
    expect(owedIn(started.store)).toEqual([]);
    await started.store.commit([put(1, 1)], [owe(9, 1), owe(300, 2)]);
    await started.store.commit([remove(1)], [owe(2, 3)]);
    const before = [call(2, 3), call(9, 1), call(300, 2)];
    expect(owedIn(started.store)).toEqual(before);
    const store = await reopen(started);
    expect(owedIn(store)).toEqual(before);
    expect(contentOf(store)).toEqual([]);
    await store.commit([], [settle(9), settle(77)]);
    await store.commit([put(4, 4)], [owe(5, 5), settle(2), settle(5)]);
    expect(owedIn(store)).toEqual([call(300, 2)]);
    const again = await reopen(started);
    expect(owedIn(again)).toEqual([call(300, 2)]);
    expect(contentOf(again)).toEqual([row(4, 4)]);
  });

  test("what has happened -> in the journal with its commit, by number, in place of what is a ring older", async () => {
    const started = await start();
    const has = ({ journal }: LeaseStore, ...numbers: readonly number[]): readonly unknown[] => [
      journal.last(),
      ...numbers.map((number) => journal.read(number)),
    ];
    expect(has(started.store, 0, 1)).toEqual([0, undefined, undefined]);
    await started.store.commit([put(1, 1)], [owe(9, 1)], [entry(1, 7)]);
    await started.store.commit([remove(1)], [], [entry(2, 8), entry(3, 9)]);
    const expected = [3, octets(7), octets(8), octets(9), undefined];
    expect(has(started.store, 1, 2, 3, 4)).toEqual(expected);
    const store = await reopen(started);
    expect(has(store, 1, 2, 3, 4)).toEqual(expected);
    const more = Array.from({ length: JOURNAL_SIZE }, (_, n) => entry(4 + n, n % 251));
    await store.commit([], [], more);
    const last = JOURNAL_SIZE + 3;
    const again = await reopen(started);
    expect(has(again, 1, 3, 4, last, last + 1)).toEqual([
      ...[last, undefined, undefined, octets(0), octets((JOURNAL_SIZE - 1) % 251), undefined],
    ]);
  });

  test("a commit of 50000 leases -> all there", async () => {
    const started = await start();
    const changes = Array.from({ length: 50_000 }, (_, id) => put(id, id % 251));
    await started.store.commit(changes);
    await started.store.commit(
      changes.filter((_, id) => id % 2 === 1).map(({ id }) => ({ type: "remove", id })),
    );
    const content = contentOf(await reopen(started));
    expect(content.length).toBe(25_000);
    expect(content.every(([id, record], index) => id === index * 2 && record[0] === id % 251)).toBe(true);
  });

  test("what was read or loaded -> a copy: later commits leave it alone, it changes nothing", async () => {
    const { store } = await start();
    await store.commit([put(1, 1), put(2, 2)]);
    await store.setMeta("note", octets(1));
    const kept = [
      store.read(leaseId(1)),
      store.meta("note"),
      ...contentOf(store).map(([, record]) => record),
    ];
    await store.commit([put(1, 9), put(2, 9)]);
    await store.setMeta("note", octets(9));
    expect(kept).toEqual([octets(1), octets(1), octets(1), octets(2)]);
    for (const record of kept) record?.fill(77);
    expect(contentOf(store)).toEqual([row(1, 9), row(2, 9)]);
  });

  test("named values -> set, replaced, empty, removed, kept, apart from leases", async () => {
    const started = await start();
    await started.store.setMeta("server-duid", octets(1));
    await started.store.setMeta("server-duid", octets(2));
    await started.store.setMeta("empty", new Uint8Array(0));
    await started.store.setMeta("gone", octets(3));
    await started.store.setMeta("gone", undefined);
    const store = await reopen(started);
    expect(["server-duid", "empty", "gone"].map((name) => store.meta(name))).toEqual([
      octets(2),
      new Uint8Array(0),
      undefined,
    ]);
    expect(contentOf(store)).toEqual([]);
  });

  test("a store after thousands of changes -> a reader's walk and its own see the same", async () => {
    const { store } = await start();
    const random = fc.sample(fc.tuple(fc.nat({ max: 20_000 }), fc.nat({ max: 900 })), {
      seed: 7,
      numRuns: 12_000,
    });
    for (let from = 0; from < random.length; from += 400) {
      const changes = random.slice(from, from + 400).map(([id, length]): LeaseChange => {
        if (length % 3 === 0) return { type: "remove", id: leaseId(id) };
        return { type: "put", id: leaseId(id), record: new Uint8Array(128 + length).fill(length) };
      });
      await store.commit(changes);
    }
    const content = contentOf(store);
    expect(content.length).toBeGreaterThan(5000);
    expect(content).toEqual(content.map(([id]) => [id, store.read(id)]));
  });

  test("an error thrown while loading -> reaches the caller as it is; the store goes on", async () => {
    const { store } = await start();
    await store.commit([put(1, 1)]);
    const mine = new Error("mine");
    expect(() => {
      store.load(() => {
        throw mine;
      });
    }).toThrow(mine);
    expect(contentOf(store)).toEqual([row(1, 1)]);
  });

  test("close while commits are under way -> they are kept; closing twice is allowed", async () => {
    const started = await start();
    const commits = [started.store.commit([put(1, 1)]), started.store.commit([put(2, 2)])];
    const store = await reopen(started);
    expect(await Promise.all(commits)).toEqual([[], []]);
    expect(contentOf(store)).toEqual([row(1, 1), row(2, 2)]);
    await store.close();
    await store.close();
  });
});

function inMemory(): Subject {
  const memory = createStoreMemory();
  return { open: () => Promise.resolve(createMemoryStore({ memory })), remove: () => undefined };
}

function inLmdb(): Subject {
  const directory = mkdtempSync(join(tmpdir(), "lease-store-"));
  return {
    open: () => openLeaseStore(directory),
    remove: () => {
      rmSync(directory, { recursive: true });
    },
  };
}

const entry = (number: number, fill: number): JournalEntry => ({ number, octets: octets(fill) });
const octets = (value: number): Uint8Array => new Uint8Array(128).fill(value);
const put = (id: number, value: number): LeaseChange & { type: "put" } => ({
  type: "put",
  id: leaseId(id),
  record: octets(value),
});
const remove = (id: number): LeaseChange => ({ type: "remove", id: leaseId(id) });
const row = (id: number, value: number): [LeaseId, Uint8Array] => [leaseId(id), octets(value)];

function contentOf(store: LeaseStore): [LeaseId, Uint8Array][] {
  const content: [LeaseId, Uint8Array][] = [];
  store.load((id, octets, from, to) => content.push([id, octets.slice(from, to)]));
  return content;
}

const owe = (number: number, value: number): OwedChange => ({ type: "owe", number, call: octets(value) });
const settle = (number: number): OwedChange => ({ type: "settle", number });
const call = (number: number, value: number): [number, Uint8Array] => [number, octets(value)];

function owedIn(store: LeaseStore): [number, Uint8Array][] {
  const found: [number, Uint8Array][] = [];
  store.owed((number, octetsOfCall) => found.push([number, octetsOfCall]));
  return found;
}
