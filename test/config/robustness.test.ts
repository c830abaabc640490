import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLIENT_DIRECTIVES } from "../../shared/config/client-directives.js";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import { type Diagnostic, renderDiagnostic } from "../../shared/config/diagnostics.js";
import { SERVER_DIRECTIVES } from "../../shared/config/server-directives.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import { encodeMessage } from "../../shared/wire/message.js";
import { xid } from "../../shared/brand.js";
import { PD_CLASS } from "./given.js";

const parsers = { server: parseServerConfig, client: parseClientConfig };

const statements = [...SERVER_DIRECTIVES, ...CLIENT_DIRECTIVES].map(({ example }) => example);
const pieces = statements.flatMap((statement) => statement.split(/(\s+|[{}(),;/-])/));
const characters = "{ } ( ) , ; / - \" ' # * = : . % @ \n \t 0 h \u0000 \u{1F986} \u202E".split(" ");

const rightFile = {
  server:
    'script "/x y" T1 5 - 6 option domain a.b , c iface s0 { option dns-server ::1 , ::2 pd-class { ' +
    "pd-pool 2001:db8:: / 40 pd-length 56 } pd-class { pd-pool 3001:db8:: / 40 pd-length 38h } }",
  client:
    'duid-type duid-en 1 0x1234 log-name "a b" iface w { pd 1 { prefix ::1:0:0:0:0 / 64 { } } pd } ' +
    "iface 2 { pd }",
};

/** Text that comes near a configuration: statements, their pieces, marks and noise in any order. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(...statements),
      fc.constantFrom(...pieces),
      fc.constantFrom(...characters),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(" "));

describe.each(["server", "client"] as const)("%s: any text", (role) => {
  const parse = parsers[role];

  test.each([
    ["random", fc.string({ maxLength: 300, unit: "binary" })],
    ["nearly a configuration", nearly],
  ])("%s gives a configuration or an error, and diagnostics that can be printed", (_name, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const { config, diagnostics } = parse(text);
        const isWrong = diagnostics.some(({ severity }) => severity === "error");
        expect(config === undefined).toBe(isWrong);
        for (const diagnostic of diagnostics) checkPlace(diagnostic, text);
      }),
      { numRuns: 2000 },
    );
  });

  test("white space and comments between tokens of a right file change nothing", () => {
    const words = rightFile[role].split(/ (?=(?:[^"]*"[^"]*")*[^"]*$)/);
    const withoutPlaces = (text: string): string =>
      JSON.stringify(parse(text).config).replace(/"at":\{.*?\}/g, "");
    const gap = fc.constantFrom(" ", "\n", "\r\n", "\t", " # x }\n", " /* { */", " // '\n", "\uFEFF");
    const expected = withoutPlaces(rightFile[role]);
    expect(expected).toMatch(/selector/);
    fc.assert(
      fc.property(fc.array(gap, { minLength: words.length, maxLength: words.length }), (gaps) => {
        const text = words.map((word, index) => `${gaps[index] ?? ""}${word}`).join("");
        expect(withoutPlaces(text)).toBe(expected);
      }),
    );
  });
});

test("server: options of any accepted configuration can be sent", () => {
  const numbered = fc.tuple(
    fc.integer({ min: 1, max: 65535 }),
    fc.uint8Array({ minLength: 1, maxLength: 100 }),
  );
  const lines = fc.oneof(
    fc.constantFrom(...statements.filter((statement) => statement.startsWith("option "))),
    numbered.map(([code, octets]) => `option ${code} duid 0x${Buffer.from(octets).toString("hex")}`),
    fc.string({ maxLength: 40 }).map((text) => `option domain "${text}"`),
    fc.string({ maxLength: 1100 }).map((text) => `option time-zone "${text}"`),
  );
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 20 }), (all) => {
      const { config } = parseServerConfig(`iface s0 { ${all.join(" ")} ${PD_CLASS} }`);
      for (const { options } of config?.interfaces ?? []) {
        expect(() =>
          encodeMessage({ form: "message", type: "reply", code: 7, xid: xid(0), options }),
        ).not.toThrow();
      }
    }),
  );
});

test.each([
  ["parentheses", `client-class c { match-if ${"(".repeat(100_000)}`],
  ["substrings", `client-class c { match-if (${"substring(".repeat(100_000)}`],
  ["blocks", "iface s0 { pd-class { ".repeat(50_000)],
  ["unknown blocks", "x { ".repeat(100_000)],
  ["misplaced blocks", "pd-class { ".repeat(100_000)],
  ["a line with mistakes", "@ 1 log-level ".repeat(100_000)],
  ["quotes", `'${"''".repeat(200_000)}`],
  ["hexadecimal digits", "0x".concat("a".repeat(1_000_000))],
  ["colons", ":".repeat(1_000_000)],
  ["a word", "iface".repeat(200_000)],
])("server: no end of %s is no trouble", (_name, text) => {
  const { config, diagnostics } = parseServerConfig(text);
  expect(config).toBeUndefined();
  for (const diagnostic of diagnostics) {
    expect(renderDiagnostic(diagnostic, { file: "server.conf", text }).length).toBeLessThan(800);
  }
});

function checkPlace(diagnostic: Diagnostic, text: string): void {
  const { line, column, length } = diagnostic;
  const lines = text.split("\n");
  expect(line).toBeGreaterThanOrEqual(1);
  expect(line).toBeLessThanOrEqual(lines.length);
  expect(length).toBeGreaterThanOrEqual(1);
  expect(column).toBeLessThanOrEqual(Array.from(lines[line - 1] ?? "").length + 1);
  const printed = renderDiagnostic(diagnostic, { file: "x.conf", text });
  expect(printed.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
}
