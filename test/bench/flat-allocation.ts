import { type Iaid, iaid, type Millis, millis, seconds } from "../../shared/brand.js";
import type { Lease } from "../../shared/lease/lease.js";
import { createLeaseTable } from "../../shared/lease/table.js";
import { type Ip6, ip6, parseIp6, UNSPECIFIED } from "../../shared/prefix.js";
import { type ServerState, step } from "../../server/engine.js";
import { createPool, pieceAt } from "../../server/pool.js";
import { collectGarbage } from "./collect-garbage.js";
import { datagramOf, duidOf, random, serverOf } from "./traffic.js";

/** Pieces of the pool. */
const PIECES = 65_536;
const FILLS = [0, 0.5, 0.9, 0.99, 0.999] as const;
/** Clients that come and go again, so that the pool stays as full as it is: at 99.9 % it has 65 free. */
const GROUP = 32;
const GROUPS = 30;
/** The best of so many rounds counts: others run on the machine too. */
const ROUNDS = 25;
const NOW: Millis = millis(1_800_000_000_000);
const ENV = { now: NOW, random };
const IAID: Iaid = iaid(1);

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
  const full = [
    subject("full", serverWith("2001:db8::/48", 64, PIECES)),
    subject("a full /32 of /48s", serverWith("2001:db8::/32", 48, PIECES)),
    subject("a /32 of /64s, full of /48s", coveredServer()),
  ];
  const half = PIECES / 2;
  const [before, small48] = [memory(), subject("/48", serverWith("2001:db8::/48", 64, half))];
  const [between, huge16] = [memory(), subject("/16", serverWith("2001::/16", 64, half))];
  const after = memory();
  for (let round = 0; round < ROUNDS; round++) {
    for (const each of [...small, ...full, small48, huge16]) measure(each);
  }
  const [empty = full[0]] = small;
  if (empty === undefined) return;
  console.log(
    `allocation: pool of ${PIECES} pieces, CPU for a new client (in brackets: times the empty pool)`,
  );
  for (const each of small) {
    const { solicit, request } = each.best;
    const text = `Solicit ${us(solicit)}  Request ${us(request)}  both ${us(bothOf(each))}`;
    print(each.name, text, bothOf(each) / bothOf(empty), 1.5);
  }
  for (const { name, best } of full)
    print(name, `Solicit ${us(best.solicit)}`, best.solicit / empty.best.solicit, 1.5);
  console.log(`allocation: ${half} leases, a /48 and a /16 of /64s`);
  print("CPU", `${us(bothOf(small48))}  ${us(bothOf(huge16))}`, bothOf(huge16) / bothOf(small48), 1.2);
  const kib = (octets: number): string => `${(octets / 1024).toFixed(0)} KiB`;
  const [of48, of16] = [between - before, after - between];
  print("memory", `${kib(of48)}  ${kib(of16)}`, of16 / of48, 1.2);
}

function print(name: string, text: string, ratio: number, bar: number): void {
  const verdict = ratio <= bar ? "" : `  over ${bar}`;
  console.log(`  ${name.padEnd(28)} ${text} (${ratio.toFixed(2)})${verdict}`);
}

const bothOf = ({ best }: Subject): number => best.solicit + best.request;
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

/** A /32 of /64s, all of it under 65,536 leases of /48: nothing is free, and pieces have no bits. */
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
  for (let group = 0; group < GROUPS; group++) {
    const clients = Array.from({ length: GROUP }, () => ++newcomers);
    for (const type of ["solicit", "request"] as const) {
      const messages = clients.map((n) => datagramOf(type, n));
      const began = process.hrtime.bigint();
      for (const message of messages) step(state, message, ENV);
      spent[type] += Number(process.hrtime.bigint() - began) / 1000;
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
