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

/** Whether tags nest, attributes are quoted, and text has no bare `<`, `>` or `&`; knows no comments. */
function isWellFormed(xml: string): boolean {
  const token = /<(\/?)(\w+)((?: [\w-]+="[^"<&]*")*)(\/?)>|[^<>&]+|&(?:amp|lt|gt);/gy;
  const open: string[] = [];
  let at = 0;
  for (let match = token.exec(xml); match !== null; match = token.exec(xml)) {
    const [, closes, name, , isEmpty] = match;
    at = token.lastIndex;
    if (name === undefined) continue;
    if (closes === "/" && open.pop() !== name) return false;
    if (closes === "" && isEmpty === "") open.push(name);
  }
  return at === xml.length && open.length === 0;
}

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" });

describe("bench: the plot", () => {
  test("is well-formed, with a line and a name per server, and a dot per point", () => {
    const svg = plot("load & loss", curves);
    expect(isWellFormed(svg)).toBe(true);
    const read = parser.parse(svg) as {
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
    expect(isWellFormed(plot("nothing", [{ name: "ours", points: [] }]))).toBe(true);
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
