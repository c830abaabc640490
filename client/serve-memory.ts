import { asDuid } from "../shared/log-form.js";
import { renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Millis } from "../shared/brand.js";
import { type Duid, sameDuid } from "../shared/duid.js";
import type { Clock } from "../shared/edge/clock.js";
import { sentenceOf } from "../shared/edge/errors.js";
import { readTextIfThere, replaceFileSync } from "../shared/edge/files.js";
import { readAddresses, readInterfaces } from "../shared/edge/interfaces.js";
import type { Log } from "../shared/edge/log.js";
import { openText } from "../shared/edge/state-files.js";
import { decodeState, encodeState, type Remembered, type RememberedLink } from "./remembered.js";
import { openView } from "./serve-view.js";
import { renderView } from "./view.js";

/** What is kept from run to run, by the name of the interface. */
export interface Memory {
  readonly of: (interfaceName: string) => RememberedLink | undefined;
  readonly save: (interfaceName: string, remembered: RememberedLink) => void;
  /** Nothing is saved any more. */
  readonly close: () => void;
}

/** Where the memory is, and whose. */
export interface MemoryOptions {
  readonly workDir: string;
  readonly duid: Duid;
  /** Nothing of earlier runs is looked at (skip-confirm). */
  readonly isFresh: boolean;
  readonly clock: Clock;
  readonly log: Log;
}

type Links = ReadonlyMap<string, RememberedLink>;

/**
 * The state file: replaced whole at every change, so that kill -9 at any moment leaves the old or the new
 * one. What belongs to another DUID or cannot be read is not used. Where there is none that can be, leases
 * are taken over from the file of Dibbler's client, which is kept current from then on for other programs.
 */
export async function openMemory(options: MemoryOptions): Promise<Memory> {
  const { workDir, duid, log } = options;
  const path = join(workDir, STATE_FILE);
  const links = new Map(options.isFresh ? [] : await recollect(options));
  const view = openView(
    join(workDir, DIBBLER_FILE),
    (isOver) => renderView({ duid, links }, { now: options.clock.now(), indexOf, isOver }),
    (sentence) => {
      log("CLIENT-VIEW-FAILED", { sentence });
    },
  );
  let troubled = false;
  return {
    of: (interfaceName) => links.get(interfaceName),
    save(interfaceName, remembered) {
      links.set(interfaceName, remembered);
      try {
        replaceFileSync(path, encodeState({ duid, links }), 0o640);
        troubled = false;
      } catch (error) {
        // The lease is good without the file; only a restart would not know of it.
        if (!troubled) log("CLIENT-STATE-UNSAVED", { sentence: sentenceOf(error) });
        troubled = true;
      }
      view.changed();
    },
    close: view.close,
  };
}

/** The truth about this client's leases. */
const STATE_FILE = "client-state.json";
/** What Dibbler's client keeps, and ours for other programs. */
const DIBBLER_FILE = "client-AddrMgr.xml";
/**
 * Milliseconds after which Dibbler's file is later than ours could be: ours is written within a second of the
 * state file.
 */
const LATER_MILLIS = 60_000;

async function recollect({ workDir, duid, clock, log }: MemoryOptions): Promise<Links> {
  const [state, dibbler] = [join(workDir, STATE_FILE), join(workDir, DIBBLER_FILE)];
  const own = isLater(dibbler, state) ? undefined : readState(state, log);
  const found = own ?? (await readFormer(dibbler, duid, clock.now(), log));
  if (found === undefined) return new Map();
  const { path, remembered } = found;
  if (sameDuid(remembered.duid, duid)) return remembered.links;
  log("CLIENT-STATE-FOREIGN", { path, duid: asDuid(remembered.duid) });
  return new Map();
}

interface Found {
  readonly path: string;
  readonly remembered: Remembered;
}

/** Dibbler's client has worked here after ours, so what ours knew is out of date. */
function isLater(dibbler: string, state: string): boolean {
  const written = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return (written(dibbler) ?? 0) > (written(state) ?? Infinity) + LATER_MILLIS;
}

function readState(path: string, log: Log): Found | undefined {
  const text = readTextIfThere(path);
  if (text === undefined) return undefined;
  const decoded = decodeState(text);
  if (decoded.ok) return { path, remembered: decoded.remembered };
  const aside = `${path}.broken`;
  renameSync(path, aside);
  log("CLIENT-STATE-BROKEN", { path, why: decoded.why, aside });
  return undefined;
}

/** What is in the way of reading it is no reason not to start: the DUID brings the prefix back as a rule. */
async function readFormer(path: string, duid: Duid, now: Millis, log: Log): Promise<Found | undefined> {
  const remark = (text: string): void => {
    log("CLIENT-STATE-REMARK", { path, text });
  };
  try {
    const file = openText(path);
    if (file === undefined) return undefined;
    const { readFormer: read } = await import("./take-over.js");
    const times = { now, written: file.written };
    const { remembered, leases, remarks } = read({ read: file.read, times, nameOf }, duid);
    remarks.forEach(remark);
    if (remembered === undefined) return undefined;
    if (sameDuid(remembered.duid, duid)) log("CLIENT-STATE-TAKEN-OVER", { path, leases });
    return { path, remembered };
  } catch (error) {
    remark(sentenceOf(error));
    return undefined;
  }
}

const nameOf = (index: number): string | undefined => readInterfaces().find((it) => it.index === index)?.name;

/** Cheap, as it is asked for at every change; an interface that is used has an address. */
const indexOf = (interfaceName: string): number | undefined =>
  readAddresses().find(({ name }) => name === interfaceName)?.index;
