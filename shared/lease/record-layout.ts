import type { IaType, LeaseState } from "./lease.js";

/**
 * One lease as octets, the same in memory and in the store: a fixed part, then the tail (see
 * record-tail.ts). Numbers are little-endian. Octets not listed here are zero and free for later versions.
 */
export const FIELD = {
  version: 0,
  iaType: 1,
  state: 2,
  prefixLength: 3,
  iaid: 4,
  preferred: 8,
  valid: 12,
  t1: 16,
  t2: 20,
  since: 24,
  until: 32,
  prefix: 40,
  clientAddress: 56,
  nameLength: 72,
  name: 73,
  duidLength: 88,
  duid: 89,
  extras: 121,
  arrivalLength: 122,
  messageLength: 124,
  relayPort: 126,
} as const;

/** Octets of the fixed part. */
export const RECORD_OCTETS = 128;
/** What `FIELD.version` says of records made here. */
export const RECORD_VERSION = 1;
/** Octets of a DUID in the fixed part: more than any LLT, LL or UUID has. */
export const DUID_INLINE = 32;
/** Octets of an interface name in the fixed part: as many as the kernel allows (IFNAMSIZ). */
export const NAME_INLINE = 15;
/** Octets of a whole interface name. */
export const NAME_OCTETS = 255;
/** Bits of `FIELD.extras`: what the lease has besides. */
export const EXTRA = { key: 1, trail: 2 } as const;

/** IA types by their number in a record. */
export const IA_TYPES: readonly IaType[] = ["pd", "na", "ta"];

/** States by their number in a record; 0 is a place without lease. */
export const STATES: readonly (LeaseState | undefined)[] = [
  undefined,
  "offered",
  "bound",
  "resting",
  "declined",
];

/** The number that stands for an IA type in a record. */
export const iaTypeNumber = (iaType: IaType): number => (iaType === "pd" ? 0 : iaType === "na" ? 1 : 2);

/** The number that stands for a state in a record. */
export const stateNumber = (state: LeaseState): number => (state === "bound" ? 2 : STATES.indexOf(state));

/**
 * Where a record lies: octets and view show the same memory, of which it takes RECORD_OCTETS from `at` on.
 */
export interface Place {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly at: number;
}
