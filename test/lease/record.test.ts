import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restore } from "../../shared/lease/changes.js";
import { leaseId } from "../../shared/lease/lease.js";
import { decodeRecord, encodeRecord, FIELD, RECORD_OCTETS } from "../../shared/lease/record.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { duid } from "../../shared/duid.js";
import { anyLease, leaseOf, SEED } from "./model.js";

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
    const hex = Array.from(encodeRecord(leaseOf(0x0102)), (octet) =>
      octet.toString(16).padStart(2, "0"),
    ).join("");
    expect(hex).toBe(
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

  const bound = encodeRecord(leaseOf(1));
  const withOctet = (at: number, value: number): Uint8Array => {
    const record = Uint8Array.from(bound);
    record[at] = value;
    return record;
  };
  const long = encodeRecord(leaseOf(1, { duid: duid(new Uint8Array(40)) }));
  const notANumber = Uint8Array.from(bound);
  new DataView(notANumber.buffer).setFloat64(FIELD.until, NaN, true);

  test.each([
    ["empty", new Uint8Array(0)],
    ["too short", bound.subarray(0, RECORD_OCTETS - 1)],
    ["too long", Uint8Array.of(...bound, 0)],
    ["a long DUID cut off", long.subarray(0, -1)],
    ["of a later version", withOctet(FIELD.version, 2)],
    ["zeros", new Uint8Array(RECORD_OCTETS)],
    ["of an unknown IA type", withOctet(FIELD.iaType, 2)],
    ["without lease", withOctet(FIELD.state, 0)],
    ["in an unknown state", withOctet(FIELD.state, 3)],
    ["with a prefix length of 129", withOctet(FIELD.prefixLength, 129)],
    ["with host bits", withOctet(FIELD.prefix + 15, 1)],
    ["with a name too long", withOctet(FIELD.nameLength, 16)],
    ["without end", notANumber],
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
