import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleChild } from "./bundle-child.js";
import { inspectDatabase } from "../../shared/edge/lmdb-file.js";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { leaseId } from "../../shared/lease/lease.js";

const MANY = 8000;
const BETWEEN = Array.from({ length: MANY }, (_, index) => 2 * index + 1);

let directory: string;
let program: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "lmdb-room-"));
  program = bundleChild(directory);
});

afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A task of store-child.ts in a process that may write files of so many blocks of 512 octets. */
function run(task: string, blocks = "unlimited"): Readonly<Record<string, unknown>>[] {
  const limited = `ulimit -f ${blocks}; exec "$0" "$@"`;
  const words = ["-c", limited, process.execPath, program, task, directory];
  const { stdout } = spawnSync("sh", words, { encoding: "utf8" });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

describe("room for a database in its file", () => {
  test("every commit leaves pages behind the database that are on the disk", async () => {
    const store = await openLeaseStore(directory);
    for (let number = 0; number < 300; number++) {
      const record = new Uint8Array(2000).fill(1);
      await store.commit([{ type: "put", id: leaseId(number), record }]);
      const path = join(directory, LEASE_DATABASE);
      const { size, wanted } = inspectDatabase(path);
      expect(size - wanted).toBeGreaterThan(64 * 4096);
      expect(statSync(path).blocks * 512).toBeGreaterThanOrEqual(size);
    }
    await store.close();
  });

  describe.each([
    { order: "ascending", numbers: Array.from({ length: MANY }, (_, index) => index) },
    { order: "shuffled", numbers: Array.from({ length: MANY }, (_, index) => (index * 7919) % MANY) },
    { order: "between others", numbers: BETWEEN },
  ])("very many leases at once, $order: pages are left", ({ numbers }) => {
    test.each([96, 250, 2020, 5000])(
      "%i octets each, and the file not many times as long",
      async (octets) => {
        const store = await openLeaseStore(directory);
        const record = new Uint8Array(octets).fill(1);
        const put = (number: number) => ({ type: "put", id: leaseId(number), record }) as const;
        const isBetween = numbers === BETWEEN;
        if (isBetween) await store.commit(numbers.map((number) => put(number - 1)));
        await store.commit(numbers.map(put));
        const { size, wanted } = inspectDatabase(join(directory, LEASE_DATABASE));
        const stored = numbers.length * (isBetween ? 2 : 1);
        expect(wanted / stored).toBeGreaterThan(octets);
        expect(size - wanted).toBeGreaterThanOrEqual(64 * 4096);
        // Who comes between others finds each page full, and splits it.
        expect(size / stored).toBeLessThan((isBetween ? 9 : 6) * (octets + 32));
        await store.close();
      },
    );
  });

  test("a full disk (a limit here): new leases are refused, and their commits whole; what replaces goes on", () => {
    const [error, rest] = run("fill", "4096");
    expect(error).toMatchObject({ code: "STORE_DISK_FULL" });
    expect(rest).toMatchObject({ replaced: 500, afterwards: [] });
    const refused = Number(rest?.["refused"]);
    expect(refused).toBeGreaterThan(1000);
    expect(Number(rest?.["rows"]) % 10).toBe((3000 - refused) % 10);
    expect(run("view")).toEqual([{ rows: Number(rest?.["rows"]) - 1 }]);
  });

  test("no room for an import -> STORE_DISK_FULL, nothing of it is stored, the next commit is", () => {
    expect(run("many", "4096")).toMatchObject([{ code: "STORE_DISK_FULL" }, { rows: 20 }]);
    expect(run("many")).toEqual([{ rows: 20_020 }]);
  });

  test("a full disk when there is no database yet -> STORE_DISK_FULL", () => {
    expect(run("open", "200")).toMatchObject([{ code: "STORE_DISK_FULL" }]);
    expect(run("open")).toEqual([{ opened: true }]);
  });
});
