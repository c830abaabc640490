import { runBundled, startBundled } from "./bundled.js";
import type { Host } from "./host.js";
import { waitFor } from "./wait.js";

/** What the packet crafter does, in a process of its own inside a host. */
export type Job = Place &
  (
    | { readonly kind: "listen" | "hear" }
    | { readonly kind: "ask"; readonly question: string }
    | {
        readonly kind: "flood";
        /** Hex, a packet a line. */
        readonly file: string;
        readonly solicit: string;
        /** With a seed, `count` packets are sent that are made by damaging those of the file. */
        readonly seed?: number;
        readonly count: number;
      }
  );

/** Where a job sends from, and to which address on the link. */
interface Place {
  readonly device: string;
  readonly port: number;
  readonly to: string;
}

/** An answer as hex, empty when there was none within a second. */
export interface Asked {
  readonly answer: string;
  readonly milliseconds: number;
}

/** What became of a flood: answers of all kinds, and the longest wait for one of its good Solicits. */
export interface Flooded {
  readonly sent: number;
  readonly received: number;
  readonly slowest: number;
}

/** A host's place on a link as seen by the server there: link-local source, client's port. */
export const clientPlace: Place = { device: "wan0", port: 546, to: "ff02::1:2" };

/** Sends one message from a host, and gives the answer to it. */
export async function ask(host: Host, question: Uint8Array, place: Place = clientPlace): Promise<Asked> {
  return run<Asked>(host, { ...place, kind: "ask", question: toHex(question) });
}

/** Sends the datagrams as they are. `solicit` is a good message that goes, and is answered, in between. */
export async function flood(
  host: Host,
  datagrams: readonly Uint8Array[],
  solicit: Uint8Array,
  place: Place = clientPlace,
): Promise<Flooded> {
  const file = writePackets(host, datagrams);
  return run<Flooded>(host, {
    ...place,
    kind: "flood",
    file,
    solicit: toHex(solicit),
    count: datagrams.length,
  });
}

/** Sends `count` datagrams made by damaging some of these; the same seed makes the same ones. */
export async function floodDamaged(
  host: Host,
  originals: readonly Uint8Array[],
  solicit: Uint8Array,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<Flooded> {
  const file = writePackets(host, originals);
  return run<Flooded>(host, {
    ...clientPlace,
    kind: "flood",
    file,
    solicit: toHex(solicit),
    seed,
    count,
  });
}

/** Stands in for a server that hears everything and says nothing. */
export interface DeafServer {
  /** Message types heard so far, in order. */
  readonly heard: () => readonly number[];
  readonly end: () => Promise<void>;
}

/** Listens where a server would, on port 547 of a device. */
export async function startDeafServer(host: Host, device: string): Promise<DeafServer> {
  const job: Job = { device, port: 547, to: "", kind: "listen" };
  const running = await startBundled(host, "craft-main", job);
  await waitFor("the deaf server to listen", () => running.output().includes("listening\n"));
  return {
    heard: () =>
      running
        .output()
        .split("\n")
        .slice(1, -1)
        .map((hex) => Number.parseInt(hex.slice(0, 2), 16)),
    end: async () => {
      await running.stop();
    },
  };
}

/** What comes for a client that says nothing itself, as hex, in order. */
export interface Listener {
  readonly heard: () => readonly string[];
}

/** Listens at a place, until the world ends, once this has resolved. */
export async function startListener(host: Host, place: Place = clientPlace): Promise<Listener> {
  const running = await startBundled(host, "craft-main", { ...place, kind: "hear" });
  await waitFor("the client to listen", () => running.output().includes("listening\n"));
  return { heard: () => running.output().split("\n").slice(1, -1) };
}

function run<Outcome>(host: Host, job: Job): Promise<Outcome> {
  return runBundled<Outcome>(host, "craft-main", job);
}

function writePackets(host: Host, packets: readonly Uint8Array[]): string {
  const file = `/run/bed/packets-${host.spawned().length}`;
  host.writeFile(file, packets.map((packet) => `${toHex(packet)}\n`).join(""));
  return file;
}

function toHex(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}
