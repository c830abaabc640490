import type { LogId } from "../../shared/catalogue.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { makeDuid } from "../../shared/duid.js";
import type { Timing } from "../../shared/edge/clock.js";
import { openStoredClock } from "../../shared/edge/boot-clock.js";
import { createHookSwitch } from "../../shared/edge/hook-switch.js";
import { createStoreMemory, type StoreMemory } from "../../shared/lease/memory-store.js";
import { rangeOf } from "../../shared/prefix.js";
import { createServerState, type ServerState } from "../../server/engine.js";
import { createServerLoop, type LoopParts } from "../../server/loop.js";
import { createOwing } from "../../server/serve-owing.js";
import { createReload } from "../../server/serve-reload.js";
import { allocationSecret, loadTable, nextEpoch } from "../../server/serve-state.js";
import { hmacMd5 } from "../hmac.js";
import { messageIn, namesOf } from "./answers.js";
import type { Chance } from "./chance.js";
import { createHookWatch, type HookWatch } from "./hook-watch.js";
import { createLedgerWatch, type Cut } from "./ledger-watch.js";
import { createMachine, type Machine } from "./machine.js";
import { createSimScripts, type ScriptMood } from "./sim-script.js";
import { createDisk, createSimStore, type Disk } from "./sim-store.js";
import { carryDown, carryUp, type SimLink } from "./topology.js";
import type { Entry } from "./agenda.js";
import type { Node, World } from "./world.js";

/** A server program in the world: the real loop and engine over a store that outlives them. */
export interface SimServer {
  readonly name: string;
  readonly start: () => void;
  /** kill -9: of what was not committed any part counts that came first. */
  readonly kill: () => void;
  /** The same, when so many more things have been done: commits, sends, scripts and their ends. */
  readonly killAfter: (effects: number) => void;
  /** An orderly stop. */
  readonly stop: () => void;
  /** Throws the store away, as a lost disk would. */
  readonly loseStore: () => void;
  /** Another configuration, from the next start on. */
  readonly configure: (text: string) => void;
  /** Another configuration from now on. */
  readonly reload: (text: string) => void;
  readonly isUp: () => boolean;
  readonly isStopping: () => boolean;
  readonly disk: Disk;
  readonly mood: ScriptMood;
  readonly machine: Machine;
  readonly hooks: HookWatch;
  readonly memory: () => StoreMemory;
  /** What the running program knows. */
  readonly inside: () => Inside | undefined;
}

/** What can be seen of a running program. */
export interface Inside {
  readonly state: ServerState;
  /** Calls of the script that wait, run, or would be made after a crash. */
  readonly calls: () => number;
}

/** Where a server is, and how much is expected of it. */
export interface Surroundings {
  /** The link of each client, by its number. */
  readonly linkOf: (client: number) => SimLink;
  /** Its own share of the world's chance when not given. */
  readonly chance?: Chance;
  /** Milliseconds that may pass between a decision and its Reply. */
  readonly slack?: number;
  readonly keepsPromises?: boolean;
}

interface Life {
  alive: boolean;
  /** True once it takes datagrams. */
  serving: boolean;
  stopping: boolean;
  push: ReturnType<typeof createServerLoop>["push"];
  crash: () => void;
  stop: () => void;
  reload: () => void;
  inside: Inside | undefined;
  clock: (() => number) | undefined;
}

const PATHS = {
  configFile: "server.conf",
  workDir: "/",
  logFile: "log",
  pidFile: "pid",
  duidFile: "duid",
  controlSocket: "sock",
} as const;
const INTERFACES: ReadonlyMap<string, number> = new Map([["srv0", 2]]);
/** What looks after the server starts it again after so long. */
const RESTART_MS = 2000;
/** Log lines that a story is better for. */
const TOLD: ReadonlySet<LogId> = new Set<LogId>([
  "SERVER-COMMIT-FAILED",
  "SERVER-CALLS-OWED",
  "SERVER-RELOADED",
  "SERVER-RELOAD-REFUSED",
  "SERVER-LEASE-EXPIRED",
  "HOOK-TIMEOUT",
  "HOOK-ABANDONED",
  "CLOCK-APART",
]);

/** Adds a server to the world, not started. `text` is its server.conf for the interface `srv0`. */
export function addServer(world: World, number: number, text: string, where: Surroundings): SimServer {
  const name = `server${number}`;
  const duid = makeDuid({ kind: "en", enterprise: 8888, identifier: Uint8Array.of(9, number) });
  const chance = where.chance ?? world.chance.fork();
  const disk = createDisk();
  const mood: ScriptMood = { kind: "well" };
  const machine = createMachine(world);
  const hooks = createHookWatch(world, name);
  let memory = createStoreMemory();
  let config = parsed(text);
  let life: Life | undefined;
  let armed = 0;
  const watch = createLedgerWatch({
    world,
    name,
    memory: () => memory,
    clock: () => life?.clock?.(),
    slack: where.slack ?? 100,
    isKept: where.keepsPromises ?? true,
  });
  watch.pools(poolsOf(config));

  /** Something is about to be done by this program; false when it is dead, or dies just before. */
  const effect = (of: Life) => (): boolean => {
    if (!of.alive) return false;
    if (armed > 0 && --armed === 0) kill();
    return of.alive;
  };

  const node: Node = {
    name,
    receive: (bytes, from) => {
      if (life?.serving !== true) return;
      const client = Number(from.replace(/^\D+/, ""));
      watch.hears(messageIn(bytes, from));
      const arrived = carryUp(bytes, client, where.linkOf(client));
      life.push({ type: "datagram", ...arrived, interfaceName: "srv0", interfaceIndex: 2, multicast: true });
    },
  };

  const socketFor = (of: Life): LoopParts["socketFor"] => {
    const isAlive = effect(of);
    return (interfaceName) => ({
      send: (bytes, to, port) => {
        if (!isAlive()) return;
        const carried = carryDown(bytes, to, port);
        if (typeof carried === "string" || interfaceName !== "srv0") {
          world.fail(`${name} sends ${typeof carried === "string" ? carried : `over ${interfaceName}`}`);
          return;
        }
        const message = messageIn(carried.bytes, name);
        const { type, xid } = message;
        world.note(`${name} sends ${type} ${xid.toString(16)} to client${carried.client}${namesOf(message)}`);
        const cargo = watch.sends(message);
        world.send(name, carried.bytes, `client${carried.client}`, cargo);
      },
    });
  };

  async function begin(of: Life): Promise<void> {
    const isAlive = effect(of);
    const timing = timingFor(world, of, chance);
    const log: LoopParts["log"] = (id) => {
      if (TOLD.has(id)) world.note(`${name} ${id}`);
    };
    const onFailed = watch.forgetOffers;
    const onChange = watch.changes;
    const store = createSimStore({ world, memory, disk, chance, effect: isAlive, onChange, onFailed });
    of.crash = store.crash;
    const clock = await openStoredClock(store, log, machine.sources(), timing);
    of.clock = clock.now;
    const table = loadTable(store, log, chance.octets(16));
    const secret = await allocationSecret(store, chance.octets);
    const epoch = await nextEpoch(store, clock.now());
    const interfaces = INTERFACES;
    const state = createServerState({ config, duid, table, secret, interfaces, epoch, hmacMd5 });
    watch.loaded(table);
    const scripts = createSimScripts({ world, chance, mood, watch: hooks, effect: isAlive });
    const system = { timing, findShell: () => undefined };
    const runner = createHookSwitch("/", log, () => scripts, system);
    runner.use(config);
    const owing = createOwing({ store, hooks: runner, log, timing });
    const random = chance.octets;
    const loop = createServerLoop({
      ...{ state, store, hooks: owing, clock, timing, random, log },
      happened: () => undefined,
      socketFor: socketFor(of),
    });
    const owed = config.script === undefined ? new Set<string>() : owing.resume();
    loop.push({ type: "started", owed });
    const reload = createReload({
      surroundings: {
        paths: PATHS,
        log,
        reread: () =>
          Promise.resolve({ ok: true, config, diagnostics: [], findings: "", use: () => undefined }),
      },
      listening: {
        serve: (_arrivals, _mayWait, use) => {
          use(INTERFACES);
          return Promise.resolve();
        },
      },
      hooks: runner,
      web: { prepare: () => Promise.resolve({ keep: nothing, abandon: nothing }) },
      events: { prepare: () => Promise.resolve({ keep: nothing, abandon: nothing }) },
      push: loop.push,
      named: (same) => same,
    });
    of.reload = () => void reload();
    of.push = loop.push;
    of.inside = {
      state,
      calls: () => owing.count() + runner.load().waiting + runner.load().running,
    };
    of.stop = () => {
      of.serving = false;
      of.stopping = true;
      void loop
        .close()
        .then(() => clock.close())
        .then(() => runner.drain(5000))
        .then(() => owing.close())
        .then(() => store.close())
        .then(() => {
          end(of, "has stopped");
        });
    };
    of.serving = true;
    world.note(`${name} serves`);
  }

  function end(of: Life, how: string): void {
    if (!of.alive) return;
    world.note(`${name} ${how}`);
    of.alive = false;
    if (life === of) life = undefined;
    world.remove(node);
    watch.forgetOffers();
    hooks.onCrash();
  }

  function kill(): void {
    const of = life;
    armed = 0;
    if (of === undefined) return;
    of.crash();
    end(of, "is killed");
  }

  function start(): void {
    if (life !== undefined) return;
    world.note(`${name} starts`);
    life = createLife();
    world.add(node);
    const born = life;
    begin(born).catch((error: unknown) => {
      if (!disk.full) world.fail(`${name} does not start: ${String(error)}`);
      // It is started again and again, until there is room.
      end(born, "cannot start");
      world.at(world.now() + RESTART_MS, start);
    });
  }

  return {
    name,
    start,
    kill,
    killAfter: (effects) => {
      armed = effects;
    },
    stop: () => {
      if (life?.serving !== true) return;
      world.note(`${name} is told to stop`);
      life.stop();
    },
    loseStore: () => {
      memory = createStoreMemory();
      watch.storeLost();
    },
    configure: (next) => {
      config = parsed(next);
      watch.pools(poolsOf(config));
    },
    reload: (next) => {
      config = parsed(next);
      watch.pools(poolsOf(config));
      watch.forgetOffers();
      if (life?.serving === true) life.reload();
    },
    isUp: () => life !== undefined,
    isStopping: () => life?.stopping === true,
    disk,
    mood,
    machine,
    hooks,
    memory: () => memory,
    inside: () => life?.inside,
  };
}

const nothing = (): Promise<void> => Promise.resolve();

const createLife = (): Life => ({
  alive: true,
  serving: false,
  stopping: false,
  push: () => undefined,
  crash: () => undefined,
  stop: () => undefined,
  reload: () => undefined,
  inside: undefined,
  clock: undefined,
});

/** Timers that ring in virtual time while the program lives; a turn may come a little late. */
function timingFor(world: World, life: Life, chance: Chance): Timing {
  const later = (ms: number, run: () => void): Entry =>
    world.at(world.now() + ms, () => {
      if (life.alive) run();
    });
  const entries = new WeakMap<object, Entry>();
  return {
    soon: (run) => {
      later(chance.happens(0.1) ? chance.between(0, 4) : 0, run);
    },
    after: (ms, run) => {
      const entry = later(ms, run);
      const timer = { unref: () => timer };
      entries.set(timer, entry);
      return timer;
    },
    cancel: (timer) => {
      const entry = timer && entries.get(timer);
      if (entry !== undefined) entry.isClosed = true;
    },
  };
}

function parsed(text: string): ServerConfig {
  const { config, diagnostics } = parseServerConfig(text);
  if (config === undefined) throw new Error(JSON.stringify(diagnostics));
  return config;
}

const poolsOf = ({ interfaces }: ServerConfig): readonly Cut[] =>
  interfaces.flatMap(({ pdClasses, addressClasses }) => [
    ...pdClasses.flatMap(({ pools, length, valid }) =>
      pools.map((pool) => ({ range: rangeOf(pool), length, longest: valid.max })),
    ),
    ...addressClasses.flatMap(({ ranges, valid }) =>
      ranges.map((range) => ({ range, length: 128, longest: valid.max })),
    ),
  ]);
