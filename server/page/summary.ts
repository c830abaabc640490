import type { PoolUse, Use } from "../pool-use.js";
import type { Totals } from "./rates.js";

/** How the server is at the moment. */
export interface Summary {
  readonly version: string;
  /** Since when rates and events are kept, and the moment; ISO 8601. */
  readonly since: string;
  readonly at: string;
  /** Offers included. */
  readonly leases: number;
  readonly totals: Totals;
  readonly hooks: {
    readonly waiting: number;
    readonly running: number;
    readonly owed: number;
    readonly ended: number;
    readonly failed: number;
  };
  readonly routes: { readonly wanted: boolean; readonly waiting: number; readonly failed: number };
  /** Why it does not serve everybody; each a sentence. */
  readonly troubles: readonly string[];
  /** Remarks on the configuration. */
  readonly warnings: number;
  /** The number of the newest event. */
  readonly latest: number;
  readonly pools: readonly PoolUse[];
  /** Leases outside of all pools, by state. */
  readonly elsewhere: Use["elsewhere"];
}
