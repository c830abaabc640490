import { type Chance, createChance } from "./chance.js";

/** Something on the link: it gets datagrams, and is woken when its own deadline has come. */
export interface Node {
  readonly name: string;
  readonly receive: (bytes: Uint8Array, from: Node) => void;
  readonly deadline: () => number;
  readonly timer: () => void;
}

/** What the link does to datagrams; drawn anew for each copy. */
export interface Faults {
  /** Probabilities. */
  readonly loss: number;
  readonly duplication: number;
  /** Milliseconds on the way, uniform: a wide range reorders. */
  readonly delay: readonly [low: number, high: number];
}

/** No loss, a millisecond on the way. */
export const PERFECT: Faults = { loss: 0, duplication: 0, delay: [1, 1] };

/** One link in virtual time, all chance out of one seed. Times are Unix milliseconds. */
export interface World {
  readonly chance: Chance;
  readonly now: () => number;
  readonly faults: Faults;
  readonly setFaults: (faults: Faults) => void;
  readonly add: (node: Node) => void;
  readonly remove: (node: Node) => void;
  /** Sends from a node to those that `to` picks. */
  readonly send: (from: Node, bytes: Uint8Array, to: (node: Node) => boolean) => void;
  /** Calls `run` at a time to come. */
  readonly at: (time: number, run: () => void) => void;
  /** Lets time pass; `watch` is called after every event. */
  readonly run: (ms: number) => void;
  readonly watch: (look: () => void) => void;
  /** A line of the world's diary. */
  readonly note: (line: string) => void;
  readonly diary: readonly string[];
}

/** When every world begins. */
export const BEGIN = 1_800_000_000_000;

/** A world without anybody in it. */
export function createWorld(seed: number): World {
  const chance = createChance(seed);
  const link = chance.fork();
  const nodes: Node[] = [];
  const diary: string[] = [];
  const watchers: (() => void)[] = [];
  const events = createAgenda();
  let now = BEGIN;
  let faults = PERFECT;

  const deliver = (from: Node, bytes: Uint8Array, to: Node): void => {
    events.add(now + link.between(...faults.delay), () => {
      if (nodes.includes(to)) to.receive(Uint8Array.from(bytes), from);
    });
  };
  /** The earliest of agenda and deadlines; a deadline that is past is due now. */
  const nextDue = (): { readonly at: number; readonly run: () => void } | undefined => {
    let best = events.peek();
    for (const node of nodes) {
      const at = Math.max(now, node.deadline());
      if (at !== Infinity && (best === undefined || at < best.at)) best = { at, run: node.timer };
    }
    return best;
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
    add: (node) => nodes.push(node),
    remove: (node) => {
      nodes.splice(nodes.indexOf(node), nodes.includes(node) ? 1 : 0);
    },
    send: (from, bytes, to) => {
      for (const node of nodes.filter(to)) {
        if (link.happens(faults.loss)) continue;
        deliver(from, bytes, node);
        if (link.happens(faults.duplication)) deliver(from, bytes, node);
      }
    },
    at: (time, run) => {
      events.add(time, run);
    },
    run: (ms) => {
      const end = now + ms;
      let still = 0;
      for (let due = nextDue(); due !== undefined && due.at <= end; due = nextDue()) {
        still = due.at > now ? 0 : still + 1;
        if (still > 10_000) throw new Error("time stands still: somebody's deadline never moves");
        now = due.at;
        events.take(due);
        due.run();
        for (const look of watchers) look();
      }
      now = end;
    },
    watch: (look) => watchers.push(look),
    note: (line) => diary.push(`${((now - BEGIN) / 1000).toFixed(3)} ${line}`),
    diary,
  };
}

interface Entry {
  readonly at: number;
  readonly run: () => void;
}

/** What is to happen when; entries of the same instant in the order they came. */
function createAgenda(): {
  readonly add: (at: number, run: () => void) => void;
  readonly peek: () => Entry | undefined;
  readonly take: (entry: Entry) => void;
} {
  const entries: Entry[] = [];
  return {
    add: (at, run) => {
      let index = entries.length;
      while (index > 0 && (entries[index - 1]?.at ?? 0) > at) index -= 1;
      entries.splice(index, 0, { at, run });
    },
    peek: () => entries[0],
    take: (entry) => {
      if (entries[0] === entry) entries.shift();
    },
  };
}
