import { INFINITY, type Millis, type Seconds, seconds, toMillis, xid } from "../shared/brand.js";
import type { Duid } from "../shared/duid.js";
import type { Lease, LeaseId } from "../shared/lease/lease.js";
import { clientServerMessage, encodeMessage } from "../shared/wire/message.js";
import { codeOf, type KnownOption, type Option, option, OPTIONS } from "../shared/wire/options.js";
import type { ServerState } from "./state.js";
import { relayData } from "./trail.js";

/** Live leases of one client on one link; at least one. */
export interface Holding {
  readonly client: Duid;
  /** The link's name. */
  readonly link: string;
  readonly leases: readonly Lease[];
}

/** Leases that one CLIENT_DATA can tell of, whatever else is in it: 64 KiB have room for twice as many. */
export const HOLDING_LIMIT = 1000;
/** Octets of configured options and relay data in one CLIENT_DATA; where there are more, none is told. */
const EXTRA_OCTETS = 30_000;

/**
 * Options that CLIENT_DATA has for itself, secrets, and what clients get only in another answer: none of
 * them is told because somebody asks for it.
 */
const WITHHELD: ReadonlySet<number> = new Set([
  OPTIONS.clientId.code,
  OPTIONS.serverId.code,
  OPTIONS.iaAddr.code,
  OPTIONS.auth.code,
  OPTIONS.statusCode.code,
  OPTIONS.iaPrefix.code,
  OPTIONS.informationRefreshTime.code,
  OPTIONS.clientData.code,
  OPTIONS.cltTime.code,
  OPTIONS.lqRelayData.code,
]);

/**
 * A lease that the client has for another second at least. Offers, and what rests or was declined, are no
 * bindings.
 */
export function liveLease({ ledger: { table } }: ServerState, id: LeaseId, now: Millis): Lease | undefined {
  if (!table.has(id) || table.stateOf(id) !== "bound" || table.untilOf(id) < now + 1000) return undefined;
  return table.read(id);
}

/** The live leases of a client, by link in the order of their finding. */
export function holdingsOfClient(state: ServerState, client: Duid, now: Millis): readonly Holding[] {
  const links = new Map<string, Lease[]>();
  for (const id of state.ledger.table.ofClient(client)) {
    const lease = liveLease(state, id, now);
    if (lease === undefined) continue;
    const found = links.get(lease.interfaceName);
    if (found === undefined) links.set(lease.interfaceName, [lease]);
    else found.push(lease);
  }
  return Array.from(links, ([link, leases]) => ({ client, link, leases }));
}

/**
 * CLIENT_DATA: the client, what is left of its leases, how long ago it was heard, and of what is asked for
 * what is known (RFC 5007 4.1.2.2). For at most HOLDING_LIMIT leases.
 */
export function clientData(
  state: ServerState,
  { client, link, leases }: Holding,
  codes: ReadonlySet<number>,
  now: Millis,
): KnownOption<"clientData"> {
  const last = leases.reduce((latest, lease) => (lease.since > latest.since ? lease : latest));
  const asked = state.network.links.get(link)?.settings.options.filter((one) => isTold(one, codes)) ?? [];
  const relay = codes.has(OPTIONS.lqRelayData.code) ? relayData(last) : [];
  return option("clientData", {
    options: [
      option("clientId", client),
      ...leases.map((lease) => leaseOption(lease, now)),
      option("cltTime", clampedSeconds(now - last.since)),
      ...fitting([...asked, ...relay]),
    ],
  });
}

const isTold = (candidate: Option, codes: ReadonlySet<number>): boolean =>
  codes.has(codeOf(candidate)) && !WITHHELD.has(codeOf(candidate));

/** Nothing of them when they would take the room of the leases. */
function fitting(extras: readonly Option[]): readonly Option[] {
  if (extras.length === 0) return extras;
  const octets = encodeMessage(clientServerMessage("leasequeryData", xid(0), extras)).length;
  return octets > EXTRA_OCTETS ? [] : extras;
}

function leaseOption(lease: Lease, now: Millis): Option {
  const { iaType, prefix, since, until } = lease;
  const valid = least(lease.valid, left(until, now));
  const preferred = least(least(lease.preferred, left(since + toMillis(lease.preferred), now)), valid);
  const times = { preferred, valid, options: [] };
  if (iaType === "pd") return option("iaPrefix", { prefix, ...times });
  return option("iaAddr", { address: prefix.address, ...times });
}

const left = (end: number, now: Millis): Seconds => (end === Infinity ? INFINITY : clampedSeconds(end - now));

const clampedSeconds = (duration: number): Seconds =>
  seconds(Math.min(Math.max(Math.floor(duration / 1000), 0), INFINITY - 1));

const least = (a: Seconds, b: Seconds): Seconds => (a < b ? a : b);
