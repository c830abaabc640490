import { connect } from "node:net";
import { startBundled } from "./bundled.js";
import type { Host } from "./host.js";
import { readLines } from "./lines.js";
import { waitFor } from "./wait.js";

/** What the program that speaks for a test inside a host is started with. */
export interface MouthJob {
  /** A Unix socket of the host, by which the test tells it what to send and hears what came. */
  readonly socket: string;
  /** UDP sockets to open: address, with `%device` where it needs one, and port. */
  readonly places: readonly Place[];
}

/** An address (with `%device` where it needs one) and a port. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** A datagram to send from one place to port 547 of an address; octets as hex. */
export interface Spoken {
  readonly from: Place;
  readonly to: string;
  readonly hex: string;
}

/** A datagram that came: where it arrived and where it came from, addresses without `%device`. */
export interface HeardHere {
  readonly at: Place;
  readonly from: Place;
  readonly hex: string;
}

/** A test's own sockets in a host: many messages are sent and heard by one program, in order. */
export interface Mouth {
  readonly say: (spoken: Spoken) => void;
  /** All that came so far and was not taken yet. */
  readonly take: () => readonly HeardHere[];
  /** Resolves when a datagram has come that fits, which is not taken with it; rejects after ten seconds. */
  readonly hear: (fits: (heard: HeardHere) => boolean) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Opens sockets at all these places of a host. */
export async function openMouth(host: Host, places: readonly Place[]): Promise<Mouth> {
  const job: MouthJob = { socket: `/run/bed/mouth-${host.spawned().length}`, places };
  const running = await startBundled(host, "mouth-main", job);
  await waitFor(`sockets of ${host.name}`, () => running.output().includes("ready\n"));
  const line = connect(host.outside(job.socket));
  let heard: HeardHere[] = [];
  const listeners = new Set<() => void>();
  readLines(line, (text) => {
    heard.push(JSON.parse(text) as HeardHere);
    for (const listener of listeners) listener();
  });
  return {
    say: (spoken) => {
      line.write(`${JSON.stringify(spoken)}\n`);
    },
    take: () => {
      const taken = heard;
      heard = [];
      return taken;
    },
    hear: (fits) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error): void => {
          clearTimeout(patience);
          listeners.delete(look);
          if (error === undefined) resolve();
          else reject(error);
        };
        const look = (): void => {
          if (heard.some(fits)) finish();
        };
        const patience = setTimeout(() => {
          finish(new Error(`${host.name} waited 10 s for an answer; heard: ${JSON.stringify(heard)}`));
        }, 10_000);
        listeners.add(look);
        look();
      }),
    close: async () => {
      line.destroy();
      await running.stop();
    },
  };
}
