import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { giveCommand } from "../../shared/edge/control-client.js";

/** What it takes. */
export const reloadDeclaration = {
  name: "dibbler-server reload",
  describe: "let the running server read its configuration again, as SIGHUP does",
  words: {},
  options: {},
  examples: [
    ["dibbler-server check && dibbler-server reload", "look first at what it would mean"],
    ["dibbler-server reload -w /srv/area", "the server of another directory"],
  ],
  notes:
    "With errors in it, or an interface that is not there, they are printed, the exit status is 1, and the server " +
    "goes on as before. Otherwise no lease and no packet is lost; what does not fit any more is renumbered when its " +
    "client renews.",
} as const satisfies CommandDeclaration;

/** Lets the running server read its configuration again. Gives the exit status. */
export async function runReload(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(reloadDeclaration, words);
  return typeof args === "number" ? args : await giveCommand("server", paths, { command: "reload" });
}
