import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Iaid, iaid, type Millis, millis, seconds } from "../../shared/brand.js";
import type { Lease } from "../../shared/lease/lease.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { type Ip6, ip6, parseIp6, UNSPECIFIED } from "../../shared/prefix.js";
import { type ServerState, step } from "../../server/engine.js";
import { createPool, pieceAt } from "../../server/pool.js";
import { datagramOf, duidOf, random, serverOf } from "./traffic.js";

/** Pieces of the pool. */
const PIECES = 65_536;
const FILLS = [0, 0.5, 0.9, 0.99, 0.999] as const;
/** Clients that come and go again, so that the pool stays as full as it is; one of 999 in 1000 has 65 free. */
const GROUP = 32;
const GROUPS = 60;
/** The best of so many rounds counts: others run on the machine too. */
const ROUNDS = 12;
const NOW: Millis = millis(1_800_000_000_000);
const ENV = { now: NOW, random };
const IAID: Iaid = iaid(1);

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** A pool to be measured, and microseconds of its best round so far. */
interface Subject {
  readonly name: string;
  readonly state: ServerState;
  readonly best: { solicit: number; request: number };
}

let newcomers = 1_000_000;

/** Prints what a Solicit and a Request cost by how full the pool is, and by how large it is. */
export function benchAllocation(): void {
  const small = FILLS.map((fill) =>
    subject(`${fill * 100} %`, serverWith("2001:db8::/48", 64, fill * PIECES)),
  );
  const full = subject("full", serverWith("2001:db8::/48", 64, PIECES));
  const full32 = subject("/32 full", serverWith("2001:db8::/32", 48, PIECES));
  const covered = subject("covered", coveredServer());
  const subjects = [...small, full, full32, covered];
  const half = PIECES / 2;
  const before = memory();
  const small48 = subject("/48", serverWith("2001:db8::/48", 64, half));
  const between = memory();
  const huge16 = subject("/16", serverWith("2001::/16", 64, half));
  const after = memory();
  for (let round = 0; round < ROUNDS; round++)
    for (const each of [...subjects, small48, huge16]) measure(each);

  console.log(`allocation: pool of ${PIECES}, CPU us for a new client, (x) of the empty pool`);
  const [empty] = small;
  if (empty === undefined) return;
  for (const { name, best } of subjects) {
    const both = best.solicit + best.request;
    const ratio = (both / (empty.best.solicit + empty.best.request)).toFixed(2);
    const refused = (best.solicit / empty.best.solicit).toFixed(2);
    const isFull = !name.includes("%");
    const text = isFull
      ? `solicit ${us(best.solicit)} (${refused})`
      : `solicit ${us(best.solicit)}  request ${us(best.request)}  both ${us(both)} (${ratio})`;
    console.log(`  ${name.padEnd(9)} ${text}`);
  }
  console.log(`allocation: ${half} leases, by the size of the pool`);
  const [of48, of16] = [small48, huge16].map(({ best }) => best.solicit + best.request);
  console.log(
    `  CPU     /48 ${us(of48 ?? 0)}  /16 ${us(of16 ?? 0)} (${((of16 ?? 0) / (of48 ?? 1)).toFixed(2)})`,
  );
  const [of48b, of16b] = [between - before, after - between];
  const kib = (octets: number): string => `${(octets / 1024).toFixed(0)} KiB`;
  console.log(`  memory  /48 ${kib(of48b)}  /16 ${kib(of16b)} (${(of16b / of48b).toFixed(2)})`);
}

const us = (value: number): string => `${value.toFixed(2)} us`;
const subject = (name: string, state: ServerState): Subject => ({
  name,
  state,
  best: { solicit: Infinity, request: Infinity },
});

/** A server whose pool has so many leases, spread over it. */
function serverWith(pool: string, length: number, leases: number): ServerState {
  const [text = "", bits = ""] = pool.split("/");
  const pieces = createPool({ address: parseIp6(text) ?? UNSPECIFIED, length: Number(bits) }, length);
  const table = createLeaseTable({ seed: new Uint8Array(16) });
  // An odd stride visits every piece once.
  for (let n = 0; n < leases; n++)
    table.put(leaseOf(n, pieceAt(pieces, (n * 40_503) % PIECES).address, length));
  return serverOf([[pool, length]], table);
}

/** A /32 of /64s, all of it under 65,536 leases of /48: nothing is free, and there is no bit for each piece. */
function coveredServer(): ServerState {
  const table = createLeaseTable({ seed: new Uint8Array(16) });
  for (let n = 0; n < PIECES; n++) {
    const address = Uint8Array.of(0x20, 1, 0xd, 0xb8, n >>> 8, n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    table.put(leaseOf(n, ip6(address), 48));
  }
  return serverOf([["2001:db8::/32", 64]], table);
}

/** One round: groups of clients that are new to the server, and leave again unmeasured. */
function measure({ state, best }: Subject): void {
  const spent = { solicit: 0, request: 0 };
  // What is covered takes long enough to be seen in a few.
  for (let group = 0; group < GROUPS; group++) {
    const clients = Array.from({ length: GROUP }, () => ++newcomers);
    for (const type of ["solicit", "request"] as const) {
      const messages = clients.map((n) => datagramOf(type, n));
      const began = process.hrtime.bigint();
      for (const message of messages) step(state, message, ENV);
      spent[type] += Number(process.hrtime.bigint() - began) / 1000;
      if (spent[type] > 500_000) group = GROUPS;
    }
    letGo(state, clients);
  }
  best.solicit = Math.min(best.solicit, spent.solicit / (GROUP * GROUPS));
  best.request = Math.min(best.request, spent.request / (GROUP * GROUPS));
}

function letGo(state: ServerState, clients: readonly number[]): void {
  const { table } = state.ledger;
  const leases = clients.flatMap((n) => {
    const client = duidOf(n);
    return table.find(client, "pd", IAID).map((id) => ({ id, client, prefix: table.prefixOf(id) }));
  });
  step(state, { type: "release", leases }, ENV);
}

function leaseOf(n: number, address: Ip6, length: number): Lease {
  return {
    iaType: "pd",
    duid: duidOf(n),
    iaid: IAID,
    prefix: { address, length },
    state: "bound",
    preferred: seconds(3600),
    valid: seconds(7200),
    t1: seconds(1800),
    t2: seconds(2880),
    since: NOW,
    until: millis(NOW + 7_200_000),
    interfaceName: "eth0",
    clientAddress: address,
    trail: undefined,
    key: undefined,
  };
}

function memory(): number {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
