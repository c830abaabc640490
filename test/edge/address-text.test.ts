import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAddressWriter, parseSender } from "../../shared/edge/address-text.js";
import { formatIp6, ip6, parseIp6 } from "../../shared/prefix.js";

const anyAddress = fc
  .array(fc.constantFrom(0, 0, 1, 0x0a, 0xfe, 0xff, 0x80), { minLength: 16, maxLength: 16 })
  .map((octets) => ip6(Uint8Array.from(octets)));

describe("address text: sender of a datagram", () => {
  it.each([
    ["::", "00000000000000000000000000000000"],
    ["::1", "00000000000000000000000000000001"],
    ["fe80::1%eth0", "fe800000000000000000000000000001"],
    ["fe80::%3", "fe800000000000000000000000000000"],
    ["FE80::f816:3eFF:fe27:a59c%qg-1f2e3d4c-5b", "fe80000000000000f8163efffe27a59c"],
    ["2001:db8:1:2:3:4:5:6", "20010db8000100020003000400050006"],
    ["::ffff:192.0.2.1", "00000000000000000000ffffc0000201"],
    ["::192.0.2.1", "000000000000000000000000c0000201"],
  ])("%s -> %s", (text, expected) => {
    expect(Buffer.from(parseSender(text) ?? []).toString("hex")).toBe(expected);
  });

  it.each([
    "",
    ":",
    ":::",
    "1",
    "1:2",
    "::1::",
    "1:2:3:4:5:6:7:8:",
    "1:2:3:4:5:6:7:8:9",
    "::1:2:3:4:5:6:7:8",
    "fffff::",
    "g::",
    ":1::",
    "::300.0.2.1",
    "eth0",
  ])("%j is none", (text) => {
    expect(parseSender(text)).toBeUndefined();
  });

  it("reads every address as it is printed, with and without zone", () => {
    fc.assert(
      fc.property(anyAddress, (address) => {
        expect(parseSender(formatIp6(address))).toEqual(address);
        expect(parseSender(`${formatIp6(address)}%eth0`)).toEqual(address);
      }),
    );
  });

  it("any text gives an address of 16 octets or none", () => {
    const alphabet = fc.string({ unit: fc.constantFrom(":", "::", "0", "f", "ffff", ".", "1", "%", "é") });
    fc.assert(
      fc.property(fc.oneof(alphabet, fc.string()), (text) => {
        const read = parseSender(text);
        if (read === undefined) return;
        expect(read).toHaveLength(16);
        // Where the general parser reads it as well, both agree.
        const zoneless = text.split("%", 1)[0] ?? "";
        if (isIPv6(zoneless)) expect(read).toEqual(parseIp6(zoneless));
      }),
    );
  });
});

describe("address text: destination of a datagram", () => {
  it("prints what the system reads back as the same address, also when the cache is crowded", () => {
    const write = createAddressWriter();
    fc.assert(
      fc.property(fc.array(anyAddress, { minLength: 1, maxLength: 50 }), (addresses) => {
        for (const address of [...addresses, ...addresses]) {
          const text = write(address);
          expect(isIPv6(text)).toBe(true);
          expect(parseIp6(text)).toEqual(address);
        }
      }),
    );
  });
});
