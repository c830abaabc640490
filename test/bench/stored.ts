import { existsSync, mkdtempSync, openSync, closeSync, rmSync, writeSync } from "node:fs";
import { copyFile, open, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { leaseId } from "../../shared/lease/lease.js";
import { encodeRecord } from "../../shared/lease/record.js";
import type { Host } from "../e2e/bed/host.js";
import { KEA_COLUMNS, keaRow, someLease } from "./some-leases.js";

/** Where Kea keeps its leases. */
export const KEA_LEASES = "/var/lib/kea/leases.csv";

/** Of a server that has served before. */
const DUID_FILE = { path: "/var/lib/dibbler/server-duid", text: "00:03:00:01:02:00:00:00:00:fe" } as const;

/** Puts this many bound leases into the store of our server, which must not run. */
export async function storeForOurs(host: Host, count: number): Promise<void> {
  const file = await made(`ours-${count}.mdb`, (path) => writeStore(path, count));
  await copyToDisk(file, host.outside(`/var/lib/dibbler/${LEASE_DATABASE}`));
  host.writeFile(DUID_FILE.path, DUID_FILE.text);
}

/** Puts this many leases into Kea's lease file. */
export async function storeForKea(host: Host, count: number): Promise<void> {
  const file = await made(`kea-${count}.csv`, (path) => {
    writeCsv(path, count);
    return Promise.resolve();
  });
  await copyToDisk(file, host.outside(KEA_LEASES));
}

/** Else whoever forces something of its own to the disk first has to wait for all of it. */
async function copyToDisk(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const copy = await open(to, "r+");
  try {
    await copy.sync();
  } finally {
    await copy.close();
  }
}

let folder: string | undefined;

/** A file that is made once, and goes with this process. */
async function made(name: string, make: (path: string) => Promise<void>): Promise<string> {
  if (folder === undefined) {
    const path = mkdtempSync(join(tmpdir(), "load-bench-"));
    process.once("exit", () => {
      rmSync(path, { recursive: true });
    });
    folder = path;
  }
  const path = join(folder, name);
  if (!existsSync(path)) await make(path);
  return path;
}

/** Leases of a commit. */
const BATCH = 20_000;

async function writeStore(path: string, count: number): Promise<void> {
  const work = mkdtempSync(`${path}-`);
  const store = await openLeaseStore(work);
  const now = Date.now();
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_none, index) => first + index);
    await store.commit(
      batch.map((index) => ({
        type: "put",
        id: leaseId(index),
        record: encodeRecord(someLease(index, now)),
      })),
    );
  }
  await store.close();
  await rename(join(work, LEASE_DATABASE), path);
}

function writeCsv(path: string, count: number): void {
  const file = openSync(path, "w");
  const now = Date.now();
  writeSync(file, `${KEA_COLUMNS}\n`);
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_none, index) => first + index);
    writeSync(file, batch.map((index) => keaRow(someLease(index, now))).join(""));
  }
  closeSync(file);
}
