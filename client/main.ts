import { openSync, readSync } from "node:fs";
import { CLIENT_ROWS } from "../shared/catalogue-client.js";
import { COMMON_ROWS } from "../shared/catalogue-common.js";
import type { ClientConfig, ClientInterface } from "../shared/config/types.js";
import { createClock } from "../shared/edge/clock.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { glanceAt, watchPlace } from "../shared/edge/glance.js";
import { SystemError } from "../shared/edge/errors.js";
import { createHookRunner, type HookRunner } from "../shared/edge/hooks.js";
import { readInterfaces } from "../shared/edge/interfaces.js";
import type { Log } from "../shared/edge/log.js";
import { endProcess } from "../shared/edge/output.js";
import { findPlace, type Place } from "../shared/edge/place.js";
import { type Program, runProgram, type Service, type Surroundings } from "../shared/edge/program.js";
import { openUdp } from "../shared/edge/udp.js";
import type { Random } from "../shared/proto/retransmit.js";
import { clientCommands, clientDetails } from "./commands/commands.js";
import { runClient } from "./loop.js";
import { interfacesOf } from "./searching.js";
import { openMemory } from "./serve-memory.js";
import { openAddressing, openDivision, openOptions } from "./serve-uses.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

/** Major version: what makes the client smaller on a later Node costs memory on 20 (test/bench/README.md). */
const NODE = Number.parseInt(process.versions.node, 10);

const program: Program<ClientConfig> = {
  role: "client",
  version: DIBBLER_VERSION,
  // OpenStack runs one process for each subnet: none of them needs a pool of threads.
  nodeFlags: ["--v8-pool-size=0", ...(NODE >= 24 ? ["--expose-gc"] : [])],
  // glibc keeps freed memory unless told otherwise: 1.4 MiB of a client on Node 22 and later.
  environment: { UV_THREADPOOL_SIZE: "1", ...(NODE >= 22 ? { MALLOC_TRIM_THRESHOLD_: "65536" } : {}) },
  rows: { ...COMMON_ROWS, ...CLIENT_ROWS },
  reader: () => import("./reading.js"),
  logSettings: ({ log }) => log,
  open: openClient,
  commands: clientCommands,
  details: clientDetails,
};

async function openClient({ config: read, paths, log }: Surroundings<ClientConfig>): Promise<Service> {
  const config = { ...read, interfaces: interfacesOf(read, readInterfaces) };
  if (config.interfaces.length === 0) throw new SystemError("no-interface", NO_INTERFACE);
  // Before anything is written: a wrong interface leaves no trace.
  if (!config.inactiveMode) await Promise.all(config.interfaces.map((wanted) => placeOf(wanted)));
  collectOnce();
  const clock = createClock();
  const { duid } = loadOrMakeDuid(paths.duidFile, config.duidType, readInterfaces, clock.now());
  const { workDir } = paths;
  const memory = await openMemory({ workDir, duid, isFresh: config.skipConfirm, clock, log });
  const wiring = { config, memory, workDir, clock, log };
  return await runClient(config, {
    clock,
    random: openRandom(),
    hmacMd5,
    log,
    duid,
    memory,
    addresses: await openAddressing(wiring),
    downlinks: await openDivision(wiring),
    hooks: openHooks(config, workDir, log),
    findPlace: placeOf,
    glanceAt,
    watchPlace,
    setOptions: await openOptions(wiring),
    openSocket: openUdp,
  });
}

/**
 * Gives back what the start has left behind: an idle client on Node 24 would keep 2 MiB of it for ever.
 * Earlier ones see to it themselves after 8 s. Only the daemon is started with `--expose-gc`.
 */
function collectOnce(): void {
  const collect = globalThis.gc;
  if (collect === undefined) return;
  const thoroughly = { type: "major", execution: "sync", flavor: "last-resort" } as const;
  setTimeout(() => {
    collect(thoroughly);
  }, COLLECT_AFTER_MS).unref();
}

/** By then the first lease is there, as a rule, and its script has run. */
const COLLECT_AFTER_MS = 6000;
const NO_INTERFACE =
  "no interface to ask on: none is up, has a carrier and a link-local address, and is not marked no-config; " +
  'name it in client.conf: iface "eth0" { pd }';

const placeOf = ({ selector, bindToAddress }: ClientInterface, patienceMs?: number): Promise<Place> =>
  findPlace(selector, bindToAddress, patienceMs);

function openHooks({ script, scriptTimeout }: ClientConfig, cwd: string, log: Log): HookRunner | undefined {
  if (script === undefined) return undefined;
  return createHookRunner({ script, cwd, timeoutMs: scriptTimeout * 1000, log });
}

/** Loaded when the first Reconfigure comes: node:crypto would cost every client 0.7 MiB. */
function hmacMd5(key: Uint8Array, octets: Uint8Array): Uint8Array {
  const { createHmac } = process.getBuiltinModule("node:crypto");
  return new Uint8Array(createHmac("md5", key).update(octets).digest());
}

/** Straight from the kernel: node:crypto would cost every client 0.7 MiB. */
function openRandom(): Random {
  const source = openSync("/dev/urandom", "r");
  return (octets) => {
    const bytes = new Uint8Array(octets);
    readSync(source, bytes);
    return bytes;
  };
}

void runProgram(program, process.argv.slice(2)).then(endProcess);
