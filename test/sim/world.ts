import { createAgenda, type Entry } from "./agenda.js";
import { type Chance, createChance } from "./chance.js";

/** Somebody whom datagrams reach. `cargo` is what the sender's keeper noted about it. */
export interface Node {
  readonly name: string;
  readonly receive: (bytes: Uint8Array, from: string, cargo: unknown) => void;
}

/** What the network does to datagrams; drawn anew for each copy. */
export interface Faults {
  /** Probabilities. */
  readonly loss: number;
  readonly duplication: number;
  /** Milliseconds on the way, uniform: a wide range reorders. */
  readonly delay: readonly [low: number, high: number];
}

/** No loss, a millisecond on the way. */
export const PERFECT: Faults = { loss: 0, duplication: 0, delay: [1, 1] };

/** The network in virtual time, all chance out of one seed. Times are Unix milliseconds. */
export interface World {
  readonly chance: Chance;
  readonly now: () => number;
  readonly faults: Faults;
  readonly setFaults: (faults: Faults) => void;
  /** Nothing passes between these two until the result is called. */
  readonly part: (one: string, other: string) => () => void;
  readonly add: (node: Node) => void;
  readonly remove: (node: Node) => void;
  /** Sends to the node of that name, if there is one when it arrives. */
  readonly send: (from: string, bytes: Uint8Array, to: string, cargo?: unknown) => void;
  /** Calls `run` at a time to come; with `settles` promises that it settled have their turn right after. */
  readonly at: (time: number, run: () => void, settles?: boolean) => Entry;
  /** Lets time pass; `watch` is called after every event. Rejects with the first thing that failed. */
  readonly run: (ms: number) => Promise<void>;
  readonly watch: (look: () => void) => void;
  /** Something that must not happen has happened: the current `run` ends. */
  readonly fail: (what: string) => void;
  readonly failure: () => string | undefined;
  /** A line of the world's diary. */
  readonly note: (line: string) => void;
  readonly diary: readonly string[];
}

/** Something that must not happen has happened in a world. */
export class Broken extends Error {}

/** When every world begins. */
export const BEGIN = 1_800_000_000_000;

/** So many events in one instant are one that goes on for ever. */
const STILL = 20_000;

/** A world without anybody in it. */
export function createWorld(seed: number): World {
  const chance = createChance(seed);
  const link = chance.fork();
  const nodes = new Map<string, Node>();
  const parted = new Map<string, number>();
  const diary: string[] = [];
  const watchers: (() => void)[] = [];
  const agenda = createAgenda();
  let now = BEGIN;
  let faults = PERFECT;
  let failure: string | undefined;

  const note = (line: string): void => {
    diary.push(`${((now - BEGIN) / 1000).toFixed(3)} ${line}`);
  };
  const fail = (what: string): void => {
    note(`FAILED: ${what}`);
    failure ??= what;
  };
  const deliver = (from: string, bytes: Uint8Array, to: string, cargo: unknown): void => {
    agenda.add(
      now + link.between(...faults.delay),
      () => {
        if ((parted.get(pairOf(from, to)) ?? 0) > 0) return;
        nodes.get(to)?.receive(Uint8Array.from(bytes), from, cargo);
      },
      false,
    );
  };
  return {
    chance,
    now: () => now,
    get faults() {
      return faults;
    },
    setFaults: (next) => {
      faults = next;
    },
    part: (one, other) => {
      const pair = pairOf(one, other);
      parted.set(pair, (parted.get(pair) ?? 0) + 1);
      return () => parted.set(pair, (parted.get(pair) ?? 0) - 1);
    },
    add: (node) => nodes.set(node.name, node),
    remove: (node) => {
      if (nodes.get(node.name) === node) nodes.delete(node.name);
    },
    send: (from, bytes, to, cargo) => {
      if (link.happens(faults.loss)) return;
      deliver(from, bytes, to, cargo);
      if (link.happens(faults.duplication)) deliver(from, bytes, to, cargo);
    },
    at: (time, run, settles = true) => agenda.add(Math.max(now, time), run, settles),
    run: async (ms) => {
      const end = now + ms;
      let still = 0;
      // What was done between two runs has its consequences first.
      await settled();
      for (let due = agenda.take(end); due !== undefined; due = agenda.take(end)) {
        still = due.at > now ? 0 : still + 1;
        now = Math.max(now, due.at);
        if (still > STILL) fail("time stands still: somebody's deadline never moves");
        due.run();
        if (due.settles) await settled();
        for (const look of watchers) look();
        if (failure !== undefined) throw new Broken(failure);
      }
      now = end;
    },
    watch: (look) => watchers.push(look),
    fail,
    failure: () => failure,
    note,
    diary,
  };
}

/** All promises that can be settled now are: Node runs them before the next turn of its event loop. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const pairOf = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`);
