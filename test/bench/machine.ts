import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { inDirectory } from "./directory.js";
import { ON_DISK } from "./setting.js";
import { median } from "./table.js";

/** What a machine gives to any program: without it figures of two machines cannot be compared. */
export interface Machine {
  /** Milliseconds until a program that does nothing has been started and is over. */
  readonly programMs: number;
  /** Milliseconds of an fdatasync after 4 KiB, where leases are kept. */
  readonly syncMs: number;
  /** Microseconds of CPU for 4 KiB of memory that nobody has touched before. */
  readonly pageUs: number;
  /** Share of a busy loop's time, 0 to 1, in which it was not running. */
  readonly lost: number;
  /** Milliseconds of the longest of these gaps. */
  readonly gapMs: number;
}

const PROGRAMS = 50;
const SYNCS = 200;
const PAGE = 4096;
const PAGES = 16_384;
const LOOP_MS = 1000;
/** What takes longer than this between two looks at the clock is no work of the loop's own. */
const GAP_MS = 0.5;

/** Looks at a machine that nothing else is running on; two seconds. */
export async function probeMachine(): Promise<Machine> {
  const syncMs = await inDirectory(
    (directory) => Promise.resolve(syncTime(join(directory, "sync"))),
    ON_DISK,
  );
  return { programMs: programTime(), syncMs, pageUs: pageTime(), ...gapsOf(looks()) };
}

export const describeMachine = ({ programMs, syncMs, pageUs, lost, gapMs }: Machine): string =>
  [
    `machine: a program takes ${programMs.toFixed(1)} ms`,
    `fdatasync ${syncMs.toFixed(2)} ms`,
    `a page of memory ${pageUs.toFixed(1)} us`,
    `a busy loop loses ${(lost * 100).toFixed(1)} %, ${gapMs.toFixed(1)} ms at a time`,
  ].join(", ");

/** How much of the time between the first and the last look at the clock lies in gaps. */
export function gapsOf(times: Iterable<number>): Pick<Machine, "lost" | "gapMs"> {
  let [first, last]: [number | undefined, number] = [undefined, 0];
  let [sum, gapMs] = [0, 0];
  for (const time of times) {
    const gap = first === undefined ? 0 : time - last;
    if (gap > GAP_MS) {
      sum += gap;
      gapMs = Math.max(gapMs, gap);
    }
    first ??= time;
    last = time;
  }
  return { lost: first === undefined || last === first ? 0 : sum / (last - first), gapMs };
}

function* looks(): Iterable<number> {
  const end = performance.now() + LOOP_MS;
  let now = performance.now();
  for (; now < end; now = performance.now()) yield now;
  yield now;
}

function programTime(): number {
  return median(Array.from({ length: PROGRAMS }, () => timed(() => spawnSync("/bin/true"))));
}

function syncTime(path: string): number {
  const file = openSync(path, "w");
  try {
    const page = Buffer.alloc(PAGE, 1);
    return median(
      Array.from({ length: SYNCS }, (_, index) => {
        writeSync(file, page, 0, PAGE, (index % 64) * PAGE);
        return timed(() => {
          fdatasyncSync(file);
        });
      }),
    );
  } finally {
    closeSync(file);
  }
}

function pageTime(): number {
  const before = process.cpuUsage();
  // Zeroed memory comes from the kernel untouched.
  const memory = new Uint8Array(PAGES * PAGE);
  for (let at = 0; at < memory.length; at += PAGE) memory[at] = 1;
  const { user, system } = process.cpuUsage(before);
  return (user + system) / PAGES;
}

function timed(run: () => void): number {
  const began = performance.now();
  run();
  return performance.now() - began;
}
