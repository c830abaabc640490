/** One DHCPv6 message between a client and a server as a capture has it; relayed ones are left out. */
export interface Packet {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Message type, e.g. 1 for Solicit. */
  readonly type: number;
  readonly transaction: number;
}

/** A time, of a question to its answer or another; milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What the times from question to answer come to, milliseconds; NaN where nothing was answered. */
export interface Delays {
  readonly average: number;
  /** 99 of 100 are not longer. */
  readonly p99: number;
  readonly worst: number;
}

/** Magic numbers of a pcap file in its own byte order, with the units of its times per millisecond. */
const UNITS = new Map([
  [0xa1b2c3d4, 1000],
  [0xa1b23c4d, 1_000_000],
]);
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET = 1;
/** Where things are in an Ethernet frame with IPv6 without extension headers, and UDP. */
const AT = { etherType: 12, nextHeader: 20, sourcePort: 54, destinationPort: 56, message: 62 } as const;

/**
 * The messages of a capture file: classic pcap of either byte order, Ethernet; 66 octets of a frame are
 * enough. What is no DHCPv6 is skipped, and so is a record that the file breaks off in. Throws when it is
 * another kind of file.
 */
export function readPackets(file: Uint8Array): readonly Packet[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { little, perMilli } = readHeader(view);
  const packets: Packet[] = [];
  let at = FILE_HEADER;
  while (at + RECORD_HEADER <= view.byteLength) {
    const time = view.getUint32(at, little) * 1000 + view.getUint32(at + 4, little) / perMilli;
    const length = view.getUint32(at + 8, little);
    at += RECORD_HEADER;
    if (at + length > view.byteLength) break;
    const packet = readFrame(new DataView(file.buffer, file.byteOffset + at, length), time);
    if (packet !== undefined) packets.push(packet);
    at += length;
  }
  return packets;
}

function readHeader(view: DataView): { readonly little: boolean; readonly perMilli: number } {
  for (const little of [true, false]) {
    const perMilli = view.byteLength < FILE_HEADER ? undefined : UNITS.get(view.getUint32(0, little));
    if (perMilli !== undefined && view.getUint32(20, little) === ETHERNET) return { little, perMilli };
  }
  throw new Error("not a pcap file of Ethernet frames");
}

function readFrame(frame: DataView, time: number): Packet | undefined {
  if (frame.byteLength < AT.message + 4) return undefined;
  if (frame.getUint16(AT.etherType) !== 0x86dd || frame.getUint8(AT.nextHeader) !== 17) return undefined;
  const ports = [frame.getUint16(AT.sourcePort), frame.getUint16(AT.destinationPort)];
  if (!ports.includes(546) || !ports.includes(547)) return undefined;
  const word = frame.getUint32(AT.message);
  return { time, type: word >>> 24, transaction: word & 0xff_ffff };
}

/** Solicit by Advertise; Request and Renew by Reply. */
const ANSWER_OF = new Map([
  [1, 2],
  [3, 7],
  [5, 7],
]);

/**
 * When each question and the first answer to it went by, in the order of the answers. What is not answered
 * gives nothing.
 */
export function exchangesOf(packets: readonly Packet[]): readonly Span[] {
  const asked = new Map<number, { readonly time: number; readonly answer: number }>();
  const exchanges: Span[] = [];
  for (const { time, type, transaction } of packets) {
    const answer = ANSWER_OF.get(type);
    if (answer !== undefined) {
      asked.set(transaction, { time, answer });
      continue;
    }
    const question = asked.get(transaction);
    if (question?.answer !== type) continue;
    asked.delete(transaction);
    exchanges.push({ from: question.time, to: time });
  }
  return exchanges;
}

/** Average, 99th percentile (nearest rank) and longest of the times that these took. */
export function summarize(exchanges: readonly Span[]): Delays {
  const sorted = Float64Array.from(exchanges, ({ from, to }) => to - from).sort();
  return {
    average: sorted.reduce((sum, delay) => sum + delay, 0) / sorted.length,
    p99: percentile(sorted, 0.99),
    worst: sorted.at(-1) ?? NaN,
  };
}

/** The least of these sorted values that at least this share of them does not exceed; NaN of none. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(Math.ceil(share * sorted.length), 1);
  return sorted[rank - 1] ?? NaN;
}
