import { giveCommand } from "../../shared/edge/control-client.js";
import type { Command } from "../../shared/edge/program.js";
import { reconfigureRequest } from "../reconfigure-command.js";

/** Lets the running server ask clients to come again. */
export const reconfigureCommand: Command = {
  name: "reconfigure",
  synopsis: "[<DUID>|all] [renew|rebind|information-request]",
  help: ["let the running server ask a client, or all of them, to send that message"],
  async run(words, paths) {
    const request = reconfigureRequest(words);
    if (typeof request !== "string") return await giveCommand("server", paths, request);
    process.stderr.write(`${request}\n`);
    return 1;
  },
};
