import { openSync, readSync, renameSync } from "node:fs";
import { INFINITY, type Seconds, seconds } from "../shared/brand.js";
import { parseClientConfig } from "../shared/config/client-schema.js";
import type { ClientConfig, ClientInterface, PdRequest } from "../shared/config/types.js";
import { type Duid, formatDuid, sameDuid } from "../shared/duid.js";
import { type Clock, createClock, pause } from "../shared/edge/clock.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { sentenceOf } from "../shared/edge/errors.js";
import { readTextIfThere, replaceFileSync } from "../shared/edge/files.js";
import { createHookRunner, type HookRunner } from "../shared/edge/hooks.js";
import { findInterface, readInterfaces } from "../shared/edge/interfaces.js";
import { waitForLinkLocal } from "../shared/edge/link-local.js";
import type { Log } from "../shared/edge/log.js";
import { type Program, runProgram, type Service, type Surroundings } from "../shared/edge/program.js";
import { openUdp, type UdpSocket } from "../shared/edge/udp.js";
import { formatIp6, ip6 } from "../shared/prefix.js";
import type { Random } from "../shared/proto/retransmit.js";
import type { WantedIa } from "./binding.js";
import { createClientLoop } from "./loop.js";
import { createClientState } from "./machine.js";
import { decodeState, encodeState, type RememberedLink } from "./remembered.js";
import type { ClientSetup } from "./state.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

/** All_DHCP_Relay_Agents_and_Servers (RFC 8415 7.1). */
const SERVERS_GROUP = ip6(Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2));
/** UDP ports of clients and of servers (RFC 8415 7.2). */
const CLIENT_PORT = 546;
const SERVER_PORT = 547;
/** How long an interface may need to come up and to finish duplicate address detection. */
const LINK_LOCAL_WAIT_MS = 5000;
/** With inactive-mode: how often to look for an interface that is not usable yet, as Dibbler. */
const INACTIVE_POLL_MS = 3000;
/** How long a stop waits for scripts that run. */
const HOOK_DRAIN_MS = 5000;

const program: Program<ClientConfig> = {
  role: "client",
  version: DIBBLER_VERSION,
  // OpenStack runs one process for each subnet: none of them needs a pool of threads.
  nodeFlags: ["--v8-pool-size=0"],
  environment: { UV_THREADPOOL_SIZE: "1" },
  parse: parseClientConfig,
  logSettings: ({ log }) => log,
  open: openClient,
};

/** What the links of the program have in common. */
interface Shared {
  readonly config: ClientConfig;
  readonly duid: Duid;
  readonly clock: Clock;
  readonly log: Log;
  readonly hooks: HookRunner | undefined;
  readonly random: Random;
  readonly memory: Memory;
}

/** One interface with its socket; `begin` sends the first message, `end` gives everything back. */
interface Link {
  readonly begin: () => void;
  readonly end: () => Promise<void>;
}

/** What is kept from run to run. */
interface Memory {
  readonly of: (interfaceName: string) => RememberedLink | undefined;
  readonly save: (interfaceName: string, remembered: RememberedLink) => void;
}

async function openClient({ config, paths, log }: Surroundings<ClientConfig>): Promise<Service> {
  if (!config.inactiveMode) await Promise.all(config.interfaces.map(findPlace));
  const clock = createClock();
  const { duid, made } = loadOrMakeDuid(paths.duidFile, config.duidType, readInterfaces, clock.now());
  log("CLIENT-DUID", {
    duid: () => formatDuid(duid),
    origin: made ? "made" : "read from",
    file: paths.duidFile,
  });
  const memory = openMemory(`${paths.workDir}/client-state.json`, duid, config.skipConfirm, log);
  const hooks = openHooks(config, paths.workDir, log);
  const shared = { config, duid, clock, log, hooks, memory, random: openRandom() };
  const stopping = new AbortController();
  const links: Link[] = [];
  const latecomers: Promise<void>[] = [];
  for (const wanted of config.interfaces) {
    logUndone(wanted, log);
    if (config.inactiveMode) latecomers.push(openWhenReady(shared, wanted, links, stopping.signal));
    else links.push(await openLink(shared, wanted));
  }
  for (const link of links) link.begin();

  return {
    async stop() {
      stopping.abort();
      await Promise.all(latecomers);
      await Promise.all(links.map((link) => link.end()));
      await hooks?.drain(HOOK_DRAIN_MS);
    },
  };
}

/** With inactive-mode an interface may be missing, down or without address: it is taken up once it is usable. */
async function openWhenReady(
  shared: Shared,
  wanted: ClientInterface,
  links: Link[],
  stopping: AbortSignal,
): Promise<void> {
  let said = "";
  while (!stopping.aborted) {
    try {
      const link = await openLink(shared, wanted);
      links.push(link);
      link.begin();
      return;
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence !== said) shared.log("CLIENT-WAITING", { sentence });
      said = sentence;
      await pause(INACTIVE_POLL_MS, stopping);
    }
  }
}

async function findPlace({ selector, bindToAddress }: ClientInterface): Promise<{
  readonly name: string;
  readonly index: number;
  readonly address: UdpSocket["address"];
}> {
  const { name, index } = findInterface(selector);
  return { name, index, address: await waitForLinkLocal(name, bindToAddress, LINK_LOCAL_WAIT_MS) };
}

async function openLink(shared: Shared, wanted: ClientInterface): Promise<Link> {
  const { clock, random, log, hooks, memory } = shared;
  const { name, index, address } = await findPlace(wanted);
  const loop = createClientLoop({
    state: createClientState(setupOf(shared, wanted, name, index)),
    clock,
    random,
    log,
    hooks,
    send: (bytes) => {
      socket.send(bytes, SERVERS_GROUP, SERVER_PORT);
    },
    save: (remembered) => {
      memory.save(name, remembered);
    },
  });
  const socket = await openUdp({
    interfaceName: name,
    address,
    port: CLIENT_PORT,
    shareWildcard: true,
    receiveBuffer: 0,
    onDatagram: (bytes, from) => {
      loop.push({ type: "datagram", bytes, from, multicast: false });
    },
    onTrouble: (kind, sentence) => {
      log("CLIENT-SOCKET-TROUBLE", { kind, sentence });
    },
  });
  log("CLIENT-STARTED", { interface: name, address: () => formatIp6(address), count: wanted.pds.length });
  return {
    begin: () => {
      loop.push({ type: "start", remembered: memory.of(name) });
    },
    end: async () => {
      loop.push({ type: "stop" });
      await loop.ended;
      await socket.close();
    },
  };
}

function setupOf(
  { config, duid }: Shared,
  { pds, rapidCommit, requestedOptions, options }: ClientInterface,
  interfaceName: string,
  interfaceIndex: number,
): ClientSetup {
  return {
    interfaceName,
    interfaceIndex,
    duid,
    wanted: pds.map(wantedOf),
    rapidCommit,
    insist: config.insistMode,
    requestedOptions,
    sentOptions: options,
  };
}

/** Dibbler's hints are infinite unless configured, which says nothing: RFC 8415 21.22 wants 0 then. */
function wantedOf({ iaid, hints, t1, t2 }: PdRequest): WantedIa {
  const wish = (time: Seconds): Seconds => (time === INFINITY ? seconds(0) : time);
  return {
    iaid,
    hints: hints.map(({ prefix, preferred, valid }) => ({
      prefix,
      preferred: wish(preferred),
      valid: wish(valid),
    })),
    t1,
    t2,
  };
}

/** Says what of a configuration for Dibbler is not acted upon. */
function logUndone({ ias, stateless, selector }: ClientInterface, log: Log): void {
  const where = "name" in selector ? selector.name : `interface ${selector.index}`;
  const undone = [
    ...(ias.length > 0 ? ["ia (no address is asked for)"] : []),
    ...(stateless ? ["stateless (no Information-request is sent)"] : []),
  ];
  for (const what of undone) log("CLIENT-NOT-DONE", { interface: where, what });
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

function openHooks(config: ClientConfig, cwd: string, log: Log): HookRunner | undefined {
  if (config.script === undefined) return undefined;
  return createHookRunner({ script: config.script, cwd, timeoutMs: config.scriptTimeout * 1000, log });
}

/** The state file: replaced whole at every change, so that kill -9 at any moment leaves the old or the new one. */
function openMemory(path: string, duid: Duid, fresh: boolean, log: Log): Memory {
  const links = new Map(fresh ? [] : readMemory(path, duid, log));
  let troubled = false;
  return {
    of: (interfaceName) => links.get(interfaceName),
    save(interfaceName, remembered) {
      links.set(interfaceName, remembered);
      try {
        replaceFileSync(path, encodeState({ duid, links }), 0o640);
        troubled = false;
      } catch (error) {
        // The lease is good without the file: only a restart would not know of it. Neutron removes the directory early.
        if (!troubled) log("CLIENT-STATE-UNSAVED", { sentence: sentenceOf(error) });
        troubled = true;
      }
    },
  };
}

function readMemory(path: string, duid: Duid, log: Log): ReadonlyMap<string, RememberedLink> {
  const text = readTextIfThere(path);
  if (text === undefined) return new Map();
  const decoded = decodeState(text);
  if (!decoded.ok) {
    const aside = `${path}.broken`;
    renameSync(path, aside);
    log("CLIENT-STATE-BROKEN", { path, why: decoded.why, aside });
    return new Map();
  }
  const { remembered } = decoded;
  if (sameDuid(remembered.duid, duid)) return remembered.links;
  log("CLIENT-STATE-FOREIGN", { path, duid: () => formatDuid(remembered.duid) });
  return new Map();
}

void runProgram(program, process.argv.slice(2)).then((status) => process.exit(status));
