import type { Millis } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import type { IaType, Lease, LeaseState } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix, isUnspecified } from "../shared/prefix.js";

/** How an instant is written for programs: ISO 8601 in UTC. `Infinity` is never given. */
export type IsoTime = (at: Millis) => string;

/** The state of a lease as it is shown: `expired` is a bound one that is over, and no server has ended it. */
export type ShownState = LeaseState | "expired";

/** States that a stored lease can be in; offers are in memory only. */
export const STORED_STATES = ["bound", "expired", "resting", "declined"] as const satisfies ShownState[];

/** A lease for programs, as `--json` prints it; the names are stable. */
export interface LeaseRow {
  /** An address has /128. */
  readonly prefix: string;
  /** The IA it belongs to. */
  readonly type: IaType;
  readonly state: ShownState;
  /** The DUID. */
  readonly client: string;
  readonly iaid: number;
  readonly interface: string;
  /** The client's own address; null for a lease that was taken over until its client is heard. */
  readonly address: string | null;
  /** The relay that talks to the server; null for a direct client. */
  readonly relay: string | null;
  /** When it was granted, or extended last. */
  readonly since: string;
  /** Seconds, as granted; 4294967295 is without end. */
  readonly preferred: number;
  readonly valid: number;
  readonly t1: number;
  readonly t2: number;
  /** When the state ends; null for never. */
  readonly ends: string | null;
  /** Seconds until then, negative when that is past; null for never. */
  readonly remaining: number | null;
  /** Whether the client has a key, so that it can be asked to come with Reconfigure. */
  readonly reconfigure: boolean;
}

/** A lease for programs. The key itself is never shown. */
export function leaseRow(lease: Lease, now: Millis, iso: IsoTime): LeaseRow {
  const { until, trail } = lease;
  const isEndless = until === Infinity;
  return {
    prefix: formatPrefix(lease.prefix),
    type: lease.iaType,
    state: shownState(lease, now),
    client: formatDuid(lease.duid),
    iaid: lease.iaid,
    interface: lease.interfaceName,
    address: addressText(lease),
    relay: trail === undefined ? null : formatIp6(trail.relay),
    since: iso(lease.since),
    preferred: lease.preferred,
    valid: lease.valid,
    t1: lease.t1,
    t2: lease.t2,
    ends: isEndless ? null : iso(until),
    remaining: isEndless ? null : Math.ceil((until - now) / 1000),
    reconfigure: lease.key !== undefined,
  };
}

/** The client's own address; null for one that has not been heard since its lease was taken over. */
export const addressText = ({ clientAddress }: Pick<Lease, "clientAddress">): string | null =>
  isUnspecified(clientAddress) ? null : formatIp6(clientAddress);

/** See `ShownState`. */
export const shownState = ({ state, until }: Pick<Lease, "state" | "until">, now: Millis): ShownState =>
  state === "bound" && until <= now ? "expired" : state;
