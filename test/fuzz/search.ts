import { createChance } from "../sim/chance.js";
import { mutate } from "./mutate.js";
import { octetsOf, type Target } from "./target.js";

/** How often each block was run by the last input, where the program counts (see instrument.mjs). */
export interface Counters {
  readonly octets: Uint8Array;
  /** How many of the octets are in use. */
  readonly used: number;
}

/** An input that led somewhere new, and what it took to get there. */
export interface Known {
  readonly input: Uint8Array;
  /** Blocks, each with how often it was run, that no earlier input had. */
  readonly found: number;
}

/** Draws inputs; where there are counters, goes on from those that led somewhere new. */
export interface Search {
  readonly next: () => Uint8Array;
  /** To be told after the input was run; true when it led somewhere new. */
  readonly learn: (input: Uint8Array) => boolean;
  readonly corpus: readonly Known[];
  /** Blocks that were run at least once, as places in the counters. */
  readonly reached: () => readonly number[];
}

/** A search of a target, all of it drawn from the seed. `beginnings`: the corpus, which the caller runs. */
export function createSearch(
  { shape, tokens, limit }: Target,
  beginnings: readonly Uint8Array[],
  seed: number,
  counters?: Counters,
): Search {
  const chance = createChance(seed);
  const words = tokens.map((token) => (typeof token === "string" ? octetsOf(token) : token));
  const corpus: Known[] = [];
  const seen = new Uint8Array(counters?.octets.length ?? 0);

  const pick = (): Uint8Array => {
    const pool = corpus.length > 0 ? corpus.map(({ input }) => input) : beginnings;
    // Half of the time one of the newest: they are where something new was found lately.
    const from = chance.happens(0.5) ? Math.max(0, pool.length - 32) : 0;
    return pool[Math.floor(chance.between(from, pool.length))] ?? new Uint8Array(0);
  };
  return {
    corpus,
    next: () => mutate(pick(), shape, { chance, tokens: words, other: pick(), limit }),
    learn(input) {
      if (counters === undefined) return false;
      const found = takeNews(counters, seen);
      if (found > 0) corpus.push({ input: Uint8Array.from(input), found });
      return found > 0;
    },
    reached: () => [...seen.keys()].filter((at) => seen[at] !== 0),
  };
}

/** Counts what the counters show that was not seen before, and clears them. */
function takeNews({ octets, used }: Counters, seen: Uint8Array): number {
  let found = 0;
  for (let at = 0; at < used; at++) {
    const count = octets[at] ?? 0;
    if (count === 0) continue;
    octets[at] = 0;
    const bit = bucketOf(count);
    if (((seen[at] ?? 0) & bit) !== 0) continue;
    seen[at] = (seen[at] ?? 0) | bit;
    found++;
  }
  return found;
}

/** Once, twice, thrice, then by powers of two: eight bits. */
function bucketOf(count: number): number {
  if (count < 4) return 1 << (count - 1);
  return 1 << Math.min(7, 29 - Math.clz32(count) + 2);
}

/**
 * A smaller input that still fails as `fails` says: pieces are left out, from halves to single octets, then
 * octets made zero. Tries at most `tries` inputs.
 */
export async function shrink(
  input: Uint8Array,
  fails: (input: Uint8Array) => Promise<boolean>,
  tries = 2000,
): Promise<Uint8Array> {
  let best = input;
  let left = tries;
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (left-- <= 0 || !(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let length = best.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at + length <= best.length && left > 0; ) {
      const without = new Uint8Array(Buffer.concat([best.subarray(0, at), best.subarray(at + length)]));
      if (!(await attempt(without))) at += length;
    }
  }
  return best;
}

/**
 * Of the inputs those that reach what `given` ones do not, small ones first; of these at most so many, those
 * that reach most.
 */
export async function fewest(
  inputs: readonly Uint8Array[],
  given: readonly Uint8Array[],
  run: (input: Uint8Array) => Promise<void>,
  counters: Counters,
  most = Infinity,
): Promise<readonly Uint8Array[]> {
  const seen = new Uint8Array(counters.octets.length);
  const newsOf = async (input: Uint8Array): Promise<number> => {
    counters.octets.fill(0);
    await run(input);
    return takeNews(counters, seen);
  };
  for (const input of given) await newsOf(input);
  const kept: Known[] = [];
  for (const input of inputs.toSorted((a, b) => a.length - b.length)) {
    const found = await newsOf(input);
    if (found > 0) kept.push({ input, found });
  }
  return kept
    .toSorted((a, b) => b.found - a.found)
    .slice(0, most)
    .map(({ input }) => input);
}
