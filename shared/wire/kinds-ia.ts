import { type Iaid, iaid, type Seconds, seconds } from "../brand.js";
import { formatIp6, formatPrefix, type Ip6, type Prefix } from "../prefix.js";
import type { Reader, Writer } from "./bytes.js";
import type { Holding, Kind, OptionList } from "./kind.js";
import { formatSeconds } from "./kinds.js";

/** Own fields of IA_NA, IA_PD and IA_LL. */
export interface Ia {
  readonly iaid: Iaid;
  readonly t1: Seconds;
  readonly t2: Seconds;
}

/** Own fields of IA_TA, which is obsolete. */
export interface IaTa {
  readonly iaid: Iaid;
}

/** Own fields of IAADDR. */
export interface IaAddr {
  readonly address: Ip6;
  readonly preferred: Seconds;
  readonly valid: Seconds;
}

/** Own fields of IAPREFIX; the prefix may have bits beyond its length. */
export interface IaPrefix {
  readonly preferred: Seconds;
  readonly valid: Seconds;
  readonly prefix: Prefix;
}

/** Own fields of LLADDR (RFC 8947 11.2): `extra` further addresses follow the named one. */
export interface LlAddr {
  readonly hardwareType: number;
  readonly address: Uint8Array;
  readonly extra: number;
  readonly valid: Seconds;
}

/**
 * Data of PD Exclude as on the wire: length of the excluded prefix and its bits behind the delegated ones.
 */
export interface PdExclude {
  readonly length: number;
  readonly subnetId: Uint8Array;
}

/** IAID 4, T1 4, T2 4, options (RFC 8415 21.4, 21.21; RFC 8947 11.1). */
export function ia<O>(list: OptionList<O>): Kind<Ia & Holding<O>> {
  return {
    decode: (reader) => ({
      iaid: iaid(reader.u32()),
      t1: seconds(reader.u32()),
      t2: seconds(reader.u32()),
      options: list.decode(reader),
    }),
    encode: (writer, value) => {
      writer.u32(value.iaid);
      writer.u32(value.t1);
      writer.u32(value.t2);
      list.encode(writer, value.options);
    },
    print: (value) => ({
      text: `iaid=${value.iaid} t1=${formatSeconds(value.t1)} t2=${formatSeconds(value.t2)}`,
      children: list.print(value.options),
    }),
  };
}

/** IAID 4, options (RFC 8415 21.5). */
export function iaTa<O>(list: OptionList<O>): Kind<IaTa & Holding<O>> {
  return {
    decode: (reader) => ({ iaid: iaid(reader.u32()), options: list.decode(reader) }),
    encode: (writer, value) => {
      writer.u32(value.iaid);
      list.encode(writer, value.options);
    },
    print: (value) => ({ text: `iaid=${value.iaid}`, children: list.print(value.options) }),
  };
}

/** Address 16, preferred 4, valid 4, options (RFC 8415 21.6). */
export function iaAddr<O>(list: OptionList<O>): Kind<IaAddr & Holding<O>> {
  return {
    decode: (reader) => ({
      address: reader.ip6(),
      preferred: seconds(reader.u32()),
      valid: seconds(reader.u32()),
      options: list.decode(reader),
    }),
    encode: (writer, value) => {
      writer.octets(value.address);
      writer.u32(value.preferred);
      writer.u32(value.valid);
      list.encode(writer, value.options);
    },
    print: (value) => ({
      text: `${formatIp6(value.address)} ${lifetimes(value)}`,
      children: list.print(value.options),
    }),
  };
}

/** Preferred 4, valid 4, prefix length 1, prefix 16, options (RFC 8415 21.22). */
export function iaPrefix<O>(list: OptionList<O>): Kind<IaPrefix & Holding<O>> {
  return {
    decode: (reader) => {
      const preferred = seconds(reader.u32());
      const valid = seconds(reader.u32());
      const length = reader.u8();
      if (length > 128) reader.fail("prefix-length", reader.at - 1);
      const prefix = { address: reader.ip6(), length };
      const outer = reader.delegatedLength;
      reader.delegatedLength = length;
      const options = list.decode(reader);
      reader.delegatedLength = outer;
      return { preferred, valid, prefix, options };
    },
    encode: (writer, value) => {
      writer.u32(value.preferred);
      writer.u32(value.valid);
      writer.u8(value.prefix.length);
      writer.octets(value.prefix.address);
      list.encode(writer, value.options);
    },
    print: (value) => ({
      text: `${formatPrefix(value.prefix)} ${lifetimes(value)}`,
      children: list.print(value.options),
    }),
  };
}

/** Link-layer type 2, length n 2, address n, extra addresses 4, valid 4, options (RFC 8947 11.2). */
export function llAddr<O>(list: OptionList<O>): Kind<LlAddr & Holding<O>> {
  return {
    decode: (reader) => ({
      hardwareType: reader.u16(),
      address: reader.octets(reader.u16()),
      extra: reader.u32(),
      valid: seconds(reader.u32()),
      options: list.decode(reader),
    }),
    encode: (writer, value) => {
      writer.u16(value.hardwareType);
      writer.u16(value.address.length);
      writer.octets(value.address);
      writer.u32(value.extra);
      writer.u32(value.valid);
      list.encode(writer, value.options);
    },
    print: (value) => ({
      text: `${hex(value.address)} extra=${value.extra} valid=${formatSeconds(value.valid)}`,
      children: list.print(value.options),
    }),
  };
}

/**
 * Prefix length 1, subnet id 1..16, just long enough for the bits behind the delegated prefix (RFC 6603 4.2).
 */
export const pdExclude: Kind<PdExclude> = {
  decode: readPdExclude,
  encode: (writer: Writer, value) => {
    writer.u8(value.length);
    writer.octets(value.subnetId);
  },
  print: (value) => ({ text: `/${value.length} subnet-id=${hex(value.subnetId)}` }),
};

function readPdExclude(reader: Reader): PdExclude {
  const start = reader.at;
  const length = reader.u8();
  const subnetId = reader.rest();
  const behind = reader.delegatedLength ?? length - 8 * subnetId.length;
  const octets = (length - behind + 7) >> 3;
  if (length > 128 || length <= behind || octets > 16 || subnetId.length !== octets) {
    reader.fail("prefix-exclude", start);
  }
  return { length, subnetId };
}

const lifetimes = (value: { readonly preferred: Seconds; readonly valid: Seconds }): string =>
  `preferred=${formatSeconds(value.preferred)} valid=${formatSeconds(value.valid)}`;

const hex = (octets: Uint8Array): string =>
  Array.from(octets, (o) => o.toString(16).padStart(2, "0")).join("");
