import { iaid, INFINITY, seconds } from "../brand.js";
import { type Duid, formatDuid } from "../duid.js";
import { formatIp6, UNSPECIFIED } from "../prefix.js";
import { DECLINED_DUID } from "./addrmgr-client.js";
import type { IaType, Lease, LeaseId } from "./lease.js";
import type { LeaseTable } from "./table.js";
import { escapeXml } from "./xml-text.js";

/** What the file of leases says besides leases. */
export interface AddrMgrFacts {
  /** Unix time, in seconds. */
  readonly timestamp: number;
  /** Milliseconds by which Unix time is ahead of the time that leases run by. */
  readonly ahead: number;
  /** The number of an interface; `undefined` for one that the configuration does not have. */
  readonly indexOf: (interfaceName: string) => number | undefined;
  /** How many entries the cache has. */
  readonly cacheSize: number;
}

/** Ids that are looked at before the next piece is given. */
const SLICE = 16;

/**
 * The text of a server-AddrMgr.xml as dibbler-server 1.0.1 writes it, element by element, comments included;
 * piece by piece, each made quickly, and clients in the order of their oldest lease. What is offered or kept
 * for a client does not show, as it is no lease; nor does what is on an interface that is not configured, for
 * which Dibbler would refuse to start. Leases may change between pieces.
 */
export function* renderAddrMgr(table: LeaseTable, facts: AddrMgrFacts): Generator<string> {
  yield `<AddrMgr>
  <timestamp>${facts.timestamp}</timestamp>
  <replayDetection>0</replayDetection>
  <cache size="${facts.cacheSize}"/>
`;
  const declined: LeaseId[] = [];
  for (let from = 0; from < table.idLimit(); from += SLICE) {
    let piece = "";
    for (const id of table.idsIn(from, from + SLICE)) {
      if (table.stateOf(id) === "declined") declined.push(id);
      else if (isShown(table, id, facts)) piece += clientOf(table, id, facts);
    }
    yield piece;
  }
  const leases = declined.filter((id) => table.has(id) && table.stateOf(id) === "declined");
  if (leases.length > 0)
    yield declinedClient(
      leases.map((id) => table.read(id)),
      facts,
    );
  yield "</AddrMgr>\n";
}

const isShown = (table: LeaseTable, id: LeaseId, { indexOf }: AddrMgrFacts): boolean =>
  table.stateOf(id) === "bound" && indexOf(table.nameOf(id)) !== undefined;

/** The whole client, for its oldest lease; nothing for the others. */
function clientOf(table: LeaseTable, id: LeaseId, facts: AddrMgrFacts): string {
  const client = table.duidOf(id);
  const ids = table.ofClient(client).filter((other) => isShown(table, other, facts));
  if (ids.some((other) => other < id)) return "";
  const leases = ids.toSorted((a, b) => a - b).map((other) => table.read(other));
  const key = leases.toSorted((a, b) => b.since - a.since).find((lease) => lease.key !== undefined)?.key;
  return clientText(client, key, leases, facts);
}

/** All declined addresses are one client's; its comment stands at the left. */
function declinedClient(leases: readonly Lease[], facts: AddrMgrFacts): string {
  const shown = leases.map((lease): Lease => {
    const valid = seconds(Math.round((lease.until - lease.since) / 1000));
    const nobody = {
      iaType: "na",
      duid: DECLINED_DUID,
      iaid: iaid(0),
      t1: seconds(0),
      t2: seconds(0),
    } as const;
    return { ...lease, ...nobody, preferred: valid, valid, clientAddress: UNSPECIFIED, trail: undefined };
  });
  return clientText(DECLINED_DUID, undefined, shown, facts);
}

function clientText(
  client: Duid,
  key: Uint8Array | undefined,
  leases: readonly Lease[],
  facts: AddrMgrFacts,
): string {
  const duid = duidElement(client);
  const comment = client === DECLINED_DUID ? "  <!-- 1-byte length DUID. DECLINED-ADDRESSES -->\n" : "";
  const parts = IA_PARTS.map(({ type, what, ...names }) => {
    const ias = iasOf(leases, type);
    const elements = ias.map((ia) => iaText(ia, duid, { ...names, type }, facts));
    return `    <!-- ${ias.length} ${what}(s) -->\n${elements.join("")}`;
  });
  const head = `  <AddrClient>\n    ${duid}\n${comment}    ${keyElement(key)}\n`;
  return `${head}${parts.join("")}  </AddrClient>\n`;
}

/** In the order of the file. */
const IA_PARTS = [
  { type: "na", what: "IA", element: "AddrIA", state: "NOTCONFIGURED" },
  { type: "ta", what: "TA", element: "AddrTA", state: "NOTCONFIGURED" },
  { type: "pd", what: "PD", element: "AddrPD", state: "CONFIGURED" },
] as const;

interface IaNames {
  readonly type: IaType;
  readonly element: string;
  readonly state: string;
}

/** The leases of each IA; an IA that a client has on two links counts twice. */
function iasOf(leases: readonly Lease[], type: IaType): readonly (readonly Lease[])[] {
  const ias = new Map<string, Lease[]>();
  for (const lease of leases) {
    if (lease.iaType !== type) continue;
    const key = `${lease.iaid} ${lease.interfaceName}`;
    const known = ias.get(key);
    if (known === undefined) ias.set(key, [lease]);
    else known.push(lease);
  }
  return [...ias.values()];
}

function iaText(
  leases: readonly Lease[],
  duid: string,
  { type, element, state }: IaNames,
  facts: AddrMgrFacts,
): string {
  const [first] = leases;
  if (first === undefined) return "";
  const { interfaceName, trail, clientAddress } = first;
  // An IA_TA has no T1 and T2 (RFC 8415 21.5).
  const [t1, t2] = type === "ta" ? [INFINITY, INFINITY] : [first.t1, first.t2];
  const times = `unicast="${formatIp6(trail?.relay ?? clientAddress)}" T1="${t1}" T2="${t2}"`;
  const name = escapeXml(interfaceName);
  const place = `state="${state}" ifacename="${name}" iface="${facts.indexOf(interfaceName) ?? 0}"`;
  const lines = leases.map((lease) => `      ${leaseElement(lease, facts)}\n`).join("");
  // Of names in the DNS, which are not updated.
  const names = type === "pd" ? "" : "      <!--<fqdnDnsServer>-->\n      <!-- <fqdn>-->\n";
  return `    <${element} ${times} IAID="${first.iaid}" ${place}>
      ${duid}
${lines}${names}    </${element}>
`;
}

function leaseElement({ iaType, prefix, since, preferred, valid }: Lease, { ahead }: AddrMgrFacts): string {
  // To the nearest, so that a time which was read from such a file is the same again.
  const timestamp = Math.round((since + ahead) / 1000);
  const times = `timestamp="${timestamp}" pref="${preferred}" valid="${valid}"`;
  const address = formatIp6(prefix.address);
  if (iaType === "pd") return `<AddrPrefix ${times} length="${prefix.length}">${address}</AddrPrefix>`;
  return `<AddrAddr ${times} prefix="${prefix.length}">${address}</AddrAddr>`;
}

const duidElement = (duid: Duid): string => `<duid length="${duid.length}">${formatDuid(duid)}</duid>`;

const keyElement = (key: Uint8Array | undefined): string =>
  key === undefined
    ? "<ReconfigureKey />"
    : `<ReconfigureKey length="${key.length}">${formatDuid(key)}</ReconfigureKey>`;
