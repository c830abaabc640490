import { readFileSync } from "node:fs";
import type { Host } from "../e2e/bed/host.js";
import { requirePeer } from "../e2e/bed/peers.js";
import { sleep, waitFor } from "../e2e/bed/wait.js";
import { type Delays, delaysOf, readPackets, summarize } from "./packets.js";

/** Captures what goes by on `wan0` of a host while something runs; rejects when nothing was answered. */
export async function measureDelays(host: Host, run: () => Promise<unknown>): Promise<Delays> {
  const file = `/run/bed/load-${host.spawned().length}.pcap`;
  const what = ["-i", "wan0", "-f", "udp port 547", "-s", String(SNAP_OCTETS), "-B", String(BUFFER_MIB)];
  const dumping = await host.spawn([requirePeer("dumpcap"), "-q", "-P", ...what, "-w", file]);
  await waitFor("the capture to begin", dumping.output, (text) => text.includes("File:"));
  await run();
  // The kernel hands packets over in blocks, the last of which is lost when it is not waited for.
  await sleep(BLOCK_MS);
  await dumping.signal("SIGINT");
  await dumping.ended;
  const delays = delaysOf(readPackets(readFileSync(host.outside(file))));
  host.remove(file);
  if (delays.length === 0) throw new Error("the capture has no question with an answer");
  return summarize(delays);
}

/** Headers, type and transaction. */
const SNAP_OCTETS = 68;
const BUFFER_MIB = 64;
/** Twice the time after which dumpcap is given a block that is not full. */
const BLOCK_MS = 500;
