import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createOctetMap, type OctetMap } from "../../shared/octet-map.js";

const SEED = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const keyOf = (...octets: number[]): Uint8Array => Uint8Array.from(octets);
const textOf = (key: Uint8Array): string => [...key].join(" ");
const contentOf = (map: OctetMap<number>): [string, number][] =>
  Array.from(map, ({ key, value }) => [textOf(key), value]);

/** Few keys, some of them the beginning of others, so that they meet again. */
const keys = fc.uint8Array({ maxLength: 3, max: 4 });
const calls = fc.array(fc.tuple(fc.constantFrom("set", "get", "peek", "delete"), keys, fc.nat(99)), {
  maxLength: 400,
});

describe("octet map", () => {
  test("whatever is set, got, deleted -> it answers as a Map of texts would, in the same order", () => {
    fc.assert(
      fc.property(calls, (history) => {
        const map = createOctetMap<number>({ seed: SEED });
        const model = new Map<string, number>();
        for (const [verb, key, value] of history) {
          const text = textOf(key);
          if (verb === "set") {
            map.set(key, value);
            model.set(text, value);
          } else if (verb === "delete") expect(map.delete(key)).toBe(model.delete(text));
          else expect(map[verb](key)).toBe(model.get(text));
          expect(map.size).toBe(model.size);
        }
        expect(contentOf(map)).toEqual([...model]);
      }),
    );
  });

  test("bounded: the entry goes that was set or got least recently; a peek does not count", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), calls, (limit, history) => {
        const map = createOctetMap<number>({ seed: SEED, limit });
        const model = new Map<string, number>();
        const use = (text: string, value: number): void => {
          model.delete(text);
          model.set(text, value);
        };
        for (const [verb, key, value] of history) {
          const text = textOf(key);
          const known = model.get(text);
          if (verb === "set") map.set(key, value);
          else if (verb === "delete") expect(map.delete(key)).toBe(model.delete(text));
          else expect(map[verb](key)).toBe(known);
          if (verb === "set") use(text, value);
          if (verb === "get" && known !== undefined) use(text, known);
          for (const oldest of model.keys()) if (model.size > limit) model.delete(oldest);
        }
        expect(contentOf(map)).toEqual([...model]);
        expect(map.size).toBe(model.size);
      }),
    );
  });

  test("a key that its owner writes over afterwards -> the entry keeps the old one", () => {
    const map = createOctetMap<string>({ seed: SEED });
    // A Buffer: what its slice gives is no copy.
    const key = Buffer.from([1, 2, 3]);
    map.set(key, "value");
    key.fill(9);
    expect([map.get(keyOf(1, 2, 3)), map.get(keyOf(9, 9, 9))]).toEqual(["value", undefined]);
  });

  test("entries deleted while the map is iterated -> those left are visited once each", () => {
    const map = createOctetMap<number>({ seed: SEED });
    for (let n = 0; n < 20; n++) map.set(keyOf(n), n);
    const seen: number[] = [];
    for (const { key, value } of map) {
      seen.push(value);
      map.delete(key);
      map.delete(keyOf(value + 1));
      map.delete(keyOf(value + 2));
    }
    expect(seen).toEqual([0, 3, 6, 9, 12, 15, 18]);
    expect(map.size).toBe(0);
  });

  test("200,000 keys -> each is found, and as quickly as the first ones", () => {
    const map = createOctetMap<number>({ seed: SEED });
    const number = (n: number): Uint8Array => keyOf(n >>> 16, n >>> 8, n);
    for (let n = 0; n < 200_000; n++) map.set(number(n), n);
    for (let n = 0; n < 200_000; n++) if (map.get(number(n)) !== n) expect(map.get(number(n))).toBe(n);
    expect(map.size).toBe(200_000);
  });

  test("a million keys through a map of a thousand -> it holds the last thousand, in hardly more memory", () => {
    const map = createOctetMap<number>({ seed: SEED, limit: 1000 });
    const number = (n: number): Uint8Array => keyOf(n >>> 16, n >>> 8, n);
    for (let n = 0; n < 20_000; n++) map.set(number(n), n);
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 1_000_000; n++) map.set(number(n), n);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64_000_000);
    expect(Array.from(map, ({ value }) => value)).toEqual(
      Array.from({ length: 1000 }, (_, i) => 999_000 + i),
    );
  });
});
