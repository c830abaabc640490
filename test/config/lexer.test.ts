import { describe, expect, test } from "vitest";
import { lex } from "../../shared/config/lexer.js";

const tokens = (text: string): string[] =>
  lex(text)
    .tokens.slice(0, -1)
    .map(({ kind, text: written }) => `${kind} ${written}`);

describe("lexer: one token", () => {
  test.each([
    ["iface", "word"],
    ["eth0.100", "word"],
    ["qg-12345678-ab", "word"],
    ["br_lan", "word"],
    ["e", "word"],
    ["nis+-server", "word"],
    ["client.vendor-spec.en", "word"],
    ["1234", "number"],
    ["3e8h", "number"],
    ["0AH", "number"],
    ["0x10", "bytes"],
    ["0x123", "bytes"],
    ["00:01:02", "colons"],
    ["00:01:02:03:04:05:06:07", "colons"],
    ["2001:db8::", "colons"],
    ["::ffff:192.0.2.1", "colons"],
    ["dead::beef", "colons"],
    ['"a {b} # c"', "string"],
    ["'it''s'", "string"],
    ['"two\nlines"', "string"],
    ["==", "mark"],
    ["{", "mark"],
    ["10.0.0.1", "junk"],
    ["64abc", "junk"],
    ["0xZZ", "junk"],
    ["fe80::1%eth0", "junk"],
    ["eth0:1", "junk"],
    ["@home", "junk"],
  ])("%s is %s", (text, kind) => {
    expect(tokens(text)).toEqual([`${kind} ${text}`]);
  });
});

describe("lexer: where tokens end", () => {
  test.each([
    ["10-20", ["number 10", "mark -", "number 20"]],
    ["10 - 20", ["number 10", "mark -", "number 20"]],
    ["2001:db8::1-2001:db8::ff", ["colons 2001:db8::1", "mark -", "colons 2001:db8::ff"]],
    ["2001:db8::/40", ["colons 2001:db8::", "mark /", "number 40"]],
    ["5-0x0102", ["number 5", "mark -", "bytes 0x0102"]],
    ["a,b", ["word a", "mark ,", "word b"]],
    ["en==5)", ["word en", "mark ==", "number 5", "mark )"]],
    ["iface s0{pd}", ["word iface", "word s0", "mark {", "word pd", "mark }"]],
    ["a # b\nc // d\ne /* f\n g */ h", ["word a", "word c", "word e", "word h"]],
    ["a/*x*/b", ["word a", "word b"]],
    ["\uFEFFa\r\nb\tc", ["word a", "word b", "word c"]],
    ["/tmp/x", ["mark /", "word tmp", "mark /", "word x"]],
  ])("%j", (text, expected) => {
    expect(tokens(text)).toEqual(expected);
  });

  test("the first token of a line knows it", () => {
    const firsts = lex("a b\n  c /* \n */ d").tokens.map(({ text, first }) => `${text}${first ? "!" : ""}`);
    expect(firsts).toEqual(["a!", "b", "c!", "d!", "!"]);
  });

  test("an open comment swallows the rest and is reported", () => {
    const { tokens: found, openComment } = lex("a /* b");
    expect(found.map(({ text }) => text)).toEqual(["a", ""]);
    expect(openComment).toEqual({ start: 2, end: 4 });
  });

  test("an open quote ends at its line, and so do all strings then", () => {
    const { openStrings } = lex('a "b\nc "d" e');
    expect(openStrings).toEqual([{ start: 2, end: 4 }]);
    expect(tokens('a "b\nc "d" e')).toEqual(["word a", 'string "b', "word c", 'string "d"', "word e"]);
  });
});
