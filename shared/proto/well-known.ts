import { type Ip6, ip6 } from "../prefix.js";

/** All_DHCP_Relay_Agents_and_Servers, ff02::1:2 (RFC 8415 7.1). */
export const SERVERS_GROUP: Ip6 = ip6(Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2));
/** All_DHCP_Servers, ff05::1:3, where relays send to (RFC 8415 7.1). */
export const SITE_SERVERS_GROUP: Ip6 = ip6(Uint8Array.of(0xff, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 3));
/** UDP port of clients (RFC 8415 7.2). */
export const CLIENT_PORT = 546;
/** UDP port of servers and relays (RFC 8415 7.2). */
export const SERVER_PORT = 547;
