import { goodSolicit } from "../e2e/bed/good-client.js";
import type { Host } from "../e2e/bed/host.js";
import { type Mouth, openMouth, type Place } from "../e2e/bed/mouth.js";
import { linkLocal } from "../e2e/bed/network.js";
import { sleep } from "../e2e/bed/wait.js";
import { BEGUN, type Contender } from "./servers.js";

/** A server at work. */
export interface Served {
  readonly pid: number;
  /** From its exec to its first Advertise, milliseconds. */
  readonly answerMs: number;
}

/** Two hosts of one link: the server's, and the one its clients are on. */
export interface Link {
  readonly server: Host;
  readonly client: Host;
}

/**
 * Starts a configured server while a client sends a Solicit every few milliseconds. Rejects when none is
 * answered in time, with the end of the server's log.
 */
export async function startServing(contender: Contender, link: Link, patienceMs: number): Promise<Served> {
  const place = { address: `${await linkLocal(link.client, "wan0")}%wan0`, port: 546 };
  const mouth = await openMouth(link.client, [place]);
  try {
    const launching = contender.launch(link.server);
    const failed = new AbortController();
    launching.catch(() => {
      failed.abort();
    });
    const answered = await solicit(mouth, place, patienceMs, failed.signal);
    if (answered === undefined && !failed.signal.aborted) {
      const log = await tailOf(link.server, contender);
      throw new Error(`${contender.name} did not answer within ${patienceMs / 1000} s of its start\n${log}`);
    }
    const launched = await launching;
    const begun = Number(link.server.readFile(BEGUN)) / 1e6;
    return { pid: launched.pid(), answerMs: (answered ?? NaN) - begun };
  } finally {
    await mouth.close();
  }
}

/** The end of a server's log. */
export async function tailOf(host: Host, { log }: Contender): Promise<string> {
  return (await host.run(["tail", "-n", "5", log])).stdout;
}

/** Between one Solicit and the next: what the time of the answer is precise to. */
const EVERY_MS = 5;
const CLIENT = 0xb0;
const ADVERTISE = "02";

/**
 * When the first Advertise came, milliseconds since 1970; undefined when none did in time, or when the start
 * has failed.
 */
async function solicit(
  mouth: Mouth,
  from: Place,
  patienceMs: number,
  failed: AbortSignal,
): Promise<number | undefined> {
  const hex = Buffer.from(goodSolicit(CLIENT)).toString("hex");
  const end = Date.now() + patienceMs;
  while (!failed.aborted && Date.now() < end) {
    mouth.say({ from, to: "ff02::1:2%wan0", hex });
    await sleep(EVERY_MS);
    if (mouth.take().some((heard) => heard.hex.startsWith(ADVERTISE))) return Date.now();
  }
  return undefined;
}
