import type { HookCall } from "../shared/hook.js";
import type { RememberedLink } from "./remembered.js";

/** What puts leases to use in the system: addresses on the uplink, prefixes on the downlinks. */
export interface LeaseUser {
  /** Tells what an uplink holds now; what follows from it is done in the background, one after the other. */
  readonly update: (uplink: string, remembered: RememberedLink) => void;
  /** Calls back with the hook call completed, when all that was told before is done. */
  readonly afterwards: (uplink: string, hook: HookCall, run: (hook: HookCall) => void) => void;
  /** From now on everything is given back. */
  readonly giveBack: () => void;
  /** Resolves when everything is given back and every hook call was handed over. */
  readonly close: () => Promise<void>;
}
