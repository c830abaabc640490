import { asDuid, asIp6 } from "../shared/log-form.js";
import { type Millis, millis, xid } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import { type Lease, leaseId, type LeaseId } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { isUnspecified, UNSPECIFIED } from "../shared/prefix.js";
import { decodePath, wantsSourcePort, wrap } from "../shared/proto/relay.js";
import { CLIENT_PORT, SERVER_PORT } from "../shared/proto/well-known.js";
import { MESSAGE_CODE, MESSAGE_LABEL } from "../shared/wire/codes.js";
import { type ClientServerMessage, clientServerMessage, encodeMessage } from "../shared/wire/message.js";
import { option } from "../shared/wire/options.js";
import { rkapAuth } from "../shared/wire/rkap.js";
import { type Concerned, note } from "./history.js";
import { classOf } from "./links.js";
import { nextHopTo } from "./next-hop.js";
import { log, type Outcome } from "./outcome.js";
import {
  again,
  ask,
  type Asked,
  type ReconfigureType,
  REC_MAX_RC,
  takeDue,
  type Walk,
} from "./reconfigure-queue.js";
import { nextReplay } from "./replay-value.js";
import { ownersOf } from "./reserved.js";
import type { ServerState } from "./state.js";

/** Records that a walk looks at in one step, and milliseconds until the next one. */
const WALK_RECORDS = 4096;
const WALK_PAUSE = millis(20);
/** Clients that are waited for at a time; a walk stops while they are so many. */
const ASKED_LIMIT = 4096;

/** At a start: clients whose leases do not fit the configuration any more shall renew (RFC 8415 18.3.11). */
export function lookForOutdated({ reconfigures }: ServerState, now: Millis): void {
  reconfigures.walk = { only: "outdated", asks: "renew", next: 0, at: now };
}

/** One client shall send a message of this type, or all that have a key. */
export function askAgain(
  { reconfigures }: ServerState,
  client: Duid | undefined,
  asks: ReconfigureType,
  now: Millis,
): void {
  if (client === undefined) reconfigures.walk = { only: "all", asks, next: 0, at: now };
  else ask(reconfigures, client, asks, now);
}

/** True when a client has a lease with a key, so that it can be asked. */
export const canReconfigure = (state: ServerState, client: Duid): boolean =>
  leaseToReach(state, client) !== undefined;

/** True for a lease whose client has been given a key with it, and when it is known how to reach that. */
export const hasReconfigureKey = (table: LeaseTable, id: LeaseId): boolean =>
  table.has(id) && table.stateOf(id) === "bound" && table.keyOf(id) !== undefined && isReachable(table, id);

/**
 * Not so when another server's file gave the lease, without the client's address or with the relay's only.
 */
function isReachable(table: LeaseTable, id: LeaseId): boolean {
  const trail = table.trailOf(id);
  return trail === undefined ? !isUnspecified(table.read(id).clientAddress) : trail.message.length > 0;
}

/** Goes on with the walk and sends what is due. */
export function reconfigureSome(state: ServerState, now: Millis, outcome: Outcome): void {
  const { reconfigures } = state;
  if (reconfigures.walk !== undefined && reconfigures.walk.at <= now) walkOn(state, now);
  for (const asked of takeDue(reconfigures, now)) {
    const lease = leaseToReach(state, asked.client);
    const isLost = asked.attempts >= REC_MAX_RC || lease === undefined;
    if (isLost) {
      reconfigures.asked.delete(asked.client);
      note(state.history, now, "reconfigureFailed", lease ?? nobody(asked.client));
      log(outcome, "SERVER-RECONFIGURE-FAILED", {
        client: asDuid(asked.client),
        type: MESSAGE_LABEL[asked.asks],
        attempts: asked.attempts,
      });
      continue;
    }
    send(state, asked, lease, outcome);
    note(state.history, now, "reconfigureSent", lease);
    again(reconfigures, asked, now);
  }
}

/** A client of which nothing else is known. */
const nobody = (duid: Duid): Concerned => ({ duid, clientAddress: UNSPECIFIED, interfaceName: "" });

/** A client has come with a message: if it is the one it was asked for, that is over. */
export function noteArrival({ reconfigures }: ServerState, client: Duid, type: string): void {
  if (reconfigures.asked.size === 0) return;
  if (reconfigures.asked.get(client)?.asks === type) reconfigures.asked.delete(client);
}

function walkOn(state: ServerState, now: Millis): void {
  const { reconfigures, ledger } = state;
  const { walk } = reconfigures;
  if (walk === undefined) return;
  const { table } = ledger;
  const end = Math.min(walk.next + WALK_RECORDS, table.idLimit());
  while (walk.next < end && reconfigures.asked.size < ASKED_LIMIT) {
    const id = leaseId(walk.next++);
    if (isWanted(state, id, walk.only)) ask(reconfigures, table.duidOf(id), walk.asks, now);
  }
  walk.at = millis(now + WALK_PAUSE);
  if (walk.next >= table.idLimit()) reconfigures.walk = undefined;
}

function isWanted(
  { ledger: { table }, network, reserved }: ServerState,
  id: LeaseId,
  only: Walk["only"],
): boolean {
  if (!hasReconfigureKey(table, id)) return false;
  if (only === "all") return true;
  const [iaType, prefix] = [table.iaTypeOf(id), table.prefixOf(id)];
  const link = network.links.get(table.nameOf(id));
  // Another link counts as outdated: what is delegated there is nothing for this one (S-RCF-5 of Dibbler).
  const fits = link !== undefined && classOf(link, iaType, prefix) !== undefined;
  return !fits && ownersOf(reserved, prefix).length === 0;
}

/** The lease with the key that the client was given last; `undefined` for a client without a key. */
export function leaseToReach({ ledger: { table } }: ServerState, client: Duid): Lease | undefined {
  let newest: Lease | undefined;
  for (const id of table.ofClient(client)) {
    if (!hasReconfigureKey(table, id)) continue;
    const lease = table.read(id);
    if (newest === undefined || lease.since > newest.since) newest = lease;
  }
  return newest;
}

function send(state: ServerState, { asks, attempts }: Asked, lease: Lease, outcome: Outcome): void {
  const { trail, clientAddress, interfaceName } = lease;
  const message = signedMessage(state, asks, lease);
  log(outcome, "SERVER-RECONFIGURE-SENT", {
    client: asDuid(lease.duid),
    to: asIp6(nextHopTo(lease)),
    type: MESSAGE_LABEL[asks],
    attempt: attempts + 1,
  });
  if (trail === undefined) {
    const bytes = encodeMessage(message);
    outcome.sends.push({
      type: "send",
      interfaceName,
      to: clientAddress,
      port: CLIENT_PORT,
      bytes,
      early: false,
    });
    return;
  }
  const path = decodePath(trail.message);
  const bytes = encodeMessage(wrap(path, message, state.config.interfaceIdOrder));
  const port = wantsSourcePort(path) ? trail.port : SERVER_PORT;
  outcome.sends.push({
    type: "send",
    interfaceName: trail.arrival,
    to: trail.relay,
    port,
    bytes,
    early: false,
  });
}

/** The digest is over the whole message, with zeros in its own place (RFC 8415 20.4.3). */
function signedMessage(
  state: ServerState,
  asks: ReconfigureType,
  { duid, key = new Uint8Array(0) }: Lease,
): ClientServerMessage {
  const replay = nextReplay(state);
  const make = (value: Uint8Array): ClientServerMessage =>
    clientServerMessage("reconfigure", xid(0), [
      option("clientId", duid),
      option("serverId", state.duid),
      option("reconfigureMessage", MESSAGE_CODE[asks]),
      option("auth", rkapAuth(replay, { type: "digest", value })),
    ]);
  return make(state.hmacMd5(key, encodeMessage(make(new Uint8Array(16)))));
}
