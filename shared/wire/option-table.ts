import type { Ip6 } from "../prefix.js";
import type { Reader, Writer } from "./bytes.js";
import type { Kind, OptionList, Printed, RawOption } from "./kind.js";
import * as of from "./kinds.js";
import * as base from "./kinds-base.js";
import * as ias from "./kinds-ia.js";
import type { Ia } from "./kinds-ia.js";
import { type ClientServerHeader, messageKind, type RelayHeader } from "./kinds-message.js";
import * as relay from "./kinds-relay.js";
import * as t from "./kinds-transition.js";
import type { OptionDef } from "./option-def.js";
import { type OptionCodec, optionList, type OptionTable, writeOption } from "./option-list.js";

/**
 * The options of a message or inside an option. An interface, so that the table can refer to what holds it.
 */
export interface Nested {
  readonly options: readonly Option[];
}

/** Data of IA_NA (RFC 8415 21.4). */
export type IaNa = Ia & Nested;
/** Data of IA_PD (RFC 8415 21.21). */
export type IaPd = Ia & Nested;
/** Data of IAADDR (RFC 8415 21.6). */
export type IaAddr = ias.IaAddr & Nested;
/** Data of IAPREFIX (RFC 8415 21.22); the prefix as on the wire, see `masked`. */
export type IaPrefix = ias.IaPrefix & Nested;
/** A message with a transaction-id (RFC 8415 8). */
export type ClientServerMessage = ClientServerHeader & Nested;
/** A message with a relay header (RFC 8415 9). */
export type RelayMessage = RelayHeader & Nested;
/** A message of either form. */
export type Message = ClientServerMessage | RelayMessage;

/** What the last relay said of a client; the message has no Relay Message option (RFC 5007 4.1.2.4). */
export interface LqRelayData {
  readonly peerAddress: Ip6;
  readonly message: Message;
}

/** The options of a container, of whatever kind. */
const list: OptionList<Option> = optionList<KnownOption>(() => TABLE);

/** A whole message, for Relay Message and for the top of a datagram. */
export const MESSAGE: Kind<Message> = messageKind(list);

const ia: Kind<Ia & Nested> = ias.ia(list);
const iaTa: Kind<ias.IaTa & Nested> = ias.iaTa(list);
const iaAddr: Kind<IaAddr> = ias.iaAddr(list);
const iaPrefix: Kind<IaPrefix> = ias.iaPrefix(list);
const llAddr: Kind<ias.LlAddr & Nested> = ias.llAddr(list);
const container: Kind<Nested> = relay.container(list);
const lqQuery: Kind<relay.LqQuery & Nested> = relay.lqQuery(list);
const lqRelayData: Kind<LqRelayData> = relay.lqRelayData(MESSAGE);
const s46Rule: Kind<t.S46Rule & Nested> = t.s46Rule(list);
const s46V4V6Bind: Kind<t.S46V4V6Bind & Nested> = t.s46V4V6Bind(list);
const addrSel: Kind<t.AddrSel & Nested> = t.addrSel(list);
const optionCodes = of.codes(optionLabel);

const client = ["client"] as const;
const server = ["server"] as const;
const both = ["client", "server"] as const;
const leasequery = ["leasequery"] as const;
const failover = ["failover"] as const;
const relays = ["relayForward", "relayReply"] as const;
const up = ["relayForward"] as const;
const ids = ["client", "server", "reconfigure", "reconfigureRequest", "leasequery", "registration"] as const;
const addresses = ["iaNa", "iaTa", "lqQuery", "clientData", "registration"] as const;
const requests = ["client", "reconfigure", "lqQuery"] as const;
const answers = ["server", "leasequery", "reconfigureRequest"] as const;
const status = [...answers, "iaNa", "iaTa", "iaAddr", "iaPd", "iaPrefix", "iaLl", "llAddr"] as const;
const vendor = ["client", "server", "relayForward", "relayReply"] as const;

/**
 * THE OPTION TABLE: every registered DHCPv6 option. Decoding, encoding, printing, the rules about what may
 * stand where and the tests' generators follow from it. A new option is a row here and a vector.
 */
export const OPTIONS = {
  clientId: { code: 1, kind: of.duid, in: [...ids, "clientData", "lqQuery"], rfc: 8415 },
  serverId: { code: 2, kind: of.duid, in: ids, rfc: 8415 },
  iaNa: { code: 3, kind: ia, in: both, multi: true, rfc: 8415 },
  iaTa: { code: 4, kind: iaTa, in: both, multi: true, rfc: 8415 },
  iaAddr: { code: 5, kind: iaAddr, in: addresses, multi: true, rfc: 8415 },
  optionRequest: { code: 6, kind: optionCodes, in: requests, rfc: 8415 },
  preference: { code: 7, kind: of.u8, in: server, rfc: 8415 },
  elapsedTime: { code: 8, kind: of.u16, in: client, rfc: 8415 },
  relayMessage: { code: 9, kind: MESSAGE, in: relays, rfc: 8415 },
  auth: { code: 11, kind: base.auth, in: ["client", "server", "reconfigure"], rfc: 8415 },
  unicast: { code: 12, kind: of.ip6, in: server, rfc: 8415 },
  statusCode: { code: 13, kind: base.statusCode, in: status, rfc: 8415 },
  rapidCommit: { code: 14, kind: of.empty, in: both, rfc: 8415 },
  userClass: { code: 15, kind: of.itemList, in: both, rfc: 8415 },
  vendorClass: { code: 16, kind: base.vendorClass, in: both, multi: true, rfc: 8415 },
  vendorOptions: {
    code: 17,
    kind: base.vendorOptions,
    in: vendor,
    multi: true,
    keyword: "vendor-spec",
    rfc: 8415,
  },
  interfaceId: { code: 18, kind: of.opaque, in: relays, rfc: 8415 },
  reconfigureMessage: {
    code: 19,
    kind: base.messageCode,
    in: ["reconfigure", "reconfigureRequest"],
    rfc: 8415,
  },
  reconfigureAccept: { code: 20, kind: of.empty, in: both, rfc: 8415 },
  sipDomains: { code: 21, kind: of.domainNames, in: both, keyword: "sip-domain", rfc: 3319 },
  sipServers: { code: 22, kind: of.ip6List, in: both, keyword: "sip-server", rfc: 3319 },
  dnsServers: { code: 23, kind: of.ip6List, in: both, keyword: "dns-server", rfc: 3646 },
  domainList: { code: 24, kind: of.domainNames, in: both, keyword: "domain", rfc: 3646 },
  iaPd: { code: 25, kind: ia, in: both, multi: true, rfc: 8415 },
  iaPrefix: { code: 26, kind: iaPrefix, in: ["iaPd", "clientData"], multi: true, rfc: 8415 },
  nisServers: { code: 27, kind: of.ip6List, in: both, keyword: "nis-server", rfc: 3898 },
  nisPlusServers: { code: 28, kind: of.ip6List, in: both, keyword: "nis+-server", rfc: 3898 },
  nisDomain: { code: 29, kind: of.domainNames, in: both, keyword: "nis-domain", rfc: 3898 },
  nisPlusDomain: { code: 30, kind: of.domainNames, in: both, keyword: "nis+-domain", rfc: 3898 },
  sntpServers: { code: 31, kind: of.ip6List, in: both, keyword: "ntp-server", rfc: 4075 },
  informationRefreshTime: { code: 32, kind: of.duration, in: server, keyword: "lifetime", rfc: 8415 },
  bcmcsDomains: { code: 33, kind: of.domainNames, in: both, rfc: 4280 },
  bcmcsServers: { code: 34, kind: of.ip6List, in: both, rfc: 4280 },
  geoconfCivic: { code: 36, kind: of.opaque, in: both, rfc: 4776 },
  remoteId: { code: 37, kind: base.remoteId, in: [...relays, "lqQuery"], rfc: 4649 },
  subscriberId: { code: 38, kind: of.opaque, in: relays, rfc: 4580 },
  clientFqdn: { code: 39, kind: base.clientFqdn, in: both, keyword: "fqdn", rfc: 4704 },
  panaAgents: { code: 40, kind: of.ip6List, in: server, rfc: 5192 },
  posixTimezone: { code: 41, kind: of.text, in: both, keyword: "posix-timezone", rfc: 4833 },
  tzdbTimezone: { code: 42, kind: of.text, in: both, keyword: "time-zone", rfc: 4833 },
  echoRequest: { code: 43, kind: optionCodes, in: up, rfc: 4994 },
  lqQuery: { code: 44, kind: lqQuery, in: leasequery, rfc: 5007 },
  clientData: { code: 45, kind: container, in: leasequery, rfc: 5007 },
  cltTime: { code: 46, kind: of.duration, in: ["clientData"], rfc: 5007 },
  lqRelayData: { code: 47, kind: lqRelayData, in: ["clientData"], rfc: 5007 },
  lqClientLink: { code: 48, kind: of.ip6List, in: leasequery, rfc: 5007 },
  mip6HomeNetworkFqdn: { code: 49, kind: of.opaque, in: both, rfc: 6610 },
  mip6VisitedNetwork: { code: 50, kind: of.opaque, in: both, rfc: 6610 },
  lostServer: { code: 51, kind: of.domainNames, in: server, rfc: 5223 },
  capwapControllers: { code: 52, kind: of.ip6List, in: server, rfc: 5417 },
  relayId: { code: 53, kind: of.duid, in: [...up, "lqQuery"], rfc: 5460 },
  mobilityServers: { code: 54, kind: of.opaque, in: server, rfc: 5678 },
  mobilityServerNames: { code: 55, kind: of.opaque, in: server, rfc: 5678 },
  ntpServer: { code: 56, kind: base.ntpServer, in: both, multi: true, rfc: 5908 },
  accessDomain: { code: 57, kind: of.domainNames, in: server, rfc: 5986 },
  sipUaConfigDomains: { code: 58, kind: of.domainNames, in: server, rfc: 6011 },
  bootfileUrl: { code: 59, kind: of.text, in: both, keyword: "bootfile-url", rfc: 5970 },
  bootfileParameters: { code: 60, kind: of.itemList, in: both, rfc: 5970 },
  clientArchitectures: { code: 61, kind: of.codes(String), in: both, rfc: 5970 },
  bootInterface: { code: 62, kind: t.interfaceVersion, in: both, rfc: 5970 },
  geolocation: { code: 63, kind: of.opaque, in: both, rfc: 6225 },
  aftrName: { code: 64, kind: of.domainNames, in: both, keyword: "aftr", rfc: 6334 },
  erpLocalDomain: { code: 65, kind: of.domainNames, in: [...both, "rsoo"], rfc: 6440 },
  rsoo: { code: 66, kind: container, in: up, rfc: 6422 },
  pdExclude: { code: 67, kind: ias.pdExclude, in: ["iaPrefix"], rfc: 6603 },
  vss: { code: 68, kind: relay.vss, in: vendor, rfc: 6607 },
  mip6IdentifiedHome: { code: 69, kind: of.opaque, in: both, rfc: 6610 },
  mip6UnrestrictedHome: { code: 70, kind: of.opaque, in: both, rfc: 6610 },
  mip6HomePrefix: { code: 71, kind: of.opaque, in: both, rfc: 6610 },
  mip6HomeAgent: { code: 72, kind: of.opaque, in: both, rfc: 6610 },
  mip6HomeAgentFqdn: { code: 73, kind: of.opaque, in: both, rfc: 6610 },
  rdnssSelection: { code: 74, kind: of.opaque, in: server, rfc: 6731 },
  krbPrincipalName: { code: 75, kind: of.opaque, in: both, rfc: 6784 },
  krbRealmName: { code: 76, kind: of.opaque, in: both, rfc: 6784 },
  krbDefaultRealmName: { code: 77, kind: of.opaque, in: both, rfc: 6784 },
  krbKdc: { code: 78, kind: of.opaque, in: both, rfc: 6784 },
  clientLinkLayerAddress: { code: 79, kind: base.linkLayerAddress, in: up, rfc: 6939 },
  linkAddress: { code: 80, kind: of.ip6, in: ["reconfigureRequest"], rfc: 6977 },
  radius: { code: 81, kind: relay.radius, in: up, rfc: 7037 },
  solMaxRt: { code: 82, kind: of.duration, in: server, keyword: "sol-max-rt", rfc: 8415 },
  infMaxRt: { code: 83, kind: of.duration, in: server, keyword: "inf-max-rt", rfc: 8415 },
  addrSel: { code: 84, kind: addrSel, in: server, rfc: 7078 },
  addrSelPolicy: { code: 85, kind: t.addrSelPolicy, in: ["addrSel"], multi: true, rfc: 7078 },
  pcpServers: { code: 86, kind: of.ip6List, in: server, multi: true, rfc: 7291 },
  dhcpv4Message: { code: 87, kind: of.opaque, in: ["dhcpv4"], rfc: 7341 },
  dhcp4oDhcp6Servers: { code: 88, kind: of.anyIp6List, in: server, rfc: 7341 },
  s46Rule: { code: 89, kind: s46Rule, in: ["s46MapE", "s46MapT"], multi: true, rfc: 7598 },
  s46Br: { code: 90, kind: of.ip6, in: ["s46MapE", "s46Lw4o6"], multi: true, rfc: 7598 },
  s46Dmr: { code: 91, kind: of.shortPrefix, in: ["s46MapT"], rfc: 7598 },
  s46V4V6Bind: { code: 92, kind: s46V4V6Bind, in: ["s46Lw4o6"], rfc: 7598 },
  s46PortParameters: {
    code: 93,
    kind: t.s46PortParameters,
    in: ["s46Rule", "s46V4V6Bind"],
    rfc: 7598,
  },
  s46MapE: { code: 94, kind: container, in: server, multi: true, rfc: 7598 },
  s46MapT: { code: 95, kind: container, in: server, rfc: 7598 },
  s46Lw4o6: { code: 96, kind: container, in: server, rfc: 7598 },
  fourRd: { code: 97, kind: container, in: server, rfc: 7600 },
  fourRdMapRule: { code: 98, kind: of.opaque, in: ["fourRd"], multi: true, rfc: 7600 },
  fourRdNonMapRule: { code: 99, kind: of.opaque, in: ["fourRd"], rfc: 7600 },
  lqBaseTime: { code: 100, kind: of.u32, in: leasequery, rfc: 7653 },
  lqStartTime: { code: 101, kind: of.u32, in: leasequery, rfc: 7653 },
  lqEndTime: { code: 102, kind: of.u32, in: leasequery, rfc: 7653 },
  captivePortal: { code: 103, kind: of.text, in: server, keyword: "captive-portal", rfc: 8910 },
  mplParameters: { code: 104, kind: of.opaque, in: server, multi: true, rfc: 7774 },
  aniAccessTechnology: { code: 105, kind: of.opaque, in: up, rfc: 7839 },
  aniNetworkName: { code: 106, kind: of.opaque, in: up, rfc: 7839 },
  aniApName: { code: 107, kind: of.opaque, in: up, rfc: 7839 },
  aniApBssid: { code: 108, kind: of.opaque, in: up, rfc: 7839 },
  aniOperatorId: { code: 109, kind: of.opaque, in: up, rfc: 7839 },
  aniOperatorRealm: { code: 110, kind: of.opaque, in: up, rfc: 7839 },
  s46Priority: { code: 111, kind: optionCodes, in: server, rfc: 8026 },
  mudUrl: { code: 112, kind: of.text, in: client, rfc: 8520 },
  prefix64: { code: 113, kind: of.opaque, in: server, multi: true, rfc: 8115 },
  fBindingStatus: { code: 114, kind: of.opaque, in: failover, rfc: 8156 },
  fConnectFlags: { code: 115, kind: of.opaque, in: failover, rfc: 8156 },
  fDnsRemovalInfo: { code: 116, kind: of.opaque, in: failover, rfc: 8156 },
  fDnsHostName: { code: 117, kind: of.opaque, in: failover, rfc: 8156 },
  fDnsZoneName: { code: 118, kind: of.opaque, in: failover, rfc: 8156 },
  fDnsFlags: { code: 119, kind: of.opaque, in: failover, rfc: 8156 },
  fExpirationTime: { code: 120, kind: of.opaque, in: failover, rfc: 8156 },
  fMaxUnackedBndUpd: { code: 121, kind: of.opaque, in: failover, rfc: 8156 },
  fMclt: { code: 122, kind: of.opaque, in: failover, rfc: 8156 },
  fPartnerLifetime: { code: 123, kind: of.opaque, in: failover, rfc: 8156 },
  fPartnerLifetimeSent: { code: 124, kind: of.opaque, in: failover, rfc: 8156 },
  fPartnerDownTime: { code: 125, kind: of.opaque, in: failover, rfc: 8156 },
  fPartnerRawCltTime: { code: 126, kind: of.opaque, in: failover, rfc: 8156 },
  fProtocolVersion: { code: 127, kind: of.opaque, in: failover, rfc: 8156 },
  fKeepaliveTime: { code: 128, kind: of.opaque, in: failover, rfc: 8156 },
  fReconfigureData: { code: 129, kind: of.opaque, in: failover, rfc: 8156 },
  fRelationshipName: { code: 130, kind: of.opaque, in: failover, rfc: 8156 },
  fServerFlags: { code: 131, kind: of.opaque, in: failover, rfc: 8156 },
  fServerState: { code: 132, kind: of.opaque, in: failover, rfc: 8156 },
  fStartTimeOfState: { code: 133, kind: of.opaque, in: failover, rfc: 8156 },
  fStateExpirationTime: { code: 134, kind: of.opaque, in: failover, rfc: 8156 },
  relayPort: { code: 135, kind: of.u16, in: relays, rfc: 8357 },
  sztpRedirect: { code: 136, kind: of.opaque, in: server, rfc: 8572 },
  s46BindPrefix: { code: 137, kind: of.shortPrefix, in: server, rfc: 8539 },
  iaLl: { code: 138, kind: ia, in: both, multi: true, rfc: 8947 },
  llAddr: { code: 139, kind: llAddr, in: ["iaLl"], multi: true, rfc: 8947 },
  slapQuadrants: { code: 140, kind: of.listOf(t.slapQuadrant, 1), in: ["iaLl", "relayForward"], rfc: 8948 },
  dotsRi: { code: 141, kind: of.domainNames, in: server, rfc: 8973 },
  dotsAddresses: { code: 142, kind: of.ip6List, in: server, rfc: 8973 },
  andsfServers: { code: 143, kind: of.ip6List, in: server, rfc: 6153 },
  dnr: { code: 144, kind: t.dnr, in: server, multi: true, rfc: 9463 },
  registeredDomain: { code: 145, kind: of.domainNames, in: server, multi: true, rfc: 9527 },
  forwardDistributionManager: { code: 146, kind: t.distributionManager, in: server, rfc: 9527 },
  reverseDistributionManager: { code: 147, kind: t.distributionManager, in: server, rfc: 9527 },
  addrRegEnable: { code: 148, kind: of.empty, in: server, rfc: 9686 },
  iaSrv6Locator: { code: 149, kind: of.opaque, in: both, multi: true },
  iaLocator: { code: 150, kind: of.opaque, in: both, multi: true },
} as const satisfies Record<string, OptionDef>;

/** Name of a row of the table. */
export type OptionName = keyof typeof OPTIONS;
/** What the option of that name carries. */
export type OptionValue<N extends OptionName> = (typeof OPTIONS)[N]["kind"] extends Kind<infer T> ? T : never;
/** An option of the table with its value. */
export type KnownOption<N extends OptionName = OptionName> = {
  [M in N]: { readonly name: M; readonly value: OptionValue<M> };
}[N];
/** Any option of a message; `raw` ones are unknown or faulty and keep their octets and their place. */
export type Option = KnownOption | RawOption;

/** The names, in the order of the table. */
export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOptionName);

/** The rows, in a form that keeps name and type of value together. */
const ROWS: { readonly [N in OptionName]: OptionDef<OptionValue<N>> } = OPTIONS;

const NAMES_BY_CODE: (OptionName | undefined)[] = [];
const CODECS: (OptionCodec<KnownOption> | undefined)[] = [];
for (const name of OPTION_NAMES) {
  NAMES_BY_CODE[OPTIONS[name].code] = name;
  CODECS[OPTIONS[name].code] = codecOf(name);
}

const TABLE: OptionTable<KnownOption> = {
  byCode: Array.from(CODECS),
  encode: encodeKnown,
  label: optionLabel,
  print: printKnown,
};

/** True when the text names a row. */
export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name);
}

/** Name of the option with this code; `undefined` when no row has it. */
export function optionNameOf(code: number): OptionName | undefined {
  return NAMES_BY_CODE[code];
}

/** Name of the option with this code, or `option 65000`. */
export function optionLabel(code: number): string {
  return optionNameOf(code) ?? `option ${code}`;
}

function codecOf<N extends OptionName>(name: N): OptionCodec<KnownOption<N>> {
  const { kind, multi } = ROWS[name];
  return {
    multi: multi === true,
    decode: (reader: Reader): KnownOption<N> => ({ name, value: kind.decode(reader) }),
  };
}

function encodeKnown<N extends OptionName>(writer: Writer, option: KnownOption<N>): void {
  const { code, kind } = ROWS[option.name];
  writeOption(writer, code, kind, option.value);
}

function printKnown<N extends OptionName>(option: KnownOption<N>): Printed {
  const printed = ROWS[option.name].kind.print(option.value);
  return { ...printed, text: `${option.name} ${printed.text}`.trimEnd() };
}
