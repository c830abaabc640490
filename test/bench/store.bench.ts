import { collectGarbage } from "./collect-garbage.js";
import { inDirectory } from "./directory.js";
import { statSync } from "node:fs";
import { join } from "node:path";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { changeFor } from "../../shared/lease/changes.js";
import { leaseId, type Lease, type LeaseId } from "../../shared/lease/lease.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { ip6 } from "../../shared/prefix.js";

// What leases cost: in memory, in commits, at start. BENCH_DIR names a directory on the disk to measure,
// BENCH_LEASES the size of the table (1000000 takes about a minute).

const LEASES = Number(process.env["BENCH_LEASES"] ?? 100_000);
/** Leases of the table that is thrown away, for the compiler to get to know the code. */
const WARM_UP = 20_000;
const COMMIT_MS = 1000;
const SEED = Uint8Array.from([3, 1, 4, 1, 5, 9, 2, 6]);
const NOW = 1_700_000_000_000;

await main();

async function main(): Promise<void> {
  benchTable(WARM_UP, () => undefined);
  title(`table of ${LEASES} leases`);
  const table = benchTable(LEASES, line);
  benchTable(WARM_UP, () => undefined, relayedLeaseOf);
  title(`table of ${LEASES} leases, each with a tail of 100 octets`);
  benchTable(LEASES, line, relayedLeaseOf);
  await inDirectory((directory) => benchStart(directory, table));
  for (const rows of [32, 128]) await inDirectory((directory) => benchCommits(directory, rows));
}

/** Fills a table; the other figures are for its full size, leases in random order. */
function benchTable(
  size: number,
  report: (what: string, figure: string) => void,
  make: (index: number, until?: number) => Lease = leaseOf,
): LeaseTable {
  const some = shuffled(size).subarray(0, 100_000);
  const leases = Array.from(some, (i) => make(i));
  const moved = Array.from(some, (i) => ({ ...make(i), prefix: leaseOf(i + size).prefix }));
  const renewed = Array.from(some, (i) => make(i, NOW + 9_000_000 + i));
  const before = memory();
  const table = createLeaseTable({ seed: SEED });
  const rate = (what: string, count: number, run: () => void): void => {
    report(what, `${cpuNanos(count, run).toFixed(0)} ns of CPU`);
  };

  rate("put (making the lease included)", size, () => {
    for (let i = 0; i < size; i++) table.put(make(i));
  });
  report("memory", `${((memory() - before) / size).toFixed(0)} octets a lease`);
  rate("find a binding", some.length, () => {
    for (const lease of leases) table.find(lease.duid, "pd", lease.iaid);
  });
  rate("count the leases of a client", some.length, () => {
    for (const lease of leases) table.countOf(lease.duid);
  });
  rate("holder of a prefix, taken", some.length, () => {
    for (const lease of leases) table.holder(lease.prefix);
  });
  rate("holder of a prefix, free", some.length, () => {
    for (const lease of moved) table.holder(lease.prefix);
  });
  rate("replace: renew", some.length, () => {
    for (const lease of renewed) table.replace(leaseId(lease.iaid), lease);
  });
  rate("replace: another prefix", some.length, () => {
    for (const lease of moved) table.replace(leaseId(lease.iaid), lease);
  });
  rate("read", some.length, () => {
    for (const lease of leases) table.read(leaseId(lease.iaid));
  });
  rate("change to commit", some.length, () => {
    for (const lease of leases) changeFor(table, leaseId(lease.iaid));
  });
  rate("remove and put again", some.length, () => {
    for (const lease of leases) table.remove(leaseId(lease.iaid));
    for (const lease of leases) table.put(lease);
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
  const loaded = createLeaseTable({ seed: SEED });
  const filling = loaded.fill();
  const store = await openLeaseStore(directory, {
    expect: filling.expect,
    visit: (id, octets, from, to) => void filling.add(id, octets, from, to),
  });
  line("open, records copied", `${(performance.now() - opening).toFixed(0)} ms`);
  const indexing = performance.now();
  filling.done();
  line(`indexes of ${loaded.size}`, `${(performance.now() - indexing).toFixed(0)} ms`);
  await store.close();
}

/** Commits of a given size, one after the other: new leases, then renewals of old ones. */
async function benchCommits(directory: string, rows: number): Promise<void> {
  title(`commits of ${rows} leases, one at a time`);
  const store = await openLeaseStore(directory);
  const table = createLeaseTable({ seed: SEED });
  const grown = await commits("new leases", store, rows, (i) => changeFor(table, table.put(leaseOf(i))));
  const renew = (i: number) => {
    const id = leaseId(i);
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
    trail: undefined,
    key: undefined,
  };
}

/** The same for a client behind a relay. */
function relayedLeaseOf(index: number, until?: number): Lease {
  const lease = leaseOf(index, until);
  const message = new Uint8Array(80).fill(index);
  return { ...lease, trail: { relay: lease.clientAddress, port: 547, arrival: "eth0", message } };
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
  // The second time waits for what the first one has left to be freed in the background.
  for (let i = 0; i < 2; i++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function cpuNanos(count: number, run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / count;
}

function title(text: string): void {
  console.log(`\n${text}`);
}

function line(what: string, figure: string): void {
  console.log(`  ${what.padEnd(46)} ${figure}`);
}
