/** Numbers from 0 up to 1, the same ones for the same seed. */
export type Random = () => number;

/** A small generator of pseudo-random numbers; statistics good enough to damage packets. */
export function mulberry32(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the packets, damaged one to four times. */
export function mutate(packets: readonly Buffer[], random: Random): Buffer {
  const pick = (): Buffer => packets[below(packets.length, random)] ?? Buffer.alloc(0);
  let packet: Buffer = Buffer.from(pick());
  for (let left = 1 + below(4, random); left > 0; left--) {
    const way = ways[below(ways.length, random)];
    if (way !== undefined) packet = way(packet, random, pick);
  }
  return packet;
}

/** Wraps a message into `depth` Relay-forward messages, each with room for nothing else. */
export function nest(message: Buffer, depth: number): Buffer {
  let wrapped = message;
  for (let hop = 0; hop < depth; hop++) wrapped = Buffer.concat([relayHeader(wrapped.length, hop), wrapped]);
  return wrapped;
}

/** Ways to damage a packet; each gives a new one. */
const ways: readonly ((packet: Buffer, random: Random, pick: () => Buffer) => Buffer)[] = [
  (packet, random) => {
    for (let flips = 1 + below(8, random); flips > 0 && packet.length > 0; flips--) {
      const at = below(packet.length, random);
      packet.writeUInt8(packet.readUInt8(at) ^ (1 << below(8, random)), at);
    }
    return packet;
  },
  (packet, random) => packet.subarray(0, below(packet.length + 1, random)),
  (packet, random) => {
    const at = below(packet.length + 1, random);
    const inserted = Buffer.from(Array.from({ length: 1 + below(40, random) }, () => below(256, random)));
    return Buffer.concat([packet.subarray(0, at), inserted, packet.subarray(at)]);
  },
  (packet, random) => {
    const [from, to] = [below(packet.length + 1, random), below(packet.length + 1, random)];
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    return Buffer.concat([packet.subarray(0, last), packet.subarray(first)]);
  },
  (packet, random) => {
    if (packet.length < 2) return packet;
    const extremes = [0, 1, 0x7fff, 0xffff, below(0x10000, random)];
    packet.writeUInt16BE(extremes[below(extremes.length, random)] ?? 0, below(packet.length - 1, random));
    return packet;
  },
  (packet, random, pick) => {
    const other = pick();
    const [head, tail] = [below(packet.length + 1, random), below(other.length + 1, random)];
    return Buffer.concat([packet.subarray(0, head), other.subarray(tail)]);
  },
  (packet, random) => nest(packet, 1 + below(10, random)),
];

function below(limit: number, random: Random): number {
  return Math.floor(random() * limit);
}

/** Relay-forward with unspecified addresses, up to where the Relay Message option has its octets. */
function relayHeader(octets: number, hop: number): Buffer {
  const header = Buffer.alloc(38);
  header.writeUInt8(12, 0);
  header.writeUInt8(hop & 0xff, 1);
  header.writeUInt16BE(9, 34);
  header.writeUInt16BE(octets & 0xffff, 36);
  return header;
}
