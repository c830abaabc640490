import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { steadyPart } from "./delays.js";
import { isSlow, readSamples, spellsOf, watchProcessor } from "./slow-spells.js";

describe("bench: when the processor was slow", () => {
  test.each([
    { what: "nothing", samples: [], spells: [] },
    { what: "an interrupt", samples: [{ from: 100, to: 104 }], spells: [] },
    { what: "away for long", samples: [{ from: 100, to: 120 }], spells: [{ from: 100, to: 140 }] },
    {
      what: "samples close together, and others later",
      samples: [100, 110, 120, 400, 405, 410].map((from) => ({ from, to: from + 5 })),
      spells: [
        { from: 100, to: 150 },
        { from: 400, to: 430 },
      ],
    },
  ])("spells: $what", ({ samples, spells }) => {
    expect(spellsOf(samples)).toEqual(spells);
  });

  test.each([
    { from: 0, to: 99, slow: false },
    { from: 0, to: 100, slow: true },
    { from: 120, to: 130, slow: true },
    { from: 150, to: 200, slow: true },
    { from: 151, to: 200, slow: false },
  ])("an exchange from $from to $to, slow from 100 to 150 -> $slow", ({ from, to, slow }) => {
    expect(isSlow([{ from: 100, to: 150 }], { from, to })).toBe(slow);
  });

  test("what the watcher prints", () => {
    expect(readSamples("ready\n1796068909.25 1796068912.5\n17960689")).toEqual([
      { from: 1_796_068_909.25, to: 1_796_068_912.5 },
    ]);
  });

  test("what met no slow processor is judged alone", () => {
    const exchanges = [1, 2, 3, 50].map((delay) => ({ from: 100 * delay, to: 101 * delay }));
    const spells = [{ from: 4990, to: 5100 }];
    expect(steadyPart(exchanges, spells)).toEqual({ p99Steady: 3, slowPercent: 25 });
    expect(steadyPart(exchanges, undefined)).toEqual({ p99Steady: NaN, slowPercent: NaN });
  });

  test("the watcher itself: what it finds lies in the time in which it ran", async () => {
    const began = Date.now();
    const watch = await watchProcessor();
    await new Promise((done) => setTimeout(done, 400));
    const spells = await watch.stop();
    expect(spells !== undefined).toBe(spawnSync("chrt", ["-f", "50", "true"]).status === 0);
    for (const { from } of spells ?? []) {
      expect(from).toBeGreaterThanOrEqual(began);
      expect(from).toBeLessThanOrEqual(Date.now());
    }
  });
});
