import { duidParts, formatDuid, isDuidLength, type Duid } from "../../shared/duid.js";
import { formatIp6, formatPrefix, type Ip6, type Prefix } from "../../shared/prefix.js";
import { MESSAGE_CODE, MESSAGE_LABEL, statusLabel } from "../../shared/wire/codes.js";
import { type DomainName, formatDomainName, isFullName } from "../../shared/wire/domain-name.js";
import { encodeMessage, type Message } from "../../shared/wire/message.js";
import {
  codeOf,
  type KnownOption,
  type Option,
  type OptionName,
  type OptionValue,
} from "../../shared/wire/options.js";
import { decodeExclude } from "../../shared/wire/prefix-exclude.js";
import { rkapInformation } from "../../shared/wire/rkap.js";
import { xid } from "../../shared/brand.js";
import { toHex } from "./vectors.js";

/** Describes the value of an option in the words of test/vectors/index.json. */
type Describers = { readonly [N in OptionName]?: (value: OptionValue<N>) => object };

/** A message in the words of test/vectors/index.json; throws for options that no vector holds. */
export function describeMessage(message: Message): object {
  const options = describeOptions(message.options);
  if (message.form === "message") {
    const name = message.type === "unknown" ? "?" : MESSAGE_LABEL[message.type];
    return { type: message.code, name, xid: `0x${message.xid.toString(16).padStart(6, "0")}`, options };
  }
  return {
    type: MESSAGE_CODE[message.type],
    name: MESSAGE_LABEL[message.type],
    hopCount: message.hopCount,
    linkAddress: formatIp6(message.linkAddress),
    peerAddress: formatIp6(message.peerAddress),
    options,
  };
}

function describeOptions(options: readonly Option[], delegated?: Prefix): object[] {
  return options.map((option) => ({
    code: codeOf(option),
    name: option.name,
    len: dataLength(option),
    ...(option.name === "raw" ? { hex: toHex(option.data) } : describeKnown(option)),
    ...(option.name === "pdExclude" && delegated !== undefined
      ? { excluded: formatPrefix(decodeExclude(delegated, option.value) ?? delegated) }
      : {}),
  }));
}

function describeKnown<N extends OptionName>(option: KnownOption<N>): object {
  const describer = DESCRIBERS[option.name];
  if (describer === undefined) throw new Error(`no vector has ${option.name}: describe it`);
  return describer(option.value);
}

const nested = (value: { readonly options: readonly Option[] }): object => ({
  options: describeOptions(value.options),
});
const addresses = (value: readonly Ip6[]): object => ({ addresses: value.map(formatIp6) });
const names = (value: readonly DomainName[]): object => ({ names: value.map(formatDomainName) });
const codes = (value: readonly number[]): object => ({ codes: value });
const number = (value: number): object => ({ value });
const text = (value: Uint8Array): object => ({ text: textOf(value) });
const hex = (value: Uint8Array): object => ({ hex: toHex(value) });
const nothing = (): object => ({});
const ia = ({ iaid, t1, t2, options }: OptionValue<"iaPd">): object => ({
  iaid,
  t1,
  t2,
  ...nested({ options }),
});

const DESCRIBERS: Describers = {
  clientId: duid,
  serverId: duid,
  relayId: duid,
  iaNa: ia,
  iaPd: ia,
  iaAddr: (value) => ({
    address: formatIp6(value.address),
    preferred: value.preferred,
    valid: value.valid,
    ...nested(value),
  }),
  iaPrefix: ({ preferred, valid, prefix, options }) => ({
    preferred,
    valid,
    prefixLength: prefix.length,
    prefix: formatIp6(prefix.address),
    options: describeOptions(options, prefix),
  }),
  pdExclude: (value) => ({ prefixLength: value.length, subnetId: toHex(value.subnetId) }),
  optionRequest: codes,
  echoRequest: codes,
  preference: number,
  elapsedTime: (value) => ({ centiseconds: value }),
  relayMessage: (message) => ({ message: describeMessage(message) }),
  auth: (value) => {
    const rkap = rkapInformation(value);
    return {
      protocol: value.protocol,
      algorithm: value.algorithm,
      rdm: value.rdm,
      replay: toHex(value.replay),
      info: toHex(value.information),
      ...(rkap === undefined
        ? {}
        : { rkap: { type: rkap.type === "key" ? 1 : 2, value: toHex(rkap.value) } }),
    };
  },
  statusCode: (value) => ({
    status: value.status,
    statusName: statusLabel(value.status),
    message: textOf(value.text),
  }),
  rapidCommit: nothing,
  reconfigureAccept: nothing,
  userClass: (value) => ({ classes: value.map(toHex) }),
  vendorClass: (value) => ({ enterprise: value.enterprise, classes: value.classes.map(toHex) }),
  vendorOptions: (value) => ({
    enterprise: value.enterprise,
    suboptions: value.options.map(({ code, data }) => ({ code, hex: toHex(data) })),
  }),
  interfaceId: hex,
  subscriberId: hex,
  reconfigureMessage: (value) => ({ msgType: value }),
  sipDomains: names,
  domainList: names,
  nisDomain: names,
  nisPlusDomain: names,
  aftrName: names,
  sipServers: addresses,
  dnsServers: addresses,
  nisServers: addresses,
  nisPlusServers: addresses,
  sntpServers: addresses,
  informationRefreshTime: number,
  solMaxRt: number,
  infMaxRt: number,
  cltTime: number,
  remoteId: (value) => ({ enterprise: value.enterprise, remoteId: toHex(value.id) }),
  clientFqdn: ({ flags, name }) => ({
    flags,
    s: flags & 1,
    o: (flags >> 1) & 1,
    n: (flags >> 2) & 1,
    domain: formatDomainName(name) === "" ? [] : [formatDomainName(name)],
    full: isFullName(name),
  }),
  posixTimezone: text,
  tzdbTimezone: text,
  captivePortal: text,
  lqQuery: (value) => ({
    queryType: value.queryType,
    linkAddress: formatIp6(value.linkAddress),
    ...nested(value),
  }),
  clientData: nested,
  ntpServer: (value) => ({
    suboptions: value.map((source) => {
      if (source.type === "unknown") return { code: source.code, hex: toHex(source.data) };
      if (source.type === "name") return { code: 3, value: formatDomainName(source.name) };
      return { code: source.type === "unicast" ? 1 : 2, value: formatIp6(source.address) };
    }),
  }),
  clientLinkLayerAddress: (value) => ({ hwType: value.hardwareType, lladdr: formatDuid(value.address) }),
  relayPort: (value) => ({ port: value }),
  s46MapE: nested,
  s46Rule: (value) => ({
    flags: value.flags,
    eaLen: value.eaLength,
    prefix4: `${value.prefix4.address.join(".")}/${value.prefix4.length}`,
    prefix6: formatPrefix(value.prefix6),
    ...nested(value),
  }),
  s46Br: (value) => ({ address: formatIp6(value) }),
  s46PortParameters: ({ offset, psidLength, psid }) => ({ offset, psidLen: psidLength, psid }),
  dnr: ({ priority, name, service }) => ({
    priority,
    adn: [formatDomainName(name)],
    addresses: service?.addresses.map(formatIp6),
    svcParams: toHex(service?.parameters ?? new Uint8Array()),
  }),
};

function duid(value: Duid): object {
  const warn = isDuidLength(value.length) ? {} : { warn: "DUID length outside 3..130" };
  return { duid: { hex: toHex(value), ...describeParts(value) }, ...warn };
}

function describeParts(value: Duid): object {
  if (value.length < 2) return { kind: "short" };
  const parts = duidParts(value);
  switch (parts.kind) {
    case "llt":
      return {
        type: 1,
        kind: "LLT",
        hwType: parts.hardwareType,
        time: parts.time,
        lladdr: formatDuid(parts.linkLayer),
      };
    case "en":
      return { type: 2, kind: "EN", enterprise: parts.enterprise, id: toHex(parts.identifier) };
    case "ll":
      return { type: 3, kind: "LL", hwType: parts.hardwareType, lladdr: formatDuid(parts.linkLayer) };
    case "uuid":
      return { type: 4, kind: "UUID", uuid: toHex(parts.uuid) };
    case "opaque":
      return { type: parts.type, kind: "unknown" };
    default:
      return parts satisfies never;
  }
}

/** Octets as text; those that are not UTF-8 as `\xNN`. */
function textOf(octets: Uint8Array): string {
  const buffer = Buffer.from(octets);
  const decoded = buffer.toString("utf8");
  if (Buffer.from(decoded, "utf8").equals(buffer)) return decoded;
  return Array.from(octets, (octet) =>
    octet < 0x80 ? String.fromCharCode(octet) : `\\x${octet.toString(16)}`,
  ).join("");
}

/** Length of the option's data, by way of encoding it. */
function dataLength(option: Option): number {
  const alone: Message = { form: "message", type: "solicit", code: 1, xid: xid(0), options: [option] };
  return encodeMessage(alone).length - 8;
}
