import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { live } from "./life.js";
import { formatNumbers, kindOf, parseNumbers, shorten } from "./story.js";

/** More of them: `npm run sim -- --seeds N`; a failing one as a story: `npm run sim -- --seed S`. */
const CHUNKS = 12;
const CHUNK = 25;

const seedsOf = (chunk: number): readonly number[] =>
  Array.from({ length: CHUNK }, (_, n) => chunk * CHUNK + n + 1);

const hashOf = (lines: readonly string[]): string =>
  createHash("sha256").update(lines.join("\n")).digest("hex");

describe("random worlds", () => {
  test.each(Array.from({ length: CHUNKS }, (_, chunk) => chunk))(
    "25 worlds, chunk %i: nothing happens that must not",
    async (chunk) => {
      const failed: string[] = [];
      for (const seed of seedsOf(chunk)) {
        const { failure } = await live(seed);
        if (failure !== undefined) failed.push(`npm run sim -- --seed ${seed}: ${failure}`);
      }
      expect(failed).toEqual([]);
    },
  );

  test.each([
    [38542, "a Reply that waits for its script grants what a reload has taken away meanwhile"],
    [52380, "a Request after a reload is not told that what its IA had is over"],
    [32851, "a Reply is lost with the server; its lease is advertised, and ends"],
  ])("seed %i: %s", async (seed) => {
    expect((await live(seed)).failure).toBeUndefined();
  });

  test("the same seed gives the same diary, another seed another one", async () => {
    for (const seed of [3, 31, 314]) {
      const [one, two, other] = [await live(seed), await live(seed), await live(seed + 1)];
      expect(hashOf(two.diary)).toBe(hashOf(one.diary));
      expect(hashOf(other.diary)).not.toBe(hashOf(one.diary));
    }
  });

  test("what is left out of a plan does not happen, and the rest happens as it would have", async () => {
    const { plan } = await live(5);
    const all = new Set(plan.items.map((_, index) => index));
    const { diary, failure } = await live(5, all);
    expect(failure).toBeUndefined();
    expect(diary.filter((line) => / client\d+ /.test(line))).toEqual([]);
  });
});

describe("stories", () => {
  test("a world without failure has none", async () => {
    expect(await shorten(1)).toBeUndefined();
  });

  test("numbers of items are written in short, and read again", () => {
    expect(formatNumbers([1, 2, 3, 5, 9, 10])).toBe("1-3,5,9-10");
    expect(parseNumbers("1-3,5,9-10")).toEqual([1, 2, 3, 5, 9, 10]);
    expect(parseNumbers("")).toEqual([]);
  });

  test("the same thing that happens to others is the same kind of failure", () => {
    expect(kindOf("server1 drops 2001:db8::/56 of 00:02:01 before its time")).toBe(
      kindOf("server1 drops 2001:db8:a::1/128 of 00:02:ff before its time"),
    );
    expect(kindOf("1 offers")).not.toBe(kindOf("1 leases in the table"));
  });
});

// They are put in by hand, a few times a year: `npm run sim:bite`.
test("the faults that the simulation is tried with can still be put into the program", () => {
  const { stderr, status } = spawnSync(process.execPath, ["test/sim/bite.mjs", "--check"], {
    encoding: "utf8",
  });
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
});
