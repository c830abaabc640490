import { type About, COMMON_ABOUT, OPTION_ABOUT } from "./about-common.js";

/** What each directive of server.conf does. */
export const SERVER_ABOUT: About = {
  ...COMMON_ABOUT,
  ...OPTION_ABOUT,
  "script-replay":
    "Whether the script is called with add for every live lease at a start of the server, so that routes are set " +
    'again after a reboot. With compatibility "strict" the standard is 0.',
  "script-wait":
    "Whether a Reply waits until the script has ended, script-timeout at most: for cores that must have the route " +
    "before the client uses it. Other clients are answered meanwhile.",
  compatibility:
    'With "strict" the server answers, and calls the script, as Dibbler 1.0.1 does wherever that is ' +
    "visible, but with none of its " +
    'defects; "fixed" does what RFC 8415 asks for.',
  "inactive-mode":
    "At the start, interfaces that are missing or down are waited for; without it they are an error. Inside iface " +
    "it is read, with a warning, and does nothing.",
  stateless: "The server gives no prefixes and no addresses, only options.",
  "guess-mode":
    "A relayed message that no interface-id and no subnet places goes to the first relay interface; without it, it " +
    "is dropped.",
  "interface-id-order":
    "Where the Interface-Id that a relay sent stands in the Relay-reply: before the message, after it, or nowhere " +
    "(omit).",
  "cache-size":
    "How many clients are remembered after their lease has ended, so that they get the same prefix again: this " +
    "number divided by 147, a million at most.",
  "drop-unicast":
    "Clients that send Request, Renew, Release or Decline to an address of the server are told to use multicast " +
    "(UseMulticast) and get nothing else.",
  "reconfigure-enabled":
    "Clients that accept Reconfigure are given a key, and at a start or reload those whose lease no longer fits the " +
    "configuration are asked to renew. Needed for dibbler-server reconfigure.",
  "relay-supplied-options":
    "Numbers of options that relays may supply for their clients (RSOO, RFC 6422), besides 65, which is always " +
    "passed on.",
  "performance-mode":
    "The files server-AddrMgr.xml and server-cache.xml are written at start and stop only. Leases are stored before clients " +
    "hear of them all the same.",
  "fqdn-ddns-address": "The DNS server that names of clients are registered with.",
  key: "A TSIG key for DNS updates; the block ends with };.",
  secret: "The secret of a TSIG key, in Base64.",
  algorithm: "The algorithm of a TSIG key.",
  fudge: "Seconds by which the clocks of TSIG may differ.",
  iface:
    "Opens the block of an interface, by name or number, on which clients are served. With relay or interface-id in " +
    "it, it stands for a link behind relays, and its name is of your choice.",
  preference:
    "The preference in Advertises, 0 to 255: clients take the offer with the highest one, and take 255 at once " +
    "(RFC 8415 21.8). 0 is not sent.",
  "rapid-commit":
    "Whether a Solicit that has Rapid Commit is answered with a Reply and a lease, in two messages instead of four " +
    "(RFC 8415 21.14).",
  "client-max-lease":
    "How many leases one client may have on the interface. What it has already is extended all the same.",
  unicast:
    "An address of the server on which it listens as well, and which it tells to direct clients in Server Unicast.",
  "iface-max-lease": "How many leases the interface may have.",
  "accept-unknown-fqdn": "What is done with names that clients propose.",
  "next-hop": "A router whose routes are told to clients.",
  route: "A route that clients are told.",
  subnet:
    "A prefix or range that lies on this link: relays are recognized by a link-address in it, and Confirm is " +
    "answered by it. Several lines add up.",
  relay:
    "The interface on which the relays of this link are heard, or a relay interface above it in the file, which " +
    "leads on to the same one.",
  "interface-id":
    "What relays call this link in their Interface-Id option: a number (4 octets), a text, or octets such as " +
    "0x0a1b. It goes before subnet.",
  "accept-leasequery":
    "Whether Leasequery messages that come by this interface are answered (RFC 5007): by address and by client.",
  "bulk-leasequery-accept":
    "Whether Leasequery over TCP is answered too (RFC 5460): also by link, relay and Remote-ID. Only together " +
    "with accept-leasequery.",
  "bulk-leasequery-tcp-port": "The TCP port for Leasequery over TCP.",
  "bulk-leasequery-max-conns": "How many connections for Leasequery may be open at once.",
  "bulk-leasequery-timeout": "Seconds after which an idle connection for Leasequery is closed.",
  "source-lease-rate":
    "N or N S: at most N new leases in S seconds (3600) for one client address, or link-layer address where a relay " +
    "tells it. What is leased is extended whatever the limit; 0 is no limit.",
  "relay-lease-rate":
    "N or N S: at most N new leases in S seconds (3600) for all clients of one relay, or of a link that the server " +
    "hears itself. 0 is no limit.",
  "remote-id-lease-rate":
    "N or N S: at most N new leases in S seconds (3600) for one Remote-ID (RFC 4649), which a relay puts in for one " +
    "subscriber. 0 is no limit.",
  quarantine: "Seconds for which a released or expired prefix is kept for the client that had it.",
  routes:
    "Whether the server itself sets the route of each delegated prefix, via the client or its relay, and removes it " +
    "with the lease (protocol 147, metric 547). It takes ip and CAP_NET_ADMIN.",
  metrics:
    "Address and port on which Prometheus finds metrics (/metrics) and others the state of health (/healthz), over " +
    "HTTP without a password: keep it on a trusted network. Without it nothing listens.",
  "status-page":
    "Address and port of a page for a browser: pools, leases, rates, events and the configuration, read-only and without " +
    "a password: keep it on loopback or a trusted network. It may be the address of metrics.",
  events:
    "Where lease events go, a line of JSON each, in the order of commits and numbered: unix:PATH is a socket for " +
    "subscribers, a path or file:PATH a file. It may be given more than once.",
  webhook:
    "Where lease events are sent by HTTP POST, up to 100 at a time, in order and again until they are acknowledged " +
    "by a status of 2xx.",
  "webhook-secret":
    "What the requests to the webhook are signed with: X-Dibbler-Signature is sha256= and the HMAC of the body.",
  "pd-class":
    "Opens a class of prefixes: pools, length and times. Of several classes the one with the length that the client " +
    "asks for goes first, then shorter prefixes, then longer ones (RFC 8168).",
  "pd-pool":
    "A prefix that is cut into prefixes of pd-length to delegate. Of several pools in one class a client gets one " +
    "prefix out of each.",
  "pd-length": "The length of the prefixes that are delegated. A class needs it.",
  "pd-exclude":
    "This part of every delegated prefix is left out and stays with the server's side (RFC 6603). Only clients that " +
    "ask for PD Exclude are served from the class.",
  T1: "Seconds, or a range of them, after which a client renews: half of the preferred lifetime, within the range.",
  T2: "Seconds, or a range of them, after which a client rebinds: 0.8 of the preferred lifetime, within the range.",
  "preferred-lifetime":
    "Seconds, or a range of them, for which a prefix or address may be used for new connections: what the client " +
    "asks for, within the range, or else the most.",
  "valid-lifetime":
    "Seconds, or a range of them, for which a lease holds unless it is renewed: what the client asks for, within " +
    "the range, or else the most.",
  class: "Opens a class of addresses for IA_NA. Several classes share clients by their share.",
  "ta-class": "Opens a class of temporary addresses for IA_TA.",
  pool: "Addresses of a class: a prefix, a range A-B or one address. All of a block add up.",
  "reject-clients":
    "Clients that get nothing from the class, by DUID, link-local address or a range of either. Outside of a class " +
    "it holds for prefixes too.",
  "accept-only":
    "Only these clients get something from the class, by DUID, link-local address or a range of either. Outside of a " +
    "class it holds for prefixes too.",
  share: "How often this class is chosen, beside the share of other classes of addresses on the interface.",
  "class-max-lease": "How many leases the class may have.",
  "addr-params": "Parameters that go with each address.",
  allow:
    "Only clients of this client-class are served from here; several lines are alternatives. It cannot stand with " +
    "deny in one block.",
  deny: "Clients of this client-class are not served from here.",
  "client-class": "Names a condition on clients, for the allow and deny lines below it.",
  "match-if":
    "The condition: client.vendor-spec.en, .data, client.vendor-class.en, .data compared by == or contain, " +
    "substring(…), and joined by and, or, in parentheses.",
  client:
    "Opens the block of what is kept for one client: by duid, remote-id or link-local address. The first block that " +
    "fits counts.",
  prefix: "The prefix that this client gets, and nobody else, whatever its length; it need not be in a pool.",
  address: "The address that this client gets, and nobody else.",
  "option vendor-spec":
    "Options of a vendor, as ENTERPRISE-CODE-VALUE with commas between (option 17, RFC 8415 21.17). The value is a " +
    "text, an address or octets.",
  "option N":
    "Any option by its number, sent to clients that ask for it; behind the number one of duid OCTETS, string TEXT, " +
    "address A, address-list A,B.",
  "option neighbors": "Addresses of other servers.",
};
