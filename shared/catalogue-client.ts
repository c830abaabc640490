import type { CatalogueRow } from "./catalogue-row.js";

/** What the client logs. */
export const CLIENT_ROWS = {
  "CLIENT-DUID": {
    level: 7,
    text: "My DUID is {duid}.",
    note: "Servers know this client by it; the same DUID gets the same prefix again.",
  },
  "CLIENT-STARTED": {
    level: 6,
    text: "Asking for {prefixes} prefix(es), {addresses} address(es) on {interface}, from {address}.",
    note: "The socket is bound; the first message leaves within a second.",
  },
  "CLIENT-WAITING": {
    level: 6,
    text: "Waiting (inactive-mode): {sentence}",
    note: "With inactive-mode an interface that is not usable is looked at every 3 s.",
  },
  "CLIENT-LINK-LOST": {
    level: 4,
    text: "{interface} cannot be used any more: {sentence}. Leases stay as they are until they end; waiting for it.",
    note: "The interface is gone or down, or lost the address that is bound. It is looked at every second.",
  },
  "CLIENT-LINK": {
    level: 5,
    text: "{interface} (index {index}) is linked again: asking the servers whether everything still holds here.",
    note: "It was gone, without carrier, or the machine slept: it may be another link (RFC 8415 18.2.12).",
  },
  "CLIENT-SOCKET-TROUBLE": {
    level: 4,
    text: "{sentence} ({kind})",
    note: "Sending or receiving failed; the client goes on and tries again at its usual times.",
  },
  "CLIENT-STATE-BROKEN": {
    level: 4,
    text: "{path} cannot be used ({why}); it was kept as {aside}, and the client starts afresh",
    note: "Leases of the run before are not known; servers give the same prefix by the DUID as a rule.",
  },
  "CLIENT-STATE-FOREIGN": {
    level: 5,
    text: "{path} belongs to another DUID ({duid}) and is not used",
    note: "The DUID was changed since; leases of the old one end by themselves.",
  },
  "CLIENT-STATE-TAKEN-OVER": {
    level: 5,
    text: "{leases} lease(s) taken over from {path}",
    note: "Dibbler's client worked here before; servers are asked at once whether its leases still hold.",
  },
  "CLIENT-STATE-REMARK": {
    level: 4,
    text: "{path}: {text}",
    note: "A part of what Dibbler's client left cannot be used; the rest was taken over.",
  },
  "CLIENT-STATE-UNSAVED": {
    level: 4,
    text: "The leases are in use but cannot be remembered: {sentence}",
    note: "A restart would not know of them. Look after the directory; said once until it works again.",
  },
  "CLIENT-VIEW-FAILED": {
    level: 4,
    text: "A file for other programs cannot be written: {sentence}",
    note: "client-AddrMgr.xml is out of date; the client itself does not need it.",
  },
  "CLIENT-PHASE": {
    level: 7,
    text: "{interface}: {from} -> {to} ({event}); next: {next}",
    note: "The client of an interface changed its phase; client/README.md has the diagram.",
  },
  "CLIENT-SEND": {
    level: 7,
    text: "Creating {message} message with {addresses} IA(s), {prefixes} PD(s) on {interface}/{index} interface ({attempt}): {content}",
    note: "A message leaves; copies of one exchange share the transaction-id.",
  },
  "CLIENT-RATE-LIMIT": {
    level: 5,
    text: "{interface}: {message} is put off for {seconds} s: {count} messages left in the last 20 s",
    note: "Servers answer in a way that makes the client ask again at once: see what they answer.",
  },
  "CLIENT-DISCARD": {
    level: 7,
    text: "{interface}: dropped a datagram from {from}: {why}",
    note: "It is not for this client, no answer to what it has out, or broken (RFC 8415 16).",
  },
  "CLIENT-ADVERTISE": {
    level: 7,
    text: "{interface}: {from} offers {offered}, preference {preference}: {verdict}",
    note: "The best of the first second's offers is taken; of those that cannot be used others say why.",
  },
  "CLIENT-RECEIVED": {
    level: 7,
    text: "Received {message} on {interface}/{index},trans-id=0x{xid}, {count} opts: {codes}, from {from}, server {server}",
    note: "An answer to what this client has out.",
  },
  "CLIENT-UNANSWERED": {
    level: 6,
    text: "{interface}: no usable answer to {message} for {seconds} s: copy {attempt} has left, the next one follows in {next} s",
    note: "No server hears the client, or none has anything for it: see the Advertises, if there are any.",
  },
  "CLIENT-STATUS": {
    level: 5,
    text: "{interface}: the server answers {status} for {what}{text}",
    note: "A part or all was refused; the client keeps what it holds and asks again later.",
  },
  "CLIENT-ANSWER-FAULT": {
    level: 5,
    text: "{interface}: a part of the answer is left aside: {fault}",
    note: "The server sent something unusable or not asked for; the rest of its answer was used.",
  },
  "CLIENT-LEASE": {
    level: 6,
    text: "{interface}: {prefix} for IA {iaid}, preferred {preferred}, valid {valid}, T1 {t1}, T2 {t2}",
    note: "A prefix was delegated or an address assigned, or its lifetimes were renewed.",
  },
  "CLIENT-GONE": {
    level: 6,
    text: "{interface}: {prefix} of IA {iaid} is gone ({reason})",
    note: "expire: its valid lifetime is over; withdrawn: by the server; release, duplicate: given back.",
  },
  "CLIENT-DUPLICATE": {
    level: 4,
    text: "{interface}: {address} is in use by another host and is declined",
    note: "Duplicate Address Detection found it; the server is told and asked for another address.",
  },
  "CLIENT-INFORMED": {
    level: 6,
    text: "{interface}: options from server {server}: {content}",
    note: "The answer to an Information-request; they are asked for again when the server's time is over.",
  },
  "CLIENT-RECONFIGURE": {
    level: 6,
    text: "{interface}: the server asks for a message of ours: {message}",
    note: "A Reconfigure that is signed with the key of this server; what it asks for leaves at once.",
  },
  "CLIENT-NOTHING-WANTED": {
    level: 5,
    text: "{interface}: no pd and no ia is configured, nothing is asked for",
    note: "Write pd or ia into the iface block.",
  },
  "CLIENT-UNCONFIGURED": {
    level: 5,
    text: "{interface}: IA {iaid} with {prefixes} is not configured any more and is forgotten",
    note: "The configuration no longer has this IA of an earlier run. Its lease ends by itself.",
  },
  "ADDRESS-SET": {
    level: 7,
    text: "{address} is set on {interface}",
    note: "With the lifetimes of its lease. Duplicate Address Detection follows; a duplicate is declined.",
  },
  "ADDRESS-FAILED": {
    level: 3,
    text: "A leased address cannot be set: {why} (ip -6 {line})",
    note: "Said once for each reason; it is tried again every 3 s. The client needs CAP_NET_ADMIN, and iproute2.",
  },
  "RADVD-WRITTEN": {
    level: 7,
    text: "{path}: written for {downlinks}",
    note: "radvd announces the delegated prefixes from this file; it has their present lifetimes.",
  },
  "RADVD-REMOVED": {
    level: 7,
    text: "{path}: removed, there is no prefix to announce",
    note: "The prefix is gone and no radvd reads the file.",
  },
  "RADVD-RELOADED": {
    level: 7,
    text: "radvd (pid {process}) reads its configuration again",
    note: "SIGHUP was sent to the radvd whose configuration this file is.",
  },
  "RADVD-NOT-RUNNING": {
    level: 7,
    text: "No radvd reads {path}: hosts hear nothing of the prefix. Start one: radvd -C {path}",
    note: "Said once. Another program may announce the prefix, then radvd is not needed.",
  },
  "RADVD-FOREIGN": {
    level: 5,
    text: "{path} is not Dibbler's and stays as it is; hosts are not told of new prefixes",
    note: "Move it away, or name another file: radvd-config. radvd wants to be started with -C and its name.",
  },
  "RADVD-SHARED": {
    level: 5,
    text: "{path} belongs to the dibbler-client of {directory}, which runs; it stays as it is",
    note: "Two clients on one host: give one of them a file of its own with radvd-config.",
  },
  "RADVD-NAME": {
    level: 5,
    text: "{interface}: radvd cannot read this name of an interface; nothing is announced there",
    note: "Its configuration file has no way to write it. Rename the interface.",
  },
  "RADVD-TROUBLE": {
    level: 4,
    text: "radvd does not learn of the prefix: {sentence}",
    note: "The file could not be read or written. Said once; it is tried again with every change.",
  },
  "DOWNLINK-ADDED": {
    level: 7,
    text: "PD: Adding prefix {subnet} on the {interface}/{index} interface.",
    note: "A /64 of a delegated prefix is in use there: the first address is ours, hosts get the others.",
  },
  "DOWNLINK-DEPRECATED": {
    level: 6,
    text: "PD: {subnet} on the {interface} interface is deprecated: its prefix is gone",
    note: "Connections go on for two hours at most; nothing new begins with these addresses (RFC 9096).",
  },
  "DOWNLINK-REMOVED": {
    level: 7,
    text: "PD: Deleting prefix {subnet} on the {interface} interface.",
    note: "Address and route are gone: the prefix ended or was given back, or the interface is no downlink.",
  },
  "DOWNLINK-LEFT-OUT": {
    level: 4,
    text: "{prefix} has too few /64s: there is none for {interfaces}",
    note: "Ask for a shorter prefix (pd with prefix ::/56), or list fewer downlinks.",
  },
  "DOWNLINK-TOO-LONG": {
    level: 4,
    text: "{prefix} is not divided: hosts need a /64",
    note: "The server delegates less than one network. Ask for a shorter prefix: pd with prefix ::/56.",
  },
  "DOWNLINK-MISSING": {
    level: 5,
    text: "Interface {interface} specified in downlink-prefix-ifaces is missing",
    note: "It gets its subnet within seconds once it is there.",
  },
  "DOWNLINK-NONE": {
    level: 5,
    text: "Suitable interfaces not found. Delegated prefix not split.",
    note: "Downlinks are up and have a cable, a MAC and a link-local address; one that comes later is used.",
  },
  "DOWNLINK-FAILED": {
    level: 4,
    text: "Downlinks: ip {line}: {why}",
    note: "The system refused this address or route; the rest was set. It is tried again at the next change.",
  },
  "DOWNLINK-LEFTOVERS": {
    level: 7,
    text: "Downlinks: {count} address(es) and route(s) of the run before are still there",
    note: "The client was killed. What is still right stays as it is, the rest is removed.",
  },
  "LEASE-USE-TROUBLE": {
    level: 4,
    text: "Addresses and routes cannot be looked after: {sentence}",
    note: "They stay as they are until the next change of a lease or an interface.",
  },
  "DOWNLINK-UNSEEN": {
    level: 4,
    text: "Downlinks: what the run before has left cannot be looked for: {sentence}",
    note: "Routes of protocol 146 may be left (ip -6 route show proto 146); addresses end by themselves.",
  },
  "DOWNLINK-NO-FORWARDING": {
    level: 5,
    text: "This machine does not forward IPv6: hosts behind it reach nobody (net.ipv6.conf.all.forwarding is 0)",
    note: "Said once, nothing is changed: sysctl -w net.ipv6.conf.all.forwarding=1; accept_ra=2 uplink too.",
  },
  "DOWNLINK-FILE-BROKEN": {
    level: 4,
    text: "{path} cannot be used ({why}); it was kept as {aside}, and subnets are chosen anew",
    note: "Downlinks may get other subnets than before.",
  },
  "DOWNLINK-FILE-UNSAVED": {
    level: 4,
    text: "The subnets are in use but cannot be remembered: {sentence}",
    note: "After a restart downlinks might get others. Look after the directory; said once until it works.",
  },
  "OPTION-FILE": {
    level: 7,
    text: "{path}: {values}",
    note: "An option that the configuration asks for: a server has sent it, or it does not hold any more.",
  },
  "OPTION-FILE-ONLY": {
    level: 6,
    text: "{path} is all that is done with this option: the system is not changed",
    note: "Said once. Have the script or another program read the file; ntp.conf and the time zone are left alone.",
  },
  "OPTION-TROUBLE": {
    level: 4,
    text: "An option could not be put into its file: {sentence}",
    note: "Look after the file or its directory; it is tried again when the options change.",
  },
  "RESOLV-WRITTEN": {
    level: 6,
    text: "{path}: {nameservers}; {domains}",
    note: "The marked part of this client was written or, with nothing in it, removed.",
  },
  "RESOLV-MANAGED": {
    level: 5,
    text: "{path} leads to {target}, which {manager} writes; it stays as it is. The name servers are in {file}",
    note: "Said once. Tell that program of them, in the script for example (resolvectl, nmcli, resolvconf -a).",
  },
} as const satisfies Record<string, CatalogueRow>;
