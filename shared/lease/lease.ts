import type { Brand, Iaid, Millis, Seconds } from "../brand.js";
import type { Duid } from "../duid.js";
import type { Ip6, Prefix } from "../prefix.js";

/** Kind of Identity Association: `pd` holds prefixes, `na` addresses (RFC 8415 12). */
export type IaType = "pd" | "na";

/** Number of a lease in table and store alike; given out again, later, after its lease is removed. */
export type LeaseId = Brand<number, "LeaseId">;

/** Takes a non-negative integer as the number of a lease. */
export const leaseId = (value: number): LeaseId => value as LeaseId;

/**
 * `offered`: promised in an Advertise, in memory only, gone after a restart.
 * `bound`: promised in a Reply, in the store before that Reply leaves.
 */
export type LeaseState = "offered" | "bound";

/** One delegated prefix or address and whom it belongs to. */
export interface Lease {
  readonly iaType: IaType;
  readonly duid: Duid;
  readonly iaid: Iaid;
  /** Without host bits; an address (`na`) has length 128. */
  readonly prefix: Prefix;
  readonly state: LeaseState;
  /** As granted, not what is left of it. */
  readonly preferred: Seconds;
  readonly valid: Seconds;
  readonly t1: Seconds;
  readonly t2: Seconds;
  /** When it was granted or offered, Unix time. */
  readonly since: Millis;
  /**
   * When it ends: the end of the valid lifetime or of the offer, Unix time; `Infinity` for an endless
   * lease.
   */
  readonly until: Millis;
  /**
   * Where the client was heard, at most 15 octets (the kernel's IFNAMSIZ). The name: numbers change at
   * reboot.
   */
  readonly interfaceName: string;
  /** The client's own address, its link-local one as a rule. */
  readonly clientAddress: Ip6;
}
