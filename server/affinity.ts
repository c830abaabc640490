import type { Iaid } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import type { IaType, Lease } from "../shared/lease/lease.js";
import { createOctetMap, type OctetMap } from "../shared/octet-map.js";
import { type Prefix, samePrefix } from "../shared/prefix.js";

/** What bindings had that have nothing now, or less. */
export interface Affinity {
  readonly limit: number;
  /** By binding: its prefixes, newest first. */
  readonly known: OctetMap<readonly Prefix[]>;
  /** By client and type of IA: the newest of all its bindings. */
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
  newest.set(clientKeyOf(lease.duid, lease.iaType), [lease.prefix]);
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
  // Both are asked, so that both forget the same clients first.
  const last = newest.get(clientKeyOf(client, iaType));
  return known.get(keyOf(client, iaType, iaid)) ?? last ?? NOTHING;
}

const NOTHING: readonly Prefix[] = [];

const IA_TYPES: Readonly<Record<IaType, number>> = { pd: 0, na: 1, ta: 2 };

function keyOf(client: Duid, iaType: IaType, iaid: Iaid): Uint8Array {
  const key = new Uint8Array(client.length + 5);
  key.set([IA_TYPES[iaType], iaid >>> 24, iaid >>> 16, iaid >>> 8, iaid]);
  key.set(client, 5);
  return key;
}

function clientKeyOf(client: Duid, iaType: IaType): Uint8Array {
  const key = new Uint8Array(client.length + 1);
  key[0] = IA_TYPES[iaType];
  key.set(client, 1);
  return key;
}
