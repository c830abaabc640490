import { readFileSync } from "node:fs";
import type { Host } from "../e2e/bed/host.js";
import { requirePeer } from "../e2e/bed/peers.js";
import { sleep, waitFor } from "../e2e/bed/wait.js";
import { type Delays, exchangesOf, readPackets, type Span, summarize } from "./packets.js";
import { isSlow, type Spell, watchProcessor } from "./slow-spells.js";

/** Delays of all exchanges, and what they were while the processor was not slow. */
export interface Measured extends Delays {
  /** 99th percentile of what met no slow processor; NaN where that is not known. */
  readonly p99Steady: number;
  /** Share of the exchanges that does, 0 to 100. */
  readonly slowPercent: number;
}

/** Captures what goes by on `wan0` of a host while something runs; rejects when nothing was answered. */
export async function measureDelays(host: Host, run: () => Promise<unknown>): Promise<Measured> {
  const file = `/run/bed/load-${host.spawned().length}.pcap`;
  const what = ["-i", "wan0", "-f", "udp port 547", "-s", String(SNAP_OCTETS), "-B", String(BUFFER_MIB)];
  const dumping = await host.spawn([requirePeer("dumpcap"), "-q", "-P", ...what, "-w", file]);
  await waitFor("the capture to begin", dumping.output, (text) => text.includes("File:"));
  const watch = await watchProcessor();
  try {
    await run();
  } catch (error) {
    // Nobody else would end it, and it goes before everybody.
    await watch.stop();
    throw error;
  }
  // The kernel hands packets over in blocks, the last of which is lost when it is not waited for.
  await sleep(BLOCK_MS);
  await dumping.signal("SIGINT");
  await dumping.ended;
  const spells = await watch.stop();
  const exchanges = exchangesOf(readPackets(readFileSync(host.outside(file))));
  host.remove(file);
  if (exchanges.length === 0) throw new Error("the capture has no question with an answer");
  return { ...summarize(exchanges), ...steadyPart(exchanges, spells) };
}

export function steadyPart(
  exchanges: readonly Span[],
  spells: readonly Spell[] | undefined,
): Pick<Measured, "p99Steady" | "slowPercent"> {
  if (spells === undefined) return { p99Steady: NaN, slowPercent: NaN };
  const steady = exchanges.filter((exchange) => !isSlow(spells, exchange));
  return {
    p99Steady: summarize(steady).p99,
    slowPercent: 100 * (1 - steady.length / exchanges.length),
  };
}

/** Headers, type and transaction. */
const SNAP_OCTETS = 68;
const BUFFER_MIB = 64;
/** Twice the time after which dumpcap is given a block that is not full. */
const BLOCK_MS = 500;
