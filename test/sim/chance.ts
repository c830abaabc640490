/** Chance out of a seed: the same seed gives the same sequence, everywhere. */
export interface Chance {
  /** Uniform in [0, 1). */
  readonly next: () => number;
  /** Uniform in [low, high). */
  readonly between: (low: number, high: number) => number;
  /** True with that probability. */
  readonly happens: (probability: number) => boolean;
  readonly octets: (count: number) => Uint8Array;
  /** A source of its own, so that what one part draws does not move the others. */
  readonly fork: () => Chance;
}

/** The generator known as mulberry32: 32 bits of state, plenty for drawing faults. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    happens: (probability) => next() < probability,
    octets: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)),
    fork: () => createChance(Math.floor(next() * 2 ** 32)),
  };
}
