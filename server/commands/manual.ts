import { SERVER_ABOUT } from "../../shared/config/about-server.js";
import { SERVER_DIRECTIVES } from "../../shared/config/server-directives.js";
import { type CompletionFiles, completionFiles } from "../../shared/edge/pages/completion.js";
import { confPage } from "../../shared/edge/pages/conf-page.js";
import { type Meanings, programPage } from "../../shared/edge/pages/program-page.js";
import { checkDeclaration } from "./check.js";
import { importDeclaration } from "./import.js";
import { leasesDeclaration } from "./leases.js";
import { reconfigureDeclaration } from "./reconfigure.js";
import { releaseDeclaration } from "./release.js";
import { reloadDeclaration } from "./reload.js";
import { showDeclaration } from "./show.js";

const role = "server" as const;
/** What each command of the server takes, in the order in which they are told. */
export const SERVER_DECLARATIONS = [
  checkDeclaration,
  leasesDeclaration,
  showDeclaration,
  releaseDeclaration,
  reloadDeclaration,
  reconfigureDeclaration,
  importDeclaration,
] as const;

/** The manual pages of the server, by file name, and its completions. They are made when it is built. */
export const manual = (
  version: string,
): { readonly pages: Readonly<Record<string, string>>; readonly completions: CompletionFiles } => ({
  pages: {
    "dibbler-server.8": programPage({
      role,
      version,
      summary: "DHCPv6 server for prefix delegation",
      description: DESCRIPTION,
      declarations: SERVER_DECLARATIONS,
      files: FILES,
      signals: SIGNALS,
      exits: EXITS,
      examples: EXAMPLES,
    }),
    "dibbler-server.conf.5": confPage({
      role,
      version,
      rows: SERVER_DIRECTIVES,
      about: SERVER_ABOUT,
      examples: CONFIGURATIONS,
      hook: HOOK,
    }),
  },
  completions: completionFiles({
    role,
    declarations: SERVER_DECLARATIONS,
    words: { reconfigure: ["all", "renew", "rebind", "information-request"] },
  }),
});

const DESCRIPTION = [
  "Delegates IPv6 prefixes out of a pool (RFC 8415, RFC 9915), sets their routes or calls a hook script when one comes " +
    "or goes, and takes the place of Dibbler's server: its configuration, scripts, identity and leases are read as " +
    "they are.",
  "It listens on UDP port 547 of each interface in the configuration, which needs root or CAP_NET_BIND_SERVICE; with " +
    "`routes 1` also CAP_NET_ADMIN. A lease is on disk before its Reply leaves.",
];

const EXITS: Meanings = [
  [
    "0",
    "Done. For `start`: it serves. For `status`: it runs. For `run`: it was stopped. For `check`: the file can be served.",
  ],
  ["1", "Not done, and a sentence on standard error says why; for `status`: it does not run."],
];

const FILES: Meanings = [
  ["/etc/dibbler/server.conf", "The configuration, see dibbler-server.conf(5)."],
  ["/var/lib/dibbler/server-duid", "The identity of the server. Keep it: clients renew with it."],
  ["/var/lib/dibbler/server-leases.mdb", "The leases (LMDB)."],
  [
    "/var/lib/dibbler/server-AddrMgr.xml",
    "The leases for other programs, in Dibbler's form; only to be read.",
  ],
  ["/var/lib/dibbler/server-cache.xml", "What returning clients had, in Dibbler's form; only to be read."],
  ["/var/lib/dibbler/server-CfgMgr.xml", "The configuration, in Dibbler's form; only to be read."],
  ["/var/lib/dibbler/server.pid", "The running process."],
  [
    "/var/lib/dibbler/server.sock",
    "Where the running server takes commands, from its own user and root only.",
  ],
  ["/var/log/dibbler/dibbler-server.log", "The log. It may be moved away or truncated at any time."],
];

const SIGNALS: Meanings = [
  ["SIGTERM, SIGINT", "The end in good order; leases stay."],
  ["SIGHUP", "The configuration is read again, as by `dibbler-server reload`."],
  ["SIGUSR1", "Nothing."],
];

const EXAMPLES: Meanings = [
  ["dibbler-server check && dibbler-server run", "Look at the configuration, then serve on the terminal:"],
  ["dibbler-server start -w /srv/dhcp/lab", "A server with everything in a directory of its own:"],
  ["dibbler-server show 00:03:00:01:02:00:00:00:00:01", "Why a client got nothing:"],
  ["dibbler-server leases --json | jq -r .prefix", "All delegated prefixes, for a program:"],
];

const CONFIGURATIONS: Meanings = [
  [
    "A /56 for each client on eth0 out of a /40, with its route:",
    "routes 1\n\niface eth0 {\n  pd-class {\n    pd-pool 2001:db8::/40\n    pd-length 56\n  }\n}\n",
  ],
  [
    "Clients behind a relay that is heard on core0, one of them with a prefix of its own:",
    'iface "olt-east" {\n  relay "core0"\n  subnet 2001:db8:e1::/64\n  option dns-server 2001:db8::53\n' +
      "  pd-class { pd-pool 2001:db8:a000::/40 pd-length 56 }\n" +
      "  client duid 00:03:00:01:02:00:00:00:00:01 { prefix 2001:db8:a0ff:ff00::/56 }\n}\n",
  ],
];

const HOOK: Meanings = [
  [
    "PREFIX1, PREFIX1LEN, PREFIX1PREF, PREFIX1VALID",
    "The prefix, its length and lifetimes; PREFIX2... more.",
  ],
  ["PREFIX1IAID, CLNT_DUID", "For which IAID of which client."],
  ["REMOTE_ADDR", "The client, or the relay that talks to us: the next hop of a route."],
  ["IFACE, IFINDEX", "Where the exchange took place."],
  ["ARRIVAL_IFACE", "Of relayed clients: the interface of the system that a route goes by."],
  [
    "RELAYS, RELAY1_PEER, RELAY1_LINK, CLNT_ADDR, CLNT_MAC",
    "The relays of a relayed client, and the client.",
  ],
  ["ADDR1, ADDR1PREF, ADDR1VALID", "An address that is leased."],
  ["CLNT_MESSAGE, SRV_MESSAGE, CLNT_OPTIONn, SRV_OPTIONn", "The messages, and the options in them."],
  ["REASON", "new, moved, renewed, released, declined, withdrawn, operator, expire or start."],
];
