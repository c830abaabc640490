import { formatDuid } from "../duid.js";
import { formatIp6, formatPrefix, type Ip6, type Prefix } from "../prefix.js";
import type { Reader, Writer } from "./bytes.js";
import { type DomainName, formatDomainName, readDomainName } from "./domain-name.js";
import type { Holding, Kind, OptionList } from "./kind.js";
import { anyIp6List, readCounted, readShortPrefix, writeCounted, writeShortPrefix } from "./kinds.js";

/** A mapping rule of MAP-E and MAP-T (RFC 7598 4.1). */
export interface S46Rule {
  readonly flags: number;
  readonly eaLength: number;
  readonly prefix4: Prefix4;
  readonly prefix6: Prefix;
}

/** An IPv4 prefix: 4 octets and a length 0..32. */
export interface Prefix4 {
  readonly address: Uint8Array;
  readonly length: number;
}

/** A full or shared IPv4 address bound to an IPv6 prefix (RFC 7598 4.4). */
export interface S46V4V6Bind {
  readonly address4: Uint8Array;
  readonly prefix6: Prefix;
}

/** The port set of a shared IPv4 address; the PSID is left-justified (RFC 7598 4.5). */
export interface S46PortParameters {
  readonly offset: number;
  readonly psidLength: number;
  readonly psid: number;
}

/** Flags before the policy table entries (RFC 7078 3). */
export interface AddrSel {
  readonly flags: number;
}

/** One entry of the address selection policy table (RFC 7078 3). */
export interface AddrSelPolicy {
  readonly label: number;
  readonly precedence: number;
  readonly prefix: Prefix;
}

/** An encrypted DNS resolver; without `service` only its name is known (RFC 9463 3.1). */
export interface Dnr {
  readonly priority: number;
  readonly name: DomainName;
  readonly service: { readonly addresses: readonly Ip6[]; readonly parameters: Uint8Array } | undefined;
}

/** Transport bits and the name of a distribution manager (RFC 9527 4.2, 4.3). */
export interface DistributionManager {
  readonly transports: number;
  readonly name: DomainName;
}

/** Boot client's network interface: type, major and minor version (RFC 5970 3.4). */
export interface InterfaceVersion {
  readonly type: number;
  readonly major: number;
  readonly minor: number;
}

/** A SLAP quadrant and how much it is preferred (RFC 8948 4.1). */
export interface SlapQuadrant {
  readonly quadrant: number;
  readonly preference: number;
}

/** Flags 1, EA length 1, IPv4 length 1, IPv4 prefix 4, IPv6 length 1, IPv6 prefix 0..16, options. */
export function s46Rule<O>(list: OptionList<O>): Kind<S46Rule & Holding<O>> {
  return {
    decode: (reader) => ({
      flags: reader.u8(),
      eaLength: reader.u8(),
      prefix4: readPrefix4(reader),
      prefix6: readShortPrefix(reader),
      options: list.decode(reader),
    }),
    encode: (writer, value) => {
      writer.u8(value.flags);
      writer.u8(value.eaLength);
      writer.u8(value.prefix4.length);
      writer.octets(value.prefix4.address);
      writeShortPrefix(writer, value.prefix6);
      list.encode(writer, value.options);
    },
    print: ({ flags, eaLength, prefix4, prefix6, options }) => ({
      text: [
        `flags=${flags} ea-length=${eaLength} ${prefix4.address.join(".")}/${prefix4.length}`,
        formatPrefix(prefix6),
      ].join(" "),
      children: list.print(options),
    }),
  };
}

/** IPv4 address 4, IPv6 length 1, IPv6 prefix 0..16, options. */
export function s46V4V6Bind<O>(list: OptionList<O>): Kind<S46V4V6Bind & Holding<O>> {
  return {
    decode: (reader) => ({
      address4: reader.octets(4),
      prefix6: readShortPrefix(reader),
      options: list.decode(reader),
    }),
    encode: (writer, value) => {
      writer.octets(value.address4);
      writeShortPrefix(writer, value.prefix6);
      list.encode(writer, value.options);
    },
    print: (value) => ({
      text: `${value.address4.join(".")} ${formatPrefix(value.prefix6)}`,
      children: list.print(value.options),
    }),
  };
}

/** Offset 1, PSID length 1, PSID 2. */
export const s46PortParameters: Kind<S46PortParameters> = {
  decode: (reader) => ({ offset: reader.u8(), psidLength: reader.u8(), psid: reader.u16() }),
  encode: (writer, value) => {
    writer.u8(value.offset);
    writer.u8(value.psidLength);
    writer.u16(value.psid);
  },
  print: (value) => ({ text: `offset=${value.offset} psid=${value.psid}/${value.psidLength}` }),
};

/** Flags 1, options. */
export function addrSel<O>(list: OptionList<O>): Kind<AddrSel & Holding<O>> {
  return {
    decode: (reader) => ({ flags: reader.u8(), options: list.decode(reader) }),
    encode: (writer, value) => {
      writer.u8(value.flags);
      list.encode(writer, value.options);
    },
    print: (value) => ({ text: `flags=${value.flags}`, children: list.print(value.options) }),
  };
}

/** Label 1, precedence 1, length 1, prefix 0..16. */
export const addrSelPolicy: Kind<AddrSelPolicy> = {
  decode: (reader) => ({ label: reader.u8(), precedence: reader.u8(), prefix: readShortPrefix(reader) }),
  encode: (writer, value) => {
    writer.u8(value.label);
    writer.u8(value.precedence);
    writeShortPrefix(writer, value.prefix);
  },
  print: (value) => ({
    text: `${formatPrefix(value.prefix)} precedence=${value.precedence} label=${value.label}`,
  }),
};

/** Priority 2, counted name, then nothing or counted addresses and service parameters. */
export const dnr: Kind<Dnr> = {
  decode: (reader) => {
    const priority = reader.u16();
    const name = readCounted(reader, readDomainName);
    if (reader.left === 0) return { priority, name, service: undefined };
    const addresses = readCounted(reader, (window) => anyIp6List.decode(window));
    return { priority, name, service: { addresses, parameters: reader.rest() } };
  },
  encode: (writer, { priority, name, service }) => {
    writer.u16(priority);
    writeCounted(writer, name);
    if (service === undefined) return;
    writer.u16(service.addresses.length * 16);
    anyIp6List.encode(writer, service.addresses);
    writer.octets(service.parameters);
  },
  print: ({ priority, name, service }) => ({
    text: [
      `priority=${priority} ${formatDomainName(name)}`,
      ...(service === undefined ? [] : [...service.addresses.map(formatIp6), formatDuid(service.parameters)]),
    ].join(" "),
  }),
};

/** Transport bits 2, domain name. */
export const distributionManager: Kind<DistributionManager> = {
  decode: (reader) => ({ transports: reader.u16(), name: readDomainName(reader) }),
  encode: (writer: Writer, value) => {
    writer.u16(value.transports);
    writer.octets(value.name);
  },
  print: (value) => ({ text: `transports=${value.transports} ${formatDomainName(value.name)}` }),
};

/** Type 1, major 1, minor 1. */
export const interfaceVersion: Kind<InterfaceVersion> = {
  decode: (reader) => ({ type: reader.u8(), major: reader.u8(), minor: reader.u8() }),
  encode: (writer, value) => {
    writer.u8(value.type);
    writer.u8(value.major);
    writer.u8(value.minor);
  },
  print: (value) => ({ text: `type=${value.type} version=${value.major}.${value.minor}` }),
};

/** Quadrant 1, preference 1. */
export const slapQuadrant: Kind<SlapQuadrant> = {
  decode: (reader) => ({ quadrant: reader.u8(), preference: reader.u8() }),
  encode: (writer, value) => {
    writer.u8(value.quadrant);
    writer.u8(value.preference);
  },
  print: (value) => ({ text: `${value.quadrant}:${value.preference}` }),
};

function readPrefix4(reader: Reader): Prefix4 {
  const length = reader.u8();
  if (length > 32) reader.fail("prefix-length", reader.at - 1);
  return { address: reader.octets(4), length };
}
