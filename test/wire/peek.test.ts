import fc from "fast-check";
import { expect, test } from "vitest";
import { peekType } from "../../shared/wire/peek.js";

const relay = (inner: Uint8Array): Uint8Array =>
  Uint8Array.of(12, 0, ...new Uint8Array(32), 0, 9, inner.length >> 8, inner.length & 0xff, ...inner);

test("octets of any kind: a code or nothing, never an error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 3 }), (octets, depth) => {
      let bytes: Uint8Array = octets;
      for (let n = 0; n < depth; n++) bytes = relay(bytes);
      const expected = octets[0] === 12 ? undefined : octets[0];
      if (octets[0] !== 12) expect(peekType(bytes)).toBe(expected);
      else peekType(bytes);
    }),
    { numRuns: 2000 },
  );
});

test("a relay message that is cut off, or nested deeper than relays may be: nothing", () => {
  expect(peekType(relay(Uint8Array.of(1, 0, 0, 0)).subarray(0, 40))).toBeUndefined();
  let bytes: Uint8Array = Uint8Array.of(1, 0, 0, 0);
  for (let n = 0; n < 12; n++) bytes = relay(bytes);
  expect(peekType(bytes)).toBeUndefined();
});
