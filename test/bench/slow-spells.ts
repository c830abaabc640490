import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Span } from "./packets.js";

/** A time in which the processor was slow. */
export type Spell = Span;

/** Somebody who watches the processor. */
export interface Watch {
  /** The times in which it was slow; undefined where that cannot be told (no chrt, or not root). */
  readonly stop: () => Promise<readonly Spell[] | undefined>;
}

/**
 * Watches the processor until `stop`: some machines run at a tenth of their speed for 0.1 s every other
 * second, when the whole of their host takes too much power, or are not run at all. Resolves when it watches,
 * as its own start, which goes before everybody, takes a core for 40 ms.
 */
export async function watchProcessor(): Promise<Watch> {
  // Ahead of all that is measured, for 1 % of a core.
  const child = spawn("chrt", ["-f", "50", process.execPath, "-e", `(${sample.toString()})()`], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ready = once(child.stdout, "data").catch(() => undefined);
  const closed = once(child, "close").catch(() => undefined);
  await Promise.race([ready, closed]);
  return {
    async stop() {
      child.kill();
      await closed;
      return text.startsWith("ready\n") ? spellsOf(readSamples(text)) : undefined;
    },
  };
}

/** Runs as a program of its own. */
function sample(): void {
  // Nothing from outside of it, imports neither.
  const { writeSync } = process.getBuiltinModule("node:fs");
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const clock = (): number => performance.timeOrigin + performance.now();
  let sum = 0;
  const work = (): number => {
    const began = clock();
    for (let n = 0; n < 30_000; n++) sum = (sum + n) | 0;
    return clock() - began;
  };
  let usual = Infinity;
  for (let n = 0; n < 1000; n++) usual = Math.min(usual, work());
  writeSync(1, "ready\n");
  for (;;) {
    const slept = clock();
    Atomics.wait(pause, 0, 0, 3);
    const late = clock() - slept - 4 > 0;
    const took = work();
    if (late || took > 2 * usual) writeSync(1, `${slept} ${clock()}\n`);
  }
}

/** When a piece of work began late, or took more than twice its time. */
export const readSamples = (text: string): readonly Spell[] =>
  Array.from(text.matchAll(/^([\d.]+) ([\d.]+)\n/gm), ([, from, to]) => ({
    from: Number(from),
    to: Number(to),
  }));

/** Samples so close together are of one spell; a shorter one is an interrupt, or our own measuring. */
const APART_MS = 15;
const SHORTEST_MS = 10;
/**
 * Samples, in the order of time, as spells; each with as much time after it, in which a server at half of its
 * peak deals with what has waited.
 */
export function spellsOf(samples: readonly Spell[]): readonly Spell[] {
  const spells: { from: number; to: number }[] = [];
  for (const { from, to } of samples) {
    const last = spells.at(-1);
    if (last !== undefined && from - last.to < APART_MS) last.to = to;
    else spells.push({ from, to });
  }
  return spells
    .filter(({ from, to }) => to - from >= SHORTEST_MS)
    .map(({ from, to }) => ({ from, to: to + (to - from) }));
}

/** Whether any of this time was slow. */
export const isSlow = (spells: readonly Spell[], { from, to }: Span): boolean =>
  spells.some((spell) => from <= spell.to && to >= spell.from);
