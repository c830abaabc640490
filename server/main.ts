import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createClock } from "../shared/edge/clock.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { createHookRunner, type HookRunner } from "../shared/edge/hooks.js";
import { readInterfaces } from "../shared/edge/interfaces.js";
import { openLeaseStore } from "../shared/edge/lmdb-store.js";
import type { Log } from "../shared/edge/log.js";
import { findPlace, openWhenReady, type Place } from "../shared/edge/place.js";
import { type Program, runProgram, type Service, type Surroundings } from "../shared/edge/program.js";
import { openUdp, type UdpOptions, type UdpSocket } from "../shared/edge/udp.js";
import { parseServerConfig } from "../shared/config/server-schema.js";
import type { ServerConfig, ServerInterface } from "../shared/config/types.js";
import { formatDuid } from "../shared/duid.js";
import type { LeaseStore } from "../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../shared/lease/table.js";
import { formatIp6, type Ip6, isLinkLocal } from "../shared/prefix.js";
import { SERVER_PORT, SERVERS_GROUP } from "../shared/proto/well-known.js";
import { createServerState, type ServerEvent } from "./engine.js";
import { createServerLoop } from "./loop.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

/** How long a stop waits for scripts that run. */
const HOOK_DRAIN_MS = 5000;

const program: Program<ServerConfig> = {
  role: "server",
  version: DIBBLER_VERSION,
  parse: parseServerConfig,
  logSettings: ({ log }) => log,
  open: openServer,
};

async function openServer({ config, paths, log }: Surroundings<ServerConfig>): Promise<Service> {
  const clock = createClock();
  const isLate = ({ selector }: ServerInterface): boolean => config.inactiveMode && "name" in selector;
  const [late, prompt] = [config.interfaces.filter(isLate), config.interfaces.filter((i) => !isLate(i))];
  const places = await Promise.all(prompt.map(({ selector }) => findPlace(selector)));
  const { duid, made } = loadOrMakeDuid(paths.duidFile, { kind: "llt" }, readInterfaces, clock.now());
  log("SERVER-DUID", {
    duid: () => formatDuid(duid),
    origin: made ? "made" : "read from",
    file: paths.duidFile,
  });

  const store = await openLeaseStore(paths.workDir);
  const table = loadTable(store, log);
  const interfaces = new Map(places.map(({ name, index }) => [name, index]));
  const secret = await allocationSecret(store);
  const state = createServerState({ config, duid, table, secret, interfaces });
  const hooks = openHooks(config, paths.workDir, log);
  const sockets = new Map<string, Sockets>();
  const socketFor = (name: string, to: Ip6): UdpSocket | undefined => sockets.get(name)?.answering(to);
  const loop = createServerLoop({ state, store, hooks, clock, log, random: randomBytes, socketFor });
  const open = async (place: Place): Promise<void> => {
    const settings = state.network.links.get(place.name)?.settings;
    sockets.set(place.name, await openSockets(place, settings?.unicast, loop.push, log));
  };
  for (const place of places) await open(place);
  loop.push({ type: "started" });
  log("SERVER-STARTED", { leases: table.size, interfaces: places.length });
  const stopping = new AbortController();
  const waiting = late.map(({ selector }) =>
    openWhenReady(
      async () => {
        const place = await findPlace(selector);
        await open(place);
        loop.push({ type: "interfaceReady", interfaceName: place.name, interfaceIndex: place.index });
      },
      stopping.signal,
      (sentence) => {
        log("SERVER-WAITING", { sentence });
      },
    ),
  );

  return {
    async stop() {
      stopping.abort();
      await Promise.all(waiting);
      await loop.close();
      await Promise.all([...sockets.values()].map(({ close }) => close()));
      await store.close();
      await hooks?.drain(HOOK_DRAIN_MS);
    },
  };
}

function loadTable(store: LeaseStore, log: Log): LeaseTable {
  const table = createLeaseTable({ seed: randomBytes(16) });
  store.load((id, record) => {
    if (!table.setRecord(id, record)) log("SERVER-LEASE-UNREADABLE", { id, octets: record.length });
  });
  return table;
}

/**
 * The key of the allocation hash: kept with the leases, so that a returning client is led to the same prefix.
 */
async function allocationSecret(store: LeaseStore): Promise<Uint8Array> {
  const name = "allocation-secret";
  const known = store.meta(name);
  if (known !== undefined) return known;
  const made = randomBytes(16);
  await store.setMeta(name, made);
  return made;
}

function openHooks(config: ServerConfig, cwd: string, log: Log): HookRunner | undefined {
  if (config.script === undefined) return undefined;
  return createHookRunner({ script: config.script, cwd, timeoutMs: config.scriptTimeout * 1000, log });
}

/**
 * The sockets of an interface: link-local address, multicast group and, where configured, a global address.
 * Node knows no packet information: which one a datagram came through tells how it was sent.
 */
interface Sockets {
  /** The socket to answer from: the source shall be of the same scope as the destination. */
  readonly answering: (to: Ip6) => UdpSocket;
  readonly close: () => Promise<void>;
}

async function openSockets(
  { name, index, address }: Place,
  global: Ip6 | undefined,
  push: (event: ServerEvent) => void,
  log: Log,
): Promise<Sockets> {
  const receive = (multicast: boolean) => (bytes: Uint8Array, from: Ip6, port: number) => {
    push({ type: "datagram", bytes, from, port, interfaceName: name, interfaceIndex: index, multicast });
  };
  const onTrouble = (kind: string, sentence: string): void => {
    log("SERVER-SOCKET-TROUBLE", { kind, sentence });
  };
  const wanted: readonly Partial<UdpOptions>[] = [
    { address },
    { address: SERVERS_GROUP, multicastGroup: SERVERS_GROUP },
    ...(global === undefined ? [] : [{ address: global }]),
  ];
  const open: UdpSocket[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(open.map((socket) => socket.close()));
  };
  try {
    for (const options of wanted) {
      const onDatagram = receive(options.multicastGroup !== undefined);
      const common = { interfaceName: name, address, port: SERVER_PORT, onTrouble, onDatagram };
      open.push(await openUdp({ ...common, ...options }));
    }
  } catch (error) {
    // So that all of them can be tried again.
    await close();
    throw error;
  }
  const [linkLocal, multicast, unicast] = open;
  assert(linkLocal !== undefined && multicast !== undefined);
  const octets = multicast.receiveBufferBytes;
  log("SERVER-LISTENING", { interface: name, address: () => formatIp6(address), octets });
  return { answering: (to) => (isLinkLocal(to) ? linkLocal : (unicast ?? linkLocal)), close };
}

void runProgram(program, process.argv.slice(2)).then((status) => process.exit(status));
