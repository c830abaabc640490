import type { Lease } from "../shared/lease/lease.js";
import { decodePath, type RelayPath } from "../shared/proto/relay.js";
import { option, type Option } from "../shared/wire/options.js";

/**
 * The relay messages through which a client was heard last, outermost first. None for a client that talks to
 * us directly, and for a trail that cannot be read.
 */
export const relayLevels = ({ trail }: Lease): RelayPath =>
  trail === undefined ? [] : decodePath(trail.message);

/** LQ Relay Data of a lease; none without a trail that can be read (RFC 5007 4.1.2.4). */
export function relayData(lease: Lease): readonly Option[] {
  const { trail } = lease;
  if (trail === undefined) return [];
  const [message] = relayLevels(lease);
  return message === undefined ? [] : [option("lqRelayData", { peerAddress: trail.relay, message })];
}
