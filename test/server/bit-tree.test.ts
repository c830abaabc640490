import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBitTree } from "../../server/bit-tree.js";

describe("bit tree", () => {
  test("finds, fills and clears as a plain array of booleans does", () => {
    const sizes = fc.constantFrom(1, 2, 31, 32, 33, 64, 1000, 1024, 1025, 32 * 32 * 32 + 7);
    const change = fc.record({
      fill: fc.boolean(),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      long: fc.nat(),
    });
    fc.assert(
      fc.property(sizes, fc.array(change, { maxLength: 40 }), fc.nat(), (size, changes, probe) => {
        const tree = createBitTree(size);
        const model = new Array<boolean>(size).fill(false);
        for (const { fill, at, long } of changes) {
          const from = Math.min(size - 1, Math.floor(at * size));
          const to = Math.min(size, from + 1 + (long % (size < 100 ? 40 : 3000)));
          if (fill) tree.fill(from, to);
          else tree.clear(from, to);
          model.fill(fill, from, to);
          const start = (probe + from) % size;
          expect(tree.nextFree(start)).toBe(nextFree(model, start));
          expect(tree.isTaken(start)).toBe(model[start]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("a full tree of 2^24 places says so, and finds the one that is freed", () => {
    const tree = createBitTree(2 ** 24);
    tree.fill(0, 2 ** 24);
    expect(tree.nextFree(12_345)).toBe(-1);
    tree.clear(7_654_321, 7_654_322);
    expect([tree.nextFree(0), tree.nextFree(7_654_322)]).toEqual([7_654_321, 7_654_321]);
  });
});

function nextFree(model: readonly boolean[], start: number): number {
  const after = model.indexOf(false, start);
  return after >= 0 ? after : model.indexOf(false);
}
