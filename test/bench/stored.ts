import { existsSync, mkdtempSync, openSync, closeSync, rmSync, writeSync } from "node:fs";
import { copyFile, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { iaid, millis, seconds } from "../../shared/brand.js";
import { duid } from "../../shared/duid.js";
import { LEASE_DATABASE, openLeaseStore } from "../../shared/edge/lmdb-store.js";
import { leaseId, type Lease } from "../../shared/lease/lease.js";
import { encodeRecord } from "../../shared/lease/record.js";
import { formatIp6, ip6 } from "../../shared/prefix.js";
import type { Host } from "../e2e/bed/host.js";

/** Where Kea keeps its leases. */
export const KEA_LEASES = "/var/lib/kea/leases.csv";

/** Puts this many bound leases into the store of our server, which must not run. */
export async function storeForOurs(host: Host, count: number): Promise<void> {
  const file = await made(`ours-${count}.mdb`, (path) => writeStore(path, count));
  await copyFile(file, host.outside(`/var/lib/dibbler/${LEASE_DATABASE}`));
}

/** Puts this many leases into Kea's lease file. */
export async function storeForKea(host: Host, count: number): Promise<void> {
  const file = await made(`kea-${count}.csv`, (path) => {
    writeCsv(path, count);
    return Promise.resolve();
  });
  await copyFile(file, host.outside(KEA_LEASES));
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
      batch.map((index) => ({ type: "put", id: leaseId(index), record: encodeRecord(leaseOf(index, now)) })),
    );
  }
  await store.close();
  await rename(join(work, LEASE_DATABASE), path);
}

/** As Kea 2.2 writes it. */
const COLUMNS =
  "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len," +
  "fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source";

function writeCsv(path: string, count: number): void {
  const file = openSync(path, "w");
  const now = Date.now();
  writeSync(file, `${COLUMNS}\n`);
  for (let first = 0; first < count; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_none, index) => first + index);
    writeSync(file, batch.map((index) => csvRow(leaseOf(index, now))).join(""));
  }
  closeSync(file);
}

/** Of a delegated prefix (type 2) that is bound (state 0), without hardware address. */
function csvRow({ prefix, duid: octets, valid, preferred, until, iaid: id }: Lease): string {
  const client = Buffer.from(octets)
    .toString("hex")
    .replace(/(..)(?=.)/g, "$1:");
  const expire = Math.floor(until / 1000);
  const fields = [formatIp6(prefix.address), client, valid, expire, 1, preferred, 2, id, prefix.length];
  return `${fields.join(",")},0,0,,,0,,,\n`;
}

const HOUR = 3_600_000;
const VALID_S = 43_200;

/**
 * A bound lease: every index has another client and another /64 of 2001:db8::/32, all over it. They end four
 * to eight hours from now.
 */
function leaseOf(index: number, now: number): Lease {
  const place = scatter(index, 0x9e37_79b1);
  const prefix = Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, ...octetsOf(place), 0, 0, 0, 0, 0, 0, 0, 0);
  const host = octetsOf(scatter(index, 0x85eb_ca6b));
  const client = Uint8Array.of(0, 1, 0, 1, ...octetsOf(scatter(index, 0xc2b2_ae35)), 2, 0, ...host);
  const until = now + 4 * HOUR + (place % (4 * HOUR));
  return {
    iaType: "pd",
    duid: duid(client),
    iaid: iaid(1),
    prefix: { address: ip6(prefix), length: 64 },
    state: "bound",
    preferred: seconds(VALID_S / 2),
    valid: seconds(VALID_S),
    t1: seconds(VALID_S / 4),
    t2: seconds(Math.round(VALID_S * 0.4)),
    since: millis(until - VALID_S * 1000),
    until: millis(until),
    interfaceName: "eth0",
    clientAddress: ip6(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0xff, 0xfe, ...host.slice(1))),
    trail: undefined,
    key: undefined,
  };
}

/** Another 32-bit number for every number, since the factor is odd. */
const scatter = (index: number, factor: number): number => Math.imul(index + 1, factor) >>> 0;

const octetsOf = (word: number): readonly number[] => [
  word >>> 24,
  (word >>> 16) & 255,
  (word >>> 8) & 255,
  word & 255,
];
