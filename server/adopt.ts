import { millis } from "../shared/brand.js";
import type { FilePassage, ForeignLease } from "../shared/lease/foreign.js";
import type { Lease, LeaseId, Trail } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { formatDuid, sameDuid } from "../shared/duid.js";
import { formatPrefix, type Ip6, masked, type Prefix, samePrefix, UNSPECIFIED } from "../shared/prefix.js";
import { SERVER_PORT } from "../shared/proto/well-known.js";
import type { Link, Network } from "./links.js";
import { holds } from "./pool.js";

/** Where leases of other servers' files are taken in. */
export interface Adoption {
  readonly add: (lease: ForeignLease) => void;
  readonly taken: () => Taken;
  /** Names of interfaces that leases are on and that the configuration does not have, with how many. */
  readonly strangers: () => ReadonlyMap<string, number>;
  /** The ids of all leases that were put into the table or changed there. */
  readonly ids: () => readonly LeaseId[];
}

/** Files of others tell times in whole seconds, in milliseconds. */
const WHOLE_SECOND = 1000;

/** How many leases of which kind were taken in; `extended` of them were known before, and end later now. */
export interface Taken {
  readonly pd: number;
  readonly na: number;
  readonly ta: number;
  readonly declined: number;
  readonly resting: number;
  readonly clients: number;
  readonly extended: number;
}

/** What leases are taken into. */
export interface AdoptionParts {
  readonly table: LeaseTable;
  /**
   * What stays of a lease that is in the table already and one that overlaps it: the former, or of the two
   * that which was extended last, because the file's server has served in the meantime.
   */
  readonly precedence: "known" | "latest";
  /** Milliseconds by which Unix time, which files tell, is ahead of the time that leases run by. */
  readonly ahead: number;
  readonly network: Network;
  /** Numbers of interfaces by name, those of links behind relays included. */
  readonly indexes: ReadonlyMap<string, number>;
  /** The link for leases that neither name one of the configuration nor lie in its pools. */
  readonly fallback?: string;
  /** Is told of leases that are not taken in, or not as they are written. */
  readonly report: (passage: FilePassage) => void;
}

/**
 * Takes in leases one by one. Two that overlap cannot both stay, as no address may be used twice: a lease
 * that was there before stays, of two new ones that which was extended last, as its client is the one that
 * works.
 */
export function createAdoption(parts: AdoptionParts): Adoption {
  const { table, report, precedence } = parts;
  /** Lines by lease. */
  const lines = new Map<LeaseId, number>();
  const strangers = new Map<string, number>();
  const extended = new Set<LeaseId>();
  /** Leases that were known and had to go. */
  const removed = new Set<LeaseId>();
  const lengths = new Set<number>();

  function add(foreign: ForeignLease): void {
    const prefix = masked(foreign.prefix);
    if (!lengths.has(prefix.length)) table.watchLength(prefix.length);
    lengths.add(prefix.length);
    const place = placeOf(parts, foreign, prefix);
    if (place === undefined) {
      report(leftOut(foreign, "in no pool of the configuration: name an interface for it"));
      return;
    }
    const lease = leaseOf(foreign, prefix, place, parts.ahead);
    const holders = table.holders(prefix);
    const same = holders.find((id) => isSameBinding(table.read(id), lease));
    if (same !== undefined && holders.length === 1) {
      extend(same, lease, foreign);
      return;
    }
    const isFixed = (id: LeaseId): boolean => precedence === "known" && !lines.has(id);
    const stronger = holders.find((id) => isFixed(id) || table.sinceOf(id) >= lease.since);
    if (stronger !== undefined) {
      report(leftOut(foreign, `overlaps ${describe(stronger)}`));
      return;
    }
    for (const id of holders) drop(id, prefix);
    if (prefix !== foreign.prefix) report(adapted(foreign, prefix));
    enter(lease, foreign.line);
  }

  /** The same lease twice: what ends later counts; less than a second is the reading of two clocks. */
  function extend(id: LeaseId, lease: Lease, foreign: ForeignLease): void {
    const isNewer =
      lease.until >= table.untilOf(id) + WHOLE_SECOND &&
      table.stateOf(id) === "bound" &&
      lease.state === "bound";
    if (!isNewer) {
      const isNews = precedence === "known" && !lines.has(id);
      if (isNews) report(leftOut(foreign, "known already, with the same end or a later one"));
      return;
    }
    if (!lines.has(id)) extended.add(id);
    const before = table.read(id);
    // What is known of the way to the client is more than such files say.
    const { clientAddress, trail, interfaceName } = before.trail === undefined ? lease : before;
    table.replace(id, { ...lease, clientAddress, trail, interfaceName, key: lease.key ?? before.key });
    lines.set(id, foreign.line);
  }

  function enter(lease: Lease, line: number): void {
    lines.set(table.put(lease), line);
    if (parts.network.links.has(lease.interfaceName)) return;
    strangers.set(lease.interfaceName, (strangers.get(lease.interfaceName) ?? 0) + 1);
  }

  function drop(id: LeaseId, by: Prefix): void {
    const text = `${named(table, id)} overlaps ${formatPrefix(by)}, which was extended later`;
    report({ line: lines.get(id) ?? 0, kind: "left out", text });
    if (!lines.delete(id)) removed.add(id);
    table.remove(id);
  }

  const describe = (id: LeaseId): string => {
    const line = lines.get(id);
    return `${named(table, id)}${line === undefined ? ", a lease of this server" : ` of line ${line}`}`;
  };

  return {
    add(foreign) {
      try {
        add(foreign);
      } catch (error) {
        // A name or DUID that is longer than a record has room for.
        report(leftOut(foreign, error instanceof Error ? error.message : String(error)));
      }
    },
    taken: () => count(table, [...lines.keys()], extended.size),
    strangers: () => strangers,
    // A lease that went may have left its number to one that came.
    ids: () => [...new Set([...removed, ...lines.keys()])],
  };
}

const leftOut = ({ line, duid, prefix }: ForeignLease, why: string): FilePassage => {
  const text = `${formatPrefix(prefix)} of ${formatDuid(duid)}: ${why}`;
  return { line, kind: "left out", text };
};

/** Dibbler delegates prefixes with host bits when a wish cannot be met; routers take no account of them. */
const adapted = ({ line, prefix }: ForeignLease, taken: Prefix): FilePassage => {
  const text = `${formatPrefix(prefix)} has bits beyond its length: taken as ${formatPrefix(taken)}`;
  return { line, kind: "adapted", text };
};

const named = (table: LeaseTable, id: LeaseId): string =>
  `${formatPrefix(table.prefixOf(id))} of ${formatDuid(table.duidOf(id))}`;

const isSameBinding = (a: Lease, b: Lease): boolean =>
  a.iaType === b.iaType && a.iaid === b.iaid && sameDuid(a.duid, b.duid) && samePrefix(a.prefix, b.prefix);

/** The name of a lease's link, and the link when the configuration has it. */
interface LeasePlace {
  readonly name: string;
  readonly link: Link | undefined;
}

/**
 * Names count before numbers, which change when the machine is started anew. A lease of an interface that is
 * not configured keeps its name: it is there again when the interface is.
 */
function placeOf(
  { network: { links }, indexes, fallback }: AdoptionParts,
  { interfaceName, interfaceIndex, iaType }: ForeignLease,
  prefix: Prefix,
): LeasePlace | undefined {
  const at = (name: string): LeasePlace => ({ name, link: links.get(name) });
  if (interfaceName !== undefined && links.has(interfaceName)) return at(interfaceName);
  if (interfaceName === undefined && interfaceIndex !== undefined) {
    for (const [name, index] of indexes) if (index === interfaceIndex && links.has(name)) return at(name);
  }
  if (fallback !== undefined) return at(fallback);
  if (interfaceName !== undefined) return at(interfaceName);
  for (const link of links.values()) {
    if (link.classes[iaType].some(({ pools }) => pools.some((pool) => holds(pool, prefix))))
      return at(link.name);
  }
  return interfaceIndex === undefined ? undefined : at(`interface ${interfaceIndex}`);
}

function leaseOf(foreign: ForeignLease, prefix: Prefix, { name, link }: LeasePlace, ahead: number): Lease {
  const { iaType, duid, iaid, state, preferred, valid, t1, t2, since, until, nextHop, key } = foreign;
  const isRelayed = link?.settings.relay !== undefined && nextHop !== undefined;
  return {
    iaType,
    duid,
    iaid,
    prefix,
    state,
    preferred,
    valid,
    t1,
    t2,
    since: millis(since - ahead),
    until: millis(until - ahead),
    interfaceName: name,
    clientAddress: isRelayed ? UNSPECIFIED : (nextHop ?? UNSPECIFIED),
    trail: isRelayed ? trailOver(nextHop, link.arrival) : undefined,
    key,
  };
}

/** All that is known of the way to a relayed client is the relay that talks to the server. */
const trailOver = (relay: Ip6, arrival = ""): Trail => ({
  relay,
  port: SERVER_PORT,
  arrival,
  message: new Uint8Array(0),
});

function count(table: LeaseTable, ids: readonly LeaseId[], extended: number): Taken {
  const taken = { pd: 0, na: 0, ta: 0, declined: 0, resting: 0 };
  const clients = new Set<string>();
  for (const id of ids) {
    const state = table.stateOf(id);
    if (state === "declined" || state === "resting") taken[state]++;
    else {
      taken[table.iaTypeOf(id)]++;
      clients.add(formatDuid(table.duidOf(id)));
    }
  }
  return { ...taken, clients: clients.size, extended };
}
