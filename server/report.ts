import type { Millis } from "../shared/brand.js";
import type { Reservation } from "../shared/config/types.js";
import { formatDuid, sameDuid } from "../shared/duid.js";
import type { IaType, Lease, LeaseId } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { formatIp6, formatPrefix, overlaps, type Prefix } from "../shared/prefix.js";
import { find } from "../shared/wire/options.js";
import { rangeText, selectorText } from "./access-text.js";
import { history, type ToldHistory } from "./report-history.js";
import { type IsoTime, leaseRow, type LeaseRow } from "./lease-row.js";
import { classOf, type Link } from "./links.js";
import { octetText } from "./octet-text.js";
import { holds, type Pool } from "./pool.js";
import { ownersOf } from "./reserved.js";
import type { ServerState } from "./state.js";
import { prefixOfSubject, type Subject, subjectText } from "./subject.js";
import { relayLevels } from "./trail.js";

/** All that is known of a client, prefix or address, as `show --json` prints it; the names are stable. */
export interface Report {
  readonly subject: { readonly kind: Subject["by"]; readonly value: string };
  /** When this was so. */
  readonly at: string;
  /** Of very many only the first ones; `leaseCount` is how many there are. */
  readonly leases: readonly LeaseReport[];
  readonly leaseCount: number;
  /** Null when the configuration could not be read. */
  readonly configuration: ConfiguredReport | null;
  /** Null when no server runs: it is in its memory only. */
  readonly history: ToldHistory | null;
}

/** A lease with its surroundings. */
export interface LeaseReport extends LeaseRow {
  /** Where it was heard last, from the relay that the client talks to on. */
  readonly relays: readonly RelayReport[];
  /** The interface of the system that the last relay was heard on. */
  readonly arrival: string | null;
  /** What the configuration has it from; null when it has it from nowhere any more. */
  readonly source: SourceReport | null;
}

/** One relay on the way of a client; octets as text where they are printable, else as hexadecimal digits. */
export interface RelayReport {
  readonly peer: string;
  readonly link: string;
  readonly interfaceId: string | null;
  readonly remoteId: string | null;
  readonly subscriberId: string | null;
  readonly relayId: string | null;
  readonly linkLayerAddress: string | null;
}

/** A pool of a link, cut into pieces of a length; or, without pool, what is reserved outside of all pools. */
export interface SourceReport {
  readonly link: string;
  readonly type: IaType;
  readonly pool: string | null;
  readonly length: number;
}

/** What the configuration says about the subject. */
export interface ConfiguredReport {
  /** Whether Reconfigure is enabled at all. */
  readonly reconfigure: boolean;
  /** Pools that the prefix or address lies in, or that lie in it; none for a client. */
  readonly pools: readonly SourceReport[];
  readonly reservations: readonly ReservationReport[];
  /** Of the links that the client was seen on. */
  readonly limits: readonly LimitReport[];
}

/** A `client` block of the configuration. */
export interface ReservationReport {
  readonly link: string;
  readonly client: string;
  readonly prefix: string | null;
  readonly address: string | null;
  readonly line: number;
}

/** What holds for new leases on a link; rates are leases in so many seconds. */
export interface LimitReport {
  readonly link: string;
  readonly clientMaxLease: number;
  /** Leases and offers that the client has, on all links. */
  readonly held: number;
  readonly sourceRate: string | null;
  readonly relayRate: string | null;
  readonly remoteIdRate: string | null;
  readonly quarantine: number;
}

/** What a report is made of. */
export interface ReportParts {
  readonly table: LeaseTable;
  /** The configuration and all that follows from it; undefined when it cannot be read. */
  readonly state: ServerState | undefined;
  /** Whether the state is that of a server that runs, so that it has a history. */
  readonly isRunning: boolean;
  readonly now: Millis;
  readonly iso: IsoTime;
}

/** Leases of a report at most. */
export const REPORT_LEASES = 100;

/** What is known of a subject. Changes nothing. */
export function reportOn(parts: ReportParts, subject: Subject): Report {
  const { table, state, now, iso, isRunning } = parts;
  const ids = leasesOf(table, subject);
  const leases = ids.slice(0, REPORT_LEASES).map((id) => reportLease(parts, table.read(id)));
  const told = isRunning && state !== undefined ? history(state.history, subject, iso) : null;
  return {
    subject: { kind: subject.by, value: subjectText(subject) },
    at: iso(now),
    leases,
    leaseCount: ids.length,
    configuration: state === undefined ? null : configured(parts, state, subject, linksOf(leases, told)),
    history: told,
  };
}

function leasesOf(table: LeaseTable, subject: Subject): readonly LeaseId[] {
  if (subject.by === "client") return table.ofClient(subject.client);
  const prefix = prefixOfSubject(subject);
  return prefix === undefined ? [] : table.holders(prefix);
}

function reportLease({ now, iso, state }: ReportParts, lease: Lease): LeaseReport {
  const link = state?.network.links.get(lease.interfaceName);
  return {
    ...leaseRow(lease, now, iso),
    relays: relaysOf(lease),
    arrival: lease.trail?.arrival ?? null,
    source: state === undefined || link === undefined ? null : sourceOf(state, link, lease),
  };
}

function relaysOf(lease: Lease): readonly RelayReport[] {
  return relayLevels(lease)
    .toReversed()
    .map(({ peerAddress, linkAddress, options }) => {
      const remoteId = find(options, "remoteId");
      const relayId = find(options, "relayId");
      const mac = find(options, "clientLinkLayerAddress");
      const texts = {
        interfaceId: find(options, "interfaceId"),
        subscriberId: find(options, "subscriberId"),
      };
      return {
        peer: formatIp6(peerAddress),
        link: formatIp6(linkAddress),
        interfaceId: texts.interfaceId === undefined ? null : octetText(texts.interfaceId),
        remoteId: remoteId === undefined ? null : `${remoteId.enterprise}-${octetText(remoteId.id)}`,
        subscriberId: texts.subscriberId === undefined ? null : octetText(texts.subscriberId),
        relayId: relayId === undefined ? null : formatDuid(relayId),
        linkLayerAddress: mac === undefined ? null : formatDuid(mac.address),
      };
    });
}

/** Where the configuration has a lease from: its class, or a reservation. */
function sourceOf({ reserved }: ServerState, link: Link, { iaType, prefix }: Lease): SourceReport | null {
  const poolClass = classOf(link, iaType, prefix);
  const pool = poolClass?.pools.find((each) => holds(each, prefix));
  if (pool !== undefined) return describePool(link, iaType, pool);
  if (ownersOf(reserved, prefix).length === 0) return null;
  return { link: link.name, type: iaType, pool: null, length: prefix.length };
}

const describePool = ({ name }: Link, type: IaType, pool: Pool): SourceReport => ({
  link: name,
  type,
  pool: pool.aligned ? formatPrefix(pool.block) : rangeText(pool.range),
  length: pool.length,
});

/** Links that the leases and the incidents of a report are on. */
function linksOf(leases: readonly LeaseReport[], told: ToldHistory | null): ReadonlySet<string> {
  const seen = told?.incidents.map((each) => each.interface) ?? [];
  return new Set([...leases.map((each) => each.interface), ...seen]);
}

function configured(
  { table }: ReportParts,
  state: ServerState,
  subject: Subject,
  seen: ReadonlySet<string>,
): ConfiguredReport {
  const links = [...state.network.links.values()];
  const limits = links.filter(({ name }) => subject.by === "client" && seen.has(name));
  const held = subject.by === "client" ? table.countOf(subject.client) : 0;
  return {
    reconfigure: state.config.reconfigure,
    pools: poolsAt(links, prefixOfSubject(subject)),
    reservations: links.flatMap((link) => reservationsFor(link, subject)),
    limits: limits.map((link) => limitsOf(link, held)),
  };
}

function poolsAt(links: readonly Link[], prefix: Prefix | undefined): readonly SourceReport[] {
  if (prefix === undefined) return [];
  const isThere = (pool: Pool): boolean => holds(pool, prefix) || overlaps(pool.block, prefix);
  return links.flatMap((link) =>
    (["pd", "na", "ta"] as const).flatMap((type) => {
      const pools = new Set(link.classes[type].flatMap((each) => each.pools));
      return [...pools].filter(isThere).map((pool) => describePool(link, type, pool));
    }),
  );
}

function reservationsFor(link: Link, subject: Subject): readonly ReservationReport[] {
  return link.settings.reservations
    .filter((each) => isAbout(each, subject))
    .map(({ selector, prefix, address, at }) => ({
      link: link.name,
      client: selectorText(selector),
      prefix: prefix === undefined ? null : formatPrefix(prefix),
      address: address === undefined ? null : formatIp6(address),
      line: at.line,
    }));
}

function isAbout({ selector, prefix, address }: Reservation, subject: Subject): boolean {
  if (subject.by === "client") return selector.by === "duid" && sameDuid(selector.duid, subject.client);
  const wanted = prefixOfSubject(subject);
  const claims = [prefix, address && { address, length: 128 }];
  return claims.some((claim) => claim !== undefined && wanted !== undefined && overlaps(claim, wanted));
}

function limitsOf({ name, settings }: Link, held: number): LimitReport {
  const { clientMaxLease, quarantine, limits } = settings;
  const rate = (of: keyof typeof limits): string | null => {
    const { leases, per } = limits[of] ?? {};
    return leases === undefined ? null : `${leases} in ${per ?? 0} s`;
  };
  return {
    link: name,
    clientMaxLease,
    held,
    sourceRate: rate("source"),
    relayRate: rate("relay"),
    remoteIdRate: rate("remoteId"),
    quarantine,
  };
}
