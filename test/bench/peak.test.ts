import { describe, expect, test } from "vitest";
import { findPeak, type Point } from "./peak.js";

const rungs = [100, 200, 400, 800];

/** A server that completes this many per second at most. */
const bearing =
  (most: number, asked: number[] = []) =>
  (offered: number): Promise<Point> => {
    asked.push(offered);
    return Promise.resolve({ offered, completed: Math.min(offered, most), borne: offered <= most });
  };

describe("bench: the search for a peak", () => {
  test.each([
    { what: "up, then in between", most: 333, from: 0, rate: 300, asked: [100, 200, 400, 300, 350, 350] },
    { what: "from a rung on", most: 333, from: 250, rate: 300, asked: [200, 400, 300, 350, 350] },
    { what: "down", most: 150, from: 800, rate: 150, asked: [800, 400, 200, 100, 150, 175] },
    { what: "all borne", most: 1000, from: 400, rate: 800, asked: [400, 800] },
    { what: "none borne", most: 5, from: 200, rate: 0, asked: [200, 100] },
  ])("$what", async ({ most, from, rate, asked }) => {
    const seen: number[] = [];
    const peak = await findPeak({ rungs, from, refine: 2, measure: bearing(most, seen) });
    expect({ rate: peak.rate, asked: seen }).toEqual({ rate, asked });
    expect(peak.points.map(({ offered }) => offered)).toEqual(asked);
  });

  test("a rate that is narrowly missed by chance is tried once more", async () => {
    let chances = 1;
    const measure = (offered: number): Promise<Point> => {
      const lucky = offered !== 400 || chances-- <= 0;
      return Promise.resolve({ offered, completed: lucky ? offered : 395, borne: lucky });
    };
    expect((await findPeak({ rungs, from: 400, refine: 0, measure })).rate).toBe(800);
  });
});
