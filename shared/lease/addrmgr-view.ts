import { iaid, INFINITY, millis, seconds } from "../brand.js";
import { type Duid, formatDuid } from "../duid.js";
import { formatIp6, UNSPECIFIED } from "../prefix.js";
import { addrClientText, DECLINED_DUID, NO_KEY, type XmlIa } from "./addrmgr-text.js";
import type { Lease, LeaseId } from "./lease.js";
import type { LeaseTable } from "./table.js";

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
  const comment = client === DECLINED_DUID ? "  <!-- 1-byte length DUID. DECLINED-ADDRESSES -->\n" : "";
  const ias = iasOf(leases).flatMap((some) => iaOf(some, client, facts));
  return addrClientText(client, keyElement(key), ias, comment);
}

/** The leases of each IA; an IA that a client has on two links counts twice. */
function iasOf(leases: readonly Lease[]): readonly (readonly Lease[])[] {
  if (leases.length === 1) return [leases];
  const ias = new Map<string, Lease[]>();
  for (const lease of leases) {
    const key = `${lease.iaType} ${lease.iaid} ${lease.interfaceName}`;
    const known = ias.get(key);
    if (known === undefined) ias.set(key, [lease]);
    else known.push(lease);
  }
  return [...ias.values()];
}

function iaOf(leases: readonly Lease[], client: Duid, { indexOf, ahead }: AddrMgrFacts): readonly XmlIa[] {
  const [first] = leases;
  if (first === undefined) return [];
  const { iaType: type, iaid, t1, t2, interfaceName, trail, clientAddress } = first;
  return [
    {
      type,
      iaid,
      // An IA_TA has no T1 and T2 (RFC 8415 21.5).
      t1: type === "ta" ? INFINITY : t1,
      t2: type === "ta" ? INFINITY : t2,
      interfaceName,
      interfaceIndex: indexOf(interfaceName) ?? 0,
      unicast: formatIp6(trail?.relay ?? clientAddress),
      state: type === "pd" ? "CONFIGURED" : "NOTCONFIGURED",
      duid: client,
      leases: leases.map(({ prefix, preferred, valid, since }) => {
        return { prefix, preferred, valid, since: millis(since + ahead) };
      }),
    },
  ];
}

const keyElement = (key: Uint8Array | undefined): string =>
  key === undefined ? NO_KEY : `<ReconfigureKey length="${key.length}">${formatDuid(key)}</ReconfigureKey>`;
