import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { changeFor, restore } from "../../shared/lease/changes.js";
import { leaseId, type Lease, type LeaseId } from "../../shared/lease/lease.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { ip6 } from "../../shared/prefix.js";

// What leases cost: in memory, in commits, at start. `BENCH_DIR` names the disk, `BENCH_LEASES` the size of the
// largest table (default 1000000).

const LEASES = Number(process.env["BENCH_LEASES"] ?? 1_000_000);
const COMMIT_MS = 1000;
const SEED = Uint8Array.from([3, 1, 4, 1, 5, 9, 2, 6]);
const NOW = 1_700_000_000_000;

await main();

async function main(): Promise<void> {
  const directory = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "store-bench-"));
  try {
    const table = benchTable();
    await benchStart(join(directory), table);
  } finally {
    rmSync(directory, { recursive: true });
  }
  for (const rows of [32, 128]) {
    const own = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "store-bench-"));
    try {
      await benchCommits(own, rows);
    } finally {
      rmSync(own, { recursive: true });
    }
  }
}

/** Fills a table to its full size; every figure is for that size. */
function benchTable(): LeaseTable {
  title(`table of ${LEASES} leases`);
  const before = memory();
  const table = createLeaseTable({ seed: SEED });
  const order = shuffled(LEASES);

  rate("put", LEASES, () => {
    for (let i = 0; i < LEASES; i++) table.put(leaseOf(i));
  });
  rate("(making the lease objects of the line above)", LEASES, () => {
    let sum = 0;
    for (let i = 0; i < LEASES; i++) sum += leaseOf(i).iaid;
    return sum;
  });
  line("memory", `${((memory() - before) / LEASES).toFixed(0)} octets a lease`);
  const some = order.subarray(0, 100_000);
  rate("find a binding", some.length, () => {
    for (const i of some) table.find(leaseOf(i).duid, "pd", iaid(i));
  });
  rate("count the leases of a client", some.length, () => {
    for (const i of some) table.countOf(leaseOf(i).duid);
  });
  rate("holder of a prefix, taken", some.length, () => {
    for (const i of some) table.holder(leaseOf(i).prefix);
  });
  rate("holder of a prefix, free", some.length, () => {
    for (const i of some) table.holder(leaseOf(i + LEASES).prefix);
  });
  rate("replace: renew", some.length, () => {
    for (const i of some) table.replace(idOf(i), leaseOf(i, NOW + 9_000_000 + i));
  });
  rate("replace: to another prefix and back", some.length, () => {
    for (const i of some) table.replace(idOf(i), { ...leaseOf(i), prefix: leaseOf(i + LEASES).prefix });
    for (const i of some) table.replace(idOf(i), leaseOf(i));
  });
  rate("read", some.length, () => {
    for (const i of some) table.read(idOf(i));
  });
  rate("change to commit", some.length, () => {
    for (const i of some) changeFor(table, idOf(i));
  });
  rate("remove and put again", some.length, () => {
    for (const i of some) table.remove(idOf(i));
    for (const i of some) table.put(leaseOf(i));
  });
  return table;
}

/** Writes the table to a store in big commits, then starts from it. */
async function benchStart(directory: string, table: LeaseTable): Promise<void> {
  title(`start with ${table.size} leases`);
  const ids: LeaseId[] = [];
  table.forEach((id) => ids.push(id));
  const writer = await openLeaseStore(directory);
  const began = performance.now();
  for (let i = 0; i < ids.length; i += 20_000) {
    await writer.commit(ids.slice(i, i + 20_000).map((id) => changeFor(table, id)));
  }
  line("written, 20000 a commit", `${(performance.now() - began).toFixed(0)} ms`);
  await writer.close();
  const { size } = statSync(join(directory, LEASE_DATABASE));
  line("file", `${(size / ids.length).toFixed(0)} octets a lease`);

  const opening = performance.now();
  const store = await openLeaseStore(directory);
  line("open", `${(performance.now() - opening).toFixed(0)} ms`);
  for (const limit of [100_000, Infinity]) {
    const loading = performance.now();
    const loaded = createLeaseTable({ seed: SEED });
    store.load((id, record) => {
      if (id < limit) restore(loaded, id, record);
    });
    line(`load ${loaded.size} into a table`, `${(performance.now() - loading).toFixed(0)} ms`);
  }
  await store.close();
}

/** Commits of a given size, one after the other: new leases, then renewals of old ones. */
async function benchCommits(directory: string, rows: number): Promise<void> {
  title(`commits of ${rows} leases, one at a time`);
  const store = await openLeaseStore(directory);
  const table = createLeaseTable({ seed: SEED });
  const grown = await commits("new leases", store, rows, (i) => changeFor(table, table.put(leaseOf(i))));
  const renew = (i: number) => {
    const id = idOf(i);
    table.replace(id, leaseOf(i, NOW + 9_000_000));
    return changeFor(table, id);
  };
  await commits("renewals in the order of granting", store, rows, (i) => renew(i % grown));
  const order = shuffled(grown);
  await commits("renewals in random order", store, rows, (i) => renew(order[i % grown] ?? 0));
  await store.close();
}

/** Commits for a while; gives the number of rows. */
async function commits(
  what: string,
  store: LeaseStore,
  rows: number,
  change: (index: number) => ReturnType<typeof changeFor>,
): Promise<number> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < COMMIT_MS) {
    await store.commit(Array.from({ length: rows }, () => change(count++)));
  }
  const { user, system } = process.cpuUsage(cpu);
  const elapsed = performance.now() - began;
  const each = (micros: number): string => (micros / count).toFixed(1);
  line(
    what,
    `${Math.round((count / elapsed) * 1000)} rows/s, ${((elapsed * rows) / count).toFixed(2)} ms a commit, ` +
      `CPU ${each(user + system)} us a row (user ${each(user)}, system ${each(system)})`,
  );
  return count;
}

/** Ids ascend from 0 as long as nothing was removed. */
function idOf(index: number): LeaseId {
  return leaseId(index);
}

function leaseOf(index: number, until = NOW + 7_200_000 + index): Lease {
  const address = new Uint8Array(16);
  address[0] = 0x20;
  address[1] = 0x01;
  address[4] = index >>> 24;
  address[5] = index >>> 16;
  address[6] = index >>> 8;
  address[7] = index;
  const octets = Uint8Array.of(0, 1, 0, 1, 1, 2, 3, 4, 2, 0, index >>> 24, index >>> 16, index >>> 8, index);
  return {
    iaType: "pd",
    duid: duid(octets),
    iaid: iaid(index),
    prefix: { address: ip6(address), length: 64 },
    state: "bound",
    preferred: seconds(3600),
    valid: seconds(7200),
    t1: seconds(1800),
    t2: seconds(2880),
    since: millis(NOW),
    until: millis(until),
    interfaceName: "eth0",
    clientAddress: ip6(address),
  };
}

/** The numbers below `count`, in an order that is random and always the same. */
function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let state = 1;
  for (let i = count - 1; i > 0; i--) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = Math.floor((state / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function rate(what: string, count: number, run: () => unknown): void {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  line(what, `${(((user + system) * 1000) / count).toFixed(0)} ns of CPU`);
}

function title(text: string): void {
  console.log(`\n${text}`);
}

function line(what: string, figure: string): void {
  console.log(`  ${what.padEnd(46)} ${figure}`);
}
