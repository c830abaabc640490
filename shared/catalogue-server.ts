import type { CatalogueRow } from "./catalogue-row.js";

/** What the server logs. */
export const SERVER_ROWS = {
  "SERVER-DUID": {
    level: 7,
    text: "My DUID is {duid} ({origin} {file}).",
    note: "Clients know this server by it: keep the file when moving the server to another host.",
  },
  "SERVER-LEASE-UNREADABLE": {
    level: 4,
    text: "Lease record {record} ({octets} octets) cannot be read: what it said is lost.",
    note: "The store is damaged. The client gets its prefix again when it renews, if nobody else has it by then.",
  },
  "SERVER-STATE-TAKEN-OVER": {
    level: 6,
    text: "Taken over from {file}: {leases} of {clients} client(s); {skipped} passage(s) gave no lease.",
    note: "At the first start in a directory of Dibbler, or when that has served since. Copies end in .dibbler.",
  },
  "SERVER-STATE-UNREADABLE": {
    level: 4,
    text: "{place} cannot be read: {text}.",
    note: "A lease may be missing. Its client keeps its prefix when it renews, if nobody else has it by then.",
  },
  "SERVER-STATE-NOTE": {
    level: 5,
    text: "{place}: {text}.",
    note: "A lease was not taken over, or not quite as it is written.",
  },
  "SERVER-STATE-MORE": {
    level: 5,
    text: "{file}: {count} more passage(s) of this kind are not told one by one.",
    note: "So that a file that is broken all through does not fill the log.",
  },
  "SERVER-STATE-PARKED": {
    level: 5,
    text: "{count} lease(s) are on {interface}, which the configuration does not have: kept until they end.",
    note: "Their prefixes are given to nobody else. Add the interface, or correct its name, and they are served.",
  },
  "SERVER-CACHE-UNREADABLE": {
    level: 5,
    text: "What clients had before is not known: {reason}.",
    note: "A client whose lease is over may get another prefix than last time. Leases are not concerned.",
  },
  "SERVER-VIEW-FAILED": {
    level: 4,
    text: "A file for other programs is out of date: {sentence}.",
    note: "Said once until it can be written again. Leases are in the store and clients are answered all the same.",
  },
  "SERVER-LISTENING": {
    level: 6,
    text: "Listening on {interface}, address {address}, receive buffer {octets} octets.",
    note: "Raise net.core.rmem_max when the buffer is small and clients are many.",
  },
  "SERVER-STARTED": {
    level: 6,
    text: "Server begins operation: {interfaces} interface(s), {leases} lease(s) known.",
    note: "From here on clients are answered.",
  },
  "SERVER-WAITING": {
    level: 5,
    text: "Not served yet: {sentence}",
    note: "An interface of inactive-mode, or one that has gone, is looked for every second. Said once for each reason.",
  },
  "SERVER-INTERFACE-GONE": {
    level: 5,
    text: "Interface {interface} (index {index}) is gone: nobody is served there until it comes back.",
    note: "Its leases stay. When it is there again it is served at once, and the script hears of its leases.",
  },
  "SERVER-RELOADED": {
    level: 6,
    text: "Configuration {file} is in use from now on: {summary}.",
    note: "Leases that do not fit it any more are renumbered when their clients come.",
  },
  "SERVER-RELOAD-REFUSED": {
    level: 4,
    text: "Configuration {file} is not used: {reason}. The one before stays in use.",
    note: "Nothing has changed. Correct the file and give the command reload, or the signal HUP, again.",
  },
  "SERVER-ROUTES-COMPARED": {
    level: 6,
    text: "Routes: {found} were there; {set} set, {removed} removed, so that they are those of the leases.",
    note: "At the start, after a reload, when somebody has removed some, or an interface is back.",
  },
  "SERVER-ROUTES-FAILED": {
    level: 3,
    text: "{count} route(s) cannot be set or removed, first of all {prefix}: {reason}.",
    note: "Tried again, ever more seldom, and said once for each reason. status tells how many there are.",
  },
  "SERVER-ROUTES-UNKNOWN": {
    level: 3,
    text: "The routes of the system cannot be read: {reason}.",
    note: "routes 1 needs ip of iproute2. Changes of leases are tried all the same.",
  },
  "SERVER-WEB": {
    level: 6,
    text: "Over HTTP from now on: {what}.",
    note: "What for, and the address and port. Whoever reaches them can read it: keep them on a trusted network.",
  },
  "SERVER-EVENTS": {
    level: 6,
    text: "Lease events go to {target} from now on.",
    note: "What events or webhook in server.conf asks for.",
  },
  "SERVER-EVENTS-FAILED": {
    level: 3,
    text: "Lease events cannot be given to {target}: {reason}.",
    note: "Tried again, ever more seldom, and said once for each reason. They stay in the journal meanwhile.",
  },
  "SERVER-EVENTS-RESUMED": {
    level: 6,
    text: "Lease events are given to {target} again.",
    note: "Those that had to wait went first.",
  },
  "SERVER-NOT-FORWARDING": {
    level: 4,
    text: "routes 1, but this host forwards no IPv6 packets: net.ipv6.conf.all.forwarding is 0.",
    note: "Routes of delegated prefixes are of use on a router only: sysctl -w net.ipv6.conf.all.forwarding=1.",
  },
  "SERVER-SOCKET-TROUBLE": {
    level: 4,
    text: "{sentence} ({kind})",
    note: "Sending or receiving failed; said once for each kind of trouble.",
  },
  "SERVER-BURSTS": {
    level: 6,
    text: "Datagrams come in bursts: from now on they are read and sent many at a time.",
    note: "By recvmmsg and sendmmsg, which Node does not have; the package koffi calls them.",
  },
  "SERVER-BURSTS-SINGLY": {
    level: 5,
    text: "Datagrams come in bursts, but are read and sent one by one: {sentence}.",
    note: "All is answered, at the peak about half as many a second. Install the package koffi to mend that.",
  },
  "SERVER-COMMIT-FAILED": {
    level: 3,
    text: "{count} lease change(s) could not be stored, their clients get no answer: {reason}",
    note: "Nothing is answered that is not on disk. Clients ask again; look after the disk. Said once for a reason.",
  },
  "SERVER-COMMITS-AGAIN": {
    level: 5,
    text: "Lease changes are stored again; {count} could not be, and were not answered.",
    note: "What kept the server from storing is over. Clients that ask again are answered.",
  },
  "SERVER-OVERLOADED": {
    level: 5,
    text: "{count} datagram(s) dropped: more arrive than can be answered.",
    note: "The queue was full, or a Solicit had waited for half a second. Clients ask again, less often each time.",
  },
  "SERVER-ACCEPTING": {
    level: 6,
    text: "Accepting connections. Next event in {seconds} second(s).",
    note: "All that came in is dealt with. 4294967295: no lease or offer will end, nobody need be reminded.",
  },
  "SERVER-RECEIVED": {
    level: 6,
    text: "Received {type} on {interface}/{index}, trans-id=0x{xid}, {count} opts: {options} ({relays})",
    note: "One line for every message that can be read, be it answered or not; options are told by their codes.",
  },
  "SERVER-SENDING": {
    level: 6,
    text: "Sending {type} on {interface}/{index},transID=0x{xid}, opts: {options}, {relays} relay(s).",
    note: "One line for every answer to a client; its options by their codes.",
  },
  "SERVER-ANSWERED": {
    level: 7,
    text: "{type} from {from} on {interface} (client {client}) answered with {answer}: {leases}.",
    note: "One line for every message that got an answer.",
  },
  "SERVER-LEASE-ADDED": {
    level: 6,
    text: "{prefix} delegated to {client} on {interface} for {seconds} s.",
    note: "A new lease; it is on disk before the client hears of it.",
  },
  "SERVER-LEASE-MOVED": {
    level: 6,
    text: "{prefix} of {client}: its client was at {old}, is at {new} now.",
    note: "The same client has another address or is behind another interface; the hook script moves its route.",
  },
  "SERVER-LEASE-RELEASED": {
    level: 6,
    text: "{prefix} released by {client}.",
    note: "The client does not need the prefix any more.",
  },
  "SERVER-LEASE-WITHDRAWN": {
    level: 5,
    text: "{prefix} withdrawn from {client}: no pool has it any more.",
    note: "The configuration has changed since the prefix was delegated; the client is told at its Renew or Rebind.",
  },
  "SERVER-LEASE-ENDED": {
    level: 5,
    text: "{prefix} of {client} ended by an operator.",
    note: "The command release. The prefix is free at once; its client is told at its next Renew or Rebind.",
  },
  "SERVER-LEASE-EXPIRED": {
    level: 6,
    text: "{prefix} of {client} has expired.",
    note: "The valid lifetime ended without a Renew or Rebind; the prefix is free again.",
  },
  "SERVER-NO-PREFIX": {
    level: 5,
    text: "No prefix is free on {interface} for {client}.",
    note: "Every pool of the interface is used up, or it has none. Add a pd-pool or shorten valid-lifetime.",
  },
  "SERVER-NO-ADDRESS": {
    level: 5,
    text: "No address is free on {interface} for {client}.",
    note: "Every class of the interface is used up, or the client may use none of them.",
  },
  "SERVER-LEASE-RATE": {
    level: 5,
    text: "Client {client} on {interface} gets no new lease: too many are asked for from where it is.",
    note: "See source-lease-rate, relay-lease-rate and remote-id-lease-rate. Leases that exist are extended.",
  },
  "SERVER-NO-EXCLUSION": {
    level: 5,
    text: "Client {client} on {interface} gets no prefix: it does not ask for PD Exclude.",
    note: "Every class that is left has pd-exclude, and such a prefix would be used twice (RFC 6603 4.3).",
  },
  "SERVER-ADDRESS-DECLINED": {
    level: 5,
    text: "{prefix} declined by {client} on {interface}: somebody else uses it.",
    note: "It is not given to anybody for two hours. Look for a host with an address that it should not have.",
  },
  "SERVER-USE-MULTICAST": {
    level: 7,
    text: "{type} from {from} on {interface} was sent by unicast: told to use multicast.",
    note: "drop-unicast is set and the iface block has no unicast address (RFC 8415 18.4).",
  },
  "SERVER-RECONFIGURE-SENT": {
    level: 7,
    text: "Asked {client} at {to} for {type} (attempt {attempt}).",
    note: "RFC 8415 18.3.11: sent again until the client comes, eight times at most.",
  },
  "SERVER-RECONFIGURE-FAILED": {
    level: 5,
    text: "{client} cannot be moved to send {type} ({attempts} attempts).",
    note: "It does not answer, has no key, or its leases are gone. It will hear of changes when it renews.",
  },
  "SERVER-COMMAND": {
    level: 6,
    text: "Command {command}: {answer}.",
    note: "An operator gave this command to the running server, and was told so.",
  },
  "SERVER-CONTROL-TROUBLE": {
    level: 4,
    text: "Commands for the running server: {sentence}",
    note: "Clients are served all the same. Without its socket the server takes no commands until it is restarted.",
  },
  "SERVER-CLIENT-LIMIT": {
    level: 5,
    text: "Client {client} on {interface} has {limit} leases already and gets no more.",
    note: "See client-max-lease in the iface block.",
  },
  "SERVER-LINES-LEFT-OUT": {
    level: 5,
    text: "{count} more lines like {kind} were left out in the last minute.",
    note: "A client repeats itself, or many meet the same trouble: 20 lines a minute of each kind are logged.",
  },
  "SERVER-IA-LIMIT": {
    level: 5,
    text: "A message of {client} on {interface} has too many IAs: {ignored} beyond {limit} left aside.",
    note: "No client that is in its right mind asks for that much in one message.",
  },
  "SERVER-OFFER-LIMIT": {
    level: 5,
    text: "More than {limit} offers are out, the oldest are given up; {count} so far.",
    note: "A flood of Solicits. Nothing that is leased is touched, but clients may get another prefix than offered.",
  },
  "SERVER-DROP-UNDECODABLE": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: not a DHCPv6 message.",
    note: "The octets cannot be cut into header and options, or an identifier stands in it twice (RFC 8415 8, 21.1).",
  },
  "SERVER-DROP-UNKNOWN-LINK": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: no iface block is about the link it comes from.",
    note: "No iface names the interface; or, of a relayed message, no interface-id and no subnet fits.",
  },
  "SERVER-DROP-EMPTY-RELAY": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: there is no message of a client in it.",
    note: "RFC 8415 19.1. The relay is broken, or somebody plays at being one.",
  },
  "SERVER-DROP-STATELESS": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: this server is stateless.",
    note: "With stateless in the configuration only Information-requests are answered.",
  },
  "SERVER-DROP-NO-CLASS": {
    level: 7,
    text: "Dropped {what} from {from} on {interface}: the client may use no class of the link.",
    note: "See allow, deny, accept-only and reject-clients.",
  },
  "SERVER-DROP-UNKNOWN-TYPE": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: unknown message type.",
    note: "RFC 8415 16.",
  },
  "SERVER-DROP-NOT-FOR-SERVERS": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: no message for a server.",
    note: "RFC 8415 16.3, 16.10, 16.11, 16.14. Another server may share the link, or a relay is misconfigured.",
  },
  "SERVER-DROP-NOT-SERVED": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: this server does not serve it.",
    note: "A known message type that needs a part of DHCPv6 which this server has not.",
  },
  "SERVER-DROP-UNICAST": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: sent to an address instead of ff02::1:2.",
    note: "Clients use multicast unless the iface block has a unicast address (RFC 9915 16).",
  },
  "SERVER-DROP-NO-CLIENT-ID": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: no Client Identifier.",
    note: "RFC 8415 16.2 and following.",
  },
  "SERVER-DROP-BAD-CLIENT-ID": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: Client Identifier is not 3 to 130 octets long.",
    note: "RFC 8415 11.1.",
  },
  "SERVER-DROP-NO-SERVER-ID": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: no Server Identifier.",
    note: "RFC 8415 16.4, 16.6, 16.8, 16.9.",
  },
  "SERVER-DROP-FOREIGN-SERVER-ID": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: meant for another server.",
    note: "RFC 8415 16. Normal on a link with several servers. Else: has this server lost its DUID file?",
  },
  "SERVER-DROP-UNEXPECTED-SERVER-ID": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: it must not name a server.",
    note: "RFC 8415 16.2, 16.5, 16.7.",
  },
  "SERVER-DROP-UNEXPECTED-IA": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: it must not have an IA option.",
    note: "RFC 8415 16.12.",
  },
  "SERVER-DROP-NO-QUERY": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: no LQ Query option that can be read.",
    note: "RFC 5007 4.2.",
  },
  "SERVER-DROP-NOTHING-TO-SAY": {
    level: 8,
    text: "Dropped {what} from {from} on {interface}: nothing is known of what it names.",
    note: "Another server of the link may know, so a Rebind or Confirm gets no answer (RFC 8415 18.3.3, 18.3.5).",
  },
  "SERVER-DROP-ANSWER-TOO-LONG": {
    level: 5,
    text: "Dropped {what} from {from} on {interface}: the answer is longer than a datagram.",
    note: "The client asks for more than fits into one answer.",
  },
  "SERVER-LEASEQUERY": {
    level: 7,
    text: "LEASEQUERY from {from} on {interface} (by {by}) answered with {answer}.",
    note: "A relay or a tool asked who holds what. accept-leasequery allows it for an interface.",
  },
  "SERVER-BULK-LISTENING": {
    level: 6,
    text: "Listening on {interface}, address {address}, TCP port {port}, for Bulk Leasequery.",
    note: "See bulk-leasequery-accept. Whoever can connect may read every binding if accept-leasequery is set.",
  },
  "SERVER-BULK-QUERY": {
    level: 7,
    text: "Bulk LEASEQUERY from {from} on {interface} (by {by}) is answered with {answer}.",
    note: "One line for every query that came over TCP.",
  },
  "SERVER-BULK-CLOSED": {
    level: 8,
    text: "TCP connection of {from} on {interface} closed: {reason}.",
    note: "Junk, too many connections, one that does nothing or does not read, or simply its end.",
  },
  "SERVER-BULK-TROUBLE": {
    level: 4,
    text: "Bulk Leasequery on {interface}: {sentence}",
    note: "The system refuses connections, for lack of file descriptors as a rule.",
  },
  "SERVER-CALLS-OWED": {
    level: 5,
    text: "{count} calls of the script were due when the server ended and are made now; {unreadable} cannot be read.",
    note: "The server was killed, or stopped while scripts ran: nobody has taken away the routes of these leases.",
  },
  "HOOK-HELPER-ENDED": {
    level: 4,
    text: "The process that starts scripts has ended ({how}), {count} calls were with it: {next}.",
    note: "Somebody has killed it, or memory is short. What was with it is called again: maybe a second time.",
  },
} as const satisfies Record<string, CatalogueRow>;
