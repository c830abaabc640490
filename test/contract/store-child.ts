import { spawn } from "node:child_process";
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LEASE_DATABASE, openLeaseStore, openLeaseView } from "../../shared/edge/lmdb-store.js";
import { isStoreError } from "../../shared/edge/store-error.js";
import type { LeaseChange } from "../../shared/lease/changes.js";
import { leaseId } from "../../shared/lease/lease.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { mulberry32 } from "../e2e/bed/mutate.js";
import { flipBit } from "./bits.js";

// A process of its own for lmdb-store.test.ts, which bundles it: `store-child <task> <directory>`.
// Answers with one line of JSON for each thing that happened.

/** Leases of each commit; its number is in all of them. */
const ROWS = 10;

const tasks: Readonly<Record<string, (directory: string) => Promise<void>>> = {
  async open(directory) {
    const store = await openLeaseStore(directory);
    await store.close();
    say({ opened: true });
  },

  /** Commits for ever, several at a time, and says which are durable. */
  async commit(directory) {
    const store = await openLeaseStore(directory);
    let number = 0;
    store.load(() => number++);
    say({ opened: true });
    for (number = number / ROWS; ; number += 3) {
      await Promise.all([number, number + 1, number + 2].map((each) => commitAndSay(store, each)));
    }
  },

  /** Opens the store, starts another program, and stays. */
  async hold(directory) {
    await openLeaseStore(directory);
    const script = spawn("sleep", ["60"], { stdio: "ignore" });
    say({ script: script.pid });
  },

  /** Commits until the disk is full, then says what is left. */
  async fill(directory) {
    const store = await openLeaseStore(directory);
    try {
      for (let number = 0; ; number++) await store.commit(commitOf(number));
    } catch (error) {
      sayError(error);
    }
    const again = { refused: 0, replaced: 0 };
    // Less finds room where ten did not, but not for long.
    for (let number = 0; number < 3000; number++) {
      const one: LeaseChange = { type: "put", id: leaseId(1e6 + number), record: new Uint8Array(128) };
      await store.commit([one]).catch((error: unknown) => {
        if (!isStoreError(error) || error.code !== "STORE_DISK_FULL") throw error;
        again.refused++;
      });
    }
    for (; again.replaced < 500; again.replaced++) await store.commit(commitOf(again.replaced % 50));
    say({
      ...again,
      rows: countRows(store),
      afterwards: await store.commit([{ type: "remove", id: leaseId(0) }]),
    });
    await store.close();
  },

  /** As many at once as the disk has no room for, then says what is left. */
  async many(directory) {
    const store = await openLeaseStore(directory);
    await store.commit(commitOf(0));
    const ids = Array.from({ length: 20_000 }, (_, index) => leaseId(1000 + index));
    const record = new Uint8Array(128);
    await store.commitMany(ids, (id) => ({ type: "put", id, record })).catch(sayError);
    await store.commit(commitOf(1));
    say({ rows: countRows(store) });
    await store.close();
  },

  /** Lets one bit of the file fall over, a hundred times, and serves from it each time. */
  async flip(directory) {
    const path = join(directory, LEASE_DATABASE);
    const good = readFileSync(path);
    for (let seed = 1; seed <= 100; seed++) {
      const flipped = flipBit(good, mulberry32(seed));
      writeFileSync(path, flipped.octets);
      say({ seed, at: flipped.at, bit: flipped.bit, ...(await serveFrom(directory)) });
    }
  },

  async view(directory) {
    const view = await openLeaseView(directory);
    say({ rows: countRows(view) });
    await view.close();
  },
};

/** What a server does at a start and afterwards; gives how many rows there were, or why there were none. */
async function serveFrom(directory: string): Promise<object> {
  try {
    const store = await openLeaseStore(directory);
    const rows = countRows(store);
    for (let number = 0; number < 5; number++) {
      await store.commit([
        { type: "remove", id: leaseId(number * 211) },
        { type: "put", id: leaseId(5000 + number), record: new Uint8Array(128) },
      ]);
    }
    await store.close();
    return { rows };
  } catch (error) {
    return isStoreError(error) ? { code: error.code } : { unexpected: String(error) };
  }
}

async function commitAndSay(store: LeaseStore, number: number): Promise<void> {
  await store.commit(commitOf(number));
  say({ durable: number });
}

function commitOf(number: number): LeaseChange[] {
  const record = new Uint8Array(128).fill(number % 251);
  return Array.from({ length: ROWS }, (_, row) => ({
    type: "put",
    id: leaseId(number * ROWS + row),
    record,
  }));
}

function countRows(store: Pick<LeaseStore, "load">): number {
  let rows = 0;
  store.load(() => rows++);
  return rows;
}

function say(what: unknown): void {
  writeSync(1, `${JSON.stringify(what)}\n`);
}

function sayError(error: unknown): void {
  if (isStoreError(error)) say({ code: error.code, message: error.message });
  else say({ unexpected: String(error) });
}

const [task = "", directory = ""] = process.argv.slice(2);
tasks[task]?.(directory).catch(sayError);
