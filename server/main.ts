import { randomBytes } from "node:crypto";
import { createClock } from "../shared/edge/clock.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { createHookRunner, type HookRunner } from "../shared/edge/hooks.js";
import { findInterface, readInterfaces } from "../shared/edge/interfaces.js";
import { waitForLinkLocal } from "../shared/edge/link-local.js";
import { openLeaseStore } from "../shared/edge/lmdb-store.js";
import type { Log } from "../shared/edge/log.js";
import { type Program, runProgram, type Service, type Surroundings } from "../shared/edge/program.js";
import { openUdp, type UdpSocket } from "../shared/edge/udp.js";
import { parseServerConfig } from "../shared/config/server-schema.js";
import type { ServerConfig, ServerInterface } from "../shared/config/types.js";
import { formatDuid } from "../shared/duid.js";
import type { LeaseStore } from "../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../shared/lease/table.js";
import { formatIp6, ip6, type Ip6 } from "../shared/prefix.js";
import { createServerState, type ServerEvent } from "./engine.js";
import { createServerLoop } from "./loop.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

/** All_DHCP_Relay_Agents_and_Servers (RFC 8415 7.1). */
const SERVERS_GROUP = ip6(Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2));
/** UDP port of servers and relays (RFC 8415 7.2). */
const SERVER_PORT = 547;
/** How long an interface may need to come up and to finish duplicate address detection. */
const LINK_LOCAL_WAIT_MS = 5000;
/** How long a stop waits for scripts that run. */
const HOOK_DRAIN_MS = 5000;

const program: Program<ServerConfig> = {
  role: "server",
  version: DIBBLER_VERSION,
  parse: parseServerConfig,
  logSettings: ({ log }) => log,
  open: openServer,
};

/** One interface that is served, with the address its Replies come from. */
interface ServedInterface {
  readonly name: string;
  readonly index: number;
  readonly address: Ip6;
}

async function openServer({ config, paths, log }: Surroundings<ServerConfig>): Promise<Service> {
  const clock = createClock();
  const served = await Promise.all(config.interfaces.map(findServed));
  const { duid, made } = loadOrMakeDuid(paths.duidFile, { kind: "llt" }, readInterfaces, clock.now());
  log("SERVER-DUID", {
    duid: () => formatDuid(duid),
    origin: made ? "made" : "read from",
    file: paths.duidFile,
  });

  const store = await openLeaseStore(paths.workDir);
  const table = loadTable(store, log);
  const state = createServerState({
    config,
    duid,
    table,
    secret: await allocationSecret(store),
    interfaces: new Map(served.map(({ name, index }) => [name, index])),
  });
  const hooks = openHooks(config, paths.workDir, log);
  const unicast = new Map<string, UdpSocket>();
  const loop = createServerLoop({
    state,
    store,
    hooks,
    clock,
    log,
    random: randomBytes,
    socketFor: (name) => unicast.get(name),
  });
  const sockets: UdpSocket[] = [];
  for (const place of served) {
    const pair = await openSockets(place, loop.push, log);
    unicast.set(place.name, pair.unicast);
    sockets.push(pair.unicast, pair.multicast);
    log("SERVER-LISTENING", {
      interface: place.name,
      address: () => formatIp6(place.address),
      octets: pair.multicast.receiveBufferBytes,
    });
  }
  loop.push({ type: "started" });
  log("SERVER-STARTED", { leases: table.size, interfaces: served.length });

  return {
    async stop() {
      await loop.close();
      await Promise.all(sockets.map((socket) => socket.close()));
      await store.close();
      await hooks?.drain(HOOK_DRAIN_MS);
    },
  };
}

async function findServed({ selector }: ServerInterface): Promise<ServedInterface> {
  const { name, index } = findInterface(selector);
  return { name, index, address: await waitForLinkLocal(name, undefined, LINK_LOCAL_WAIT_MS) };
}

function loadTable(store: LeaseStore, log: Log): LeaseTable {
  const table = createLeaseTable({ seed: randomBytes(16) });
  store.load((id, record) => {
    if (!table.setRecord(id, record)) log("SERVER-LEASE-UNREADABLE", { id, octets: record.length });
  });
  return table;
}

/** The key of the allocation hash: kept with the leases, so that a returning client is led to the same prefix. */
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

/** Which of the two sockets a datagram came through tells how it was sent; Node knows no packet information. */
async function openSockets(
  { name, index, address }: ServedInterface,
  push: (event: ServerEvent) => void,
  log: Log,
): Promise<{ readonly unicast: UdpSocket; readonly multicast: UdpSocket }> {
  const receive = (multicast: boolean) => (bytes: Uint8Array, from: Ip6, port: number) => {
    push({ type: "datagram", bytes, from, port, interfaceName: name, interfaceIndex: index, multicast });
  };
  const onTrouble = (kind: string, sentence: string): void => {
    log("SERVER-SOCKET-TROUBLE", { kind, sentence });
  };
  const common = { interfaceName: name, port: SERVER_PORT, onTrouble };
  const unicast = await openUdp({ ...common, address, onDatagram: receive(false) });
  const multicast = await openUdp({
    ...common,
    address: SERVERS_GROUP,
    multicastGroup: SERVERS_GROUP,
    onDatagram: receive(true),
  });
  return { unicast, multicast };
}

void runProgram(program, process.argv.slice(2)).then((status) => process.exit(status));
