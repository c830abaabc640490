import { asPrefix } from "../shared/log-form.js";
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Ip, type IpFailure, systemIp } from "../shared/edge/ip-batch.js";
import { type IpMonitor, openIpMonitor } from "../shared/edge/ip-monitor.js";
import { type IpSession, openIpSession } from "../shared/edge/ip-session.js";
import { sentenceOf } from "../shared/edge/errors.js";
import type { Log } from "../shared/edge/log.js";
import { formatPrefix, type Prefix } from "../shared/prefix.js";
import type { ServerState } from "./engine.js";
import type { LeaseEvent } from "./lease-event.js";
import {
  type FoundRoute,
  isAsWanted,
  isOurs,
  readRoutes,
  removalLine,
  removedIn,
  type Route,
  ROUTE_PROTOCOL,
  routeOf,
  settingLine,
  wantsRoutes,
} from "./routes.js";

/** Sets the routes of delegated prefixes where the configuration has `routes 1`. */
export interface Routes {
  /** Takes in what has happened to a lease. */
  readonly happened: (event: LeaseEvent) => void;
  /** Compares all routes with the leases soon: after a start, a reload, the return of an interface. */
  readonly refresh: () => void;
  /** Whether routes are wanted, changes that wait, and how many could not be made when last tried. */
  readonly load: () => { readonly wanted: boolean; readonly waiting: number; readonly failed: number };
  /** Waits for the changes on their way. The routes stay: packets flow while no server runs. */
  readonly close: () => Promise<void>;
}

/** What routes are made of; what `ip` does can be replaced in tests. */
export interface RoutesParts {
  readonly state: Pick<ServerState, "network" | "ledger">;
  readonly log: Log;
  /** Whether a server of this directory has set routes, as the store remembers it. */
  readonly hadRoutes: boolean;
  readonly noteHaving: (having: boolean) => Promise<void>;
  readonly ip?: Pick<Ip, "ask">;
  readonly openSession?: () => IpSession;
  readonly openMonitor?: (hear: (line: string) => void, onGap: () => void) => IpMonitor;
  readonly isForwarding?: () => boolean;
}

/** Changes in one batch. */
const BATCH = 512;
/** Leases looked at in one turn of the event loop. */
const SLICE = 2000;
/** All is compared once a minute, or as seldom as it takes to be a hundredth of the time. */
const COMPARE_MS = 60_000;
const COMPARE_SHARE = 100;
/** After something was removed by somebody else, or an interface has come back: others may follow. */
const SOON_MS = 200;
/** What failed is tried again after this, and then after twice as much each time. */
const RETRY_MS = { first: 5000, most: 300_000 } as const;

/** A change that waits: the route, or none. */
interface Wanted {
  readonly prefix: Prefix;
  readonly route: Route | undefined;
}

/** Nothing is done before `refresh` is called, and nothing at all unless routes are or were configured. */
export function createRoutes(parts: RoutesParts): Routes {
  const { state, log, noteHaving } = parts;
  const ip = parts.ip ?? systemIp;
  const session = (parts.openSession ?? openIpSession)();
  const waiting = new Map<string, Wanted>();
  /** Removals on their way, for the monitor tells of them as well. */
  const removing = new Map<string, number>();
  let having = parts.hadRoutes;
  let monitor: IpMonitor | undefined;
  let flushing: Promise<void> | undefined;
  let comparing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let due = Infinity;
  /** Prefixes whose routes are not as they are wanted. */
  const failed = new Set<string>();
  let retryMs: number = RETRY_MS.first;
  let said = "";
  let isFirst = true;
  let isClosed = false;

  function want(prefix: Prefix, route: Route | undefined): void {
    // The one that comes later is to be done later, too.
    const key = formatPrefix(prefix);
    waiting.delete(key);
    waiting.set(key, { prefix, route });
    flushing ??= nextTurn().then(flush);
  }

  async function flush(): Promise<void> {
    while (waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, BATCH);
      for (const { prefix, route } of batch) {
        const key = formatPrefix(prefix);
        waiting.delete(key);
        if (route === undefined && monitor !== undefined) removing.set(key, (removing.get(key) ?? 0) + 1);
      }
      const lines = batch.map(({ prefix, route }) => (route ? settingLine(route) : removalLine(prefix)));
      finish(batch, await session.submit(lines));
    }
    flushing = undefined;
  }

  function finish(batch: readonly Wanted[], failures: readonly IpFailure[]): void {
    for (const { prefix } of batch) failed.delete(formatPrefix(prefix));
    const bad = failures.flatMap(({ line, why }) => {
      const one = batch[line];
      if (one === undefined) return [];
      if (one.route === undefined) heardOfRemoval(formatPrefix(one.prefix));
      return one.route === undefined && why === GONE ? [] : [{ ...one, why }];
    });
    for (const { prefix } of bad) failed.add(formatPrefix(prefix));
    const [first] = bad;
    if (first === undefined) return;
    if (first.why !== said) {
      log("SERVER-ROUTES-FAILED", {
        count: bad.length,
        prefix: asPrefix(first.prefix),
        reason: first.why + (HINTS.get(first.why) ?? ""),
      });
    }
    said = first.why;
    compareIn(retryMs);
    retryMs = Math.min(retryMs * 2, RETRY_MS.most);
  }

  /** False when it was not ours. */
  function heardOfRemoval(key: string): boolean {
    const count = removing.get(key);
    if (count === undefined) return false;
    if (count > 1) removing.set(key, count - 1);
    else removing.delete(key);
    return true;
  }

  function hear(line: string): void {
    const prefix = removedIn(line);
    if (prefix !== undefined && !heardOfRemoval(formatPrefix(prefix))) compareIn(SOON_MS);
  }

  function missed(): void {
    removing.clear();
    compareIn(RETRY_MS.first);
  }

  function compareIn(ms: number): void {
    if (isClosed || performance.now() + ms >= due) return;
    due = performance.now() + ms;
    clearTimeout(timer);
    timer = setTimeout(() => {
      due = Infinity;
      comparing ??= compareAll().finally(() => (comparing = undefined));
    }, ms);
    timer.unref();
  }

  async function compareAll(): Promise<void> {
    const wanted = wantsRoutes(state.network);
    if (!wanted && !having) return;
    if (wanted) monitor ??= (parts.openMonitor ?? openIpMonitor)(hear, missed);
    if (wanted && isFirst) sayIfNotForwarding();
    const began = performance.now();
    try {
      if (wanted && !having) await noteHaving(true);
      having ||= wanted;
      const found = readRoutes(await ip.ask(["route", "show", "proto", String(ROUTE_PROTOCOL)]));
      const changed = await compare(found);
      await flushing;
      if (changed.set + changed.removed > 0)
        log("SERVER-ROUTES-COMPARED", { ...changed, found: found.length });
      if (!wanted) await retire();
      if (failed.size === 0) [said, retryMs] = ["", RETRY_MS.first];
    } catch (error) {
      const reason = sentenceOf(error);
      if (reason !== said) log("SERVER-ROUTES-UNKNOWN", { reason });
      said = reason;
    }
    isFirst = false;
    if (wanted) compareIn(Math.max(COMPARE_MS, (performance.now() - began) * COMPARE_SHARE));
  }

  async function retire(): Promise<void> {
    monitor?.close();
    monitor = undefined;
    if (failed.size > 0) return;
    having = false;
    await noteHaving(false);
  }

  /** Makes the system's routes those of the leases, bit by bit: clients are answered meanwhile. */
  async function compare(found: readonly FoundRoute[]): Promise<{ set: number; removed: number }> {
    const others = new Map(found.map((one) => [formatPrefix(one.prefix), one] as const));
    const { table } = state.ledger;
    let [set, removed] = [0, 0];
    for (let from = 0; from < table.idLimit(); from += SLICE) {
      for (const id of table.idsIn(from, from + SLICE)) {
        if (table.iaTypeOf(id) !== "pd" || table.stateOf(id) !== "bound") continue;
        const route = routeOf(state.network, table.read(id));
        if (route === undefined) continue;
        const key = formatPrefix(route.prefix);
        const there = others.get(key);
        others.delete(key);
        if (waiting.has(key) || (there !== undefined && isAsWanted(route, there))) continue;
        want(route.prefix, route);
        set += 1;
      }
      await nextTurn();
    }
    for (const [key, { prefix }] of others) {
      const id = table.holder(prefix);
      // It may have been given to somebody while the others were compared.
      const isHeld = id !== undefined && routeOf(state.network, table.read(id)) !== undefined;
      const isKnown = id !== undefined || isOurs(state.network, prefix);
      if (waiting.has(key) || isHeld || !isKnown) continue;
      want(prefix, undefined);
      removed += 1;
    }
    return { set, removed };
  }

  function sayIfNotForwarding(): void {
    if ((parts.isForwarding ?? isForwarding)()) return;
    log("SERVER-NOT-FORWARDING", {});
  }

  return {
    happened({ action, lease, former }) {
      if (!having) return;
      if (action === "delete") {
        if (routeOf(state.network, lease) !== undefined) want(lease.prefix, undefined);
        return;
      }
      if (action === "update" && former === undefined) return;
      const route = routeOf(state.network, lease);
      if (route !== undefined) want(lease.prefix, route);
      else if (former !== undefined) want(lease.prefix, undefined);
    },
    refresh() {
      compareIn(isFirst ? 0 : SOON_MS);
    },
    load: () => ({ wanted: wantsRoutes(state.network), waiting: waiting.size, failed: failed.size }),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      monitor?.close();
      await comparing;
      await flushing;
      await session.close();
    },
  };
}

/** What a route is said to be that is to be removed and is not there. */
const GONE = "No such process";

const HINTS: ReadonlyMap<string, string> = new Map([
  ["Operation not permitted", ": the server needs CAP_NET_ADMIN for routes"],
  ["No route to host", ": the relay is not on a link of this host"],
  ["Invalid argument", ": is the interface up?"],
]);

const isForwarding = (): boolean =>
  readFileSync("/proc/sys/net/ipv6/conf/all/forwarding", "latin1").startsWith("1");
