import { type Xid, xid } from "../brand.js";
import { formatIp6, type Ip6 } from "../prefix.js";
import type { Reader, Writer } from "./bytes.js";
import {
  type ClientServerType,
  hasSentTime,
  isRelayType,
  MESSAGE_CODE,
  messageLabel,
  messageTypeOf,
  type RelayType,
} from "./codes.js";
import { MAX_RELAY_HEADERS } from "./fault.js";
import type { Holding, Kind, OptionList, Printed } from "./kind.js";

/** What stands before the options of a message with a transaction-id (RFC 8415 8). */
export interface ClientServerHeader {
  readonly form: "message";
  readonly type: ClientServerType | "unknown";
  readonly code: number;
  /** In DHCPV4-QUERY and -RESPONSE these 24 bits are flags (RFC 7341 6). */
  readonly xid: Xid;
  /** Seconds since 2000, in failover messages only (RFC 8156 5.2). */
  readonly sentTime?: number;
}

/** What stands before the options of a relay message (RFC 8415 9). */
export interface RelayHeader {
  readonly form: "relay";
  readonly type: RelayType;
  readonly hopCount: number;
  readonly linkAddress: Ip6;
  readonly peerAddress: Ip6;
}

/** A message of either form; `O` is the option type. */
export type MessageOf<O> = (ClientServerHeader | RelayHeader) & Holding<O>;

/** Octets before the first option (RFC 8415 8, 9). */
const HEADER_OCTETS = 4;
const RELAY_HEADER_OCTETS = 34;

/** A whole message, at the top or inside Relay Message; levels of options are counted anew in it. */
export function messageKind<O>(list: OptionList<O>): Kind<MessageOf<O>> {
  return {
    decode: (reader) => {
      const depth = reader.optionDepth;
      reader.optionDepth = 0;
      const message = readMessage(reader, list);
      reader.optionDepth = depth;
      return message;
    },
    encode: (writer, message) => {
      writeHeader(writer, message);
      list.encode(writer, message.options);
    },
    print: (message) => printMessageOf(message, list),
  };
}

function readMessage<O>(reader: Reader, list: OptionList<O>): MessageOf<O> {
  const start = reader.at;
  const size = reader.left;
  const code = size === 0 ? 0 : reader.u8();
  if (size < headerOctets(code)) reader.fail("message-short", start);
  const known = messageTypeOf(code);
  if (isRelayType(known)) return readRelay(reader, known, list);
  const type = known ?? "unknown";
  const transaction = xid((reader.u8() << 16) | reader.u16());
  if (!hasSentTime(code)) {
    return { form: "message", type, code, xid: transaction, options: list.decode(reader) };
  }
  const sentTime = reader.u32();
  return { form: "message", type, code, xid: transaction, sentTime, options: list.decode(reader) };
}

function readRelay<O>(reader: Reader, type: RelayType, list: OptionList<O>): RelayHeader & Holding<O> {
  reader.relayHeaders += 1;
  if (reader.relayHeaders > MAX_RELAY_HEADERS) reader.reject("relay-depth");
  return {
    form: "relay",
    type,
    hopCount: reader.u8(),
    linkAddress: reader.ip6(),
    peerAddress: reader.ip6(),
    options: list.decode(reader),
  };
}

function writeHeader<O>(writer: Writer, message: MessageOf<O>): void {
  if (message.form === "relay") {
    writer.u8(MESSAGE_CODE[message.type]);
    writer.u8(message.hopCount);
    writer.octets(message.linkAddress);
    writer.octets(message.peerAddress);
    return;
  }
  writer.u8(message.code);
  writer.u8(message.xid >>> 16);
  writer.u16(message.xid & 0xffff);
  if (message.sentTime !== undefined) writer.u32(message.sentTime);
}

function headerOctets(code: number): number {
  if (isRelayType(messageTypeOf(code))) return RELAY_HEADER_OCTETS;
  return hasSentTime(code) ? HEADER_OCTETS + 4 : HEADER_OCTETS;
}

function printMessageOf<O>(message: MessageOf<O>, list: OptionList<O>): Printed {
  const children = list.print(message.options);
  if (message.form === "message") {
    const transaction = message.xid.toString(16).padStart(6, "0");
    return { text: `${messageLabel(message.code)} xid=${transaction}`, children };
  }
  const addresses = `link=${formatIp6(message.linkAddress)} peer=${formatIp6(message.peerAddress)}`;
  return {
    text: `${messageLabel(MESSAGE_CODE[message.type])} hops=${message.hopCount} ${addresses}`,
    children,
  };
}
