import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Host } from "../e2e/bed/host.js";
import { findPeer, requirePeer } from "../e2e/bed/peers.js";
import { ours } from "../e2e/bed/programs.js";
import { KEA_LEASES, storeForKea, storeForOurs } from "./stored.js";
import type { Name } from "./table.js";

/** A server whose start has begun, on `eth0` of its host. */
export interface Launched {
  /** Process id; to be asked for when the server has answered. */
  readonly pid: () => number;
}

/** What a configuration takes into account. */
export interface Wishes {
  /** Link-local address that relayed messages name as link-address. */
  readonly relay: string;
  /** Hook script, called without waiting for it where the server can do so. */
  readonly script?: string;
  /** Directives of ours besides, each in a line. */
  readonly lines?: string;
}

/** A server to be measured: serves /64s out of 2001:db8::/32 with its defaults otherwise. */
export interface Contender {
  readonly name: Name;
  readonly isHere: () => boolean;
  readonly configure: (host: Host, wishes: Wishes) => void;
  /** Begins to start it; what is written to `BEGUN` is the time of its exec. */
  readonly launch: (host: Host) => Promise<Launched>;
  /** Puts this many leases of others where the server finds them when it starts. */
  readonly store?: (host: Host, count: number) => Promise<void>;
  /** Rates that it is warmed up with, ascending. */
  readonly warmUp: readonly number[];
  /** The rate from which its peak is looked for, when it is a low one. */
  readonly from?: number;
  readonly log: string;
  /** How long it is waited for when it starts with leases stored. */
  readonly patienceMs: number;
}

/** File of a host with the time at which its server was started, nanoseconds since 1970. */
export const BEGUN = "/run/bed/begun";
const NOTE_BEGIN = ["sh", "-c", `date +%s%N >${BEGUN}; exec "$@"`, "sh"];

/** User and system time that a process of a host has used, milliseconds. */
export function cpuTime(host: Host, pid: number): number {
  const [, fields = ""] = readFileSync(host.outside(`/proc/${pid}/stat`), "latin1").split(") ");
  const [user = 0, system = 0] = fields.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10;
}

/** What a process has in memory, MiB. */
export interface Memory {
  /** Proportional: its share of what it shares with others. */
  readonly pss: number;
  /** Shared with nobody. */
  readonly own: number;
  /** The part of `pss` that is no file's. */
  readonly anonymous: number;
}

/** Memory of a process of a host. */
export function memory(host: Host, pid: number): Memory {
  const text = readFileSync(host.outside(`/proc/${pid}/smaps_rollup`), "latin1");
  const mebi = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+)`, "m").exec(text)?.[1] ?? 0) / 1024;
  return {
    pss: mebi("Pss"),
    own: mebi("Private_Clean") + mebi("Private_Dirty"),
    anonymous: mebi("Pss_Anon"),
  };
}

/**
 * The second block serves relayed messages, whose link-address is a link-local one here. Dibbler wants a
 * line for each directive.
 */
const configuration = (
  script: string | undefined,
  lines: string,
): string => `${script === undefined ? "" : `script "${script}"`}
${lines}iface "eth0" {
  pd-class {
    pd-pool 2001:db8::/32
    pd-length 64
  }
}
iface "relay1" {
  relay "eth0"
  subnet fe80::/64
  pd-class {
    pd-pool 2001:db9::/32
    pd-length 64
  }
}
`;

function configureDibbler(host: Host, { script, lines = "" }: Wishes): void {
  host.writeFile("/etc/dibbler/server.conf", configuration(script, lines));
}

/** What `start` may take with very many leases; how long it does take is seen from outside. */
const COMMAND_MS = 180_000;

async function launchDibbler(host: Host, program: string): Promise<Launched> {
  const { status, stdout, stderr } = await host.run([...NOTE_BEGIN, program, "start"], {
    timeoutMs: COMMAND_MS,
  });
  if (status !== 0) throw new Error(`${program}: ${stderr}${stdout}`);
  return { pid: () => Number(host.readFile("/var/lib/dibbler/server.pid")) };
}

function configureKea(host: Host, { relay, script }: Wishes): void {
  const pool = { prefix: "2001:db8::", "prefix-len": 32, "delegated-len": 64 };
  // The subnet is for direct clients, and for those whose relay names this link-address.
  const subnet = { id: 1, subnet: "2001:db8:1::/64", interface: "eth0", relay: { "ip-addresses": [relay] } };
  const file = {
    Dhcp6: {
      "interfaces-config": { interfaces: ["eth0"] },
      "lease-database": { type: "memfile", persist: true, name: KEA_LEASES },
      subnet6: [{ ...subnet, "pd-pools": [pool] }],
      ...(script === undefined
        ? {}
        : { "hooks-libraries": [{ library: keaHook(), parameters: { name: script, sync: false } }] }),
      loggers: [{ name: "kea-dhcp6", output_options: [{ output: contenders.kea.log }], severity: "INFO" }],
    },
  };
  host.writeFile("/etc/kea/kea-dhcp6.conf", JSON.stringify(file));
}

/** Kea's hook library that runs a script. */
function keaHook(): string {
  const path = readdirSync("/usr/lib")
    .map((folder) => `/usr/lib/${folder}/kea/hooks/libdhcp_run_script.so`)
    .find((library) => existsSync(library));
  if (path === undefined) throw new Error("Kea's libdhcp_run_script.so is not here");
  return path;
}

async function launchKea(host: Host): Promise<Launched> {
  const running = await host.spawn([...NOTE_BEGIN, requirePeer("kea"), "-c", "/etc/kea/kea-dhcp6.conf"]);
  return { pid: () => running.pid };
}

/** Ours, Kea and Dibbler. */
export const contenders = {
  ours: {
    name: "ours",
    isHere: () => true,
    configure: configureDibbler,
    launch: (host: Host) => launchDibbler(host, ours.server),
    store: storeForOurs,
    patienceMs: 120_000,
    warmUp: [500, 1500, 3000],
    log: "/var/log/dibbler/dibbler-server.log",
  },
  kea: {
    name: "Kea",
    isHere: () => findPeer("kea") !== undefined,
    configure: configureKea,
    launch: launchKea,
    store: storeForKea,
    patienceMs: 30_000,
    warmUp: [500, 1500, 3000],
    log: "/var/log/kea-dhcp6.log",
  },
  // It slows down with every lease it has, so that a warm-up like the others' would be its end.
  dibbler: {
    name: "Dibbler",
    isHere: () => findPeer("dibblerServer") !== undefined,
    configure: configureDibbler,
    launch: (host: Host) => launchDibbler(host, requirePeer("dibblerServer")),
    patienceMs: 30_000,
    warmUp: [25],
    from: 25,
    log: "/var/log/dibbler/dibbler-server.log",
  },
} as const satisfies Record<string, Contender>;
