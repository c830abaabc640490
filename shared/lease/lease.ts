import type { Brand, Iaid, Millis, Seconds } from "../brand.js";
import type { Duid } from "../duid.js";
import type { Ip6, Prefix } from "../prefix.js";

/** Kind of Identity Association: `pd` holds prefixes, `na` addresses, `ta` temporary ones (RFC 8415 12). */
export type IaType = "pd" | "na" | "ta";

/** Number of a lease in table and store alike; given out again, later, after its lease is removed. */
export type LeaseId = Brand<number, "LeaseId">;

/** Takes a non-negative integer as the number of a lease. */
export const leaseId = (value: number): LeaseId => value as LeaseId;

/**
 * `offered`: promised in an Advertise, in memory only, gone after a restart.
 * `bound`: promised in a Reply, in the store before that Reply leaves.
 * `resting`: over, and kept for its client until `until`.
 * `declined`: an address that somebody else was found to use; kept from everybody until `until`.
 */
export type LeaseState = "offered" | "bound" | "resting" | "declined";

/** How the server reached a relayed client last: for Reconfigure and Leasequery. */
export interface Trail {
  /** The relay that talks to us, and the port it sent from. */
  readonly relay: Ip6;
  readonly port: number;
  /** The interface of the system that it was heard on, at most 15 octets. */
  readonly arrival: string;
  /**
   * The Relay-forward, innermost level included, with the options that tell where the client is, and without
   * the client's message.
   */
  readonly message: Uint8Array;
}

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
   * The link of the client: the name of an interface of the system or of a relay interface of the
   * configuration, at most 255 octets. The name: numbers change at reboot.
   */
  readonly interfaceName: string;
  /** The client's own address, its link-local one as a rule. */
  readonly clientAddress: Ip6;
  /** Undefined for a client that talks to us directly. */
  readonly trail: Trail | undefined;
  /** The client's Reconfigure key, 16 octets; undefined when it was given none (RFC 8415 20.4). */
  readonly key: Uint8Array | undefined;
}
