import { readFileSync } from "node:fs";
import { type Millis, millis } from "../brand.js";
import type { LeaseStore } from "../lease/store.js";
import { type Clock, createClock, systemTime, systemTiming, type TimeSources, type Timing } from "./clock.js";
import { sentenceOf } from "./errors.js";
import type { Log } from "./log.js";

/** What a clock is made of that goes on after a restart. */
export interface BootSources extends TimeSources {
  /** Tells one boot of the machine from another; `undefined` when the system does not say. */
  readonly bootId: string | undefined;
}

/** How far time had come: it was `now` when the machine had been up for `boot` milliseconds. */
export interface Anchor {
  readonly bootId: string;
  readonly boot: number;
  readonly now: Millis;
}

/** A clock that keeps its anchor in a store. `close` leaves the last one there; it never rejects. */
export interface StoredClock extends Clock {
  readonly close: () => Promise<void>;
}

/** The name of the anchor in a store. */
const META_NAME = "clock";
/** After a crash and a reboot without a clock of its own, so much of a lease's time counts twice at most. */
const SAVE_EVERY_MS = 60_000;
/** Differences below this are not worth a line in the log. */
const APART_MS = 1000;

/**
 * The clock by which the leases of a store run. In one boot of the machine it goes on from its anchor by the
 * time since boot, whatever the wall clock says. After a reboot it is the wall clock, but never earlier than
 * it was: a machine without a battery begins in 1970. The anchor is saved now, every minute, and at the end.
 */
export async function openStoredClock(
  store: Pick<LeaseStore, "meta" | "setMeta">,
  log: Log,
  sources: BootSources = systemBoot(),
  timing: Timing = systemTiming,
): Promise<StoredClock> {
  const saved = readAnchor(store, log);
  const clock = createClock(sources, resumedAt(saved, sources));
  const apart = Math.round(clock.now() - sources.wall());
  if (Math.abs(apart) > APART_MS) log("CLOCK-APART", { seconds: apart / 1000 });
  const saver = createSaver(async () => {
    const anchor = { bootId: sources.bootId ?? "", boot: sources.boot(), now: clock.now() };
    await store.setMeta(META_NAME, encodeAnchor(anchor));
  }, log);
  await saver.save();
  const again = (): ReturnType<Timing["after"]> => {
    const next = timing.after(SAVE_EVERY_MS, () => {
      timer = again();
      void saver.save();
    });
    next.unref();
    return next;
  };
  let timer = again();
  return {
    now: clock.now,
    close() {
      timing.cancel(timer);
      return saver.save();
    },
  };
}

/** Where time goes on that had come as far as `saved`; the wall clock when nothing is known. */
export function resumedAt(saved: Anchor | undefined, sources: BootSources): Millis {
  if (saved === undefined) return millis(sources.wall());
  // Less than before in the same boot: a container has started anew, and counts for itself.
  const passed = sources.boot() - saved.boot;
  if (saved.bootId === sources.bootId && passed >= 0) return millis(saved.now + passed);
  return millis(Math.max(saved.now, sources.wall()));
}

/** What the clock of a store says, be a server using it or not; for those that only read it. */
export function storedNow(store: Pick<LeaseStore, "meta">, sources: BootSources = systemBoot()): Millis {
  const octets = store.meta(META_NAME);
  return resumedAt(octets && decodeAnchor(octets), sources);
}

const VERSION = 1;
/** Version, boot and now; what follows is the boot's name. */
const ANCHOR_OCTETS = 17;
/** The last instant that has a date. */
const LATEST = 8.64e15;

/** An anchor for a store. */
export function encodeAnchor({ bootId, boot, now }: Anchor): Uint8Array {
  const name = new TextEncoder().encode(bootId);
  const octets = new Uint8Array(ANCHOR_OCTETS + name.length);
  const view = new DataView(octets.buffer);
  octets[0] = VERSION;
  view.setFloat64(1, boot);
  view.setFloat64(9, now);
  octets.set(name, ANCHOR_OCTETS);
  return octets;
}

/** The inverse of `encodeAnchor`; `undefined` for what it never makes. */
export function decodeAnchor(octets: Uint8Array): Anchor | undefined {
  if (octets.length < ANCHOR_OCTETS || octets[0] !== VERSION) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  const [boot, now] = [view.getFloat64(1), view.getFloat64(9)];
  if (!isInstant(boot) || !isInstant(now)) return undefined;
  return { bootId: new TextDecoder().decode(octets.subarray(ANCHOR_OCTETS)), boot, now: millis(now) };
}

const isInstant = (value: number): boolean => value >= 0 && value <= LATEST;

function readAnchor(store: Pick<LeaseStore, "meta">, log: Log): Anchor | undefined {
  const octets = store.meta(META_NAME);
  if (octets === undefined) return undefined;
  const anchor = decodeAnchor(octets);
  if (anchor === undefined) log("CLOCK-UNREADABLE", { octets: octets.length });
  return anchor;
}

/** Saves one at a time, and says of failures in a row only the first. */
function createSaver(write: () => Promise<void>, log: Log): { readonly save: () => Promise<void> } {
  let failing = false;
  let last = Promise.resolve();
  const attempt = async (): Promise<void> => {
    try {
      await write();
      failing = false;
    } catch (error) {
      if (!failing) log("CLOCK-NOT-SAVED", { reason: sentenceOf(error) });
      failing = true;
    }
  };
  return { save: () => (last = last.then(attempt)) };
}

function systemBoot(): BootSources {
  return { ...systemTime, bootId: readBootId() };
}

function readBootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return undefined;
  }
}
