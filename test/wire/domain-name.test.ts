import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  formatDomainName,
  isFullName,
  parseDomainName,
  sameDomainName,
} from "../../shared/wire/domain-name.js";
import { toHex } from "./vectors.js";

const parsed = (text: string, partial = false): string => {
  const name = parseDomainName(text, { partial });
  return name === undefined ? "none" : toHex(name);
};

describe("domain names", () => {
  test.each([
    ["example.com", "076578616d706c6503636f6d00", "example.com."],
    ["example.com.", "076578616d706c6503636f6d00", "example.com."],
    [".", "00", "."],
    ["a\\.b.c", "03612e62016300", "a\\046b.c."],
    ["\\000\\255\\032", "0300ff2000", "\\000\\255\\032."],
    ["a\\\\b", "03615c6200", "a\\092b."],
    ["é", "02c3a900", "\\195\\169."],
  ])("%s -> %s -> %s", (text, wire, printed) => {
    expect(parsed(text)).toBe(wire);
    const name = parseDomainName(text);
    expect(name && formatDomainName(name)).toBe(printed);
  });

  test.each([
    ["", "none", "an empty name"],
    ["..", "none", "an empty label"],
    [".a", "none", "an empty label in front"],
    ["a..b", "none", "an empty label inside"],
    ["a\\", "none", "an escape without end"],
    ["a\\256", "none", "an escape above 255"],
    ["a\\12", "none", "an escape of two digits"],
    ["a".repeat(64), "none", "a label of 64 octets"],
    [`${"a".repeat(63)}.`.repeat(4), "none", "a name of 257 octets"],
  ])("%s -> %s: %s", (text, expected) => {
    expect(parsed(text)).toBe(expected);
  });

  test("255 octets are the longest name", () => {
    const text = `${"a".repeat(63)}.`.repeat(3) + "a".repeat(61);
    expect(parsed(text)).toHaveLength(2 * 255);
    expect(parsed(`${text}a`)).toBe("none");
  });

  test("a partial name has no root label and prints without a dot", () => {
    expect(parsed("cpe1", true)).toBe("0463706531");
    const name = parseDomainName("cpe1", { partial: true });
    expect(name && [isFullName(name), formatDomainName(name)]).toEqual([false, "cpe1"]);
  });

  test("names are equal whatever the case of their ASCII letters", () => {
    const [upper, lower, other] = ["EXAMPLE.com", "example.COM", "example.net"].map((text) =>
      parseDomainName(text),
    );
    if (upper === undefined || lower === undefined || other === undefined) throw new Error("names");
    expect([sameDomainName(upper, lower), sameDomainName(upper, other)]).toEqual([true, false]);
  });

  test("formatted, then parsed -> the same octets", () => {
    const labels = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 6 });
    fc.assert(
      fc.property(labels, (parts) => {
        const wire = parseDomainName(
          parts
            .map((part) => Array.from(part, (o) => `\\${String(o).padStart(3, "0")}`).join(""))
            .join(".") || ".",
        );
        if (wire === undefined) throw new Error("a name");
        expect(toHex(wire)).toBe(
          parts.map((part) => part.length.toString(16).padStart(2, "0") + toHex(part)).join("") + "00",
        );
        expect(parsed(formatDomainName(wire))).toBe(toHex(wire));
      }),
    );
  });
});
