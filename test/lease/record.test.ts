import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iaid } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { restore } from "../../shared/lease/changes.js";
import { leaseId } from "../../shared/lease/lease.js";
import { FIELD, RECORD_OCTETS } from "../../shared/lease/record-layout.js";
import { TAIL_OCTETS } from "../../shared/lease/record-tail.js";
import { decodeRecord, encodeRecord } from "../../shared/lease/record.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { anyLease, leaseOf, prefixOf, SEED, trailOf } from "./model.js";

const hexOf = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("");
const octetsOf = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

describe("lease record", () => {
  test("any lease -> as a record and back the same; a table makes the same record", () => {
    fc.assert(
      fc.property(anyLease, (lease) => {
        const record = encodeRecord(lease);
        expect(decodeRecord(record)).toEqual(lease);
        const table = createLeaseTable({ seed: SEED });
        expect(table.recordOf(table.put(lease))).toEqual(record);
      }),
    );
  });

  test("version 1 -> these very octets, for stores that exist already", () => {
    expect(hexOf(encodeRecord(leaseOf(0x0102)))).toBe(
      [
        "01000240" + "01000000", // version, PD, bound, /64; IAID
        "100e0000" + "201c0000" + "08070000" + "400b0000", // preferred, valid, T1, T2
        "00008056febc7842" + "0000503405bd7842", // since, until
        "20010db8000001020000000000000000", // prefix
        "20010db8000000000000000000000102", // the client's address
        "04" + "657468300000000000000000000000", // interface name
        "0a" + "00030001020000000102" + "00".repeat(22), // DUID
        "00".repeat(7),
      ].join(""),
    );
  });

  test("a record of a store that knew no more than long DUIDs -> read", () => {
    const long = Uint8Array.from({ length: 40 }, (_, index) => index);
    const record = octetsOf(
      [
        "01010280" + "07000000" + "100e0000" + "201c0000" + "08070000" + "400b0000",
        "00008056febc7842" + "0000503405bd7842",
        "20010db8000000000000000000000001" + "20010db8000000000000000000000102",
        "04" + "657468300000000000000000000000",
        "28" + hexOf(long.subarray(0, 32)) + "00".repeat(7) + hexOf(long.subarray(32)),
      ].join(""),
    );
    const lease = leaseOf(0x0102, {
      iaType: "na",
      iaid: iaid(7),
      prefix: prefixOf(1, 128),
      duid: duid(long),
    });
    expect(decodeRecord(record)).toEqual(lease);
    expect(encodeRecord(lease)).toEqual(record);
  });

  test("a lease with everything -> these very octets behind the fixed part", () => {
    const lease = leaseOf(1, {
      iaType: "ta",
      state: "declined",
      duid: duid(new Uint8Array(34).fill(9)),
      interfaceName: "fifteen-octets.ü",
      key: new Uint8Array(16).fill(7),
      trail: { ...trailOf(3), port: 0x0102 },
    });
    const hex = hexOf(encodeRecord(lease));
    expect(hex.slice(0, 8)).toBe("01020440");
    expect(hex.slice(2 * FIELD.extras, 2 * RECORD_OCTETS)).toBe("03" + "04" + "00" + "0300" + "0201");
    expect(hex.slice(2 * RECORD_OCTETS)).toBe(
      [
        "0909", // the rest of the DUID
        "c3bc", // the rest of the name
        "07".repeat(16), // key
        "20010db8000000000000000000000001" + "65746831" + "0c0c0c", // relay, arrival, message
      ].join(""),
    );
    expect(decodeRecord(octetsOf(hex))).toEqual(lease);
  });

  test("the largest lease of all -> the octets that a tail may have, and no more", () => {
    const lease = leaseOf(1, {
      duid: duid(new Uint8Array(130)),
      interfaceName: "x".repeat(255),
      key: new Uint8Array(16),
      trail: { ...trailOf(1024), arrival: "fifteen-octets." },
    });
    expect(encodeRecord(lease)).toHaveLength(RECORD_OCTETS + TAIL_OCTETS);
    expect(TAIL_OCTETS).toBeLessThanOrEqual(1500);
    expect(() => encodeRecord({ ...lease, trail: trailOf(1025) })).toThrow("at most 1024 octets");
  });

  test("a record with any octets changed, cut off or added -> refused, or a lease that is kept the same", () => {
    const anyDamage = fc.record({
      octets: fc.array(fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 255 })), { maxLength: 4 }),
      lengths: fc.array(
        fc.tuple(
          fc.constantFrom(
            FIELD.nameLength,
            FIELD.duidLength,
            FIELD.extras,
            FIELD.arrivalLength,
            FIELD.messageLength,
          ),
          fc.nat({ max: 255 }),
        ),
        { maxLength: 2 },
      ),
      longer: fc.integer({ min: -300, max: 300 }),
      resized: fc.boolean(),
    });
    const seen = { refused: 0, read: 0 };
    fc.assert(
      fc.property(anyLease, anyDamage, (lease, { octets, lengths, longer, resized }) => {
        const whole = encodeRecord(lease);
        const record = new Uint8Array(Math.max(0, whole.length + (resized ? longer : 0)));
        record.set(whole.subarray(0, record.length));
        for (const [at, value] of octets) record[at % whole.length] = value;
        for (const [field, value] of lengths) record[field] = value;
        const read = decodeRecord(record);
        seen[read === undefined ? "refused" : "read"]++;

        const table = createLeaseTable({ seed: SEED });
        expect(restore(table, leaseId(0), record)).toBe(read !== undefined);
        if (read === undefined) return;
        expect(table.read(leaseId(0))).toEqual(read);
        expect(decodeRecord(encodeRecord(read))).toEqual(read);
        expect(encodeRecord(read)).toHaveLength(record.length);
      }),
      { numRuns: 2000 },
    );
    expect(Math.min(seen.refused, seen.read)).toBeGreaterThan(100);
  });

  const bound = encodeRecord(leaseOf(1));
  const withOctet = (at: number, value: number): Uint8Array => {
    const record = Uint8Array.from(bound);
    record[at] = value;
    return record;
  };
  const trailed = encodeRecord(leaseOf(1, { interfaceName: "x".repeat(40), trail: trailOf(50) }));
  const trailedWith = (at: number, value: number): Uint8Array => {
    const record = Uint8Array.from(trailed);
    record[at] = value;
    return record;
  };
  const long = encodeRecord(leaseOf(1, { duid: duid(new Uint8Array(40)) }));
  const notANumber = Uint8Array.from(bound);
  new DataView(notANumber.buffer).setFloat64(FIELD.until, NaN, true);

  const withoutBeginning = Uint8Array.from(bound);
  new DataView(withoutBeginning.buffer).setFloat64(FIELD.since, NaN, true);

  test.each([
    ["empty", new Uint8Array(0)],
    ["too short", bound.subarray(0, RECORD_OCTETS - 1)],
    ["too long", Uint8Array.of(...bound, 0)],
    ["a long DUID cut off", long.subarray(0, -1)],
    ["of a later version", withOctet(FIELD.version, 2)],
    ["zeros", new Uint8Array(RECORD_OCTETS)],
    ["of an unknown IA type", withOctet(FIELD.iaType, 3)],
    ["without lease", withOctet(FIELD.state, 0)],
    ["in an unknown state", withOctet(FIELD.state, 5)],
    ["with a prefix length of 129", withOctet(FIELD.prefixLength, 129)],
    ["with host bits", withOctet(FIELD.prefix + 15, 1)],
    ["with a name longer than it is", withOctet(FIELD.nameLength, 16)],
    ["with a name that is no text", withOctet(FIELD.name, 0xff)],
    ["with a long name that is no text", trailedWith(RECORD_OCTETS, 0xff)],
    [
      "with a DUID longer than any",
      Uint8Array.of(...withOctet(FIELD.duidLength, 131), ...new Uint8Array(99)),
    ],
    ["with more than is known", withOctet(FIELD.extras, 4)],
    ["with a key that is not there", withOctet(FIELD.extras, 1)],
    ["with a trail that is not there", withOctet(FIELD.extras, 2)],
    ["with an arrival and no trail", withOctet(FIELD.arrivalLength, 1)],
    ["with a message and no trail", withOctet(FIELD.messageLength, 1)],
    ["with a relay's port and no trail", withOctet(FIELD.relayPort, 1)],
    [
      "with an arrival too long",
      Uint8Array.of(...trailedWith(FIELD.arrivalLength, 16), ...new Uint8Array(12)),
    ],
    ["with an arrival that is no text", trailedWith(RECORD_OCTETS + 25 + 16, 0xff)],
    [
      "with a message too long",
      Uint8Array.of(...trailedWith(FIELD.messageLength + 1, 5), ...new Uint8Array(5 * 256)),
    ],
    ["with its trail cut off", trailed.subarray(0, -1)],
    ["without end", notANumber],
    ["without beginning", withoutBeginning],
  ])("a record %s -> not read; restoring it empties the id", (_what, record) => {
    expect(decodeRecord(record)).toBeUndefined();
    const table = createLeaseTable({ seed: SEED });
    const id = table.put(leaseOf(5));
    expect(restore(table, id, record)).toBe(false);
    expect([table.has(id), table.size]).toEqual([false, 0]);
    expect(restore(table, leaseId(3), record)).toBe(false);
    expect(table.put(leaseOf(6))).toBe(0);
  });

  test("a record under an id that no store gives out -> not taken", () => {
    const table = createLeaseTable({ seed: SEED });
    expect(restore(table, leaseId(2 ** 26), bound)).toBe(false);
    expect(table.size).toBe(0);
  });
});
