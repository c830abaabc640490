// Start-up and memory of the real programs: exec to bound socket, to lease, proportional memory (PSS).
import { readFileSync, statSync } from "node:fs";
import { configureGuideServer } from "../e2e/bed/guide-server.js";
import type { Host } from "../e2e/bed/host.js";
import { connect, linkLocal } from "../e2e/bed/network.js";
import { checkFooting } from "../e2e/bed/namespaces.js";
import { installOurs } from "../e2e/bed/programs.js";
import { openWorld } from "../e2e/bed/world.js";

interface StartedClient {
  readonly begun: number;
  readonly pid: number;
  readonly end: () => Promise<unknown>;
}

const ROUNDS = 7;
const CLIENTS = 12;

const footing = await checkFooting();
if (footing.ok) await measure();
else console.log(`programs: left out. ${footing.reason}`);

async function measure(): Promise<void> {
  for (const role of ["server", "client"]) {
    console.log(
      `dist/dibbler-${role}.cjs`.padEnd(44),
      `${Math.round(statSync(`dist/dibbler-${role}.cjs`).size / 1024)} KiB`,
    );
  }
  const world = await openWorld();
  try {
    const [server, router] = [await world.addHost("server"), await world.addHost("router")];
    await connect({ host: server, device: "br-ex" }, { host: router, device: "wan0" });
    await linkLocal(server, "br-ex");
    await linkLocal(router, "wan0");
    for (const host of [server, router]) installOurs(host);
    configureGuideServer(server, "", "exit 0");
    const running = await server.spawn(["dibbler-server", "run"]);
    await until(() => server.hasUdpPort(547));
    await measureStarts(router);
    show("server, PSS with its clients running", [pss(server, running.pid)], "KiB");
    await running.stop();
  } finally {
    await world.end();
  }
}

/** Each round a client in a directory of its own; the rounds' clients are ended again. */
async function measureStarts(router: Host): Promise<void> {
  const [bound, leased]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const { begun, end } = await startClient(router, `/run/round${round}`);
    await until(() => router.hasUdpPort(546));
    bound.push(performance.now() - begun);
    await until(() => router.readFile(`/run/round${round}/client-state.json`)?.includes("/64") === true);
    leased.push(performance.now() - begun);
    await end();
  }
  show("client, start to bound socket", bound, "ms");
  show("client, start to lease (0..1 s RFC delay, 1 s for Advertises)", leased, "ms");
  const clients: StartedClient[] = [];
  for (let n = 0; n < CLIENTS; n++) {
    const address = `fe80::${(n + 16).toString(16)}`;
    await router.shell(`ip -6 address add ${address}/64 dev wan0 nodad`);
    clients.push(await startClient(router, `/run/client${n}`, `bind-to-address ${address}`));
  }
  await until(() =>
    clients.every((_client, n) => router.readFile(`/run/client${n}/client-state.json`)?.includes("/64")),
  );
  show(
    `client, PSS of each of ${CLIENTS}`,
    clients.map(({ pid }) => pss(router, pid)),
    "KiB",
  );
  for (const { end } of clients) await end();
}

async function startClient(host: Host, directory: string, more = ""): Promise<StartedClient> {
  const duid = Array.from(directory, (letter) => letter.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  const config = `duid-type duid-en 8888 0x${duid}\ndownlink-prefix-ifaces "none"\niface wan0 { ${more} pd }\n`;
  host.writeFile(`${directory}/client.conf`, config);
  const begun = performance.now();
  // The flags that `dibbler-client start` gives its daemon.
  const command = ["env", "UV_THREADPOOL_SIZE=1", process.execPath, "--v8-pool-size=0"];
  const client = await host.spawn([...command, "/run/bed/bin/dibbler-client", "run", "-w", directory]);
  return { begun, pid: client.pid, end: () => client.stop() };
}

/** Proportional memory of a process, KiB; its pid is that of the world, so it is asked inside. */
function pss(host: Host, pid: number): number {
  const text = readFileSync(host.outside(`/proc/${pid}/smaps_rollup`), "utf8");
  return Number(/^Pss: +(\d+)/m.exec(text)?.[1] ?? "0");
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited++) {
    if (waited > 10_000) throw new Error("waited in vain");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function show(what: string, values: readonly number[], unit: string): void {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const [least = 0, most = 0] = [sorted[0], sorted.at(-1)];
  const range = sorted.length > 1 ? ` (${least.toFixed(0)} to ${most.toFixed(0)})` : "";
  console.log(what.padEnd(44), `${median.toFixed(0)} ${unit}${range}`);
}
