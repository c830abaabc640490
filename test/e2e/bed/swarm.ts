import { connect } from "node:net";
import { startBundled } from "./bundled.js";
import type { Host } from "./host.js";
import { readLines } from "./lines.js";
import type { Entry } from "./swarm-ledger.js";
import { waitFor } from "./wait.js";

/** What the program that is all the clients of a swarm is started with. */
export interface SwarmJob {
  /** A Unix socket of the host by which the test gives its orders. */
  readonly socket: string;
  readonly device: string;
  readonly clients: number;
  /** IAs of each client. */
  readonly ias: number;
  readonly seed: number;
  /** Milliseconds between two exchanges of a client at most. */
  readonly thinkMs: number;
}

/** What a swarm is told to do; each order is answered when it has been carried out. */
export type SwarmOrder =
  /** Exchanges at random from now on; those that had no answer are gone on with. Answered at once. */
  | { readonly do: "run" }
  /** Begins nothing more, and sees that what was begun is answered. */
  | { readonly do: "rest" }
  /** `run`, until so many exchanges more have been answered, then `rest`. */
  | { readonly do: "exchange"; readonly count: number }
  /** Every IA that holds a prefix renews it; to be given while at rest. */
  | { readonly do: "renew" }
  /**
   * Signals a process when so many Replies more have come, and `delayMs` later; says nothing more from that
   * moment, or goes on with `keepOn`, and hears what comes until the process has gone.
   */
  | {
      readonly do: "signal";
      readonly pid: number;
      readonly signal: "SIGKILL" | "SIGTERM";
      readonly replies: number;
      readonly delayMs: number;
      readonly keepOn: boolean;
    }
  | { readonly do: "look" };

/** How a swarm stands when it has carried out an order. */
export interface SwarmState {
  readonly entries: readonly Entry[];
  /** What a server must never answer, as sentences. */
  readonly complaints: readonly string[];
  /** Exchanges that were answered, from the beginning on, by type of message. */
  readonly answered: Readonly<Record<string, number>>;
  /** Clients without an answer yet when the signal was sent, and milliseconds until the process was gone. */
  readonly open: number;
  readonly endedAfter: number;
}

/** Many clients in one process of a host, with sockets of their own, that keep a ledger. */
export interface Swarm {
  readonly order: (order: SwarmOrder) => Promise<SwarmState>;
  readonly close: () => Promise<void>;
}

type SwarmWishes = Partial<Omit<SwarmJob, "socket">>;

/** Starts a swarm; it says nothing until it is told to. */
export async function openSwarm(host: Host, wanted: SwarmWishes = {}): Promise<Swarm> {
  const socket = `/run/bed/swarm-${host.spawned().length}`;
  const defaults = { device: "wan0", clients: 50, ias: 2, seed: 1, thinkMs: 4 };
  const job: SwarmJob = { ...defaults, ...wanted, socket };
  const running = await startBundled(host, "swarm-main", job);
  await waitFor("the swarm", () => running.output().includes("ready\n"));
  const line = connect(host.outside(socket));
  const waiting: ((state: SwarmState) => void)[] = [];
  readLines(line, (text) => {
    waiting.shift()?.(JSON.parse(text) as SwarmState);
  });
  return {
    async order(order) {
      const done = new Promise<SwarmState>((resolve) => waiting.push(resolve));
      line.write(`${JSON.stringify(order)}\n`);
      const ended = running.ended.then(({ stderr }) => {
        throw new Error(`the swarm ended while it should ${order.do}: ${stderr}`);
      });
      return await Promise.race([done, ended]);
    },
    close: async () => {
      line.destroy();
      await running.stop();
    },
  };
}

/** All exchanges of a swarm that were answered. */
export const answeredIn = ({ answered }: SwarmState): number =>
  Object.values(answered).reduce((sum, count) => sum + count, 0);
