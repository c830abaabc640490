/** Message type codes by name (IANA DHCPv6 "Message Types"; RFC 8415 7.3 and the RFCs of the later ones). */
export const MESSAGE_CODE = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
  reconfigure: 10,
  informationRequest: 11,
  relayForward: 12,
  relayReply: 13,
  leasequery: 14,
  leasequeryReply: 15,
  leasequeryDone: 16,
  leasequeryData: 17,
  reconfigureRequest: 18,
  reconfigureReply: 19,
  dhcpv4Query: 20,
  dhcpv4Response: 21,
  activeLeasequery: 22,
  startTls: 23,
  bindingUpdate: 24,
  bindingReply: 25,
  poolRequest: 26,
  poolResponse: 27,
  updateRequest: 28,
  updateRequestAll: 29,
  updateDone: 30,
  connect: 31,
  connectReply: 32,
  disconnect: 33,
  state: 34,
  contact: 35,
  addrRegInform: 36,
  addrRegReply: 37,
} as const;

/** Name of a registered message type. */
export type MessageType = keyof typeof MESSAGE_CODE;
/** The two message types with the relay header (RFC 8415 9). */
export type RelayType = "relayForward" | "relayReply";
/** The message types with a transaction-id (RFC 8415 8). */
export type ClientServerType = Exclude<MessageType, RelayType>;

/** The spelling of the registry, for people: `SOLICIT`, `INFORMATION-REQUEST`, `RELAY-FORW`. */
export const MESSAGE_LABEL: Readonly<Record<MessageType, string>> = {
  solicit: "SOLICIT",
  advertise: "ADVERTISE",
  request: "REQUEST",
  confirm: "CONFIRM",
  renew: "RENEW",
  rebind: "REBIND",
  reply: "REPLY",
  release: "RELEASE",
  decline: "DECLINE",
  reconfigure: "RECONFIGURE",
  informationRequest: "INFORMATION-REQUEST",
  relayForward: "RELAY-FORW",
  relayReply: "RELAY-REPL",
  leasequery: "LEASEQUERY",
  leasequeryReply: "LEASEQUERY-REPLY",
  leasequeryDone: "LEASEQUERY-DONE",
  leasequeryData: "LEASEQUERY-DATA",
  reconfigureRequest: "RECONFIGURE-REQUEST",
  reconfigureReply: "RECONFIGURE-REPLY",
  dhcpv4Query: "DHCPV4-QUERY",
  dhcpv4Response: "DHCPV4-RESPONSE",
  activeLeasequery: "ACTIVELEASEQUERY",
  startTls: "STARTTLS",
  bindingUpdate: "BNDUPD",
  bindingReply: "BNDREPLY",
  poolRequest: "POOLREQ",
  poolResponse: "POOLRESP",
  updateRequest: "UPDREQ",
  updateRequestAll: "UPDREQALL",
  updateDone: "UPDDONE",
  connect: "CONNECT",
  connectReply: "CONNECTREPLY",
  disconnect: "DISCONNECT",
  state: "STATE",
  contact: "CONTACT",
  addrRegInform: "ADDR-REG-INFORM",
  addrRegReply: "ADDR-REG-REPLY",
};

/** Status codes by name (IANA DHCPv6 "Status Codes"; RFC 8415 21.13, 5007, 5460, 7653, 8156). */
export const STATUS = {
  success: 0,
  unspecFail: 1,
  noAddrsAvail: 2,
  noBinding: 3,
  notOnLink: 4,
  useMulticast: 5,
  noPrefixAvail: 6,
  unknownQueryType: 7,
  malformedQuery: 8,
  notConfigured: 9,
  notAllowed: 10,
  queryTerminated: 11,
  dataMissing: 12,
  catchUpComplete: 13,
  notSupported: 14,
  tlsConnectionRefused: 15,
  addressInUse: 16,
  configurationConflict: 17,
  missingBindingInformation: 18,
  outdatedBindingInformation: 19,
  serverShuttingDown: 20,
  dnsUpdateNotSupported: 21,
  excessiveTimeSkew: 22,
} as const;

/** Name of a registered status code. */
export type StatusName = keyof typeof STATUS;

/**
 * Hardware types a DUID or a link-layer address may name (IANA "Hardware Types", the ones met in practice).
 */
export const HARDWARE_TYPE = {
  ethernet: 1,
  ieee802: 6,
  arcnet: 7,
  frameRelay: 15,
  atm: 16,
  fibreChannel: 18,
  atm2: 19,
  serialLine: 20,
  atm3: 21,
  ieee1394: 24,
  eui64: 27,
  ipsecTunnel: 31,
  infiniband: 32,
} as const;

/** Values of the query-type field of a Leasequery (RFC 5007 4.1.2.1, RFC 5460 5.2.1). */
export const QUERY_TYPE = { address: 1, clientId: 2, relayId: 3, linkAddress: 4, remoteId: 5 } as const;

/** Numbers in the Authentication option that select RKAP (RFC 8415 20.4). */
export const RKAP = { protocol: 3, algorithm: 1, rdm: 0, keyType: 1, digestType: 2 } as const;

const TYPES_BY_CODE = inverse(MESSAGE_CODE);
const STATUS_BY_CODE = inverse(STATUS);
const HARDWARE_BY_CODE = inverse(HARDWARE_TYPE);
const QUERY_BY_CODE = inverse(QUERY_TYPE);

/** The message type with this code; `undefined` for unassigned ones. */
export const messageTypeOf = (code: number): MessageType | undefined => TYPES_BY_CODE[code];

/** The registry's spelling of a message type, or `message 200` for an unassigned code. */
export function messageLabel(code: number): string {
  const type = messageTypeOf(code);
  return type === undefined ? `message ${code}` : MESSAGE_LABEL[type];
}

/** The registry's spelling of a status code, `NoPrefixAvail`, or `status 99` for an unassigned one. */
export function statusLabel(code: number): string {
  const name = STATUS_BY_CODE[code];
  if (name === undefined) return `status ${code}`;
  return name.replace(/^(tls|dns|.)/, (start) => start.toUpperCase());
}

/** What a Leasequery asks by: `clientId`, or `type 9` for an unassigned value. */
export const queryLabel = (code: number): string => QUERY_BY_CODE[code] ?? `type ${code}`;

/** The name of a hardware type, or its number when it has none here. */
export const hardwareLabel = (code: number): string => HARDWARE_BY_CODE[code] ?? String(code);

/** True for the two types with a relay header. */
export const isRelayType = (type: MessageType | undefined): type is RelayType =>
  type === "relayForward" || type === "relayReply";

/** Failover messages carry four octets of sent-time after the transaction-id (RFC 8156 5.2). */
export const hasSentTime = (code: number): boolean =>
  code >= MESSAGE_CODE.bindingUpdate && code <= MESSAGE_CODE.contact;

/** A flat array from code to name: the hot path looks up by index, never by text. */
function inverse<Name extends string>(codes: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names: (Name | undefined)[] = [];
  for (const name in codes) names[codes[name]] = name;
  return Array.from(names);
}
