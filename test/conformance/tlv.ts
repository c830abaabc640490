/** An option as it stands in a packet: its octets, and the options inside those that hold some. */
export interface Tlv {
  readonly code: number;
  readonly data: Uint8Array;
  readonly options: readonly Tlv[];
}

/** A message as it stands in a packet. */
export interface Packet {
  readonly type: number;
  /** All of it. */
  readonly bytes: Uint8Array;
  readonly options: readonly Tlv[];
  /** The message in the Relay Message. */
  readonly inner: Packet | undefined;
}

/** Octets before the options of an option that holds some: IA_NA, IA_TA, IAADDR, IA_PD, IAPREFIX. */
const FIXED: ReadonlyMap<number, number> = new Map([
  [3, 12],
  [4, 4],
  [5, 24],
  [25, 12],
  [26, 25],
]);
const RELAYS = [12, 13];

/**
 * Reads a packet without any help of the program's own codec. Throws unless it is made up of whole options to
 * its last octet, on every level.
 */
export function parsePacket(bytes: Uint8Array): Packet {
  const [type = NaN] = bytes;
  const header = RELAYS.includes(type) ? 34 : 4;
  if (bytes.length < header) throw new Error(`a message of ${bytes.length} octets`);
  const options = parseOptions(bytes.subarray(header));
  const message = RELAYS.includes(type) ? options.find(({ code }) => code === 9) : undefined;
  return { type, bytes, options, inner: message && parsePacket(message.data) };
}

/** Number out of so many octets, most significant first. */
export const numberAt = (data: Uint8Array, at: number, octets: number): number =>
  data.subarray(at, at + octets).reduce((sum, octet) => sum * 256 + octet, 0);

/** The message itself, out of its Relay-replies. */
export const innermost = (packet: Packet): Packet => (packet.inner ? innermost(packet.inner) : packet);

/** Every run of options of a packet: of its messages, and inside its options. */
export function levelsOf({ options, inner }: Packet): readonly (readonly Tlv[])[] {
  const below = (list: readonly Tlv[]): readonly (readonly Tlv[])[] => [
    list,
    ...list.flatMap((each) => (each.options.length > 0 ? below(each.options) : [])),
  ];
  return [...below(options), ...(inner === undefined ? [] : levelsOf(inner))];
}

/** Every option of a packet with this code, wherever it stands. */
export const everywhere = (packet: Packet, ...codes: readonly number[]): readonly Tlv[] =>
  levelsOf(packet)
    .flat()
    .filter(({ code }) => codes.includes(code));

function parseOptions(bytes: Uint8Array): readonly Tlv[] {
  const found: Tlv[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) throw new Error(`${bytes.length - at} octets are no option`);
    const [code, length] = [numberAt(bytes, at, 2), numberAt(bytes, at + 2, 2)];
    const end = at + 4 + length;
    if (end > bytes.length) throw new Error(`option ${code} is longer than what is left`);
    const data = bytes.subarray(at + 4, end);
    const fixed = FIXED.get(code);
    if (fixed !== undefined && data.length < fixed) throw new Error(`option ${code} is cut short`);
    found.push({ code, data, options: fixed === undefined ? [] : parseOptions(data.subarray(fixed)) });
    at = end;
  }
  return found;
}
