import { asDuid, asPrefix } from "../shared/log-form.js";
import type { Millis } from "../shared/brand.js";
import { sameDuid } from "../shared/duid.js";
import { samePrefix } from "../shared/prefix.js";
import { remember } from "./affinity.js";
import { note } from "./history.js";
import { callForOperator } from "./hook-env.js";
import { ended } from "./lease-event.js";
import { remove } from "./ledger.js";
import { log, type Outcome, run, tell } from "./outcome.js";
import type { Chosen, ServerState } from "./state.js";

/**
 * Ends leases because an operator wants it: their prefixes are free at once, without quarantine. The script
 * hears of those that were bound; of the others it has heard already.
 */
export function release(state: ServerState, chosen: readonly Chosen[], now: Millis, outcome: Outcome): void {
  for (const { id, client, prefix } of chosen) {
    const { ledger, history, affinity } = state;
    if (!ledger.table.has(id)) continue;
    const lease = ledger.table.read(id);
    if (!sameDuid(lease.duid, client) || !samePrefix(lease.prefix, prefix)) continue;
    remember(affinity, lease);
    remove(ledger, id);
    note(history, now, "operator", lease);
    if (lease.state === "bound") {
      run(outcome, callForOperator(state, lease));
      tell(outcome, ended(lease, "operator"));
    }
    log(outcome, "SERVER-LEASE-ENDED", {
      prefix: asPrefix(prefix),
      client: asDuid(client),
    });
  }
}
