import { asDuid } from "../shared/log-form.js";
import { createHmac, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type Arrival, arrivalsOf, type BulkListening } from "../shared/edge/arrivals.js";
import { createBursts } from "../shared/edge/bursts.js";
import { openStoredClock } from "../shared/edge/boot-clock.js";
import { openControl } from "../shared/edge/control-server.js";
import { loadOrMakeDuid } from "../shared/edge/duid-file.js";
import { createHookHelpers } from "../shared/edge/hook-helper.js";
import type { ScriptRunner } from "../shared/edge/hook-process.js";
import { createHookSwitch } from "../shared/edge/hook-switch.js";
import { readInterfaces } from "../shared/edge/interfaces.js";
import { isoTime, localTime } from "../shared/edge/local-time.js";
import type { Log } from "../shared/edge/log.js";
import { findPlace, type Place } from "../shared/edge/place.js";
import { createListening, type Listening, type ListeningParts } from "../shared/edge/listening.js";
import type { Service, Surroundings } from "../shared/edge/program.js";
import { createSiteSocket } from "../shared/edge/site-socket.js";
import { openTcp, type TcpListener } from "../shared/edge/tcp.js";
import type { ServerConfig } from "../shared/config/types.js";
import type { LeaseStore } from "../shared/lease/store.js";
import type { Ip6 } from "../shared/prefix.js";
import { type BulkParts, createBulkService } from "./bulk-server.js";
import type { CommandContext } from "./command.js";
import { type ControlParts, createControlService } from "./control.js";
import { createServerState, type ServerState } from "./engine.js";
import { createServerLoop, type LoopParts, type ServerLoop } from "./loop.js";
import { byNames } from "./serve-names.js";
import { createOwing } from "./serve-owing.js";
import { wasComplete } from "./serve-recorder.js";
import { createEvents } from "./serve-events.js";
import { createReload, prepareBoth } from "./serve-reload.js";
import { collectAlone } from "./serve-memory.js";
import { createRoutes, type Routes } from "./serve-routes.js";
import { createWeb } from "./serve-web.js";
import {
  allocationSecret,
  nextEpoch,
  openState,
  openViews,
  recallFormer,
  STARTS,
  storeWritten,
  takeOver,
  tellingOf,
} from "./serve-state.js";

/** Up to so many leases the files for other programs are current when `start` returns. */
const AWAITED_LEASES = 10_000;
/**
 * How long a stop waits for scripts; those that still run are ended, which takes two seconds more when they
 * ignore it. All in all a stop takes no more than five seconds, less than what systemd and operators allow.
 */
const HOOK_DRAIN_MS = 2500;

/** Opens what the server works with, and serves until it is stopped. */
export async function openServer(surroundings: Surroundings<ServerConfig>): Promise<Service> {
  const { paths, log, version } = surroundings;
  collectAlone();
  const config = byNames(surroundings.config);
  const interfaces = await findPresent(config);
  const { duid, made } = loadOrMakeDuid(paths.duidFile, { kind: "llt" }, readInterfaces, Date.now());
  log("SERVER-DUID", {
    duid: asDuid(duid),
    origin: made ? "made" : "read from",
    file: paths.duidFile,
  });

  const { workDir } = paths;
  const written = storeWritten(workDir);
  const { store, table } = await openState(workDir, log);
  const clock = await openStoredClock(store, log);
  await takeOver(store, { config, workDir, written, table, interfaces, now: clock.now(), log });
  const secret = await allocationSecret(store);
  const isComplete = wasComplete(store, store.meta(STARTS));
  const epoch = await nextEpoch(store, clock.now());
  const state = createServerState({ config, duid, table, secret, interfaces, epoch, hmacMd5 });
  const hooks = createHookSwitch(workDir, log, () => openHookHelper(workDir, log));
  hooks.use(config);
  const socketFor: LoopParts["socketFor"] = (name, to) => listening.socketFor(name, to);
  recallFormer(state, workDir, log);
  const views = openViews(state, workDir, clock, log);
  const routes = openRoutes(state, store, log);
  const stored = tellingOf(store, views.changed);
  const owing = createOwing({ store, hooks, log });
  const web = createWeb({
    ...{ version, state, now: clock.now, log, routes: routes.load, file: paths.configFile },
    hooks: () => ({ ...load(), ...hooks.tally() }),
    events: () => events.load(),
    troubles: () => troublesOf(listening.absent(), loop.failing()),
  });
  const start = store.meta(STARTS) ?? new Uint8Array();
  const events = createEvents({ store, now: clock.now, log, start, isComplete });
  const loop = createServerLoop({
    state,
    store: stored,
    hooks: owing,
    clock,
    log,
    random: randomBytes,
    happened: (event) => {
      routes.happened(event);
      web.happened(event);
    },
    recorder: events.recorder,
    pace: web.pace,
    socketFor,
  });
  const push: ServerLoop["push"] = (event) => {
    loop.push(event);
    if (event.type === "datagram") return;
    views.changed();
    if (event.type === "configured" || event.type === "interfaceReady") routes.refresh();
  };
  const listening = openListening(push, log, (place, addresses, bulk) =>
    openBulk({ state, now: clock.now, log }, place, addresses, bulk),
  );
  const owed = config.script === undefined ? new Set<string>() : owing.resume();
  const prepared = await prepareBoth({ web, events }, config, surroundings.diagnostics);
  await prepared.keep();
  await listening.serve(arrivalsOf(config.interfaces), config.inactiveMode, (places) => {
    push({ type: "started", owed });
    // What has come up since it was looked for.
    for (const [interfaceName, interfaceIndex] of places) {
      if (!interfaces.has(interfaceName)) push({ type: "interfaceReady", interfaceName, interfaceIndex });
    }
    routes.refresh();
    log("SERVER-STARTED", { leases: table.size, interfaces: places.size });
  });
  listening.watch();
  const reload = createReload({ surroundings, listening, hooks, web, events, push });
  const context = (): CommandContext => ({ now: clock.now(), iso: isoTime, local: localTime });
  const load = (): ReturnType<ControlParts["hooks"]> => ({ ...hooks.load(), owed: owing.count() });
  const control = await openControl({
    path: paths.controlSocket,
    ...createControlService({
      ...{ state, push, log, context, reload, hooks: load },
      ...{ routes: routes.load, events: events.load },
    }),
  });

  // Answers come first; with many leases `start` does not wait for files that take seconds to write either.
  const areAwaited = table.size <= AWAITED_LEASES;
  const firstViews = views.write(areAwaited);
  if (areAwaited) await firstViews;

  return {
    reload: () => void reload(),
    condition: () => {
      const absent = listening.absent();
      const served = arrivalsOf(state.config.interfaces).length - absent.length;
      return {
        doing: `serving ${countOf(served, "interface")}, ${countOf(table.size, "lease")}`,
        troubles: troublesOf(absent, loop.failing()),
        waitingMs: loop.waiting(),
      };
    },
    async stop() {
      await control.close();
      await web.close();
      await listening.rest();
      await loop.close();
      await events.close();
      await routes.close();
      await views.close();
      await listening.close();
      await clock.close();
      await hooks.drain(HOOK_DRAIN_MS, true);
      await owing.close();
      await store.close();
    },
  };
}

const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

function troublesOf(absent: readonly string[], failing: string | undefined): readonly string[] {
  const troubles = absent.map((name) => `interface ${name} cannot be served now`);
  return failing === undefined ? troubles : [...troubles, `leases cannot be stored: ${failing}`];
}

/** The store remembers whether there are routes of ours: they are removed also when `routes` is no more. */
function openRoutes(state: ServerState, store: LeaseStore, log: Log): Routes {
  const name = "routes";
  const hadRoutes = store.meta(name)?.[0] === 1;
  const noteHaving = (having: boolean): Promise<void> => store.setMeta(name, Uint8Array.of(having ? 1 : 0));
  return createRoutes({ state, log, hadRoutes, noteHaving });
}

/** The bundle of hook-helper-main.ts lies beside the server's. */
function openHookHelper(directory: string, log: Log): ScriptRunner {
  const program = fileURLToPath(new URL("dibbler-hooks.cjs", import.meta.url));
  return createHookHelpers({ program, directory, log });
}

/** Interfaces that are there, and their indexes; waits for those that must be. */
async function findPresent(config: ServerConfig): Promise<ReadonlyMap<string, number>> {
  const mayWait = ({ selector }: Arrival): boolean => config.inactiveMode && "name" in selector;
  const prompt = arrivalsOf(config.interfaces).filter((arrival) => !mayWait(arrival));
  const places = await Promise.all(prompt.map(({ selector }) => findPlace(selector)));
  return new Map(places.map(({ name, index }) => [name, index]));
}

function openListening(push: ServerLoop["push"], log: Log, openBulk: ListeningParts["openBulk"]): Listening {
  const onTrouble = (kind: string, sentence: string): void => {
    log("SERVER-SOCKET-TROUBLE", { kind, sentence });
  };
  const bursts = createBursts((outcome) => {
    if (outcome.type === "used") log("SERVER-BURSTS", {});
    else log("SERVER-BURSTS-SINGLY", outcome);
  });
  return createListening({
    push,
    log,
    onTrouble,
    openBulk,
    bursts,
    site: createSiteSocket(push, onTrouble, bursts),
    onReady: ({ name, index }) => {
      push({ type: "interfaceReady", interfaceName: name, interfaceIndex: index });
    },
  });
}

function openBulk(
  parts: Omit<BulkParts, "interfaceName">,
  { name }: Place,
  addresses: readonly Ip6[],
  { settings, link }: BulkListening,
): Promise<TcpListener> {
  const { port, maxConnections, timeout } = settings;
  const where = { interfaceName: name, addresses, port, maxConnections, timeoutMs: timeout * 1000 };
  return openTcp({ ...where, ...createBulkService({ ...parts, interfaceName: link ?? name }) });
}

const hmacMd5 = (key: Uint8Array, octets: Uint8Array): Uint8Array =>
  new Uint8Array(createHmac("md5", key).update(octets).digest());
