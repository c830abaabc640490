import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleChild } from "./bundle-child.js";
import { inspectDatabase } from "../../shared/edge/lmdb-file.js";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { leaseId } from "../../shared/lease/lease.js";
import { mulberry32 } from "../e2e/bed/mutate.js";
import { flipBit } from "./bits.js";

let directory: string;
let database: string;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "lmdb-bits-"));
  database = join(directory, LEASE_DATABASE);
  const store = await openLeaseStore(directory);
  for (let first = 0; first < LEASES; first += 100) {
    await store.commit(
      Array.from({ length: 100 }, (_, index) => ({
        type: "put",
        id: leaseId(first + index),
        record: new Uint8Array(128).fill(first + index),
      })),
      // More than a page holds.
      first % 500 === 0 ? [{ type: "owe", number: first, call: new Uint8Array(6000) }] : [],
    );
  }
  await store.close();
  // What is behind the database holds nothing.
  truncateSync(database, inspectDatabase(database).wanted);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

const LEASES = 1500;

describe("LMDB store of which one bit has fallen over", { timeout: 60_000 }, () => {
  test("700 times -> STORE_DAMAGED, or every lease is there and at most one not as it was", () => {
    const [good, before] = [readFileSync(database), rows()];
    expect(before.size).toBe(LEASES);
    let refused = 0;
    for (let seed = 1; seed <= 700; seed++) {
      const { octets, at, bit } = flipBit(good, mulberry32(seed));
      writeFileSync(database, octets);
      let after: ReadonlyMap<number, string>;
      try {
        after = rows();
      } catch (error) {
        expect(error, `bit ${bit} of ${at}`).toMatchObject({ code: "STORE_DAMAGED" });
        refused++;
        continue;
      }
      const changed = [...before].filter(([id, record]) => after.get(id) !== record).length;
      expect({ at, bit, size: after.size, few: changed <= 1 }).toEqual({ at, bit, size: LEASES, few: true });
    }
    expect(refused).toBeGreaterThan(150);
  });

  test("served from a hundred times -> STORE_DAMAGED or every lease, never the end of the process", () => {
    const program = bundleChild(directory);
    const { stdout } = spawnSync(process.execPath, [program, "flip", directory], { encoding: "utf8" });
    const outcomes = stdout
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { readonly code?: string; readonly rows?: number });
    expect(outcomes.filter(({ code, rows }) => code !== "STORE_DAMAGED" && rows !== LEASES)).toEqual([]);
    expect(outcomes).toHaveLength(100);
  });
});

function rows(): Map<number, string> {
  const found = new Map<number, string>();
  inspectDatabase(database, {
    database: "leases",
    visit: (id, octets, from, to) => {
      found.set(id, Buffer.from(octets.subarray(from, to)).toString("latin1"));
    },
  });
  return found;
}
