import { formatDuid } from "../duid.js";
import { formatIp6, type Ip6 } from "../prefix.js";
import type { Reader } from "./bytes.js";
import { queryLabel } from "./codes.js";
import type { MessageOf } from "./kinds-message.js";
import type { Holding, Kind, OptionList } from "./kind.js";
import { listOf } from "./kinds.js";

/** Fields of Virtual Subnet Selection (RFC 6607 3.4): type 0 a name, 1 a VPN identifier, 255 none. */
export interface Vss {
  readonly type: number;
  readonly data: Uint8Array;
}

/** One RADIUS attribute (RFC 7037 4). */
export interface RadiusAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Fields of LQ Query; the address is `::` when the question is about any link (RFC 5007 4.1.2.1). */
export interface LqQuery {
  readonly queryType: number;
  readonly linkAddress: Ip6;
}

/** What a relay said when the client was last heard, without the client's message (RFC 5007 4.1.2.4). */
export interface LqRelayData<O> {
  readonly peerAddress: Ip6;
  readonly message: MessageOf<O>;
}

/** Options and nothing else: Client Data, RSOO, the S46 containers. */
export function container<O>(list: OptionList<O>): Kind<Holding<O>> {
  return {
    decode: (reader) => ({ options: list.decode(reader) }),
    encode: (writer, value) => {
      list.encode(writer, value.options);
    },
    print: (value) => ({ text: "", children: list.print(value.options) }),
  };
}

/** Query type 1, link address 16, options (RFC 5007 4.1.2.1). */
export function lqQuery<O>(list: OptionList<O>): Kind<LqQuery & Holding<O>> {
  return {
    decode: (reader) => ({
      queryType: reader.u8(),
      linkAddress: reader.ip6(),
      options: list.decode(reader),
    }),
    encode: (writer, value) => {
      writer.u8(value.queryType);
      writer.octets(value.linkAddress);
      list.encode(writer, value.options);
    },
    print: (value) => ({
      text: `by ${queryLabel(value.queryType)} link=${formatIp6(value.linkAddress)}`,
      children: list.print(value.options),
    }),
  };
}

/** Address of the relay 16, Relay-forward without its Relay Message option (RFC 5007 4.1.2.4). */
export function lqRelayData<O>(message: Kind<MessageOf<O>>): Kind<LqRelayData<O>> {
  return {
    decode: (reader) => ({ peerAddress: reader.ip6(), message: message.decode(reader) }),
    encode: (writer, value) => {
      writer.octets(value.peerAddress);
      message.encode(writer, value.message);
    },
    print: (value) => ({
      text: `peer=${formatIp6(value.peerAddress)}`,
      children: [message.print(value.message)],
    }),
  };
}

/** Type 1, data (RFC 6607 3.4). */
export const vss: Kind<Vss> = {
  decode: (reader) => ({ type: reader.u8(), data: reader.rest() }),
  encode: (writer, value) => {
    writer.u8(value.type);
    writer.octets(value.data);
  },
  print: (value) => ({ text: `type=${value.type} ${formatDuid(value.data)}` }),
};

/** Attributes of type 1, length 1 (the two included) and value (RFC 7037 4, RFC 2865 5). */
export const radius: Kind<readonly RadiusAttribute[]> = listOf<RadiusAttribute>(
  {
    decode: readAttribute,
    encode: (writer, attribute) => {
      writer.u8(attribute.type);
      writer.u8(attribute.value.length + 2);
      writer.octets(attribute.value);
    },
    print: (attribute) => ({ text: `${attribute.type}=${formatDuid(attribute.value)}` }),
  },
  0,
);

function readAttribute(reader: Reader): RadiusAttribute {
  const type = reader.u8();
  const length = reader.u8();
  if (length < 2) reader.fail("option-short");
  return { type, value: reader.octets(Math.max(length - 2, 0)) };
}
