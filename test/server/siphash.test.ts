import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createSipHash } from "../../server/siphash.js";

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);

describe("siphash", () => {
  // Key 00..0f, messages of n octets 00, 01, ...: checked against OpenSSL; 15 octets is the paper's own
  // example.
  const answers: readonly (readonly [octets: number, hash: string])[] = [
    [0, "726fdb47dd0e0e31"],
    [1, "74f839c593dc67fd"],
    [7, "ab0200f58b01d137"],
    [8, "93f5f5799a932462"],
    [15, "a129ca6149be45e5"],
    [63, "958a324ceb064572"],
  ];
  test.each(answers)("of %i octets -> %s", (octets, expected) => {
    const { high, low } = createSipHash(counting(16))(counting(octets));
    expect(hex(high) + hex(low)).toBe(expected);
  });

  test("agrees with 64-bit arithmetic for any key and message", () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 140 }), (octets, message) => {
        const { high, low } = createSipHash(octets)(message);
        expect((BigInt(high) << 32n) | BigInt(low)).toBe(reference(octets, message));
      }),
    );
  });

  test("a key of another size is refused", () => {
    expect(() => createSipHash(new Uint8Array(15))).toThrow("16 octets");
  });
});

const hex = (word: number): string => word.toString(16).padStart(8, "0");

/** SipHash-2-4 as in the paper. */
function reference(key: Uint8Array, message: Uint8Array): bigint {
  const word = (octets: Uint8Array): bigint =>
    octets.reduceRight((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  const k0 = word(key.subarray(0, 8));
  const k1 = word(key.subarray(8));
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn];
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n];
  const cut = (value: bigint): bigint => BigInt.asUintN(64, value);
  const turn = (value: bigint, bits: bigint): bigint => cut((value << bits) | (value >> (64n - bits)));
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      v0 = cut(v0 + v1);
      v1 = turn(v1, 13n) ^ v0;
      v0 = turn(v0, 32n);
      v2 = cut(v2 + v3);
      v3 = turn(v3, 16n) ^ v2;
      v0 = cut(v0 + v3);
      v3 = turn(v3, 21n) ^ v0;
      v2 = cut(v2 + v1);
      v1 = turn(v1, 17n) ^ v2;
      v2 = turn(v2, 32n);
    }
  };
  const padded = new Uint8Array((message.length | 7) + 1);
  padded.set(message);
  padded[padded.length - 1] = message.length;
  for (let at = 0; at < padded.length; at += 8) {
    const block = word(padded.subarray(at, at + 8));
    v3 ^= block;
    rounds(2);
    v0 ^= block;
  }
  v2 ^= 0xffn;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}
