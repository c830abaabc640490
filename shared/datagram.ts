import type { Ip6 } from "./prefix.js";

/**
 * A datagram for the server, as its sockets hand it to its engine. `multicast` says that it was sent to a
 * group, not to an address of ours.
 */
export interface Datagram {
  readonly type: "datagram";
  readonly bytes: Uint8Array;
  readonly from: Ip6;
  readonly port: number;
  readonly interfaceName: string;
  readonly interfaceIndex: number;
  readonly multicast: boolean;
  /** When the server took it in, by its clock: it is never looked at but to tell how long an answer took. */
  at?: number;
}
