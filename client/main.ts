import { openSync, readSync } from "node:fs";
import { parseClientConfig } from "../shared/config/client-schema.js";
import type { ClientConfig, ClientInterface } from "../shared/config/types.js";
import { type Clock, createClock } from "../shared/edge/clock.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { readTextIfThere } from "../shared/edge/files.js";
import { glanceAt } from "../shared/edge/glance.js";
import { createHookRunner, type HookRunner } from "../shared/edge/hooks.js";
import { readInterfaces } from "../shared/edge/interfaces.js";
import type { Log } from "../shared/edge/log.js";
import { findPlace, type Place } from "../shared/edge/place.js";
import { type Program, runProgram, type Service, type Surroundings } from "../shared/edge/program.js";
import { openUdp } from "../shared/edge/udp.js";
import type { Random } from "../shared/proto/retransmit.js";
import { clientCommands, clientDetails } from "./commands/commands.js";
import { runClient } from "./loop.js";
import { needsFile, type ReceivedOptions } from "./option-files.js";
import type { LeaseUser } from "./lease-user.js";
import type { RememberedLink } from "./remembered.js";
import type { AddressService } from "./serve-addresses.js";
import { type Memory, openMemory } from "./serve-memory.js";
import type { OptionWriter } from "./serve-options.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

const program: Program<ClientConfig> = {
  role: "client",
  version: DIBBLER_VERSION,
  // OpenStack runs one process for each subnet: none of them needs a pool of threads.
  nodeFlags: ["--v8-pool-size=0"],
  environment: { UV_THREADPOOL_SIZE: "1" },
  parse: parseClientConfig,
  logSettings: ({ log }) => log,
  open: openClient,
  commands: clientCommands,
  details: clientDetails,
};

async function openClient({ config, paths, log }: Surroundings<ClientConfig>): Promise<Service> {
  // Before anything is written: a wrong interface leaves no trace.
  if (!config.inactiveMode) await Promise.all(config.interfaces.map(placeOf));
  const clock = createClock();
  const { duid } = loadOrMakeDuid(paths.duidFile, config.duidType, readInterfaces, clock.now());
  const isFresh = config.skipConfirm;
  const memory = await openMemory({ workDir: paths.workDir, duid, isFresh, clock, log });
  return await runClient(config, {
    clock,
    random: openRandom(),
    hmacMd5,
    log,
    duid,
    memory,
    addresses: await openAddressing(config, memory, clock, log),
    downlinks: await openDivision(config, memory, paths.workDir, clock, log),
    hooks: openHooks(config, paths.workDir, log),
    findPlace: placeOf,
    glanceAt,
    setOptions: await openOptions(config, paths.workDir, log),
    openSocket: openUdp,
  });
}

/** Loaded only where addresses are asked for, or were when this client was killed. */
async function openAddressing(
  config: ClientConfig,
  memory: Memory,
  clock: Clock,
  log: Log,
): Promise<AddressService | undefined> {
  const remembered = rememberedOf(config, memory);
  const had = [...remembered.values()].some(({ ias }) => ias.some(({ kind }) => kind === "na"));
  if (!had && config.interfaces.every(({ ias }) => ias.length === 0)) return undefined;
  const { addressSystem, openAddresses } = await import("./serve-addresses.js");
  return openAddresses(config.addressLength, addressSystem(clock, log), remembered);
}

/** Loaded only where prefixes are divided: OpenStack's many clients do without. */
async function openDivision(
  config: ClientConfig,
  memory: Memory,
  workDir: string,
  clock: Clock,
  log: Log,
): Promise<LeaseUser | undefined> {
  if (config.downlinks.mode === "none" || config.interfaces.every(({ pds }) => pds.length === 0)) {
    await forsakeRadvd(config, workDir, clock, log);
    return undefined;
  }
  const { downlinkSystem, openDownlinks } = await import("./serve-downlinks.js");
  return openDownlinks(
    config,
    downlinkSystem(workDir, config.radvdConfig, clock, log),
    rememberedOf(config, memory),
  );
}

/** With inactive-mode an interface may be missing: what it holds stays in use meanwhile. */
function rememberedOf({ interfaces }: ClientConfig, memory: Memory): ReadonlyMap<string, RememberedLink> {
  const links = interfaces.flatMap(({ selector }) => {
    const link = "name" in selector ? memory.of(selector.name) : undefined;
    return "name" in selector && link !== undefined ? [[selector.name, link] as const] : [];
  });
  return new Map(links);
}

/** What a run with downlinks has left for radvd, when it was killed and there are none any more. */
async function forsakeRadvd(
  { radvdConfig }: ClientConfig,
  workDir: string,
  clock: Clock,
  log: Log,
): Promise<void> {
  // Only a file that names our directory: others are of other clients, of which OpenStack has many.
  if (radvdConfig === undefined || readTextIfThere(radvdConfig)?.includes(`${workDir}\n`) !== true) return;
  const { openRadvd } = await import("./serve-radvd.js");
  openRadvd(radvdConfig, workDir, { clock, log }).announce([]);
}

/**
 * A client that asks for none of the options with files holds nothing of this, unless a run before, with
 * another configuration, has left some behind.
 */
async function openOptions(
  { interfaces }: ClientConfig,
  workDir: string,
  log: Log,
): Promise<(interfaceName: string, options: ReceivedOptions) => void> {
  const places = { workDir, resolvConf: "/etc/resolv.conf" };
  const open = async (): Promise<OptionWriter> =>
    (await import("./serve-options.js")).openOptionFiles(places, log);
  // Opened before the first answer: the script finds the files written.
  if (interfaces.some(({ requestedOptions }) => needsFile(requestedOptions))) return (await open()).set;
  let opened: Promise<OptionWriter> | undefined;
  return (interfaceName, options) => {
    opened ??= open();
    void opened.then(({ set }) => {
      set(interfaceName, options);
    });
  };
}

const placeOf = ({ selector, bindToAddress }: ClientInterface): Promise<Place> =>
  findPlace(selector, bindToAddress);

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

void runProgram(program, process.argv.slice(2)).then((status) => process.exit(status));
