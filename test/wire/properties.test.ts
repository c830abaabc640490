import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { xid } from "../../shared/brand.js";
import { clientServerMessage, decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { OPTION_NAMES, rawOption } from "../../shared/wire/options.js";
import { printMessage, printMessageTree } from "../../shared/wire/print.js";
import { GENERATORS, messageOf, optionOf } from "./generators.js";
import { loadVectors, toHex } from "./vectors.js";

const vectors = loadVectors();

describe("codec: what we make", () => {
  test("every row of the option table has a generator", () => {
    expect(Object.keys(GENERATORS)).toEqual(OPTION_NAMES);
  });

  test.each(OPTION_NAMES)("%s: encode, decode -> the same value, no fault", (name) => {
    fc.assert(
      fc.property(optionOf(name, 2), (option) => {
        const message = clientServerMessage("reply", xid(1), [option]);
        expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
      }),
      { numRuns: 25 },
    );
  });

  test("message: encode, decode -> the same message, no fault", () => {
    fc.assert(
      fc.property(messageOf(4), (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual({ ok: true, message, faults: [] });
      }),
      { numRuns: 1500 },
    );
  });

  test("message: printed as a tree -> a line for the message and for each option, on one line -> one", () => {
    fc.assert(
      fc.property(messageOf(3), (message) => {
        const indented = printMessageTree(message)
          .split("\n  ")
          .filter((line) => !line.startsWith(" "));
        expect(indented).toHaveLength(1 + message.options.length);
        expect(printMessage(message)).not.toContain("\n");
      }),
      { numRuns: 200 },
    );
  });
});

describe("codec: what others send", () => {
  test("any octets -> a message that encodes to them, or a fault", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), isIdentityOrFault), { numRuns: 3000 });
  });

  test("registered options with any data -> a message that encodes to them, or a fault", () => {
    const option = fc
      .tuple(fc.nat(155), fc.uint8Array({ maxLength: 60 }))
      .map(([code, data]) => rawOption(code, data));
    const packet = fc
      .tuple(fc.integer({ min: 1, max: 37 }), fc.array(option, { maxLength: 8 }))
      .map(([code, options]) => {
        const bytes = encodeMessage(clientServerMessage("solicit", xid(1), options));
        bytes[0] = code;
        return bytes;
      });
    fc.assert(fc.property(packet, isIdentityOrFault), { numRuns: 5000 });
  });

  test("every vector cut at every place -> identity or a fault", () => {
    for (const { bytes } of vectors) {
      for (let length = 0; length < bytes.length; length++) isIdentityOrFault(bytes.subarray(0, length));
    }
  });

  test("every vector with every bit flipped, one at a time -> identity or a fault", () => {
    for (const vector of vectors) {
      const bytes = Uint8Array.from(vector.bytes);
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        flip(bytes, bit);
        isIdentityOrFault(bytes);
        flip(bytes, bit);
      }
    }
  });

  test("vectors with pieces replaced, put in and left out -> identity or a fault, and printable", () => {
    const edit = fc.record({ at: fc.nat(2000), remove: fc.nat(20), put: fc.uint8Array({ maxLength: 20 }) });
    const mutant = fc
      .tuple(fc.constantFrom(...vectors), fc.array(edit, { minLength: 1, maxLength: 4 }))
      .map(([{ bytes }, edits]) => edits.reduce(splice, bytes));
    fc.assert(
      fc.property(mutant, (bytes) => {
        isIdentityOrFault(bytes);
        const decoded = decodeMessage(bytes);
        if (decoded.ok) expect(printMessage(decoded.message)).not.toContain("\n");
      }),
      { numRuns: 5000 },
    );
  });
});

/** Fails unless the octets are refused with a fault inside them or survive decoding and encoding. */
function isIdentityOrFault(bytes: Uint8Array): void {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) {
    if (decoded.fault.offset <= bytes.length) return;
    throw new Error(`fault behind the end of ${toHex(bytes)}`);
  }
  const again = encodeMessage(decoded.message);
  if (Buffer.compare(again, bytes) !== 0) throw new Error(`${toHex(bytes)} became ${toHex(again)}`);
}

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

function splice(
  bytes: Uint8Array,
  { at, remove, put }: { readonly at: number; readonly remove: number; readonly put: Uint8Array },
): Uint8Array {
  const start = at % (bytes.length + 1);
  return Uint8Array.of(...bytes.subarray(0, start), ...put, ...bytes.subarray(start + remove));
}
