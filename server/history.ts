import { type Iaid, iaid, millis, type Millis } from "../shared/brand.js";
import type { IaType } from "../shared/lease/lease.js";
import { type Ip6, ip6, isUnspecified, overlaps, type Prefix, sameIp6 } from "../shared/prefix.js";
import { sameOctets } from "../shared/octets.js";
import { INCIDENT_IDS, type IncidentId, type IncidentKind, incidentRow } from "./incidents.js";
import type { SipHash } from "./siphash.js";

/** What happened, and to whom. */
export interface Incident {
  readonly at: Millis;
  readonly id: IncidentId;
  /** The client's DUID; of one with more than 36 octets the first 28. Empty when it is not known. */
  readonly client: Uint8Array;
  /** Octets of the whole DUID. */
  readonly clientOctets: number;
  /** The IA that it was about; undefined when it was about none. */
  readonly ia: { readonly type: IaType; readonly iaid: Iaid } | undefined;
  readonly prefix: Prefix | undefined;
  /** The client's own address, `::` when it is not known. */
  readonly from: Ip6;
  readonly link: string;
}

/** What `note` is told of: a lease says it all. */
export interface Concerned {
  readonly duid: Uint8Array;
  readonly iaType?: IaType;
  readonly iaid?: Iaid;
  readonly prefix?: Prefix | undefined;
  readonly clientAddress: Ip6;
  readonly interfaceName: string;
}

/** Whose incidents are looked for. */
export type Wanted =
  | { readonly by: "client"; readonly client: Uint8Array }
  | { readonly by: "prefix"; readonly prefix: Prefix }
  | { readonly by: "address"; readonly address: Ip6 };

/**
 * The newest incidents in a fixed amount of memory, 100 octets each and no objects: it is written for every
 * message and hardly ever read. Incidents of each kind have a ring of their own.
 */
export interface History {
  readonly rings: Readonly<Record<IncidentKind, Ring>>;
  readonly hash: SipHash;
  /** Names of links by number, and the other way round. */
  readonly names: string[];
  readonly numbers: Map<string, number>;
  /** Since when incidents are noted: the start of the server. */
  since: Millis;
  /** When the newest one was noted. */
  latest: Millis;
  count: number;
  /** How often each kind of incident was noted, by its code. */
  readonly totals: Float64Array;
}

/** The incidents of one kind; the slot after the newest has the oldest one. */
interface Ring {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly size: number;
  written: number;
}

/** Incidents that are kept of each kind: 6.4 MB in all. */
export const HISTORY_SIZES: Readonly<Record<IncidentKind, number>> = {
  changes: 32_768,
  routine: 16_384,
  refusals: 8192,
  drops: 8192,
};

/** A slot; a prefix length of 255 stands for no prefix, an IA type of 255 for no IA. */
const SLOT = {
  at: 0,
  order: 8,
  id: 16,
  iaType: 17,
  prefixLength: 18,
  clientOctets: 19,
  iaid: 20,
  link: 24,
  prefix: 26,
  from: 42,
  client: 58,
  end: 94,
} as const;
const NONE = 255;
const CLIENT_OCTETS = SLOT.end - SLOT.client;
const HASH_OCTETS = 8;
/** Different links that are told apart: more than a configuration has, also after it has changed. */
const LINKS = 65_535;

const IA_TYPES: readonly IaType[] = ["pd", "na", "ta"];
/** Code and kind of each. */
const CODES: ReadonlyMap<IncidentId, Coded> = new Map(
  INCIDENT_IDS.map((id, code) => [id, { code, kind: incidentRow(id).kind }]),
);

const UNDONE: Coded = { code: INCIDENT_IDS.indexOf("undone"), kind: "changes" };

interface Coded {
  readonly code: number;
  readonly kind: IncidentKind;
}

/** A history of nothing yet. `hash` has a key that no client knows: long DUIDs are told apart by it. */
export function createHistory(hash: SipHash, sizes = HISTORY_SIZES): History {
  const rings = {
    changes: createRing(sizes.changes),
    routine: createRing(sizes.routine),
    refusals: createRing(sizes.refusals),
    drops: createRing(sizes.drops),
  };
  const begin = millis(0);
  const totals = new Float64Array(INCIDENT_IDS.length);
  return { rings, hash, names: [], numbers: new Map(), since: begin, latest: begin, count: 0, totals };
}

/** Notes an incident. */
export function note(history: History, now: Millis, id: IncidentId, whom: Concerned): void {
  const { code, kind } = CODES.get(id) ?? UNDONE;
  const ring = history.rings[kind];
  const at = (ring.written % ring.size) * SLOT.end;
  ring.written += 1;
  history.count += 1;
  history.latest = now;
  const { octets, view } = ring;
  const { duid, iaType, prefix } = whom;
  history.totals[code] = (history.totals[code] ?? 0) + 1;
  view.setFloat64(at + SLOT.at, now);
  view.setFloat64(at + SLOT.order, history.count);
  octets[at + SLOT.id] = code;
  octets[at + SLOT.iaType] = iaType === undefined ? NONE : IA_TYPES.indexOf(iaType);
  octets[at + SLOT.prefixLength] = prefix === undefined ? NONE : prefix.length;
  octets[at + SLOT.clientOctets] = Math.min(duid.length, NONE);
  view.setUint32(at + SLOT.iaid, whom.iaid ?? 0);
  view.setUint16(at + SLOT.link, numberOf(history, whom.interfaceName));
  if (prefix !== undefined) copy(prefix.address, octets, at + SLOT.prefix);
  copy(whom.clientAddress, octets, at + SLOT.from);
  copy(duid.length > CLIENT_OCTETS ? shortened(history, duid) : duid, octets, at + SLOT.client);
}

/** The newest incidents of a client, of prefixes that touch one, or of a client's address; oldest first. */
export function incidentsOf(history: History, wanted: Wanted, limit: number): readonly Incident[] {
  const found: { readonly order: number; readonly incident: Incident }[] = [];
  const isWanted = matcher(history, wanted);
  for (const ring of Object.values(history.rings)) {
    let count = 0;
    const oldest = Math.max(0, ring.written - ring.size);
    for (let n = ring.written - 1; n >= oldest && count < limit; n--) {
      const at = (n % ring.size) * SLOT.end;
      if (!isWanted(ring, at)) continue;
      found.push({ order: ring.view.getFloat64(at + SLOT.order), incident: read(history, ring, at) });
      count += 1;
    }
  }
  found.sort((a, b) => a.order - b.order);
  return found.slice(-limit).map(({ incident }) => incident);
}

/** How often each kind of incident has been noted since the start. */
export const totalsOf = ({ totals }: History): readonly (readonly [IncidentId, number])[] =>
  INCIDENT_IDS.map((id, code) => [id, totals[code] ?? 0]);

/** Since when nothing of a kind has been forgotten, at `now`. */
export function reachOf({ rings, since }: History, kind: IncidentKind): Millis {
  const { written, size, view } = rings[kind];
  return written <= size ? since : millis(view.getFloat64((written % size) * SLOT.end + SLOT.at));
}

function createRing(size: number): Ring {
  const octets = new Uint8Array(size * SLOT.end);
  return { octets, view: new DataView(octets.buffer), size, written: 0 };
}

type Matcher = (ring: Ring, at: number) => boolean;

function matcher(history: History, wanted: Wanted): Matcher {
  switch (wanted.by) {
    case "client": {
      const { client } = wanted;
      const key = client.length > CLIENT_OCTETS ? shortened(history, client) : client;
      return ({ octets }, at) => {
        if (octets[at + SLOT.clientOctets] !== client.length) return false;
        return sameOctets(octets.subarray(at + SLOT.client, at + SLOT.client + key.length), key);
      };
    }
    case "prefix":
      return (ring, at) => {
        const prefix = prefixAt(ring, at);
        return prefix !== undefined && overlaps(prefix, wanted.prefix);
      };
    case "address":
      if (isUnspecified(wanted.address)) return () => false;
      return ({ octets }, at) => sameIp6(addressAt(octets, at + SLOT.from), wanted.address);
    default:
      return wanted satisfies never;
  }
}

function read({ names }: History, ring: Ring, at: number): Incident {
  const { octets, view } = ring;
  const clientOctets = octets[at + SLOT.clientOctets] ?? 0;
  const kept = clientOctets > CLIENT_OCTETS ? CLIENT_OCTETS - HASH_OCTETS : clientOctets;
  const type = IA_TYPES[octets[at + SLOT.iaType] ?? NONE];
  return {
    at: millis(view.getFloat64(at + SLOT.at)),
    id: INCIDENT_IDS[octets[at + SLOT.id] ?? 0] ?? "undone",
    client: octets.slice(at + SLOT.client, at + SLOT.client + kept),
    clientOctets,
    ia: type && { type, iaid: iaid(view.getUint32(at + SLOT.iaid)) },
    prefix: prefixAt(ring, at),
    from: addressAt(octets, at + SLOT.from),
    link: names[view.getUint16(at + SLOT.link)] ?? "",
  };
}

function prefixAt({ octets }: Ring, at: number): Prefix | undefined {
  const length = octets[at + SLOT.prefixLength] ?? NONE;
  return length === NONE ? undefined : { address: addressAt(octets, at + SLOT.prefix), length };
}

const addressAt = (octets: Uint8Array, at: number): Ip6 => ip6(octets.slice(at, at + 16));

/** Nobody without the key can make two DUIDs that look the same here. */
function shortened({ hash }: History, duid: Uint8Array): Uint8Array {
  const key = new Uint8Array(CLIENT_OCTETS);
  key.set(duid.subarray(0, CLIENT_OCTETS - HASH_OCTETS));
  const { high, low } = hash(duid);
  const view = new DataView(key.buffer);
  view.setUint32(CLIENT_OCTETS - HASH_OCTETS, high);
  view.setUint32(CLIENT_OCTETS - HASH_OCTETS + 4, low);
  return key;
}

function numberOf({ names, numbers }: History, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  if (names.length >= LINKS) return LINKS;
  numbers.set(name, names.length);
  return names.push(name) - 1;
}

/** A loop is faster than `set` for so few octets. */
function copy(from: Uint8Array, to: Uint8Array, at: number): void {
  for (let i = 0; i < from.length; i++) to[at + i] = from[i] ?? 0;
}
