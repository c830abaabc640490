import fc from "fast-check";
import { INFINITY, iaid, millis, seconds, toMillis } from "../../shared/brand.js";
import { duid, sameDuid, type Duid } from "../../shared/duid.js";
import type { IaType, Lease, LeaseId, LeaseState, Trail } from "../../shared/lease/lease.js";
import { TRAIL_OCTETS } from "../../shared/lease/record-tail.js";
import { ip6, masked, overlaps, containsPrefix, type Ip6, type Prefix } from "../../shared/prefix.js";

/** The key of every table in these tests. */
export const SEED = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);

/** A DUID-LL with the number as its link-layer address. */
export const duidOf = (number: number): Duid =>
  duid(Uint8Array.from([0, 3, 0, 1, 2, 0, number >>> 24, number >>> 16, number >>> 8, number]));

/** The prefix number `index` of the given length in 2001:db8::/32. */
export function prefixOf(index: number, length = 64): Prefix {
  const octets = new Uint8Array(16);
  octets.set([0x20, 0x01, 0x0d, 0xb8]);
  for (let bit = 0; bit < length - 32 && bit < 31; bit++) {
    const at = length - 1 - bit;
    if ((index >>> bit) & 1) octets[at >> 3] = (octets[at >> 3] ?? 0) | (0x80 >> (at & 7));
  }
  return { address: ip6(octets), length };
}

/** A bound IA_PD lease of client `number`, with whatever matters to the test put in its place. */
export function leaseOf(number: number, changes: Partial<Lease> = {}): Lease {
  return {
    iaType: "pd",
    duid: duidOf(number),
    iaid: iaid(1),
    prefix: prefixOf(number),
    state: "bound",
    preferred: seconds(3600),
    valid: seconds(7200),
    t1: seconds(1800),
    t2: seconds(2880),
    since: millis(1_700_000_000_000),
    until: millis(1_700_007_200_000),
    interfaceName: "eth0",
    clientAddress: prefixOf(number, 128).address,
    trail: undefined,
    key: undefined,
    ...changes,
  };
}

/** A trail through one relay, whose message has this many octets. */
export const trailOf = (octets: number): Trail => ({
  relay: prefixOf(1, 128).address,
  port: 547,
  arrival: "eth1",
  message: new Uint8Array(octets).fill(12),
});

/** What a table does, done in the most obvious way. */
export interface Model {
  readonly leases: Map<LeaseId, Lease>;
  readonly find: (duid: Duid, iaType: IaType, iaid: number) => LeaseId[];
  readonly ofClient: (duid: Duid) => LeaseId[];
  readonly holders: (prefix: Prefix) => LeaseId[];
  readonly countWithin: (prefix: Prefix) => number;
  readonly due: (now: number) => LeaseId[];
  readonly nextExpiry: () => number;
}

/** An empty model. */
export function createModel(): Model {
  const leases = new Map<LeaseId, Lease>();
  const where = (wanted: (lease: Lease) => boolean): LeaseId[] =>
    [...leases].filter(([, lease]) => wanted(lease)).map(([id]) => id);
  return {
    leases,
    find: (owner, iaType, number) =>
      where((lease) => sameDuid(lease.duid, owner) && lease.iaType === iaType && lease.iaid === number),
    ofClient: (owner) => where((lease) => sameDuid(lease.duid, owner)),
    holders: (prefix) => where((lease) => overlaps(lease.prefix, prefix)),
    countWithin: (prefix) => where((lease) => containsPrefix(prefix, lease.prefix)).length,
    due: (now) => where((lease) => lease.until <= now),
    nextExpiry: () => Math.min(Infinity, ...[...leases.values()].map(({ until }) => until)),
  };
}

/** Few DUIDs, so that clients meet again; some too long for a record, some of those alike in what fits. */
export const anyDuid: fc.Arbitrary<Duid> = fc
  .tuple(fc.constantFrom(1, 3, 14, 32, 33, 130), fc.integer({ min: 0, max: 2 }))
  .map(([length, last]) => {
    const octets = new Uint8Array(length).fill(7);
    octets[length - 1] = last;
    return duid(octets);
  });

/** Few prefixes of many lengths, most of them in each other's way. */
export const anyPrefix: fc.Arbitrary<Prefix> = fc
  .tuple(
    fc.constantFrom(0, 1, 47, 48, 56, 60, 63, 64, 64, 64, 65, 127, 128),
    fc.constantFrom(0x00, 0x01, 0x80, 0xff),
    fc.constantFrom(0x00, 0x01, 0x10, 0xff),
    fc.constantFrom(0x00, 0x01, 0x80),
  )
  .map(([length, sixth, eighth, last]) => {
    const octets = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, sixth, 0, eighth, sixth, 0, 0, 0, 0, 0, 0, last]);
    return masked({ address: ip6(octets), length });
  });

const anyIp6: fc.Arbitrary<Ip6> = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(ip6);
const anySeconds = fc.oneof(fc.integer({ min: 0, max: 0xffffffff }), fc.constant(0xffffffff)).map(seconds);
/** Close together, so that instants meet; sometimes never. */
const anyUntil = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 50 }).map((tenths) => millis(tenths * 0.1)) },
  { weight: 1, arbitrary: fc.constant(toMillis(INFINITY)) },
);

/** Those that are kept whole in a record, those that just are not, and those cut amid a letter by it. */
const anyName = fc.constantFrom(
  "",
  "eth0",
  "fifteen-octets.",
  "sixteen-octets..",
  "brü",
  "fourteen-octetü",
  "fifteen-octets.ü",
  "\ufeffrelay",
  "€".repeat(85),
  "x".repeat(255),
);

/** Any trail, some as long as can be. */
export const anyTrail: fc.Arbitrary<Trail> = fc.record({
  relay: anyIp6,
  port: fc.integer({ min: 0, max: 0xffff }),
  arrival: fc.constantFrom("", "eth0", "fifteen-octets.", "fourteen-octé"),
  message: fc.oneof(
    { weight: 9, arbitrary: fc.uint8Array({ maxLength: 150 }) },
    { weight: 1, arbitrary: fc.uint8Array({ minLength: TRAIL_OCTETS, maxLength: TRAIL_OCTETS }) },
  ),
});

/** Any lease or offer. */
export const anyLease: fc.Arbitrary<Lease> = fc.record({
  iaType: fc.constantFrom<IaType>("pd", "na", "ta"),
  duid: anyDuid,
  iaid: fc.constantFrom(0, 1, 0xffffffff).map(iaid),
  prefix: anyPrefix,
  state: fc.constantFrom<LeaseState>("offered", "bound", "resting", "declined"),
  preferred: anySeconds,
  valid: anySeconds,
  t1: anySeconds,
  t2: anySeconds,
  since: fc.double({ noNaN: true, min: 0, max: 1e15 }).map(millis),
  until: anyUntil,
  interfaceName: anyName,
  clientAddress: anyIp6,
  trail: fc.option(anyTrail, { nil: undefined }),
  key: fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined }),
});
