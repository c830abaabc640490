import type { Iaid } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import type { IaType, Lease } from "../shared/lease/lease.js";
import type { Prefix } from "../shared/prefix.js";
/** tmp */
export interface Affinity {
  readonly limit: number;
}
/** tmp */
export const createAffinity = (limit: number, _seed: Uint8Array): Affinity => ({ limit });
/** tmp */
export function remember(_affinity: Affinity, _lease: Lease): void {
  return;
}
/** tmp */
export function recall(_affinity: Affinity, _duid: Duid, _iaType: IaType, _iaid: Iaid): readonly Prefix[] {
  return [];
}
