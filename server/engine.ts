import { type Millis, millis } from "../shared/brand.js";
import type { LeaseChange } from "../shared/lease/changes.js";
import type { LeaseId } from "../shared/lease/lease.js";
import { noteUndone } from "./chronicle.js";
import { OFFER_LIMIT, revert, takeChanges } from "./ledger.js";
import { createOutcome, log, type Outcome } from "./outcome.js";
import { receive } from "./receive.js";
import { askAgain, lookForOutdated, reconfigureSome } from "./reconfigure.js";
import { nextReconfigure } from "./reconfigure-queue.js";
import { release } from "./release.js";
import type { Env, ServerAction, ServerEvent, ServerState } from "./state.js";
import { adoptConfig } from "./reload.js";
import { expire, EXPIRY_BATCH, prepareReplay, replaySome } from "./upkeep.js";

export { createServerState } from "./state.js";
export type { Counters, Env, ServerAction, ServerEvent, ServerParts, ServerState } from "./state.js";

/**
 * Decides on one event. The decision is in the table at once, so that the next step reckons with it; the
 * caller makes the `commit` durable, then carries out the other actions, in their order. What is sent `early`
 * may be sent before any commit. When a commit fails or is refused, none of the step's other actions may be
 * carried out: `undo` it, then give the event again.
 */
export function step(state: ServerState, event: ServerEvent, env: Env): ServerAction[] {
  const { ledger } = state;
  const outcome = createOutcome();
  const evicted = ledger.evicted;
  expire(state, env.now, outcome, EXPIRY_BATCH[event.type === "datagram" ? "datagram" : "timer"]);
  switch (event.type) {
    case "datagram":
      receive(state, event, env, outcome);
      break;
    case "timer":
      break;
    case "reconfigure":
      askAgain(state, event.client, event.asks, env.now);
      break;
    case "release":
      release(state, event.leases, env.now, outcome);
      break;
    case "started":
      state.history.since = env.now;
      state.replay.owed = event.owed ?? state.replay.owed;
      prepareReplay(state, env.now, presentArrivals(state));
      if (state.config.reconfigure) lookForOutdated(state, env.now);
      break;
    case "interfaceReady":
      state.indexes.set(event.interfaceName, event.interfaceIndex);
      prepareReplay(state, env.now, new Set([event.interfaceName]));
      break;
    case "configured":
      adoptConfig(state, event.config, event.interfaces, env.now);
      break;
    default:
      event satisfies never;
  }
  // Should the commit of this step fail, its calls are not made, and nobody would make these again.
  if (ledger.touched.size() === 0) replaySome(state, env.now, outcome);
  reconfigureSome(state, env.now, outcome);
  if (Math.ceil(evicted / OFFER_LIMIT) < Math.ceil(ledger.evicted / OFFER_LIMIT)) {
    log(outcome, "SERVER-OFFER-LIMIT", { limit: OFFER_LIMIT, count: ledger.evicted });
  }
  return inOrder(takeChanges(ledger), outcome);
}

/** All actions in the array of those that come first: this is done for every message. */
function inOrder(changes: readonly LeaseChange[], { sends, runs, events, logs }: Outcome): ServerAction[] {
  if (changes.length > 0) sends.unshift({ type: "commit", changes });
  for (const each of runs) sends.push(each);
  for (const each of events) sends.push(each);
  for (const each of logs) sends.push(each);
  return sends;
}

/** Interfaces that are there already; the others are heard of by `interfaceReady`. */
const presentArrivals = ({ network, indexes }: ServerState): ReadonlySet<string> =>
  new Set([...network.arrivals].filter((name) => indexes.has(name)));

/**
 * When the next `timer` event is due, Unix time: an end of a lease or offer, or more to tell the hook
 * script.
 */
export function deadline({ ledger, replay, reconfigures }: ServerState): Millis {
  return millis(Math.min(ledger.table.nextExpiry(), replay.next, nextReconfigure(reconfigures)));
}

/**
 * Takes back commits that failed, or leases of one that were refused: for these leases the engine then
 * knows what `read` gives, the store's record or nothing. Every commit that the engine decided on later
 * must have ended before: take back the failed ones among those in the same call. Offers are not stored;
 * those that the commits turned into leases are gone, and the same clients are led to the same prefixes
 * again.
 */
export function undo(
  state: ServerState,
  ids: Iterable<LeaseId>,
  read: (id: LeaseId) => Uint8Array | undefined,
): void {
  const all = [...ids];
  noteUndone(state, all, read);
  revert(state.ledger, all, read);
}
