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
});

/** Notes what a lease that ends was of, before all that its binding had earlier. */
export function remember(
  { limit, known }: Affinity,
  lease: Pick<Lease, "duid" | "iaType" | "iaid" | "prefix">,
): void {
  if (limit === 0) return;
  const key = keyOf(lease.duid, lease.iaType, lease.iaid);
  const others = (known.get(key) ?? []).filter((prefix) => !samePrefix(prefix, lease.prefix));
  known.set(key, [lease.prefix, ...others].slice(0, REMEMBERED_PREFIXES));
}

/** What a binding had, newest first: hints for a client that sends none. Nobody keeps them free for it. */
export const recall = ({ known }: Affinity, client: Duid, iaType: IaType, iaid: Iaid): readonly Prefix[] =>
  known.size === 0 ? NOTHING : (known.get(keyOf(client, iaType, iaid)) ?? NOTHING);

const NOTHING: readonly Prefix[] = [];

const IA_TYPES: Readonly<Record<IaType, number>> = { pd: 0, na: 1, ta: 2 };

function keyOf(client: Duid, iaType: IaType, iaid: Iaid): Uint8Array {
  const key = new Uint8Array(client.length + 5);
  key.set([IA_TYPES[iaType], iaid >>> 24, iaid >>> 16, iaid >>> 8, iaid]);
  key.set(client, 5);
  return key;
}
