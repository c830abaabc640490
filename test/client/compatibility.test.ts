import { describe, expect, test } from "vitest";
import { idsOf, type Items, itemsIn, missingTests, unclearItems, wishesIn } from "../compatibility.js";

/** The items of what was observed of Dibbler's client: families and the numbers in each. */
const ITEMS: Items = {
  "C-CFG": [[1, 39]],
  "C-CLI": [[1, 22], "19a", "19b"],
  "C-CLK": [[1, 1]],
  "C-CNF": [[1, 2]],
  "C-DEC": [[1, 1]],
  "C-DL": [[1, 9]],
  "C-DUID": [[1, 6]],
  "C-ENV": [[1, 11]],
  "C-EVT": [[1, 12]],
  "C-EXP": [[1, 4]],
  "C-GRM": [[1, 9]],
  "C-HOOK": [[1, 11]],
  "C-IA": [[1, 4]],
  "C-LEX": [[1, 13]],
  "C-LFT": [[1, 1]],
  "C-LOG": [[1, 6]],
  "C-OPT": [[1, 13]],
  "C-PD": [[1, 7]],
  "C-PERF": [[1, 10]],
  "C-RCF": [[1, 1]],
  "C-REN": [[1, 11]],
  "C-REP": [[1, 13]],
  "C-RST": [[1, 7]],
  "C-RTX": [[1, 8]],
  "C-SEL": [[1, 6]],
  "C-SIG": [[1, 5]],
  "C-SOCK": [[1, 8]],
  "C-ST": [[1, 11]],
  "C-SYS": [[1, 7]],
  "C-WIRE": [[1, 15]],
  "C-XID": [[1, 1]],
  D: [[1, 12]],
  N: [[1, 9]],
  T: [[1, 16]],
};

/** What may be said of an item. */
const VERDICTS = ["same", "fixed", "ours differs", "not supported"];

const items = itemsIn("client/COMPATIBILITY.md");

describe("client/COMPATIBILITY.md", () => {
  test("every item of what Dibbler's client does is there, once", () => {
    expect(items.map(({ id }) => id).toSorted()).toEqual(idsOf(ITEMS));
  });

  test("each says same, fixed, ours differs or not supported, and what that means to somebody", () => {
    expect(unclearItems(items, VERDICTS)).toEqual([]);
  });

  test("what it says is tested: the test is there under that name", () => {
    expect(missingTests(items)).toEqual([]);
  });

  test("what is said to be as it was, or fixed, is tested, but for what cannot be", () => {
    const untested = items.filter(
      ({ verdict, tested }) => ["same", "fixed"].includes(verdict) && tested.length === 0,
    );
    expect(untested.map(({ id }) => id)).toEqual(["C-SIG-4", "C-REP-11", "C-ST-6"]);
  });

  test("the wishes of Dibbler's users are answered, all 20", () => {
    expect(wishesIn("client/COMPATIBILITY.md")).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  });
});
