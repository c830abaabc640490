import { type About, COMMON_ABOUT, OPTION_ABOUT } from "./about-common.js";

/** What each directive of client.conf does. */
export const CLIENT_ABOUT: About = {
  ...COMMON_ABOUT,
  ...OPTION_ABOUT,
  "duid-type":
    "What kind of DUID is made when there is none yet: duid-llt, duid-ll, or duid-en with an enterprise number and " +
    "an identifier (RFC 8415 11). One that is there stays.",
  "downlink-prefix-ifaces":
    "The interfaces that get a /64 of each delegated prefix, in this order; several lines add up. Without it all " +
    'that hosts can be on do; with "none" prefixes are for the script alone.',
  compatibility:
    'With "strict" the client divides a prefix among the downlinks as Dibbler 1.0.1 does: one gets all ' +
    "of it, several the part that " +
    "has their interface number. Nothing else of the client depends on it.",
  "radvd-config":
    'The file that is written for radvd whenever a prefix or its lifetimes change, or "none". A file ' +
    "that is not " +
    "the client's own is left alone.",
  "skip-confirm": "What is known of earlier leases is not used: the client begins with a Solicit.",
  "inactive-mode":
    "At the start, interfaces that are missing or down are waited for; without it they are an error.",
  "insist-mode": "Only an Advertise that serves every IA is good enough to be answered with a Request.",
  "reconfigure-accept":
    "The server is told that it may send Reconfigure. One that is signed with the server's key, and newer than the " +
    "last, is heeded.",
  "strict-rfc-no-routing":
    "With 0 a leased address is set with a length of 64, so that the kernel takes the rest of the /64 for on-link; " +
    "otherwise with 128.",
  "obey-ra-bits": "Wait for a Router Advertisement that says that DHCPv6 is there.",
  "anonymous-inf-request": "Leave the DUID out of Information-requests.",
  "option fqdn-s": "The S bit of the FQDN option: who updates the DNS.",
  iface:
    "Opens the block of an uplink, by name or number: what is asked for there. Empty braces ask for one address; " +
    "no-config in place of the block leaves the interface out.",
  "bind-to-address":
    "The link-local address of the interface that the client sends from, where there are several clients on one.",
  "rapid-commit": "Whether the client asks for the lease in two messages instead of four (RFC 8415 21.14).",
  stateless: "Only options are asked for (Information-request), no prefixes and no addresses.",
  unicast: "Whether messages may go to the address of the server.",
  "preferred-servers":
    "Servers, by address or DUID, whose offers go before all others, the earlier in the list first, whatever " +
    "preference they send.",
  "reject-servers": "Servers, by address or DUID, whose Advertises and Replies are thrown away.",
  routing: "Whether routes are asked for.",
  "remote-autoconf": "Configuration of the host by a server of another network.",
  pd:
    "Asks for a prefix (IA_PD); the number is its IAID, counted from 1 through the file without it. In braces: wishes " +
    "for prefix and times.",
  prefix:
    "The prefix that is wished for; ::/56 wishes for a length only. The server need not follow, and the last prefix " +
    "is asked for without this line too.",
  T1: "The T1 that is wished for, in seconds. Without it no wish is sent (0).",
  T2: "The T2 that is wished for, in seconds. Without it no wish is sent (0).",
  "preferred-lifetime":
    "The preferred lifetime that is wished for, in seconds. Without it no wish is sent (0).",
  "valid-lifetime": "The valid lifetime that is wished for, in seconds. Without it no wish is sent (0).",
  ia: "Asks for an address (IA_NA); the number is its IAID, counted from 1 through the file without it.",
  address:
    "The address that is wished for, or a number of addresses, of which one is asked for: the server says how many " +
    "there are.",
  "addr-params": "Parameters that go with each address.",
  ta: "Asks for a temporary address (IA_TA).",
  iaid: "The IAID of a ta block.",
  "option vendor-spec":
    "Asks for options of a vendor (option 17, RFC 8415 21.17); with ENTERPRISE-CODE wishes are sent as well.",
  "option N":
    "Asks for any option by its number; behind that one of hex, string, address, address-list, and perhaps a value, " +
    "which is sent as a wish.",
};
