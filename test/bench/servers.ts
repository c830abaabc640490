import { readFileSync } from "node:fs";
import { startServer } from "../e2e/bed/guide-server.js";
import type { Host } from "../e2e/bed/host.js";
import { requirePeer } from "../e2e/bed/peers.js";
import { ours } from "../e2e/bed/programs.js";
import { waitFor } from "../e2e/bed/wait.js";

/** A server at work on `eth0` of its host. */
export interface Served {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** A server to be measured: serves /64s out of 2001:db8::/32 with its defaults otherwise. */
export interface Contender {
  readonly name: string;
  readonly start: (host: Host) => Promise<Served>;
}

/** User and system time that a process of a host has used, milliseconds. */
export function cpuTime(host: Host, pid: number): number {
  const [, fields = ""] = readFileSync(host.outside(`/proc/${pid}/stat`), "latin1").split(") ");
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10;
}

/** Proportional memory of a process of a host, MiB. */
export function memory(host: Host, pid: number): number {
  const text = readFileSync(host.outside(`/proc/${pid}/smaps_rollup`), "latin1");
  return Number(/^Pss: +(\d+)/m.exec(text)?.[1] ?? 0) / 1024;
}

const CONFIG = 'iface "eth0" { pd-class { pd-pool 2001:db8::/32 pd-length 64 } }\n';

/** Hosts of a pair have it already. */
const startOurs = (host: Host): Promise<Served> => startAsDibbler(host, ours.server);

function startDibbler(host: Host): Promise<Served> {
  return startAsDibbler(host, requirePeer("dibblerServer"));
}

async function startAsDibbler(host: Host, program: string): Promise<Served> {
  host.writeFile("/etc/dibbler/server.conf", CONFIG);
  const { status, stderr } = await startServer(host, program);
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  const pid = Number(host.readFile("/var/lib/dibbler/server.pid"));
  return {
    pid,
    stop: async () => {
      await host.run([program, "stop"]);
    },
  };
}

async function startKea(host: Host): Promise<Served> {
  const pool = { prefix: "2001:db8::", "prefix-len": 32, "delegated-len": 64 };
  const configuration = {
    Dhcp6: {
      "interfaces-config": { interfaces: ["eth0"] },
      "lease-database": { type: "memfile", persist: true, name: "/var/lib/kea/leases.csv" },
      subnet6: [{ id: 1, subnet: "2001:db8:1::/64", interface: "eth0", "pd-pools": [pool] }],
      loggers: [
        {
          name: "kea-dhcp6",
          output_options: [{ output: "/var/log/kea-dhcp6.log" }],
          severity: "INFO",
        },
      ],
    },
  };
  host.writeFile("/etc/kea/kea-dhcp6.conf", JSON.stringify(configuration));
  const running = await host.spawn([requirePeer("kea"), "-c", "/etc/kea/kea-dhcp6.conf"]);
  await waitFor("Kea to listen on port 547", () => host.hasUdpPort(547));
  return {
    pid: running.pid,
    stop: async () => {
      await running.stop();
    },
  };
}

/** Ours, Kea and Dibbler. */
export const contenders = {
  ours: { name: "ours", start: startOurs },
  kea: { name: "Kea", start: startKea },
  dibbler: { name: "Dibbler", start: startDibbler },
} as const satisfies Record<string, Contender>;
