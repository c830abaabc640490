import type { Chance } from "../sim/chance.js";

/** What a change may draw on. */
export interface Means {
  readonly chance: Chance;
  readonly tokens: readonly Uint8Array[];
  /** Another input of the corpus, to take pieces from. */
  readonly other: Uint8Array;
  readonly limit: number;
}

/** Leaves out, doubles or moves an item, or changes one with `change`. */
export function changeList<T>(items: readonly T[], { chance }: Means, change: (item: T) => T): readonly T[] {
  const at = draw(chance, items.length);
  const item = items[at];
  if (item === undefined) return items;
  const before = items.slice(0, at);
  const behind = items.slice(at + 1);
  switch (draw(chance, 8)) {
    case 0:
      return [...before, ...behind];
    case 1:
      return [...before, item, item, ...behind];
    case 2: {
      const rest = [...before, ...behind];
      const to = draw(chance, rest.length + 1);
      return [...rest.slice(0, to), item, ...rest.slice(to)];
    }
    default:
      return [...before, change(item), ...behind];
  }
}

/** A number from 0 on, below `limit`. */
export const draw = (chance: Chance, limit: number): number => Math.floor(chance.next() * limit);

/** One of these; `undefined` when there is none. */
export const oneOf = <T>(chance: Chance, items: readonly T[]): T | undefined =>
  items[draw(chance, items.length)];

const EDGES = [0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 63, 64, 127, 128, 129, 130, 131, 254, 255] as const;
const WIDE_EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000] as const;
const WIDEST_EDGES = [0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff] as const;

/** A change of octets without regard to what they mean. */
export function changeOctets(input: Uint8Array, { chance, tokens, other, limit }: Means): Uint8Array {
  const at = draw(chance, input.length);
  const length = Math.min(input.length - at, 1 << draw(chance, 7));
  const before = input.subarray(0, at);
  const piece = input.subarray(at, at + length);
  const behind = input.subarray(at + length);
  const token = oneOf(chance, tokens) ?? chance.octets(1 + draw(chance, 4));
  switch (draw(chance, 13)) {
    case 0:
      return overwrite(input, at, Uint8Array.of((input[at] ?? 0) ^ (1 << draw(chance, 8))));
    case 1:
      return overwrite(input, at, Uint8Array.of(oneOf(chance, EDGES) ?? 0));
    case 2:
      return overwrite(input, at, Uint8Array.of((input[at] ?? 0) + draw(chance, 33) - 16));
    case 3:
      return overwrite(input, at, number(oneOf(chance, WIDE_EDGES) ?? 0, 2, chance.happens(0.7)));
    case 4: {
      const value = oneOf(chance, [...WIDE_EDGES, ...WIDEST_EDGES]) ?? 0;
      return overwrite(input, at, number(value, 4, chance.happens(0.7)));
    }
    case 5:
      return concat([before, behind]);
    case 6:
      return concat([before, piece, piece, behind]);
    case 7:
      return concat([before, chance.octets(1 + draw(chance, 8)), input.subarray(at)]);
    case 8:
      return concat([before, token, input.subarray(at)]);
    case 9:
      return overwrite(input, at, token);
    case 10: {
      const from = draw(chance, other.length);
      const taken = other.subarray(from, from + (1 << draw(chance, 8)));
      return chance.happens(0.5) ? concat([before, taken, behind]) : concat([before, other.subarray(from)]);
    }
    case 11:
      return before;
    default: {
      // Much of the same: what grows faster than its input shows.
      const times = Math.min(1 << draw(chance, 12), Math.floor((limit - input.length) / (length + 1)));
      return concat([before, ...Array.from({ length: Math.max(0, times) }, () => piece), input.subarray(at)]);
    }
  }
}

const number = (value: number, octets: number, bigEndian: boolean): Uint8Array => {
  const bytes = Array.from({ length: octets }, (_, i) => (value / 256 ** i) & 0xff);
  return Uint8Array.from(bigEndian ? bytes.reverse() : bytes);
};

function overwrite(input: Uint8Array, at: number, octets: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(input);
  changed.set(octets.subarray(0, Math.max(0, input.length - at)), Math.min(at, input.length));
  return changed;
}

/** All of these, one behind the other. */
export const concat = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));
