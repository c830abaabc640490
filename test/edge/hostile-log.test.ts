import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CATALOGUE, type CatalogueRow, type LogId } from "../../shared/catalogue.js";
import { createLineFormat, fillTemplate } from "../../shared/edge/log-line.js";
import { createJsonFormat } from "../../shared/edge/json-line.js";

/** What no value may bring into a log: ends of lines, commands to terminals, hidden or turned text. */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What strangers might send to somebody who reads logs, besides any text there is. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "\u001b]0;owned\u0007\u001b[2J",
    "x\n2026.11.23 16:01:44 Server Critical  forged",
    "x\r\n\v\f\u0085\u2028\u2029",
    "\u202egnp.exe\u2066\u061c\u200f",
    "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e",
    "\u{e0001}\u{e0041}\ud800",
    "\u009b31m\u0000\u007f",
    "{prefix}{client}$&$1",
    '","id":"FORGED"}\n{"level":"critical"',
  ),
);

const rows: readonly (readonly [LogId, CatalogueRow])[] = Object.entries(CATALOGUE) as [
  LogId,
  CatalogueRow,
][];
const namesIn = (text: string): readonly string[] => [
  ...new Set(Array.from(text.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name)),
];

describe("a value that a stranger has chosen, in every line of the catalogue", () => {
  const line = createLineFormat({ mode: "full", name: "Server", colors: false });
  const json = createJsonFormat("Server");

  test.each(rows)("%s: one line without harm, and what is harmless is as it was", (id, { level, text }) => {
    const names = namesIn(text);
    fc.assert(
      fc.property(fc.array(hostile, { minLength: names.length, maxLength: names.length }), (values) => {
        const filled = Object.fromEntries(names.map((name, i) => [name, values[i] ?? ""]));
        const sentence = fillTemplate(text, filled);
        expect(line(level, sentence, 0)).not.toMatch(HARMFUL);
        for (const value of values) if (!HARMFUL.test(value)) expect(sentence).toContain(value);
        const object = json(level, id, sentence, filled);
        expect(object).not.toMatch(HARMFUL);
        const read: unknown = JSON.parse(object);
        expect(read).toMatchObject({ id, msg: sentence });
        for (const [i, name] of names.entries())
          if (!/\p{Cs}/u.test(values[i] ?? "")) expect(read).toMatchObject({ [name]: values[i] });
      }),
      { numRuns: 20 },
    );
  });
});
