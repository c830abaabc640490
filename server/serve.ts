import { createHmac, randomBytes } from "node:crypto";
import { openStoredClock } from "../shared/edge/boot-clock.js";
import { openControl } from "../shared/edge/control-server.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { createHookRunner, type HookRunner } from "../shared/edge/hooks.js";
import { readInterfaces } from "../shared/edge/interfaces.js";
import { openLeaseStore } from "../shared/edge/lmdb-store.js";
import type { Log } from "../shared/edge/log.js";
import { findPlace, openWhenReady, type Place } from "../shared/edge/place.js";
import {
  type Arrival,
  arrivalsOf,
  type BulkListening,
  openServerSockets,
  type ServerSockets,
} from "../shared/edge/server-sockets.js";
import type { Service, Surroundings } from "../shared/edge/program.js";
import { createSiteSocket } from "../shared/edge/site-socket.js";
import { openTcp, type TcpListener } from "../shared/edge/tcp.js";
import type { UdpSocket } from "../shared/edge/udp.js";
import type { ServerConfig } from "../shared/config/types.js";
import { formatDuid } from "../shared/duid.js";
import type { LeaseStore } from "../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../shared/lease/table.js";
import type { Ip6 } from "../shared/prefix.js";
import { createBulkService } from "./bulk-server.js";
import { createControlService } from "./control.js";
import { createServerState } from "./engine.js";
import { createServerLoop } from "./loop.js";

/** How long a stop waits for scripts that run. */
const HOOK_DRAIN_MS = 5000;

/** Opens what the server works with, and serves until it is stopped. */
export async function openServer({ config, paths, log }: Surroundings<ServerConfig>): Promise<Service> {
  const arrivals = arrivalsOf(config.interfaces);
  const isLate = ({ selector }: Arrival): boolean => config.inactiveMode && "name" in selector;
  const [late, prompt] = [arrivals.filter(isLate), arrivals.filter((arrival) => !isLate(arrival))];
  const places = await Promise.all(
    prompt.map(async (arrival) => ({ arrival, place: await findPlace(arrival.selector) })),
  );
  const { duid, made } = loadOrMakeDuid(paths.duidFile, { kind: "llt" }, readInterfaces, Date.now());
  log("SERVER-DUID", {
    duid: () => formatDuid(duid),
    origin: made ? "made" : "read from",
    file: paths.duidFile,
  });

  const store = await openLeaseStore(paths.workDir);
  const clock = await openStoredClock(store, log);
  const table = loadTable(store, log);
  const interfaces = new Map(places.map(({ place }) => [place.name, place.index]));
  const secret = await allocationSecret(store);
  const epoch = await nextEpoch(store, clock.now());
  const state = createServerState({ config, duid, table, secret, interfaces, epoch, hmacMd5 });
  const hooks = openHooks(config, paths.workDir, log);
  const sockets = new Map<string, ServerSockets>();
  const socketFor = (name: string, to: Ip6): UdpSocket | undefined => sockets.get(name)?.answering(to);
  const loop = createServerLoop({ state, store, hooks, clock, log, random: randomBytes, socketFor });
  const onTrouble = (kind: string, sentence: string): void => {
    log("SERVER-SOCKET-TROUBLE", { kind, sentence });
  };
  const site = createSiteSocket(loop.push, onTrouble);
  const listeners: TcpListener[] = [];
  const open = async (place: Place, arrival: Arrival): Promise<void> => {
    if (arrival.relays) await site.join(place);
    const opened = await openServerSockets(place, arrival, loop.push, onTrouble, log);
    try {
      if (arrival.bulk !== undefined) listeners.push(await openBulk(place, opened, arrival.bulk));
    } catch (error) {
      // So that all of them can be tried again.
      await opened.close();
      throw error;
    }
    sockets.set(place.name, opened);
  };
  const openBulk = (
    { name }: Place,
    { addresses }: ServerSockets,
    { settings, link }: BulkListening,
  ): Promise<TcpListener> => {
    const { port, maxConnections, timeout } = settings;
    const where = { interfaceName: name, addresses, port, maxConnections, timeoutMs: timeout * 1000 };
    return openTcp({
      ...where,
      ...createBulkService({ state, interfaceName: link ?? name, now: clock.now, log }),
    });
  };
  for (const { place, arrival } of places) await open(place, arrival);
  loop.push({ type: "started" });
  const control = await openControl({
    path: paths.controlSocket,
    ...createControlService({ state, push: loop.push, log }),
  });
  log("SERVER-STARTED", { leases: table.size, interfaces: places.length });
  const stopping = new AbortController();
  const waiting = late.map((arrival) =>
    openWhenReady(
      async () => {
        const place = await findPlace(arrival.selector);
        await open(place, arrival);
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
      await control.close();
      await Promise.all(waiting);
      await Promise.all(listeners.map(({ close }) => close()));
      await loop.close();
      await Promise.all([site, ...sockets.values()].map(({ close }) => close()));
      await clock.close();
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
 * A number that grows with every start, for values that must never repeat; the time as well, lest a lost
 * store makes it fall.
 */
async function nextEpoch(store: LeaseStore, now: number): Promise<number> {
  const name = "starts";
  const known = store.meta(name);
  const before = known?.length === 4 ? new DataView(known.buffer, known.byteOffset).getUint32(0) : 0;
  const epoch = Math.max(before + 1, Math.floor(now / 1000)) >>> 0;
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, epoch);
  await store.setMeta(name, octets);
  return epoch;
}

const hmacMd5 = (key: Uint8Array, octets: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac("md5", key).update(octets).digest());
