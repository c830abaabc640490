/** A 64-bit hash as two unsigned words: `high` has the octets that come first in print. */
export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** Hashes octets, all of them or the first `length`, with the key it was made with. */
export type SipHash = (octets: Uint8Array, length?: number) => Hash64;

/** Octets of a key of `createSipHash`. */
export const SIP_KEY_OCTETS = 16;

/** Lanes of the state as 32-bit halves, low one first: v0 is (0, 1), v1 (2, 3), v2 (4, 5), v3 (6, 7). */
type State = Int32Array;

/**
 * SipHash-2-4 (Aumasson, Bernstein 2012) with a 16-octet key: nobody without the key can tell where a
 * client lands. On 32-bit halves, since BigInt costs more than the whole hash.
 */
export function createSipHash(key: Uint8Array): SipHash {
  if (key.length !== SIP_KEY_OCTETS) throw new Error(`a SipHash key has ${SIP_KEY_OCTETS} octets`);
  const keyWords = [0, 4, 8, 12].map((from) => word(key, from, key.length));
  const magic = [
    0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
  ];
  const initial = Int32Array.from(magic, (value, i) => value ^ (keyWords[i & 3] ?? 0));
  /** Begins anew with each hash: an array for each would cost as much as the hash. */
  const v = new Int32Array(initial.length);

  return (octets, length = octets.length) => {
    for (let i = 0; i < v.length; i++) v[i] = at(initial, i);
    const whole = length & ~7;
    for (let at = 0; at < whole; at += 8) absorb(v, word(octets, at, length), word(octets, at + 4, length));
    // The rest, padded with zeros, and the length in the last octet.
    const last = word(octets, whole + 4, length) & 0xffffff;
    absorb(v, word(octets, whole, length), last | (length << 24));
    v[4] = at(v, 4) ^ 0xff;
    for (let i = 0; i < 4; i++) sipRound(v);
    return {
      high: (at(v, 1) ^ at(v, 3) ^ at(v, 5) ^ at(v, 7)) >>> 0,
      low: (at(v, 0) ^ at(v, 2) ^ at(v, 4) ^ at(v, 6)) >>> 0,
    };
  };
}

function absorb(v: State, low: number, high: number): void {
  v[6] = at(v, 6) ^ low;
  v[7] = at(v, 7) ^ high;
  sipRound(v);
  sipRound(v);
  v[0] = at(v, 0) ^ low;
  v[1] = at(v, 1) ^ high;
}

function sipRound(v: State): void {
  mix(v, 0, 2, 13);
  swap(v, 0);
  mix(v, 4, 6, 16);
  mix(v, 0, 6, 21);
  mix(v, 4, 2, 17);
  swap(v, 4);
}

/** a += b; b = rotl(b, bits) ^ a. */
function mix(v: State, a: number, b: number, bits: number): void {
  const bLow = at(v, b);
  const bHigh = at(v, b + 1);
  const low = (at(v, a) + bLow) | 0;
  const carry = low >>> 0 < bLow >>> 0 ? 1 : 0;
  const high = (at(v, a + 1) + bHigh + carry) | 0;
  v[a] = low;
  v[a + 1] = high;
  v[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ low;
  v[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ high;
}

/** Rotates a lane by 32 bits. */
function swap(v: State, a: number): void {
  const low = at(v, a);
  v[a] = at(v, a + 1);
  v[a + 1] = low;
}

const at = (v: State, i: number): number => v[i] ?? 0;

/** Four octets, little-endian; what lies behind the end is zero. */
function word(octets: Uint8Array, from: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4 && from + i < end; i++) value |= (octets[from + i] ?? 0) << (8 * i);
  return value;
}
