import type { Reservation } from "../shared/config/types.js";
import type { Duid } from "../shared/duid.js";
import type { IaType } from "../shared/lease/lease.js";
import type { Ip6, Prefix } from "../shared/prefix.js";
import type { RelayPath } from "../shared/proto/relay.js";
import { findAll } from "../shared/wire/options.js";
import type { Link } from "./links.js";
import type { Query } from "./query.js";
import { findReservation, isOpenTo } from "./reserved.js";
import type { ServerState } from "./state.js";

/** The `client` block that fits a client on a link. */
export function reservationFor(
  { reserved }: ServerState,
  link: Link,
  client: Duid,
  { from, path }: { readonly from: Ip6; readonly path: RelayPath },
): Reservation | undefined {
  if (link.settings.reservations.length === 0) return undefined;
  const remoteIds = path.flatMap(({ options }) => findAll(options, "remoteId"));
  return findReservation(reserved, link.name, { duid: client, remoteIds, linkLocal: from });
}

/** What is reserved for the client of a query; of addresses only lasting ones are. */
export function reservedPrefix({ reservation }: Query, iaType: IaType): Prefix | undefined {
  if (reservation === undefined || iaType === "ta") return undefined;
  if (iaType === "pd") return reservation.prefix;
  return reservation.address === undefined ? undefined : { address: reservation.address, length: 128 };
}

/** True when the configuration sets the prefix aside for somebody else. */
export const isReservedForOther = ({ state, reservation }: Query, prefix: Prefix): boolean =>
  !isOpenTo(state.reserved, prefix, reservation);
