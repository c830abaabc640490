import type { Command, Program } from "../../shared/edge/program.js";

/** Commands besides Dibbler's, in the order in which they are told; each is loaded when it is given. */
export const serverCommands: readonly Command[] = [
  {
    name: "check",
    synopsis: "[<file>] [--json]",
    help: ["say what a configuration means, what in it is ignored, and whether it can be served"],
    run: async (words, paths) => (await import("./all.js")).runCheck(words, paths),
  },
  {
    name: "leases",
    synopsis: "[--json] [--client <DUID>] [--prefix <prefix>] [--state <state>] [--interface <name>] ...",
    help: ["list the stored leases, whether the server runs or not; --help tells more"],
    run: async (words, paths) => (await import("./all.js")).runLeases(words, paths),
  },
  {
    name: "show",
    synopsis: "<prefix>|<address>|<DUID> [--json]",
    help: ["tell all that is known of it: leases, pools, limits, what happened, why a client got nothing"],
    run: async (words, paths) => (await import("./all.js")).runShow(words, paths),
  },
  {
    name: "release",
    synopsis: "<prefix>|<DUID> [--yes]",
    help: ["let the running server end leases; their prefixes are free at once"],
    run: async (words, paths) => (await import("./all.js")).runRelease(words, paths),
  },
  {
    name: "reload",
    synopsis: "",
    help: [
      "let the running server read its configuration again, as SIGHUP does; when that has errors",
      "they are shown, and the old configuration stays in use",
    ],
    run: async (words, paths) => (await import("./all.js")).runReload(words, paths),
  },
  {
    name: "reconfigure",
    synopsis: "[<DUID>|all] [renew|rebind|information-request]",
    help: ["let the running server ask a client, or all of them, to send that message"],
    run: async (words, paths) => (await import("./all.js")).runReconfigure(words, paths),
  },
  {
    name: "import",
    synopsis: "<file> [--dry-run] [--interface <name>] [--with-duid]",
    help: ["take over leases of Kea, ISC dhcpd or Dibbler; --help tells more"],
    run: async (words, paths) => (await import("./all.js")).runImport(words, paths),
  },
];

/** What `status --json` tells of a server. */
export const serverDetails: NonNullable<Program<never>["details"]> = async (paths, isRunning) =>
  (await import("./all.js")).serverDetails(paths, isRunning);
