import { XMLParser } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { plot, ticks } from "./plot.js";

const curves = [
  {
    name: "ours",
    points: [
      { offered: 500, completed: 500 },
      { offered: 1000, completed: 800 },
    ],
  },
  { name: "Kea & <others>", points: [{ offered: 500, completed: 400 }] },
];

/** Throws what is not well-formed, since `parse` is asked to validate. */
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" });

describe("bench: the plot", () => {
  test("is well-formed, with a line and a name per server, and a dot per point", () => {
    const svg = plot("load & loss", curves);
    const read = parser.parse(svg, true) as {
      readonly svg: {
        readonly polyline: readonly { readonly points: string }[];
        readonly circle: readonly unknown[];
        readonly text: readonly { readonly "#text": string }[];
      };
    };
    expect(read.svg.polyline.map(({ points }) => points)).toEqual(["425.0,196.3 780.0,50.0", "425.0,245.0"]);
    expect(read.svg.circle).toHaveLength(3);
    const texts = read.svg.text.map((text) => text["#text"]);
    expect(texts).toEqual(expect.arrayContaining(["load & loss", "ours", "Kea & <others>"]));
  });

  test("is well-formed without any point", () => {
    expect(
      () => parser.parse(plot("nothing", [{ name: "ours", points: [] }]), true) as unknown,
    ).not.toThrow();
  });

  test.each([
    { most: 1, expected: [0, 0.2, 0.4, 0.6, 0.8, 1] },
    { most: 900, expected: [0, 200, 400, 600, 800] },
    { most: 30_000, expected: [0, 5000, 10_000, 15_000, 20_000, 25_000, 30_000] },
  ])("ticks to $most", ({ most, expected }) => {
    const seen = ticks(most);
    expect(seen).toHaveLength(expected.length);
    for (const [index, value] of expected.entries()) expect(seen[index]).toBeCloseTo(value);
  });
});
