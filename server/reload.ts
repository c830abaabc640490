import type { Millis } from "../shared/brand.js";
import type { ServerConfig } from "../shared/config/types.js";
import { createAffinity } from "./affinity.js";
import { changePools, lookAgain } from "./ledger.js";
import { createLimiters } from "./link-limiters.js";
import { createNetwork, indexesOf, type Network } from "./links.js";
import { lookForOutdated } from "./reconfigure.js";
import { claims, reservedOf } from "./reserved.js";
import type { ServerState } from "./state.js";
import { prepareReplay } from "./upkeep.js";

/**
 * Lets another configuration hold from now on. Leases and offers stay as they are: what does not fit any
 * more is renumbered when its client comes, as after a restart (RFC 8415 18.2.10.1, 18.3.4), and is asked to
 * come where Reconfigure is enabled. `interfaces` are those that can be served, with their indexes. A script
 * that has not been called before hears of all that is delegated.
 */
export function adoptConfig(
  state: ServerState,
  config: ServerConfig,
  interfaces: ReadonlyMap<string, number>,
  now: Millis,
): void {
  const before = state.config;
  const network = createNetwork(config, interfaces, state.network);
  for (const { settings } of state.network.links.values()) {
    lookAgain(state.ledger, settings.reservations.flatMap(claims));
  }
  state.limiters = keepLimiters(state, network);
  state.config = config;
  state.network = network;
  state.indexes = indexesOf(network, interfaces);
  state.reserved = reservedOf(network);
  if (config.affinity !== before.affinity) state.affinity = resize(state, config.affinity);
  changePools(state.ledger, network.pools);
  if (config.script !== before.script) prepareReplay(state, now, new Set(interfaces.keys()));
  if (config.reconfigure) lookForOutdated(state, now);
}

/** A limit that has not changed goes on counting: a reload must not be a way around it. */
function keepLimiters(state: ServerState, network: Network): ServerState["limiters"] {
  const all = new Map(createLimiters(network, state.seed));
  for (const { name, settings } of network.links.values()) {
    const before = state.network.links.get(name)?.settings.limits;
    const known = state.limiters.get(name);
    if (known === undefined || before === undefined) continue;
    if (JSON.stringify(before) === JSON.stringify(settings.limits)) all.set(name, known);
  }
  return all;
}

/** The newest of what is remembered goes on being so. */
function resize({ affinity, seed }: ServerState, limit: number): ServerState["affinity"] {
  const resized = createAffinity({ limit, seed });
  if (limit === 0) return resized;
  for (const name of ["known", "newest"] as const)
    for (const { key, value } of affinity[name]) resized[name].set(key, value);
  return resized;
}
