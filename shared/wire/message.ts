import type { Xid } from "../brand.js";
import { Reader, Writer } from "./bytes.js";
import { type ClientServerType, MESSAGE_CODE } from "./codes.js";
import { DATAGRAM_OCTETS, type Fault, MAX_MESSAGE_OCTETS } from "./fault.js";
import { type ClientServerMessage, type Message, MESSAGE, type Option } from "./option-table.js";

export type { MessageType } from "./codes.js";
export type { Fault, FaultCode } from "./fault.js";
export type { ClientServerMessage, Message, RelayMessage } from "./option-table.js";

/** What comes of a datagram: a message with the faults of single options, or the fault that spoils it all. */
export type Decoded =
  | { readonly ok: true; readonly message: Message; readonly faults: readonly Fault[] }
  | { readonly ok: false; readonly fault: Fault };

/** Memory for a hundred messages at a time. */
const writer = new Writer(16_384);

/**
 * Decodes one UDP payload or TCP frame. Never throws. The values are views into `bytes`: copy what outlives
 * them. Encoding the message gives the same octets again, whatever faults it has.
 */
export function decodeMessage(bytes: Uint8Array): Decoded {
  if (bytes.length > MAX_MESSAGE_OCTETS) {
    return { ok: false, fault: { code: "message-long", offset: MAX_MESSAGE_OCTETS } };
  }
  const reader = new Reader(bytes);
  const message = MESSAGE.decode(reader);
  if (reader.fault !== undefined) return { ok: false, fault: reader.fault };
  return { ok: true, message, faults: reader.faults };
}

/**
 * Encodes a message into octets that nobody writes again. Throws for what no message can hold, such as 64 KiB
 * in an option.
 */
export function encodeMessage(message: Message): Uint8Array {
  writer.abandon();
  MESSAGE.encode(writer, message);
  const { overflow } = writer;
  if (overflow !== undefined) throw new Error(`${overflow} octets do not fit behind a 16-bit length`);
  return writer.finish();
}

/**
 * The same for a message that others have had a hand in, such as an answer with what a relay wants echoed:
 * `undefined` when it does not fit into a datagram.
 */
export function encodeDatagram(message: Message): Uint8Array | undefined {
  writer.abandon();
  MESSAGE.encode(writer, message);
  if (writer.overflow !== undefined) return undefined;
  const bytes = writer.finish();
  return bytes.length <= DATAGRAM_OCTETS ? bytes : undefined;
}

/** Makes a message with a transaction-id. */
export function clientServerMessage(
  type: ClientServerType,
  xid: Xid,
  options: readonly Option[],
): ClientServerMessage {
  return { form: "message", type, code: MESSAGE_CODE[type], xid, options };
}
