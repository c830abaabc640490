import type { Lease } from "../shared/lease/lease.js";
import type { Ip6 } from "../shared/prefix.js";

/** Where packets for a lease go first: to the client, or to the relay that talks to us. */
export const nextHopTo = ({ trail, clientAddress }: Lease): Ip6 => trail?.relay ?? clientAddress;
