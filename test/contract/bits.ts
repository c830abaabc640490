import type { Random } from "../e2e/bed/mutate.js";

/** A file with one bit fallen over, and where. */
export interface Flipped {
  readonly octets: Buffer;
  readonly at: number;
  readonly bit: number;
}

const PAGE = 4096;
/** Most of what LMDB writes for itself is here: page headers, where the nodes are, the meta pages. */
const HEAD = 168;

/** Lets a bit fall over, two times out of three near the beginning of a page. */
export function flipBit(good: Uint8Array, random: Random): Flipped {
  const below = (limit: number): number => Math.floor(random() * limit);
  const at = random() < 2 / 3 ? below(good.length / PAGE) * PAGE + below(HEAD) : below(good.length);
  const bit = below(8);
  const octets = Buffer.from(good);
  octets.writeUInt8(octets.readUInt8(at) ^ (1 << bit), at);
  return { octets, at, bit };
}
