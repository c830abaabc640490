import type { Iaid } from "../shared/brand.js";
import { duid, type Duid } from "../shared/duid.js";
import type { IaType, Lease } from "../shared/lease/lease.js";
import { createOctetMap, type OctetMap } from "../shared/octet-map.js";
import { type Prefix, sameIp6, samePrefix } from "../shared/prefix.js";

/** What bindings had that have nothing now, or less. */
export interface Affinity {
  readonly limit: number;
  /** By binding: its prefixes, newest first. */
  readonly known: OctetMap<readonly Prefix[]>;
  /** By client and type of IA: the last of all that its bindings had. */
  readonly newest: OctetMap<readonly Prefix[]>;
}

/** What `createAffinity` is given. */
export interface AffinityOptions {
  /** Bindings to remember, 0 for none; for one more that one goes which nobody has asked for the longest. */
  readonly limit: number;
  /** At least 8 random octets, so that no client can choose DUIDs that collide. */
  readonly seed: Uint8Array;
}

/** Prefixes of one binding that are remembered: as many as of one IA are looked at. */
export const REMEMBERED_PREFIXES = 16;

/** A memory of nothing yet. */
export const createAffinity = ({ limit, seed }: AffinityOptions): Affinity => ({
  limit,
  known: createOctetMap({ seed, limit: Math.max(1, limit) }),
  newest: createOctetMap({ seed, limit: Math.max(1, limit) }),
});

/** Notes what a lease that ends was of, before all that its binding had earlier. */
export function remember(
  { limit, known, newest }: Affinity,
  lease: Pick<Lease, "duid" | "iaType" | "iaid" | "prefix">,
): void {
  if (limit === 0) return;
  const key = keyOf(lease.duid, lease.iaType, lease.iaid);
  const others = (known.get(key) ?? []).filter((prefix) => !samePrefix(prefix, lease.prefix));
  known.set(key, [lease.prefix, ...others].slice(0, REMEMBERED_PREFIXES));
  newest.set(keyOf(lease.duid, lease.iaType, undefined), [lease.prefix]);
}

/** Notes what a client had in an IA whose IAID is not known: any of its IAs may have it again. */
export function rememberClient(
  { limit, known }: Affinity,
  client: Duid,
  iaType: IaType,
  prefix: Prefix,
): void {
  if (limit === 0) return;
  const key = keyOf(client, iaType, undefined);
  const others = (known.get(key) ?? []).filter(({ address }) => !sameIp6(address, prefix.address));
  known.set(key, [prefix, ...others].slice(0, REMEMBERED_PREFIXES));
}

/**
 * Hints for a client that sends none: what the binding had, newest first; for a binding that had nothing the
 * last that the client had, as in Dibbler, for some clients change their IAID. Nobody keeps them free for it.
 */
export function recall(
  { known, newest }: Affinity,
  client: Duid,
  iaType: IaType,
  iaid: Iaid,
): readonly Prefix[] {
  if (known.size === 0) return NOTHING;
  const whatever = keyOf(client, iaType, undefined);
  // Both are asked, so that both forget the same clients first.
  const last = newest.get(whatever);
  return known.get(keyOf(client, iaType, iaid)) ?? last ?? known.get(whatever) ?? NOTHING;
}

/** One thing that is remembered. */
export interface Remembered {
  readonly client: Duid;
  readonly iaType: IaType;
  readonly prefix: Prefix;
}

/** Everything that is remembered: of bindings asked for the longest ago first, of each its oldest first. */
export function* remembered({ known }: Affinity): Generator<Remembered> {
  for (const { key, value } of known) {
    const client = duid(key.subarray(5));
    const iaType = TYPES[(key[0] ?? 0) & TYPE_BITS] ?? "pd";
    for (const prefix of value.toReversed()) yield { client, iaType, prefix };
  }
}

const NOTHING: readonly Prefix[] = [];

const IA_TYPES: Readonly<Record<IaType, number>> = { pd: 0, na: 1, ta: 2 };

const TYPES: readonly IaType[] = ["pd", "na", "ta"];
const TYPE_BITS = 3;
/** In the first octet of a key: whatever the IAID. */
const ANY_IAID = 4;

function keyOf(client: Duid, iaType: IaType, iaid: Iaid | undefined): Uint8Array {
  const key = new Uint8Array(client.length + 5);
  if (iaid === undefined) key[0] = IA_TYPES[iaType] | ANY_IAID;
  else key.set([IA_TYPES[iaType], iaid >>> 24, iaid >>> 16, iaid >>> 8, iaid]);
  key.set(client, 5);
  return key;
}
