import { asDuid, asPrefix } from "../shared/log-form.js";
import { type Millis, millis } from "../shared/brand.js";
import { formatPrefix } from "../shared/prefix.js";
import { note } from "./history.js";
import { callForStart } from "./hook-env.js";
import { endLease } from "./endings.js";
import { ended } from "./lease-event.js";
import { remove } from "./ledger.js";
import type { Network } from "./links.js";
import { log, type Outcome, run, tell } from "./outcome.js";
import { styleOf } from "./style.js";
import { NEVER, type ServerState } from "./state.js";

/**
 * Leases and offers ended in one step at most: datagrams are answered in between, however many end at once.
 * With a datagram it is a few only, so that its answer and those behind it do not wait for the rest, but more
 * than it can take: who comes when leases have run out finds what these had.
 */
export const EXPIRY_BATCH = { timer: 32, datagram: 4 } as const;
/** Leases told to the hook script at a time after a start, and the pause until the next ones. */
export const REPLAY_BATCH = 200;
/** See `REPLAY_BATCH`: some 800 calls a second, so that a large server does not flood its own script. */
export const REPLAY_PAUSE: Millis = millis(250);

/**
 * Ends what has run out, `limit` at most; the script hears of every lease exactly once. Offers just go, and
 * so does what was kept from others.
 */
export function expire(state: ServerState, now: Millis, outcome: Outcome, limit: number): void {
  const { ledger, counters } = state;
  if (ledger.table.nextExpiry() > now) return;
  for (const id of ledger.table.due(now, limit)) {
    if (ledger.table.stateOf(id) !== "bound") {
      remove(ledger, id);
      continue;
    }
    const lease = ledger.table.read(id);
    endLease(state, id, lease, now);
    counters.expired += 1;
    note(state.history, now, "expired", lease);
    run(outcome, styleOf(state.config).expired(state, lease));
    tell(outcome, ended(lease, "expire"));
    log(outcome, "SERVER-LEASE-EXPIRED", {
      prefix: asPrefix(lease.prefix),
      client: asDuid(lease.duid),
    });
  }
}

/**
 * Notes the leases that are alive on these interfaces, to be told to the script bit by bit: without its
 * interface there is nothing to install a route on. Without `script-replay` only those that a call of the
 * last server, made now, may have taken away.
 */
export function prepareReplay(
  { config, ledger: { table }, network, replay }: ServerState,
  now: Millis,
  interfaces: ReadonlySet<string>,
): void {
  const { owed } = replay;
  if (config.script === undefined || (!config.scriptReplay && owed.size === 0)) return;
  const ids = replay.ids.slice(replay.at);
  const since = replay.since.slice(replay.at);
  const listed = new Set(ids);
  const links = linksOver(network, interfaces);
  // Addresses have no routes that a reboot could lose.
  table.forEach((id) => {
    const isTold =
      table.stateOf(id) === "bound" &&
      table.iaTypeOf(id) === "pd" &&
      (config.scriptReplay || owed.has(formatPrefix(table.prefixOf(id))));
    if (!isTold || listed.has(id) || !links.has(table.nameOf(id))) return;
    ids.push(id);
    since.push(table.sinceOf(id));
  });
  replay.ids = ids;
  replay.since = since;
  replay.at = 0;
  replay.next = ids.length > 0 ? now : NEVER;
}

/**
 * Tells the script of the next leases, except of those that have changed meanwhile and been told of by that.
 * After a reboot the clock may be behind what it was, so `since` is compared with nothing but itself.
 */
export function replaySome(state: ServerState, now: Millis, outcome: Outcome): void {
  const { replay } = state;
  const { table } = state.ledger;
  if (replay.next > now) return;
  const end = replay.at + REPLAY_BATCH;
  for (const [index, id] of replay.ids.slice(replay.at, end).entries()) {
    if (!table.has(id) || table.stateOf(id) !== "bound") continue;
    if (table.sinceOf(id) !== replay.since[replay.at + index]) continue;
    run(outcome, callForStart(state, table.read(id), now));
  }
  const isOver = end >= replay.ids.length;
  if (isOver) [replay.ids, replay.since] = [[], []];
  replay.at = isOver ? 0 : end;
  replay.next = isOver ? NEVER : millis(now + REPLAY_PAUSE);
}

/** Names of the links whose messages come in through these interfaces. */
function linksOver({ links }: Network, interfaces: ReadonlySet<string>): ReadonlySet<string> {
  const over = [...links.values()].filter(({ arrival }) => arrival === undefined || interfaces.has(arrival));
  return new Set(over.map(({ name }) => name));
}
