/** Hashes the octets `from` (inclusive) to `to` (exclusive) to a signed 32-bit number. */
export type KeyedHash = (octets: Uint8Array, from: number, to: number) => number;

/** Octets of the key of a `KeyedHash`. */
export const HASH_KEY_OCTETS = 8;

/**
 * HalfSipHash-1-3, keyed with the first 8 octets: whoever does not know the key cannot make hashes collide,
 * which matters because clients choose their DUIDs. For hash tables only; it is no cryptographic hash.
 */
export function createKeyedHash(key: Uint8Array): KeyedHash {
  if (key.length < HASH_KEY_OCTETS) throw new Error(`a hash key has ${HASH_KEY_OCTETS} octets or more`);
  const k0 = word(key, 0);
  const k1 = word(key, 4);

  return (octets, from, to) => {
    let v0 = k0;
    let v1 = k1;
    let v2 = k0 ^ 0x6c796765;
    let v3 = k1 ^ 0x74656462;
    const whole = from + ((to - from) & ~3);
    // Four octets a round; then the rest together with the length; then three rounds to finish.
    for (let at = from; at <= whole + 12; at += 4) {
      let block = 0;
      if (at < whole) block = word(octets, at);
      else if (at === whole) block = lastBlock(octets, from, to, whole);
      else if (at === whole + 4) v2 ^= 0xff;

      v3 ^= block;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= block;
    }
    return v1 ^ v3;
  };
}

function word(octets: Uint8Array, at: number): number {
  return (
    (octets[at] ?? 0) |
    ((octets[at + 1] ?? 0) << 8) |
    ((octets[at + 2] ?? 0) << 16) |
    ((octets[at + 3] ?? 0) << 24)
  );
}

function lastBlock(octets: Uint8Array, from: number, to: number, whole: number): number {
  let block = (to - from) << 24;
  for (let at = whole; at < to; at++) block |= (octets[at] ?? 0) << ((at - whole) * 8);
  return block;
}
