import { describe, expect, test } from "vitest";
import type { LeaseChange } from "../../shared/lease/changes.js";
import { leaseId } from "../../shared/lease/lease.js";
import { createMemoryStore } from "../../shared/lease/memory-store.js";

const put = (id: number): LeaseChange => ({ type: "put", id: leaseId(id), record: Uint8Array.of(id) });

describe("memory store", () => {
  test("some changes refused -> their ids given, once each; the others take effect", async () => {
    const store = createMemoryStore({ refuse: ({ id }) => id % 2 === 1 });
    expect(await store.commit([put(1), put(2), put(3), put(1)])).toEqual([1, 3]);
    expect([1, 2, 3].map((id) => store.read(leaseId(id)))).toEqual([undefined, Uint8Array.of(2), undefined]);
  });

  test("a failure -> the commit is rejected with it, nothing is changed; the next one counts", async () => {
    const failures = [new Error("disk on fire")];
    const store = createMemoryStore({ fail: () => failures.shift() });
    await expect(store.commit([put(1)])).rejects.toThrow("disk on fire");
    expect(store.read(leaseId(1))).toBeUndefined();
    expect(await store.commit([put(1)])).toEqual([]);
  });
});
