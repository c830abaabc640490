import { describe, expect, test } from "vitest";
import { idsOf, type Items, itemsIn, unclearItems, wishesIn } from "../compatibility.js";

/** The items of what was observed of Dibbler's server: families and the numbers in each. */
const ITEMS: Items = {
  "S-CCH": [[1, 4]],
  "S-CFG": [
    [1, 19],
    [30, 42],
    [50, 54],
    [60, 67],
    [70, 79],
    [90, 90],
  ],
  "S-CLI": [[1, 13]],
  "S-CLS": [[1, 4]],
  "S-DB": [
    [1, 15],
    [20, 20],
    [30, 31],
  ],
  "S-FIL": [[1, 14]],
  "S-GRM": [[1, 4]],
  "S-HK": [
    [1, 7],
    [20, 20],
    [30, 35],
  ],
  "S-KEY": [[1, 1]],
  "S-LEX": [[1, 15]],
  "S-LOG": [[1, 6]],
  "S-LOOP": [[1, 3]],
  "S-LQ": [[1, 4]],
  "S-MSG": [
    [1, 8],
    [10, 11],
    [20, 25],
    [30, 32],
    [40, 43],
    [50, 51],
    [60, 62],
    [70, 73],
    [80, 80],
    [90, 92],
    [100, 103],
  ],
  "S-NET": [
    [1, 5],
    [10, 10],
    [20, 25],
  ],
  "S-OPT": [[1, 19]],
  "S-PD": [
    [1, 16],
    [20, 21],
    [30, 30],
  ],
  "S-RCF": [[1, 5]],
  "S-REL": [[1, 12]],
  "S-RUN": [[1, 6]],
  "S-SCP": [[1, 7]],
  "S-SEC": [[1, 20]],
  "S-SIG": [[1, 4]],
  "S-ST": [[1, 10]],
  "S-VAL": [[1, 8]],
  "S-VER": [[1, 8]],
};

/** What may be said of an item. */
const VERDICTS = ["same", "fixed", "ours differs", "not supported"];

const items = itemsIn("server/COMPATIBILITY.md");

describe("server/COMPATIBILITY.md", () => {
  test("every item of what Dibbler's server does is there, once", () => {
    expect(items.map(({ id }) => id).toSorted()).toEqual(idsOf(ITEMS));
  });

  test("each says same, fixed, ours differs or not supported, and what that means to somebody", () => {
    expect(unclearItems(items, VERDICTS)).toEqual([]);
  });

  test("the wishes of Dibbler's users are answered, all 25", () => {
    const wishes = Array.from({ length: 25 }, (_, i) => i + 1);
    expect(wishesIn("server/COMPATIBILITY.md")).toEqual(wishes);
  });
});
