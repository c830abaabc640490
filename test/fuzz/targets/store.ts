import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { millis, seconds } from "../../../shared/brand.js";
import { decodeAnchor, encodeAnchor } from "../../../shared/edge/boot-clock.js";
import { inspectDatabase } from "../../../shared/edge/lmdb-file.js";
import type { VisitRow } from "../../../shared/edge/lmdb-pages.js";
import { StoreError } from "../../../shared/edge/store-error.js";
import { changeFor } from "../../../shared/lease/changes.js";
import { leaseId } from "../../../shared/lease/lease.js";
import { decodeOwed, encodeOwed } from "../../../shared/lease/owed.js";
import { decodeRecord, encodeRecord } from "../../../shared/lease/record.js";
import { createLeaseTable } from "../../../shared/lease/table.js";
import { sameOctets } from "../../../shared/octets.js";
import { leaseOf, prefixOf, SEED, trailOf } from "../../lease/model.js";
import { databaseFile } from "../database-file.js";
import { joinParts, splitParts } from "../script.js";
import { must, octetsOf, target } from "../target.js";

/** The values of a store's leases: a record, and then the same ones in a table. */
const record = target({
  name: "record",
  entries: ["decodeRecord", "LeaseTable.setRecord"],
  covers: ["shared/lease/record", "shared/lease/table"],
  shape: "octets",
  tokens: [Uint8Array.of(0xff, 0xff, 0xff, 0xff), new Uint8Array(16).fill(0x20)],
  seeds: () => RECORDS.map(encodeRecord),
  rounds: 3000,
  run(input) {
    const lease = decodeRecord(input);
    const table = createLeaseTable({ seed: SEED });
    const isTaken = table.setRecord(leaseId(0), input);
    must(isTaken === (lease !== undefined), "a table takes what is a record, and nothing else");
    if (lease === undefined) {
      must(table.size === 0, "what is no record leaves nothing");
      return;
    }
    const again = encodeRecord(lease);
    must(decodeRecord(again) !== undefined, "what was read can be written and read again");
    must(sameOctets(encodeRecord(decodeRecord(again) ?? lease), again), "it is the same then");
    // Octets that later versions may use stay in a table as they are.
    must(sameOctets(encodeRecord(table.read(leaseId(0))), again), "so it is in a table");
  },
});

const RECORDS = [
  leaseOf(1),
  leaseOf(2, { trail: trailOf(60), key: new Uint8Array(16).fill(1) }),
  leaseOf(3, { interfaceName: "x".repeat(200), state: "resting" }),
  leaseOf(4, { valid: seconds(0xffffffff), until: millis(Infinity), iaType: "na", prefix: prefixOf(4, 128) }),
];

/** A store of many records, as it is loaded, and then taken apart again. */
const records = target({
  name: "store-records",
  entries: ["LeaseTable.setRecord", "LeaseTable.remove"],
  covers: ["shared/lease/"],
  shape: "script",
  seeds: () => [
    joinParts({ setting: 0, parts: RECORDS.map((lease, op) => ({ op, payload: encodeRecord(lease) })) }),
  ],
  rounds: 500,
  run(input) {
    const table = createLeaseTable({ seed: SEED });
    for (const { op, payload } of splitParts(input).parts) {
      const id = leaseId(op % 16);
      if (op < 128) table.setRecord(id, payload);
      else if (table.has(id)) table.remove(id);
    }
    const other = createLeaseTable({ seed: SEED });
    let count = 0;
    table.forEach((id) => {
      count++;
      const change = changeFor(table, id);
      must(change.type === "remove" || other.setRecord(id, change.record), "what is held can be stored");
      const { duid, iaType, iaid, prefix } = table.read(id);
      must(table.find(duid, iaType, iaid).includes(id), "a lease is found by its binding");
      must(table.holders(prefix).includes(id), "a lease is found by its prefix");
    });
    must(table.size === count, "the size is the number of leases");
    const due = table.due(millis(Infinity));
    must(due.length <= count, "no lease ends twice");
    for (const id of due) table.remove(id);
  },
});

/** A note of a call of the script that is owed. */
const owed = target({
  name: "owed-call",
  entries: ["decodeOwed"],
  covers: ["shared/lease/owed"],
  shape: "text",
  tokens: ['"action"', '"delete"', '"order"', '"variables"', "[]", "{}", "null", '"__proto__"'],
  seeds: () => [
    encodeOwed({ action: "delete", order: ["2001:db8::/56"], variables: { PREFIX1: "2001:db8::" } }),
    octetsOf('{"action":"add","order":[1,null],"variables":{"A":1,"__proto__":{"B":2}}}'),
  ],
  rounds: 2000,
  run(input) {
    const call = decodeOwed(input);
    if (call === undefined) return;
    must(
      call.order.every((each) => typeof each === "string"),
      "orders are texts",
    );
    must(
      Object.values(call.variables).every((each) => typeof each === "string"),
      "values are texts",
    );
    const again = decodeOwed(encodeOwed(call));
    must(JSON.stringify(again) === JSON.stringify(call), "it is the same again", call);
  },
});

/** The clock's anchor. */
const anchor = target({
  name: "clock-anchor",
  entries: ["decodeAnchor"],
  covers: ["shared/edge/boot-clock"],
  shape: "octets",
  seeds: () => [encodeAnchor({ bootId: "2f6ea6a1", boot: 1e6, now: millis(1.8e12) })],
  rounds: 3000,
  run(input) {
    const decoded = decodeAnchor(input);
    if (decoded === undefined) return;
    must(
      decoded.boot >= 0 && decoded.now >= 0 && decoded.now <= 8.64e15,
      "instants that have a date",
      decoded,
    );
    must(JSON.stringify(decodeAnchor(encodeAnchor(decoded))) === JSON.stringify(decoded), "the same again");
  },
});

const folder = mkdtempSync(join(tmpdir(), "dibbler-fuzz-"));
process.once("exit", () => {
  process.getBuiltinModule("node:fs").rmSync(folder, { recursive: true, force: true });
});

/** A temporary file with this in it, the same one for each target. */
export function fileWith(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The file of the store, its pages read without LMDB. LMDB's own reader, a native library, is not fuzzed. */
const pages = target({
  name: "lmdb-pages",
  entries: ["inspectDatabase", "readPages"],
  covers: ["shared/edge/lmdb-pages", "shared/edge/lmdb-layout", "shared/edge/lmdb-file"],
  shape: "octets",
  tokens: [Uint8Array.of(0xde, 0xc0, 0xef, 0xbe), Uint8Array.of(0, 16, 0, 0), octetsOf("leases\0")],
  seeds: () => [databaseFile(8), databaseFile(1), databaseFile(0)],
  limit: 16_384,
  rounds: 300,
  run(input) {
    const path = fileWith("data.mdb", input);
    try {
      let [last, rows] = [-1, 0];
      const visit: VisitRow = (key, octets, from, to) => {
        must(from <= to && to <= octets.length, "a row lies in its page", { key, from, to });
        must(key > last, "keys ascend", { key, last });
        last = key;
        rows++;
      };
      const { wanted, size, visited } = inspectDatabase(path, { database: "leases", visit });
      must(Number.isSafeInteger(wanted) && wanted >= 0, "a length that a file can have", wanted);
      must(size === 0 || visited === rows, "all rows are counted", { visited, rows });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  },
});

/** What our own store holds. */
export const STORE_TARGETS = [record, records, owed, anchor, pages];
