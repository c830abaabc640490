import type { Command, Program } from "../../shared/edge/program.js";

/** Commands besides Dibbler's; what they do is loaded when one is given. */
export const clientCommands: readonly Command[] = [
  {
    name: "leases",
    synopsis: "[--json] [--wide]",
    help: ["list the prefixes and addresses that the client has, whether it runs or not"],
    run: async (words, paths) => (await import("./all.js")).runLeases(words, paths),
  },
  {
    name: "check",
    synopsis: "[<file>] [--json]",
    help: ["say what a configuration means, what in it is ignored, and whether it can be used"],
    run: async (words, paths) => (await import("./all.js")).runCheck(words, paths),
  },
  {
    name: "plan",
    synopsis: "[--json] [--commands]",
    help: ["show how prefixes are divided among the downlinks, or would be; nothing is changed"],
    run: async (words, paths) => (await import("./all.js")).runPlan(words, paths),
  },
];

/** What `status --json` tells of a client. */
export const clientDetails: NonNullable<Program<never>["details"]> = async (paths, isRunning) =>
  (await import("./all.js")).clientDetails(paths, isRunning);
