import { giveCommand } from "../../shared/edge/control-client.js";
import type { Command } from "../../shared/edge/program.js";

/** Lets the running server read its configuration again. */
export const reloadCommand: Command = {
  name: "reload",
  synopsis: "",
  help: [
    "let the running server read its configuration again, as SIGHUP does; when that has errors",
    "they are shown, and the old configuration stays in use",
  ],
  run: (_words, paths) => giveCommand("server", paths, { command: "reload" }),
};
