import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LeaseId, leaseId } from "../../shared/lease/lease.js";
import { createIdQueue, type IdQueue } from "../../server/id-queue.js";

/** Few enough that the same ones come, go and come again, with some that share a place. */
const anyId = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 26 }));
const anyChange = fc.record({ adds: fc.boolean(), id: anyId.map(leaseId) });

describe("queue of ids", () => {
  test("additions and deletions -> what a Set would have, in its order", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 300 }), (changes) => {
        const queue = createIdQueue();
        const model = new Set<LeaseId>();
        for (const { adds, id } of changes) {
          if (adds) {
            queue.add(id);
            model.add(id);
          } else expect(queue.delete(id)).toBe(model.delete(id));
          expect([queue.size(), queue.has(id), queue.oldest()]).toEqual([
            model.size,
            model.has(id),
            [...model][0],
          ]);
        }
        expect(listed(queue)).toEqual([...model]);
        expect([...model].map(() => queue.take())).toEqual([...model]);
        expect([queue.size(), queue.take()]).toEqual([0, undefined]);
      }),
    );
  });

  test("70,000 ids in a row, every other of them gone -> the rest, oldest first", () => {
    const ids = Array.from({ length: 70_000 }, (_, n) => leaseId(n * 3));
    const queue = createIdQueue();
    for (const id of ids) queue.add(id);
    for (const id of ids) if (id % 2 === 0) queue.delete(id);
    expect(listed(queue)).toEqual(ids.filter((id) => id % 2 === 1));
  });
});

function listed(queue: IdQueue): readonly LeaseId[] {
  const ids: LeaseId[] = [];
  for (let id = queue.oldest(); id !== undefined; id = queue.after(id)) ids.push(id);
  return ids;
}
