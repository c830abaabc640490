import { describe, expect, test } from "vitest";
import { createChance } from "../sim/chance.js";
import { loadVectors } from "../wire/vectors.js";
import { mutate, type Shape } from "./mutate.js";
import { joinParts, splitParts } from "./script.js";
import { type Counters, createSearch, fewest, shrink } from "./search.js";
import { octetsOf, target } from "./target.js";

const SHAPES: readonly Shape[] = ["octets", "text", "message", "stream", "script"];
const message = loadVectors().find(({ file }) => file.startsWith("s21"))?.bytes ?? new Uint8Array(0);

/** A program that counts its blocks as an instrumented one does, and fails at its innermost. */
function deepProgram(): { readonly counters: Counters; readonly run: (input: Uint8Array) => void } {
  const octets = new Uint8Array(64);
  const count = (at: number): void => {
    octets[at] = (octets[at] ?? 0) + 1;
  };
  return {
    counters: { octets, used: 64 },
    run(input) {
      for (const [at, wanted] of [0x44, 0x48, 0x43, 0x50].entries()) {
        if (input[at] !== wanted) return;
        count(at + 1);
      }
      throw new Error("found");
    },
  };
}

describe("fuzz: search", () => {
  test("goes on from what led somewhere new: finds a word of four octets that no chance would", () => {
    const { counters, run } = deepProgram();
    const facts = { name: "deep", entries: [], covers: [], seeds: () => [], run };
    const search = createSearch(target({ ...facts, shape: "octets" }), [new Uint8Array(6)], 3, counters);
    const find = (): number => {
      for (let runs = 1; runs < 200_000; runs++) {
        const input = search.next();
        try {
          run(input);
        } catch {
          return runs;
        }
        search.learn(input);
      }
      return Infinity;
    };
    expect(find()).toBeLessThan(200_000);
    expect(search.reached()).toEqual([1, 2, 3]);
  });

  test("the same seed gives the same inputs, another one others", () => {
    const draw = (seed: number): readonly string[] => {
      const facts = { name: "t", entries: [], covers: [], seeds: () => [], run: () => undefined };
      const search = createSearch(target({ ...facts, shape: "message" }), [message], seed);
      return Array.from({ length: 50 }, () => Buffer.from(search.next()).toString("hex"));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  test("a failing input shrinks to what makes it fail", async () => {
    const input = octetsOf("all of this and the fault in it, and much more behind it");
    const fails = (smaller: Uint8Array): Promise<boolean> =>
      Promise.resolve(Buffer.from(smaller).includes("fault"));
    expect(Buffer.from(await shrink(input, fails)).toString()).toBe("fault");
  });

  test("of a corpus the smallest inputs are kept that reach what others do not, those first that reach most", async () => {
    const { counters, run } = deepProgram();
    const quietly = (input: Uint8Array): Promise<void> => {
      run(input);
      return Promise.resolve();
    };
    const kept = async (given: readonly string[], most?: number): Promise<readonly string[]> => {
      const inputs = ["DHx", "Dx", "DHC", "DHCx", "x"].map(octetsOf);
      const found = await fewest(inputs, given.map(octetsOf), quietly, counters, most);
      return found.map((input) => Buffer.from(input).toString());
    };
    expect(await kept([])).toEqual(["Dx", "DHx", "DHC"]);
    expect(await kept(["DH"])).toEqual(["DHC"]);
    expect(await kept([], 1)).toEqual(["Dx"]);
  });
});

describe("fuzz: changed inputs", () => {
  test.each(SHAPES)("%s: never longer than the limit, whatever they are made of", (shape) => {
    const chance = createChance(5);
    const tokens = [octetsOf("token"), new Uint8Array(100)];
    for (const begun of [new Uint8Array(0), message, octetsOf("a 1\nb {\n}"), new Uint8Array(300)]) {
      let input = begun;
      for (let n = 0; n < 300; n++) {
        input = mutate(input, shape, { chance, tokens, other: message, limit: 300 });
        expect(input.length).toBeLessThanOrEqual(300);
      }
    }
  });

  test("a changed message is one as a rule: most can still be taken apart to their end", () => {
    const chance = createChance(6);
    const means = { chance, tokens: [], other: message, limit: 65_536 };
    const changed = Array.from({ length: 400 }, () => mutate(message, "message", means));
    const whole = changed.filter((bytes) => endsWell(bytes));
    expect(whole.length).toBeGreaterThan(100);
  });

  test("a script: what is put together is taken apart again, and any octets are a script", () => {
    const script = {
      setting: 3,
      parts: [
        { op: 1, payload: message },
        { op: 200, payload: new Uint8Array(0) },
      ],
    };
    expect(splitParts(joinParts(script))).toEqual(script);
    expect(splitParts(Uint8Array.of(9, 1, 0xff, 0xff, 7))).toEqual({
      setting: 9,
      parts: [{ op: 1, payload: Uint8Array.of(7) }],
    });
  });
});

/** True when the lengths of the outermost options lead exactly to the end. */
function endsWell(bytes: Uint8Array): boolean {
  let at = bytes[0] === 12 || bytes[0] === 13 ? 34 : 4;
  while (at + 4 <= bytes.length) at += 4 + (((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
  return at === bytes.length;
}
