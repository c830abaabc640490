import { millis, toMillis } from "../shared/brand.js";
import type { Lease } from "../shared/lease/lease.js";
import { sameIp6 } from "../shared/prefix.js";
import type { IaResult } from "./bindings.js";
import type { Held } from "./holdings.js";
import { amend, remove } from "./ledger.js";
import type { Timers } from "./lifetimes.js";
import type { Query } from "./query.js";

/** What a Reply changes, for the hook script and the log; each list in the order of the Reply. */
export interface Story {
  readonly added: readonly Lease[];
  /** Extended, and nothing else changed. */
  readonly kept: readonly Lease[];
  /** Extended for a client that is now heard at another address or interface. */
  readonly moved: readonly { readonly before: Lease; readonly after: Lease }[];
  /** Given up by the client, or no longer fit for the configuration. */
  readonly ended: readonly Lease[];
}

/** Nothing has changed. */
export const NO_STORY: Story = { added: [], kept: [], moved: [], ended: [] };

/**
 * Binds what a Reply promises and ends what it withdraws. `released` have left the table already; `timers`
 * are the ones in the Reply.
 */
export function settle(
  query: Query,
  results: readonly IaResult[],
  released: readonly Held[],
  timers: Timers,
): Story {
  const added: Lease[] = [];
  const kept: Lease[] = [];
  const moved: { before: Lease; after: Lease }[] = [];
  for (const { ia, grants } of results) {
    for (const { id, prefix, preferred, valid, before } of grants) {
      const after: Lease = {
        iaType: ia.type,
        duid: query.client,
        iaid: ia.iaid,
        prefix,
        state: "bound",
        preferred,
        valid,
        t1: timers.t1,
        t2: timers.t2,
        since: query.now,
        until: millis(query.now + toMillis(valid)),
        interfaceName: query.link.name,
        clientAddress: query.from,
        trail: undefined,
        key: undefined,
      };
      amend(query.state.ledger, id, after);
      if (before === undefined) added.push(after);
      else if (isAtSamePlace(before, after)) kept.push(after);
      else moved.push({ before, after });
    }
  }
  const stale = results.flatMap((result) => result.stale);
  for (const { id } of stale) remove(query.state.ledger, id);
  const ended = [...released, ...stale].map(({ lease }) => lease);
  return { added, kept, moved, ended };
}

const isAtSamePlace = (a: Lease, b: Lease): boolean =>
  a.interfaceName === b.interfaceName && sameIp6(a.clientAddress, b.clientAddress);
