import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLineBuffer } from "../../shared/edge/line-buffer.js";
import { fillTemplate } from "../../shared/edge/log-line.js";
import {
  asDuid,
  asHex,
  asIp6,
  asNumbers,
  asPrefixes,
  formRoom,
  formText,
  type LogForm,
  writeForm,
} from "../../shared/log-form.js";
import { ip6 } from "../../shared/prefix.js";

const address = fc
  .array(fc.constantFrom(0, 0, 0, 1, 0x0a, 0x10, 0xff), { minLength: 16, maxLength: 16 })
  .map((octets) => ip6(Uint8Array.from(octets)));
const prefix = fc.record({ address, length: fc.integer({ min: 0, max: 128 }) });
const u32 = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 0xffffffff }));
const form: fc.Arbitrary<LogForm> = fc.oneof(
  address.map(asIp6),
  fc.uint8Array({ maxLength: 130 }).map(asDuid),
  fc.array(prefix, { maxLength: 5 }).map(asPrefixes),
  fc.array(fc.maxSafeNat(), { maxLength: 20 }).map(asNumbers),
  u32.map(asHex),
);
const text = fc.string({ unit: "binary", maxLength: 20 });
const value = fc.oneof(
  { weight: 3, arbitrary: form },
  text,
  text.map((one) => () => one),
  fc.integer(),
  fc.double(),
  fc.constant(undefined),
);

describe("a value in a form of its own", () => {
  test("written as octets -> the text that it is elsewhere, within its room", () => {
    fc.assert(
      fc.property(form, fc.integer({ min: 0, max: 9 }), (one, at) => {
        const octets = new Uint8Array(at + formRoom(one)).fill(0x21);
        const end = writeForm(octets, at, one);
        expect(end).toBeLessThanOrEqual(octets.length);
        expect(Buffer.from(octets.subarray(at, end)).toString("latin1")).toBe(formText(one));
        expect(octets.subarray(0, at).every((octet) => octet === 0x21)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("lines that wait", () => {
  test("are what fillTemplate makes, in UTF-8, whatever the values", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value, text), { maxLength: 30 }), (lines) => {
        const buffer = createLineBuffer();
        let expected = "";
        for (const [a, b, tail] of lines) {
          const values = { ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) };
          buffer.fill("head ", "é {a}: {b}.", values, tail);
          buffer.fill("head ", "{a}: {b}, {c}", values, "\x1b[0m");
          buffer.add(tail);
          expected += `head ${fillTemplate("é {a}: {b}.", values)}${tail}\n`;
          expected += `head ${fillTemplate("{a}: {b}, {c}", values)}\x1b[0m\n${tail}\n`;
        }
        expect(buffer.size()).toBe(Buffer.byteLength(expected));
        expect(Buffer.from(buffer.take()).toString()).toBe(Buffer.from(expected).toString());
        expect(buffer.size()).toBe(0);
      }),
    );
  });

  test("more than there is room for -> all of them all the same, and room again afterwards", () => {
    const buffer = createLineBuffer();
    const long = "x".repeat(100_000);
    for (const one of [1, 2, 3]) buffer.fill("", "{one} {long}", { one, long }, "");
    expect(Buffer.from(buffer.take()).toString()).toBe(`1 ${long}\n2 ${long}\n3 ${long}\n`);
    buffer.fill("", "{one}", { one: "short" }, "");
    expect(Buffer.from(buffer.take()).toString()).toBe("short\n");
  });
});
