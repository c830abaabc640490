// What one client costs, ours beside Debian's, as Neutron runs them: alone, a dozen and twenty on one link.
import { readdirSync, readFileSync } from "node:fs";
import { loadavg, uptime } from "node:os";
import { parseUdpTable } from "../../shared/edge/port-holder.js";
import { formatIp6 } from "../../shared/prefix.js";
import { type Capture, type CapturedPacket, startCapture } from "../e2e/bed/capture.js";
import { configureGuideServer, startServer } from "../e2e/bed/guide-server.js";
import { routerId } from "../e2e/bed/guide.js";
import type { Host } from "../e2e/bed/host.js";
import { connect, linkLocal } from "../e2e/bed/network.js";
import { checkFooting } from "../e2e/bed/namespaces.js";
import {
  installNotify,
  makeSubnet,
  notifiedPrefix,
  outerDevice,
  prepareArea,
  type Subnet,
} from "../e2e/bed/neutron.js";
import { findPeer } from "../e2e/bed/peers.js";
import { installOurs, ours } from "../e2e/bed/programs.js";
import { openWorld } from "../e2e/bed/world.js";

/** Milliseconds, KiB or counts of each process of one run. */
type Figures = Readonly<Record<Row, readonly number[]>>;
type Row = keyof typeof rows;

/** One program's figures, and how long a Node without any program of ours takes to its bound socket. */
interface Measured {
  readonly figures: Figures;
  readonly bare: readonly number[];
}

const rows = {
  bound: "start: exec to bound socket, ms",
  daemon: "start: daemon's own process to bound socket, ms",
  returned: "start: exec to exit, ms",
  solicit: "start: exec to first Solicit (0..1 s by RFC), ms",
  pss: "bound: memory (PSS), KiB",
  own: "bound: memory of its own, KiB",
  cpu: "idle, 10 s: CPU time, ms",
  switches: "idle, 10 s: voluntary context switches",
  threads: "threads",
  files: "open files",
} as const;

const COUNTS = [1, 12, 20] as const;
/** V8 looks for garbage once more some 8 s after the last work; after that nothing happens until T1. */
const SETTLE_MS = 12_000;
const IDLE_MS = 10_000;
const footing = await checkFooting();
if (footing.ok) await compare();
else console.log(`client-cost: left out. ${footing.reason}`);

async function compare(): Promise<void> {
  const theirs = findPeer("dibblerClient");
  if (theirs === undefined) console.log("client-cost: dibbler-client of Debian is not installed");
  for (const count of COUNTS) {
    const mine = await measure(ours.client, count);
    const other = theirs === undefined ? undefined : await measure(theirs, count);
    print(count, mine.figures, other?.figures);
    judge(mine, count);
  }
}

async function measure(program: string, count: number): Promise<Measured> {
  const world = await openWorld();
  try {
    const [node, router] = [await world.addHost("node"), await world.addHost("router")];
    await connect({ host: node, device: "br-ex" }, { host: router, device: outerDevice });
    await linkLocal(node, "br-ex");
    await linkLocal(router, outerDevice);
    for (const host of [node, router]) installOurs(host);
    // A Node of their own: what they share with other programs of this machine is not to their credit.
    await router.shell(`cp '${process.execPath}' /run/bed/bin/node`);
    installNotify(router);
    configureGuideServer(node, "", "exit 0");
    await startServer(node, ours.server);
    const capture = await startCapture(node, "br-ex");
    const subnets = Array.from({ length: count }, (_none, index) => makeSubnet(routerId, index + 1));
    const bare = await measureBare(router, makeSubnet(routerId, count + 1));
    return { bare, figures: await run(router, program, subnets, capture) };
  } finally {
    await world.end();
  }
}

async function run(
  router: Host,
  program: string,
  subnets: readonly Subnet[],
  capture: Capture | undefined,
): Promise<Figures> {
  const started: Started[] = [];
  for (const subnet of subnets) started.push(await start(router, program, subnet));
  await until(() => subnets.every((subnet) => notifiedPrefix(router, subnet)?.startsWith("2222") === true));
  await pause(SETTLE_MS);
  const pids = subnets.map(({ area }) => Number(router.readFile(`${area}/client.pid`)));
  const before = pids.map((pid) => usage(router, pid));
  await pause(IDLE_MS);
  const after = pids.map((pid) => usage(router, pid));
  const packets = (await capture?.finish()) ?? [];
  const memory = pids.map((pid) => smaps(router, pid));
  return {
    bound: started.map(({ bound }) => bound),
    daemon: started.map(({ begun, bound }, index) => begun + bound - birth(router, pids[index] ?? 0)),
    returned: started.map(({ returned }) => returned),
    solicit: started.map(({ begun, subnet }) => firstSolicit(packets, subnet) - begun),
    pss: memory.map(({ pss }) => pss),
    own: memory.map(({ own }) => own),
    cpu: after.map(({ cpu }, index) => cpu - (before[index]?.cpu ?? 0)),
    switches: after.map(({ switches }, index) => switches - (before[index]?.switches ?? 0)),
    threads: pids.map((pid) => readdirSync(router.outside(`/proc/${pid}/task`)).length),
    files: pids.map((pid) => readdirSync(router.outside(`/proc/${pid}/fd`)).length),
  };
}

/** As the daemon, but all it does is to bind its socket: what Node and this machine take of the time. */
async function measureBare(router: Host, subnet: Subnet): Promise<readonly number[]> {
  await router.shell(`ip -6 address add ${subnet.bindAddress}/64 dev ${outerDevice} nodad`);
  const bind = `bind({ port: 546, address: "${subnet.bindAddress}%${outerDevice}", exclusive: true })`;
  router.writeFile("/run/bed/bare.cjs", `require("node:dgram").createSocket("udp6").${bind};\n`);
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const running = await router.spawn(["node", "--v8-pool-size=0", "/run/bed/bare.cjs"]);
    await until(() => isBound(router, subnet));
    times.push(clock() - birth(router, running.pid));
    await running.stop();
  }
  return times;
}

interface Started {
  readonly subnet: Subnet;
  /** Milliseconds since 1970. */
  readonly begun: number;
  /** Milliseconds since then. */
  readonly bound: number;
  readonly returned: number;
}

/** `dibbler-client start -w AREA`; the clock starts with the very exec of it. */
async function start(router: Host, program: string, subnet: Subnet): Promise<Started> {
  await router.shell(`ip -6 address add ${subnet.bindAddress}/64 dev ${outerDevice} nodad`);
  prepareArea(router, subnet);
  const script = 'date +%s%N >/run/bed/begun; "$@"; date +%s%N >/run/bed/returned';
  router.remove("/run/bed/begun");
  const ended = router.run(["sh", "-c", script, "sh", program, "start", "-w", subnet.area]);
  let seen = 0;
  await until(() => {
    seen = clock();
    return isBound(router, subnet);
  });
  await ended;
  const [begun, returned] = ["begun", "returned"].map(
    (name) => Number(router.readFile(`/run/bed/${name}`)) / 1e6,
  ) as [number, number];
  return { subnet, begun, bound: seen - begun, returned: returned - begun };
}

function clock(): number {
  return performance.timeOrigin + performance.now();
}

function isBound(router: Host, { bindAddress }: Subnet): boolean {
  const table = readFileSync(router.outside(`/proc/${router.anchor}/net/udp6`), "latin1");
  return parseUdpTable(table).some(({ address, port }) => port === 546 && formatIp6(address) === bindAddress);
}

/** When a process began, milliseconds since 1970, as exact as the kernel's ticks of 10 ms. */
function birth(router: Host, pid: number): number {
  const stat = readFileSync(router.outside(`/proc/${pid}/stat`), "utf8");
  const ticks = Number(stat.slice(stat.lastIndexOf(")")).split(" ")[20]);
  return clock() - uptime() * 1000 + ticks * 10;
}

function firstSolicit(packets: readonly CapturedPacket[], { bindAddress }: Subnet): number {
  const first = packets.find(({ source, types }) => source === bindAddress && types[0] === "1");
  return (first?.time ?? NaN) * 1000;
}

/** Since its start: milliseconds on the processors, and how often it went to sleep, all threads together. */
function usage(router: Host, pid: number): { readonly cpu: number; readonly switches: number } {
  const folder = router.outside(`/proc/${pid}/task`);
  const threads = readdirSync(folder).map((thread) => ({
    cpu: Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6,
    switches: numberIn(readFileSync(`${folder}/${thread}/status`, "utf8"), "voluntary_ctxt_switches"),
  }));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return { cpu: sum(threads.map(({ cpu }) => cpu)), switches: sum(threads.map(({ switches }) => switches)) };
}

/** Proportional memory, and what would come free if the process ended. */
function smaps(router: Host, pid: number): { readonly pss: number; readonly own: number } {
  const text = readFileSync(router.outside(`/proc/${pid}/smaps_rollup`), "utf8");
  return {
    pss: numberIn(text, "Pss"),
    own: numberIn(text, "Private_Clean") + numberIn(text, "Private_Dirty"),
  };
}

function numberIn(text: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? NaN);
}

function print(count: number, mine: Figures, theirs: Figures | undefined): void {
  const title = `${count} process${count === 1 ? "" : "es"}`;
  console.log(`\n${title.padEnd(52)}${"ours".padStart(20)}${"Debian's".padStart(20)}${"ratio".padStart(8)}`);
  for (const [row, what] of Object.entries(rows) as [Row, string][]) {
    const ratio = theirs === undefined ? NaN : median(mine[row]) / median(theirs[row]);
    const cells = [show(mine[row]).padStart(20), show(theirs?.[row] ?? []).padStart(20)];
    console.log(what.padEnd(52), ...cells, (Number.isFinite(ratio) ? ratio.toFixed(1) : "").padStart(6));
  }
}

/** The bars of the project; a missed one is told, and the benchmark goes on. */
function judge({ figures: { daemon, pss, cpu }, bare }: Measured, count: number): void {
  const misses = [
    ...(median(daemon) > 100 ? ["bound socket within 100 ms"] : []),
    ...(count >= 12 && median(pss) >= 10 * 1024 ? ["PSS below 10 MiB"] : []),
    ...(Math.max(...cpu) > 10 ? ["idle CPU below a clock tick in 10 s"] : []),
  ];
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const machine = `load ${load}; a bare Node takes ${show(bare)} ms to a bound socket`;
  console.log(misses.length === 0 ? "all bars held" : `MISSED: ${misses.join(", ")}`, `(${machine})`);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

/** The median, and the range where there is one. */
function show(values: readonly number[]): string {
  if (values.length === 0) return "";
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const number = (value: number): string => value.toFixed(most < 10 && !Number.isInteger(most) ? 2 : 0);
  return values.length === 1 || least === most
    ? number(median(values))
    : `${number(median(values))} (${number(least)}-${number(most)})`;
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited++) {
    if (waited > 20_000) throw new Error("waited in vain");
    await pause(1);
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
