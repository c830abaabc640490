import { CLIENT_ABOUT } from "../../shared/config/about-client.js";
import { CLIENT_DIRECTIVES } from "../../shared/config/client-directives.js";
import { type CompletionFiles, completionFiles } from "../../shared/edge/pages/completion.js";
import { confPage } from "../../shared/edge/pages/conf-page.js";
import { type Meanings, programPage } from "../../shared/edge/pages/program-page.js";
import { checkDeclaration } from "./check.js";
import { leasesDeclaration } from "./leases.js";
import { planDeclaration } from "./plan.js";

const role = "client" as const;
/** What each command of the client takes, in the order in which they are told. */
export const CLIENT_DECLARATIONS = [leasesDeclaration, checkDeclaration, planDeclaration] as const;

/** The manual pages of the client, by file name, and its completions. They are made when it is built. */
export const manual = (
  version: string,
): { readonly pages: Readonly<Record<string, string>>; readonly completions: CompletionFiles } => ({
  pages: {
    "dibbler-client.8": programPage({
      role,
      version,
      summary: "DHCPv6 client for prefix delegation",
      description: DESCRIPTION,
      declarations: CLIENT_DECLARATIONS,
      files: FILES,
      signals: SIGNALS,
      exits: EXITS,
      examples: EXAMPLES,
    }),
    "dibbler-client.conf.5": confPage({
      role,
      version,
      rows: CLIENT_DIRECTIVES,
      about: CLIENT_ABOUT,
      examples: CONFIGURATIONS,
      hook: HOOK,
    }),
  },
  completions: completionFiles({ role, declarations: CLIENT_DECLARATIONS, words: {} }),
});

const DESCRIPTION = [
  "Leases IPv6 prefixes and addresses (RFC 8415, RFC 9915), divides a prefix among the networks behind a router, sets " +
    "addresses and routes, writes radvd.conf, resolv.conf and files with options, or calls a hook script; and takes " +
    "the place of Dibbler's client, as OpenStack Neutron starts it: configuration, scripts, identity and leases are " +
    "read as they are.",
  "It uses UDP port 546, which needs root or CAP_NET_BIND_SERVICE, and CAP_NET_ADMIN for addresses and routes. After a " +
    "restart, kill or reboot it asks for the same prefix with a Rebind.",
];

const EXITS: Meanings = [
  [
    "0",
    "Done. For `start`: it works, with a lease or not yet. For `status`: it runs. For `stop`: a client was ended. For " +
      "`check`: the file can be used.",
  ],
  ["1", "Not done, and a sentence on standard error says why; for `status`: it does not run."],
];

const FILES: Meanings = [
  ["/etc/dibbler/client.conf", "The configuration, see dibbler-client.conf(5)."],
  ["/var/lib/dibbler/client-duid", "The identity of the client. Keep it: it gets the same prefix with it."],
  ["/var/lib/dibbler/client-state.json", "The leases."],
  ["/var/lib/dibbler/client-downlinks.json", "Which /64 each downlink has."],
  [
    "/var/lib/dibbler/client-AddrMgr.xml",
    "The leases for other programs, in Dibbler's form; only to be read.",
  ],
  ["/var/lib/dibbler/option-*", "What servers said of the options that are asked for, while it holds."],
  [
    "/etc/dibbler/radvd.conf",
    "What hosts on the downlinks shall hear; start `radvd -C /etc/dibbler/radvd.conf`.",
  ],
  ["/etc/resolv.conf", "A marked part of it, with `option dns-server` or `option domain`."],
  ["/var/lib/dibbler/client.pid", "The running process."],
  ["/var/log/dibbler/dibbler-client.log", "The log. It may be moved away or truncated at any time."],
];

const SIGNALS: Meanings = [
  ["SIGTERM, SIGINT", "The prefix is released, what was set is removed, and the client ends."],
  ["SIGHUP, SIGUSR1", "Nothing."],
  ["SIGKILL", "Nothing is released or removed; the next start takes it over."],
];

const EXAMPLES: Meanings = [
  ["dibbler-client check && dibbler-client plan", "What the configuration would do, before it does it:"],
  ["dibbler-client run", "Try it, with the course of the exchange on the terminal:"],
  [
    "dibbler-client start -w /var/lib/dibbler-wan2",
    "A second client, with everything in a directory of its own:",
  ],
  ["dibbler-client status --json", "State for a program that watches it:"],
];

const CONFIGURATIONS: Meanings = [
  [
    "A home router, with the provider at wan0 and two networks behind it:",
    "downlink-prefix-ifaces lan0, guest0\n\niface wan0 {\n  option dns-server\n  pd { prefix ::/56 }\n}\n",
  ],
  [
    "A prefix for a script alone:",
    'downlink-prefix-ifaces "none"\nscript "/etc/dibbler/prefix.sh"\n\niface wan0 { pd }\n',
  ],
];

const HOOK: Meanings = [
  [
    "PREFIX1, PREFIX1LEN, PREFIX1PREF, PREFIX1VALID",
    "The prefix, its length and lifetimes; PREFIX2... more.",
  ],
  ["PREFIX1IAID, PREFIX1EXCLUDE", "Its IAID, and the part that is not to be used (RFC 6603)."],
  ["ADDR1, ADDR1PREF, ADDR1VALID, ADDR1IAID", "An address that is leased."],
  ["IFACE, IFINDEX, CLNT_DUID", "The interface, and the client's DUID."],
  ["DOWNLINK_PREFIX_IFACES, DOWNLINK_PREFIXES", "The downlinks, and each with its /64."],
  [
    "REMOTE_ADDR, CLNT_MESSAGE, SRV_MESSAGE, SRV_OPTIONn",
    "After a Reply: the server, the messages, its options.",
  ],
  ["REASON", "granted, start, renewed, changed, expire, withdrawn, release, duplicate or unconfigured."],
];
