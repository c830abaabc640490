import { formatDuid } from "../duid.js";
import { formatIp6, type Ip6 } from "../prefix.js";
import type { Reader } from "./bytes.js";
import { hardwareLabel, messageLabel, statusLabel } from "./codes.js";
import { type DomainName, formatDomainName, readDomainName, readPartialName } from "./domain-name.js";
import type { Kind } from "./kind.js";
import { formatText, item, itemList, listOf, readCounted, u8, writeCounted } from "./kinds.js";

/** Outcome of a message or of an option; the text as octets, because not every sender keeps to UTF-8. */
export interface StatusCode {
  readonly status: number;
  readonly text: Uint8Array;
}

/** Fields of the Authentication option; `information` depends on protocol and algorithm, see `rkap.ts`. */
export interface Auth {
  readonly protocol: number;
  readonly algorithm: number;
  readonly rdm: number;
  /** Replay detection value, 8 octets. */
  readonly replay: Uint8Array;
  readonly information: Uint8Array;
}

/** Octets of one vendor: classes in Vendor Class. */
export interface VendorClass {
  readonly enterprise: number;
  readonly classes: readonly Uint8Array[];
}

/** Options of one vendor, in the number space of that vendor. */
export interface VendorOptions {
  readonly enterprise: number;
  readonly options: readonly CodedData[];
}

/** A number and octets, as in the private options of a vendor. */
export interface CodedData {
  readonly code: number;
  readonly data: Uint8Array;
}

/**
 * Fields of Client FQDN: flag bits S = 1, O = 2, N = 4, and a name that may be partial or empty (RFC 4704 4).
 */
export interface ClientFqdn {
  readonly flags: number;
  readonly name: DomainName;
}

/** One source of time in the NTP Server option (RFC 5908 4). */
export type NtpSource =
  | { readonly type: "unicast" | "multicast"; readonly address: Ip6 }
  | { readonly type: "name"; readonly name: DomainName }
  | { readonly type: "unknown"; readonly code: number; readonly data: Uint8Array };

/** An enterprise number and an opaque identifier of it, as in Remote-ID (RFC 4649 3). */
export interface RemoteId {
  readonly enterprise: number;
  readonly id: Uint8Array;
}

/** A hardware type and an address of it, as in Client Link-Layer Address (RFC 6939 4). */
export interface LinkLayerAddress {
  readonly hardwareType: number;
  readonly address: Uint8Array;
}

/** Status 2, text (RFC 8415 21.13). */
export const statusCode: Kind<StatusCode> = {
  decode: (reader) => ({ status: reader.u16(), text: reader.rest() }),
  encode: (writer, value) => {
    writer.u16(value.status);
    writer.octets(value.text);
  },
  print: ({ status, text }) => ({
    text: text.length === 0 ? statusLabel(status) : `${statusLabel(status)} ${formatText(text)}`,
  }),
};

/** Protocol 1, algorithm 1, RDM 1, replay detection 8, information (RFC 8415 21.11). */
export const auth: Kind<Auth> = {
  decode: (reader) => ({
    protocol: reader.u8(),
    algorithm: reader.u8(),
    rdm: reader.u8(),
    replay: reader.octets(8),
    information: reader.rest(),
  }),
  encode: (writer, value) => {
    writer.u8(value.protocol);
    writer.u8(value.algorithm);
    writer.u8(value.rdm);
    writer.octets(value.replay);
    writer.octets(value.information);
  },
  // The information may be a key: it never goes to a log.
  print: ({ protocol, algorithm, rdm, replay, information }) => ({
    text: [
      `protocol=${protocol} algorithm=${algorithm} rdm=${rdm} replay=${formatDuid(replay)}`,
      `information=${information.length} octets`,
    ].join(" "),
  }),
};

/** Message type 1 that a Reconfigure asks for (RFC 8415 21.19). */
export const messageCode: Kind<number> = { ...u8, print: (value) => ({ text: messageLabel(value) }) };

/** Enterprise number 4, counted items (RFC 8415 21.16). */
export const vendorClass: Kind<VendorClass> = {
  decode: (reader) => ({ enterprise: reader.u32(), classes: itemList.decode(reader) }),
  encode: (writer, value) => {
    writer.u32(value.enterprise);
    itemList.encode(writer, value.classes);
  },
  print: (value) => ({ text: `enterprise=${value.enterprise} ${itemList.print(value.classes).text}` }),
};

/** Enterprise number 4, then code 2, length 2 and data of each option (RFC 8415 21.17). */
export const vendorOptions: Kind<VendorOptions> = {
  decode: (reader) => ({ enterprise: reader.u32(), options: codedList.decode(reader) }),
  encode: (writer, value) => {
    writer.u32(value.enterprise);
    codedList.encode(writer, value.options);
  },
  print: (value) => ({ text: `enterprise=${value.enterprise} ${codedList.print(value.options).text}` }),
};

/** Flags 1, domain name (RFC 4704 4). */
export const clientFqdn: Kind<ClientFqdn> = {
  decode: (reader) => ({ flags: reader.u8(), name: readPartialName(reader) }),
  encode: (writer, value) => {
    writer.u8(value.flags);
    writer.octets(value.name);
  },
  print: (value) => ({ text: `flags=${value.flags} ${formatDomainName(value.name)}` }),
};

/** Suboptions of code 2, length 2 and data: 1 unicast address, 2 multicast address, 3 name (RFC 5908 4). */
export const ntpServer: Kind<readonly NtpSource[]> = listOf<NtpSource>(
  {
    decode: (reader) => {
      const code = reader.u16();
      return readCounted(reader, (window) => readNtpSource(window, code));
    },
    encode: (writer, source) => {
      writer.u16(ntpCode(source));
      writeCounted(writer, ntpData(source));
    },
    print: (source) => ({ text: printNtpSource(source) }),
  },
  1,
);

/** Enterprise number 4, identifier. A relay of Dibbler sends empty identifiers, so they pass (RFC 4649 3). */
export const remoteId: Kind<RemoteId> = {
  decode: (reader) => ({ enterprise: reader.u32(), id: reader.rest() }),
  encode: (writer, value) => {
    writer.u32(value.enterprise);
    writer.octets(value.id);
  },
  print: (value) => ({ text: `enterprise=${value.enterprise} ${formatDuid(value.id)}` }),
};

/** Hardware type 2, address (RFC 6939 4). */
export const linkLayerAddress: Kind<LinkLayerAddress> = {
  decode: (reader) => ({ hardwareType: reader.u16(), address: reader.rest() }),
  encode: (writer, value) => {
    writer.u16(value.hardwareType);
    writer.octets(value.address);
  },
  print: (value) => ({ text: `${hardwareLabel(value.hardwareType)} ${formatDuid(value.address)}` }),
};

const coded: Kind<CodedData> = {
  decode: (reader) => ({ code: reader.u16(), data: item.decode(reader) }),
  encode: (writer, value) => {
    writer.u16(value.code);
    item.encode(writer, value.data);
  },
  print: (value) => ({ text: `${value.code}=${formatDuid(value.data)}` }),
};
const codedList = listOf(coded, 0);

const NTP_CODE = { unicast: 1, multicast: 2, name: 3 } as const;

function readNtpSource(reader: Reader, code: number): NtpSource {
  switch (code) {
    case NTP_CODE.unicast:
      return { type: "unicast", address: reader.ip6() };
    case NTP_CODE.multicast:
      return { type: "multicast", address: reader.ip6() };
    case NTP_CODE.name:
      return { type: "name", name: readDomainName(reader) };
    default:
      return { type: "unknown", code, data: reader.rest() };
  }
}

const ntpCode = (source: NtpSource): number =>
  source.type === "unknown" ? source.code : NTP_CODE[source.type];

function ntpData(source: NtpSource): Uint8Array {
  switch (source.type) {
    case "unicast":
    case "multicast":
      return source.address;
    case "name":
      return source.name;
    case "unknown":
      return source.data;
    default:
      return source satisfies never;
  }
}

function printNtpSource(source: NtpSource): string {
  switch (source.type) {
    case "unicast":
    case "multicast":
      return formatIp6(source.address);
    case "name":
      return formatDomainName(source.name);
    case "unknown":
      return `${source.code}=${formatDuid(source.data)}`;
    default:
      return source satisfies never;
  }
}
