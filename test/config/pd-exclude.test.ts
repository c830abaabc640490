import { describe, expect, test } from "vitest";
import { formatPrefix } from "../../shared/prefix.js";
import { errors, pdClass, warnings } from "./given.js";

/** `pd-exclude`: which part of every delegated prefix is not delegated (RFC 6603). */

const inClass = (lines: string): string =>
  `iface s0 { pd-class { pd-pool 2001:db8:1000::/40 pd-pool 2001:db8:2000::/40 pd-length 56 ${lines} } }`;

describe("pd-exclude", () => {
  test.each([
    ["none", "", undefined],
    ["the last /64", "pd-exclude 0:0:0:ff::/64", "0:0:0:ff::/64"],
    ["the first /64", "pd-exclude ::/64", "::/64"],
    ["one bit more than is delegated", "pd-exclude 0:0:0:80::/57", "0:0:0:80::/57"],
    ["a single address", "pd-exclude ::1/128", "::1/128"],
    ["with the bits of a pool", "pd-exclude 2001:db8:1000:1::/64", "2001:db8:1000:1::/64"],
    ["with the bits of another pool", "pd-exclude 2001:db8:2000:1::/64", "2001:db8:2000:1::/64"],
    ["the last of two", "pd-exclude ::/64 pd-exclude 0:0:0:1::/64", "0:0:0:1::/64"],
  ])("%s", (_name, lines, expected) => {
    const { exclude } = pdClass(inClass(lines));
    expect(exclude && formatPrefix(exclude)).toBe(expected);
    expect(warnings("server", inClass(lines))).toEqual([]);
  });

  test("before pd-length in the block", () => {
    const { exclude } = pdClass("iface s0 { pd-class { pd-exclude ::/60 pd-length 56 pd-pool ::/40 } }");
    expect(exclude && formatPrefix(exclude)).toBe("::/60");
  });

  test("bits beyond the length are left out", () => {
    const text = inClass("pd-exclude 0:0:0:ff::1/64");
    const { exclude } = pdClass(text);
    expect(exclude && formatPrefix(exclude)).toBe("0:0:0:ff::/64");
    expect(warnings("server", text)).toEqual([
      "1:90 ::ff:0:0:0:1/64 has bits beyond its length: 0:0:0:ff::/64 is excluded",
    ]);
  });

  test.each([
    [
      "as long as what is delegated",
      "::/56",
      "1:90 what is excluded must be longer than the delegated prefixes, which are /56",
    ],
    ["shorter", "::/48", "1:90 what is excluded must be longer than the delegated prefixes, which are /56"],
    [
      "of no pool",
      "2001:db8:3000:ff::/64",
      "1:90 the first 56 bits of 2001:db8:3000:ff::/64 must be zero, or those of a pool",
    ],
    [
      "of one delegated prefix",
      "2001:db8:1000:1ff::/64",
      "1:90 the first 56 bits of 2001:db8:1000:1ff::/64 must be zero, or those of a pool",
    ],
    ["longer than an address", "::/129", '1:104 expected a number from 1 to 128, found "129"'],
  ])("%s: an error", (_name, excluded, error) => {
    expect(errors("server", inClass(`pd-exclude ${excluded}`))).toEqual([error]);
  });
});
