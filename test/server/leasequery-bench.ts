import { hmacMd5 } from "../hmac.js";
import { iaid, type Millis, millis, seconds, xid } from "../../shared/brand.js";
import type { ServerConfig } from "../../shared/config/types.js";
import { type Duid, duid, formatDuid } from "../../shared/duid.js";
import type { Lease, Trail } from "../../shared/lease/lease.js";
import { createLeaseTable, type LeaseTable } from "../../shared/lease/table.js";
import { formatIp6, formatPrefix, UNSPECIFIED } from "../../shared/prefix.js";
import { QUERY_TYPE } from "../../shared/wire/codes.js";
import {
  type ClientServerMessage,
  clientServerMessage,
  encodeMessage,
  type RelayMessage,
} from "../../shared/wire/message.js";
import { codeOf, find, findAll, type Option, option } from "../../shared/wire/options.js";
import { createServerState, type ServerState } from "../../server/engine.js";
import { ip, prefix, SERVER_ID, START } from "./settings.js";

/** Who asks. */
export const REQUESTOR: Duid = duid(Uint8Array.of(0, 3, 0, 1, 9, 9, 9, 9));
/** The n-th client. */
export const clientId = (n: number): Duid => duid(Uint8Array.of(0, 3, 0, 1, 2, 0, n >>> 16, n >>> 8, n));

/** A server with a table that a test fills by hand. */
export interface Bench {
  readonly state: ServerState;
  readonly table: LeaseTable;
}

/** A server without leases. */
export function createBench(config: ServerConfig, interfaces: readonly string[] = ["eth0", "eth1"]): Bench {
  const table = createLeaseTable({ seed: new Uint8Array(16).fill(7) });
  const secret = new Uint8Array(16).fill(9);
  const indexes = new Map(interfaces.map((name, i) => [name, i + 2]));
  return {
    state: createServerState({
      epoch: 1,
      hmacMd5,
      config,
      duid: SERVER_ID,
      table,
      secret,
      interfaces: indexes,
    }),
    table,
  };
}

/** A bound lease of the n-th client, granted now for 2000 s with 1000 s preferred. */
export function leaseOf(n: number, text: string, given: Partial<Lease> = {}): Lease {
  return {
    iaType: text.endsWith("/128") ? "na" : "pd",
    duid: clientId(n),
    iaid: iaid(1),
    prefix: prefix(text),
    state: "bound",
    preferred: seconds(1000),
    valid: seconds(2000),
    t1: seconds(500),
    t2: seconds(800),
    since: START,
    until: millis(START + 2_000_000),
    interfaceName: "eth0",
    clientAddress: ip("fe80::1"),
    trail: undefined,
    key: undefined,
    ...given,
  };
}

/** A Relay-forward of one level, or around another one. */
export const relayForward = (
  link: string,
  options: readonly Option[] = [],
  inner?: RelayMessage,
): RelayMessage => ({
  form: "relay",
  type: "relayForward",
  hopCount: inner === undefined ? 0 : inner.hopCount + 1,
  linkAddress: ip(link),
  peerAddress: ip("fe80::c"),
  options: [...options, ...(inner === undefined ? [] : [option("relayMessage", inner)])],
});

/** How a client was heard through these relays. */
export const trailOf = (message: RelayMessage): Trail => ({
  relay: ip("2001:db8:ffff::1"),
  port: 547,
  arrival: "eth0",
  message: encodeMessage(message),
});

/** How a Leasequery differs from a good one. */
export interface QueryOddity {
  readonly link?: string;
  readonly codes?: readonly number[];
  readonly xid?: number;
  /** Instead of requestor and query. */
  readonly options?: readonly Option[];
}

/** LQ Query of a type, with its options. */
export function lqQuery(
  queryType: number,
  options: readonly Option[],
  { link, codes = [] }: QueryOddity = {},
): Option {
  return option("lqQuery", {
    queryType,
    linkAddress: link === undefined ? UNSPECIFIED : ip(link),
    options: codes.length === 0 ? options : [...options, option("optionRequest", codes)],
  });
}

/** A Leasequery with a query of that type. */
export const leasequery = (
  queryType: number,
  options: readonly Option[],
  oddity: QueryOddity = {},
): ClientServerMessage =>
  clientServerMessage(
    "leasequery",
    xid(oddity.xid ?? 0x0a0b23),
    oddity.options ?? [option("clientId", REQUESTOR), lqQuery(queryType, options, oddity)],
  );

/** Asks for the holder of an address. */
export const byAddress = (text: string, oddity?: QueryOddity): ClientServerMessage => {
  const address = { address: ip(text), preferred: seconds(0), valid: seconds(0), options: [] };
  return leasequery(QUERY_TYPE.address, [option("iaAddr", address)], oddity);
};
/** Asks for the leases of a client. */
export const byClient = (client: Duid, oddity?: QueryOddity): ClientServerMessage =>
  leasequery(QUERY_TYPE.clientId, [option("clientId", client)], oddity);
/** Asks for the leases that a relay has taken part in. */
export const byRelay = (relay: Duid, oddity?: QueryOddity): ClientServerMessage =>
  leasequery(QUERY_TYPE.relayId, [option("relayId", relay)], oddity);
/** Asks for the leases of a link. */
export const byLink = (link: string, oddity?: QueryOddity): ClientServerMessage =>
  leasequery(QUERY_TYPE.linkAddress, [], { ...oddity, link });
/** Asks for the leases of a line. */
export const byLine = (enterprise: number, id: Uint8Array, oddity?: QueryOddity): ClientServerMessage =>
  leasequery(QUERY_TYPE.remoteId, [option("remoteId", { enterprise, id })], oddity);

/** What an answer says of one client. */
export interface ToldClient {
  readonly client: string;
  /** `prefix preferred valid`. */
  readonly leases: readonly string[];
  readonly cltTime: number | undefined;
  readonly codes: readonly number[];
}

/** CLIENT_DATA of a message as text; undefined when it has none. */
export function toldIn({ options }: ClientServerMessage): ToldClient | undefined {
  const data = find(options, "clientData")?.options;
  const client = data === undefined ? undefined : find(data, "clientId");
  if (data === undefined || client === undefined) return undefined;
  const prefixes = findAll(data, "iaPrefix").map((one) => ({ ...one, text: formatPrefix(one.prefix) }));
  const addresses = findAll(data, "iaAddr").map((one) => ({ ...one, text: `${formatIp6(one.address)}/128` }));
  return {
    client: formatDuid(client),
    leases: [...prefixes, ...addresses].map(({ text, preferred, valid }) => `${text} ${preferred} ${valid}`),
    cltTime: find(data, "cltTime"),
    codes: data.map(codeOf),
  };
}

/** Instants of a test, in seconds after its start. */
export const at = (time: number): Millis => millis(START + time * 1000);
