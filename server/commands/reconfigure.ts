import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { giveCommand } from "../../shared/edge/control-client.js";
import { reconfigureRequest } from "../reconfigure-command.js";

/** What it takes. */
export const reconfigureDeclaration = {
  name: "dibbler-server reconfigure",
  describe: "let the running server ask a client, or all of them, to send a message now (RFC 8415 18.3.11)",
  words: {
    client: { describe: "the DUID of a client, or all, which is meant without it", need: "optional" },
    message: { describe: "renew (meant without it), rebind or information-request", need: "optional" },
  },
  options: {},
  examples: [
    ["dibbler-server reconfigure", "all clients renew"],
    ["dibbler-server reconfigure 00:03:00:01:02:00:00:00:00:01 rebind", "one client rebinds"],
    ["dibbler-server reconfigure all information-request", "new name servers are told at once"],
  ],
  notes:
    "It needs `reconfigure-enabled 1`, and reaches the clients that said they accept Reconfigure. Exit status 0: the " +
    "server took it; `dibbler-server show DUID` tells what came of it.",
} as const satisfies CommandDeclaration;

/** Lets the running server ask clients to come again. Gives the exit status. */
export async function runReconfigure(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(reconfigureDeclaration, words);
  if (typeof args === "number") return args;
  const request = reconfigureRequest(words);
  if (typeof request !== "string") return await giveCommand("server", paths, request);
  process.stderr.write(`${request}\n`);
  return 1;
}
