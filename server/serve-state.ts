import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type Millis, millis } from "../shared/brand.js";
import type { Clock } from "../shared/edge/clock.js";
import { SystemError, sentenceOf } from "../shared/edge/errors.js";
import { readTextIfThere } from "../shared/edge/files.js";
import { LEASE_DATABASE, type LeaseVisitor, openLeaseStore } from "../shared/edge/lmdb-store.js";
import type { Log } from "../shared/edge/log.js";
import { keepCopy, openText } from "../shared/edge/state-files.js";
import { createViewWriter, type ViewWriter } from "../shared/edge/view-writer.js";
import type { ServerConfig } from "../shared/config/types.js";
import type { LeaseStore, LeaseView } from "../shared/lease/store.js";
import { createLeaseTable, type LeaseTable } from "../shared/lease/table.js";
import type { ServerState } from "./engine.js";
import { collectEarly } from "./serve-memory.js";
import { breakEvents } from "./serve-recorder.js";
import { createNetwork } from "./links.js";
import type { TakeOverParts } from "./take-over.js";
import { recallCache, viewsOf } from "./views.js";

/** Files of Dibbler that are replaced by views of ours. */
const VIEWS = ["server-AddrMgr.xml", "server-cache.xml", "server-CfgMgr.xml"] as const;

/** What is needed to take over what another server has left. */
export interface FormerState extends Omit<TakeOverParts, "file" | "network" | "wall"> {
  readonly config: ServerConfig;
  readonly workDir: string;
  /** When the store was written last, see `storeWritten`. */
  readonly written: Millis | undefined;
}

/** Milliseconds after which a file that is later than the store is another server's: see `takeOver`. */
const LATER_MILLIS = 90_000;

/**
 * When the lease store of a directory was written last; undefined when there is none. To ask before it is
 * opened.
 */
export function storeWritten(workDir: string): Millis | undefined {
  const stats = statSync(join(workDir, LEASE_DATABASE), { throwIfNoEntry: false });
  return stats && millis(stats.mtimeMs);
}

/**
 * Opens the store of a directory, and gives its leases with it. A record that cannot be read is told to the
 * log and left as it is.
 */
export async function openState(
  workDir: string,
  log: Log,
): Promise<{ readonly store: LeaseStore; readonly table: LeaseTable }> {
  const loading = beginLoading(log);
  const store = await openLeaseStore(workDir, loading);
  const table = loading.table();
  collectEarly();
  return { store, table };
}

/** The leases of a store that is open. */
export function loadTable(
  store: Pick<LeaseView, "load">,
  log: Log,
  seed: Uint8Array = randomBytes(16),
): LeaseTable {
  const loading = beginLoading(log, seed);
  store.load(loading.visit);
  return loading.table();
}

/** The table is complete, and what is wrong is told, only when all leases have been visited. */
function beginLoading(
  log: Log,
  seed: Uint8Array = randomBytes(16),
): Required<LeaseVisitor> & { readonly table: () => LeaseTable } {
  const table = createLeaseTable({ seed });
  const filling = table.fill();
  const unreadable: { readonly record: number; readonly octets: number }[] = [];
  return {
    expect: filling.expect,
    visit: (id, octets, from, to) => {
      if (!filling.add(id, octets, from, to)) unreadable.push({ record: id, octets: to - from });
    },
    table() {
      filling.done();
      for (const values of unreadable) log("SERVER-LEASE-UNREADABLE", values);
      return table;
    },
  };
}

/**
 * A store that is new takes the leases of the Dibbler that served from this directory before. They are there
 * after one commit or not at all, and a note says that this is done, also when there was nothing to take. It
 * is done again when Dibbler has served meanwhile: the store is written every minute while a server of ours
 * runs, and after the last of its views, so a file of leases that is much later than the store is not ours.
 * Rejects with a SystemError when the leases are there and cannot be read, and none are known.
 */
export async function takeOver(store: LeaseStore, former: FormerState): Promise<void> {
  const { config, workDir, written, ...parts } = former;
  const name = "taken-over";
  const isFirst = store.meta(name) === undefined && parts.table.size === 0;
  const found = openText(join(workDir, "server-AddrMgr.xml"));
  const isLater = found !== undefined && found.written > (written ?? Infinity) + LATER_MILLIS;
  const file = isFirst || isLater ? found : undefined;
  if (file !== undefined) {
    const { takeOverFile } = await import("./take-over.js");
    const network = createNetwork(config, parts.interfaces);
    const taken = takeOverFile({ ...parts, file, network, wall: millis(Date.now()) });
    if (!taken.ok) throw new SystemError("state-unreadable", taken.sentence);
    for (const view of VIEWS) keepCopy(join(workDir, view));
    if (taken.changes.length > 0) {
      await breakEvents(store);
      await store.commit(taken.changes);
    }
  }
  if (store.meta(name) === undefined) await store.setMeta(name, Uint8Array.of(1));
}

/**
 * The key of the allocation hash: kept with the leases, so that a returning client is led to the same prefix.
 */
export async function allocationSecret(
  store: Pick<LeaseStore, "meta" | "setMeta">,
  random: (octets: number) => Uint8Array = randomBytes,
): Promise<Uint8Array> {
  const name = "allocation-secret";
  const known = store.meta(name);
  if (known !== undefined) return known;
  const made = random(16);
  await store.setMeta(name, made);
  return made;
}

/** Name of the value that says the number of the latest start. */
export const STARTS = "starts";

/**
 * A number that grows with every start, for values that must never repeat; the time as well, lest a lost
 * store makes it fall.
 */
export async function nextEpoch(store: Pick<LeaseStore, "meta" | "setMeta">, now: number): Promise<number> {
  const known = store.meta(STARTS);
  const before = known?.length === 4 ? new DataView(known.buffer, known.byteOffset).getUint32(0) : 0;
  const epoch = Math.max(before + 1, Math.floor(now / 1000)) >>> 0;
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, epoch);
  await store.setMeta(STARTS, octets);
  return epoch;
}

/**
 * What clients had whose leases are gone, from Dibbler's cache at first and from our own view of it later.
 */
export function recallFormer(state: ServerState, workDir: string, log: Log): void {
  const reason = recallFrom(state, join(workDir, "server-cache.xml"));
  if (reason !== undefined) log("SERVER-CACHE-UNREADABLE", { reason });
}

function recallFrom(state: ServerState, file: string): string | undefined {
  try {
    const text = readTextIfThere(file);
    const bad = text === undefined ? 0 : recallCache(state, text);
    return bad > 0 ? `${file}: ${bad} of its entries cannot be read` : undefined;
  } catch (error) {
    return sentenceOf(error);
  }
}

/** Keeps Dibbler's files current for whoever reads them. */
export function openViews(state: ServerState, workDir: string, { now }: Clock, log: Log): ViewWriter {
  const facts = { workDir, now, wall: () => millis(Date.now()) };
  return createViewWriter({
    views: viewsOf(state, facts).map(({ file, render }) => ({ path: join(workDir, file), render })),
    isLive: () => !state.config.performanceMode,
    onFailure: (sentence) => {
      log("SERVER-VIEW-FAILED", { sentence });
    },
  });
}

/** The same store; `changed` hears of every commit that has been made. */
export const tellingOf = (store: LeaseStore, changed: () => void): LeaseStore => ({
  ...store,
  async commit(...what) {
    const refused = await store.commit(...what);
    changed();
    return refused;
  },
});
