import { expect, test } from "vitest";
import { nearest } from "../../shared/config/suggest.js";

const words = ["pd-pool", "pd-length", "preference", "T1", "iface", "script"];

test.each([
  ["pd-lenght", "pd-length"],
  ["PD_POOL", "pd-pool"],
  ["prefrence", "preference"],
  ["sript", "script"],
  ["t3", "T1"],
  ["interface", undefined],
  ["foo", undefined],
  ["", undefined],
])("suggest: %j -> %s", (word, expected) => {
  expect(nearest(word, words)).toBe(expected);
});

test("suggest: the nearest wins, and the first of equals", () => {
  expect(nearest("pd-poll", ["pd-roll", "pd-pool"])).toBe("pd-roll");
  expect(nearest("pd-pol", ["pd-roll", "pd-pool"])).toBe("pd-pool");
});
