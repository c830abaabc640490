import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import type { ForeignLease } from "../../shared/lease/foreign.js";
import { createKeaReader } from "../../shared/lease/kea-csv.js";
import { formatIp6 } from "../../shared/prefix.js";
import { KEA_COLUMNS, keaRow, someLease } from "./some-leases.js";

const NOW = 1_795_000_000_000;
const leases = Array.from({ length: 10_000 }, (_none, index) => someLease(index, NOW));

describe("bench: stored leases", () => {
  test("each has another client and another prefix of the pool", () => {
    const prefixes = leases.map(({ prefix }) => formatIp6(prefix.address));
    expect(prefixes.every((prefix) => prefix.startsWith("2001:db8:") && prefix.endsWith("::"))).toBe(true);
    expect(new Set(prefixes).size).toBe(leases.length);
    expect(new Set(leases.map((lease) => lease.duid.join())).size).toBe(leases.length);
  });

  test("a row of Kea's file tells of the same lease", () => {
    const read: ForeignLease[] = [];
    const passages: unknown[] = [];
    const sink = {
      lease: (lease: ForeignLease) => read.push(lease),
      passage: (passage: unknown) => passages.push(passage),
    };
    const reader = createKeaReader(sink, { now: millis(NOW), written: millis(NOW) });
    const some = leases.slice(0, 3);
    reader.push(`${KEA_COLUMNS}\n${some.map(keaRow).join("")}`);
    reader.end();
    const told = ({
      duid,
      iaid,
      prefix,
      preferred,
      valid,
    }: (typeof some)[number] | ForeignLease): unknown => ({
      ...{ duid, iaid, prefix, preferred, valid },
    });
    expect({ read: read.map(told), passages }).toEqual({ read: some.map(told), passages: [] });
  });
});
