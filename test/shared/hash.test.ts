import { describe, expect, test } from "vitest";
import { createKeyedHash } from "../../shared/hash.js";

const count = (octets: number): Uint8Array => Uint8Array.from({ length: octets }, (_, index) => index);

describe("keyed hash", () => {
  // The first vectors of the Linux kernel's own test of HalfSipHash-1-3 (lib/siphash_kunit.c).
  test.each([
    [0, 0x5814c896],
    [1, 0xe7e864ca],
    [2, 0xbc4b0e30],
    [3, 0x01539939],
    [4, 0x7e059ea6],
    [5, 0x88e3d89b],
    [6, 0xa0080b65],
    [7, 0x9d38d9d6],
    [8, 0x577999b1],
    [9, 0xc839caed],
    [10, 0xe4fa32cf],
    [11, 0x959246ee],
  ])("octets 00 01 .. of length %i under key 00..07 -> the published value", (length, expected) => {
    const hash = createKeyedHash(count(8));
    expect(hash(count(length), 0, length) >>> 0).toBe(expected);
  });
});
