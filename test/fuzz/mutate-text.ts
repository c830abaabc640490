import { changeList, draw, type Means, oneOf } from "./mutate-octets.js";

/** Numbers at which something ends. */
const NUMBERS = [
  "0",
  "-0",
  "-1",
  "1",
  "2",
  "9",
  "31",
  "32",
  "63",
  "64",
  "65",
  "127",
  "128",
  "129",
  "255",
  "256",
  "65535",
  "65536",
  "2147483647",
  "2147483648",
  "4294967295",
  "4294967296",
  "9007199254740993",
  "99999999999999999999",
  "0x10",
  "1e9",
  "1e999",
  "00",
  "1.5",
  "NaN",
  "infinity",
] as const;
const MARKS = Array.from("{}()[]<>\"'\\/#;:,.=%&|!*+-_ \t\n\r\0\u00fc\u{1F986}\u202e\ufeff");

/** A change that regards lines, words and numbers. */
export function changeText(input: Uint8Array, means: Means): Uint8Array {
  const { chance, tokens, other, limit } = means;
  const text = Buffer.from(input).toString("utf8");
  const changed = change();
  return new Uint8Array(Buffer.from(changed.slice(0, limit)));

  function change(): string {
    const at = draw(chance, text.length + 1);
    switch (draw(chance, 9)) {
      case 0:
        return changeList(text.split("\n"), means, (line) => line + line).join("\n");
      case 1: {
        const line = oneOf(chance, Buffer.from(other).toString("utf8").split("\n")) ?? "";
        return `${text.slice(0, at)}${line}${text.slice(at)}`;
      }
      case 2:
        return replaceOne(/\d+/g, oneOf(chance, NUMBERS) ?? "");
      case 3:
        return replaceOne(/[\w:.-]+/g, wordOf());
      case 4:
        return changeList(text.split(/(\s+|[{}()<>"=,;])/), means, wordOf).join("");
      case 5:
        return text.slice(0, at) + wordOf() + text.slice(at);
      case 6:
        return text.slice(0, at) + (oneOf(chance, MARKS) ?? "") + text.slice(at);
      case 7: {
        const piece = text.slice(at, at + (1 << draw(chance, 6)));
        const times = Math.min(1 << draw(chance, 12), Math.floor(limit / (piece.length + 1)));
        return text.slice(0, at) + piece.repeat(times) + text.slice(at);
      }
      default:
        return text.slice(0, at) + text.slice(at + (1 << draw(chance, 6)));
    }
  }

  function wordOf(): string {
    const token = oneOf(chance, tokens);
    if (token !== undefined && chance.happens(0.7)) return Buffer.from(token).toString("utf8");
    return oneOf(chance, text.split(/\s+/)) ?? "";
  }

  function replaceOne(pattern: RegExp, by: string): string {
    const found = oneOf(chance, [...text.matchAll(pattern)]);
    if (found === undefined) return text + by;
    return text.slice(0, found.index) + by + text.slice(found.index + found[0].length);
  }
}
