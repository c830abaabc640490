import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTails, type Tails } from "../../shared/lease/tails.js";

const anyChange = fc.record({
  id: fc.oneof(fc.nat({ max: 12 }), fc.constantFrom(1023, 1024, 5000)),
  length: fc.oneof(fc.constantFrom(0, 0, 1, 27, 28, 29, 56, 57), fc.nat({ max: 150 }), fc.nat({ max: 1500 })),
  octet: fc.nat({ max: 255 }),
});

describe("tails", () => {
  test("octets set, replaced, taken away, of any length -> each record has its own, as in a plain map", () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 200, size: "max" }), (changes) => {
        const tails = createTails();
        const model = new Map<number, Uint8Array>();
        for (const { id, length, octet } of changes) {
          const octets = Uint8Array.from({ length }, (_, index) => octet + index);
          // Out of the middle of something larger, which is used for something else afterwards.
          const source = Uint8Array.of(99, ...octets, 98);
          if (length === 0 && octet % 2 === 0) tails.clear(id);
          else tails.set(id, source, 1, 1 + length);
          source.fill(97);
          model.set(id, octets);
        }
        for (const id of [...model.keys(), 13, 6000]) {
          expect(octetsOf(tails, id)).toEqual(model.get(id) ?? new Uint8Array(0));
        }
      }),
    );
  });

  test("a copy into a larger array -> only its place there is touched", () => {
    const tails = createTails();
    tails.set(3, new Uint8Array(30).fill(5), 0, 30);
    const into = new Uint8Array(34).fill(1);
    tails.copy(3, into, 2);
    expect(into).toEqual(Uint8Array.of(1, 1, ...new Uint8Array(30).fill(5), 1, 1));
  });

  test("no octets for any record -> no memory", () => {
    const before = process.memoryUsage().arrayBuffers;
    const tails = createTails();
    const none = new Uint8Array(0);
    for (let id = 0; id < 1_000_000; id++) tails.set(id, none, 0, 0);
    for (let id = 0; id < 1_000_000; id++) tails.clear(id);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100_000);
  });

  test("a million times 100 octets set and taken away, then of another length -> memory for one", () => {
    const before = process.memoryUsage().arrayBuffers;
    const tails = createTails();
    const octets = new Uint8Array(1500).fill(7);
    for (let i = 0; i < 1_000_000; i++) {
      tails.set(i % 100, octets, 0, i < 500_000 ? 100 : 130);
      tails.clear(i % 100);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });

  test("a thousand records, replaced again and again by other lengths -> memory for a thousand", () => {
    const before = process.memoryUsage().arrayBuffers;
    const tails = createTails();
    const octets = new Uint8Array(1500).fill(7);
    for (let i = 0; i < 300_000; i++) tails.set(i % 1000, octets, 0, 50 + ((i * 31) % 400));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_500_000);
  });
});

function octetsOf(tails: Tails, id: number): Uint8Array {
  const octets = new Uint8Array(tails.length(id));
  tails.copy(id, octets, 0);
  return octets;
}
