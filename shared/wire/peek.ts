import { MESSAGE_CODE } from "./codes.js";

const { relayForward } = MESSAGE_CODE;
/** Message type, hop count and two addresses (RFC 8415 9). */
const RELAY_HEADER = 34;
const RELAY_MESSAGE = 9;
/** As deep as relays may be nested (HOP_COUNT_LIMIT, RFC 8415 7.6), and one more. */
const DEEPEST = 9;

/**
 * The code of the message type, for relayed messages that of the client's, without decoding anything: to put
 * datagrams in order while there is no time to read them. `undefined` where it cannot be found.
 */
export function peekType(bytes: Uint8Array): number | undefined {
  let begin = 0;
  let end = bytes.length;
  for (let depth = 0; depth <= DEEPEST; depth++) {
    const type = bytes[begin];
    if (type !== relayForward || begin >= end) return begin < end ? type : undefined;
    const message = findRelayMessage(bytes, begin + RELAY_HEADER, end);
    if (message === undefined) return undefined;
    [begin, end] = message;
  }
  return undefined;
}

function findRelayMessage(
  bytes: Uint8Array,
  from: number,
  end: number,
): readonly [begin: number, end: number] | undefined {
  for (let at = from; at + 4 <= end; ) {
    const code = u16(bytes, at);
    const next = at + 4 + u16(bytes, at + 2);
    if (next > end) return undefined;
    if (code === RELAY_MESSAGE) return [at + 4, next];
    at = next;
  }
  return undefined;
}

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
