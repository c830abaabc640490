import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { formatIp6, ip6, parseIp6 } from "../../shared/prefix.js";

/** Mostly zeros, so that there are gaps of every length at every place. */
const octet = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.nat({ max: 255 }) },
);
const address = fc.oneof(
  fc.array(octet, { minLength: 16, maxLength: 16 }),
  fc.array(fc.nat({ max: 255 }), { minLength: 16, maxLength: 16 }),
);

describe("text of an address", () => {
  it("any address -> as a general library writes it, and read back as it was", () => {
    fc.assert(
      fc.property(address, (octets) => {
        const text = formatIp6(ip6(Uint8Array.from(octets)));
        expect(text).toBe(new ipaddr.IPv6(octets).toRFC5952String());
        expect([...(parseIp6(text) ?? [])]).toEqual(octets);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["::", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["fe80:0:0:0:ABCD:0:0:0", "fe80::abcd:0:0:0"],
    ["fe80:0:0:ABCD:0:0:0:0", "fe80:0:0:abcd::"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["::192.0.2.1", "::c000:201"],
    ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
    ["1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"],
  ])("%s -> %s (RFC 4291 2.2, RFC 5952 4.2)", (text, expected) => {
    expect(formatIp6(parseIp6(text) ?? ip6(new Uint8Array(16).fill(255)))).toBe(expected);
  });
});
