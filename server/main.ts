import { type Program, runProgram } from "../shared/edge/program.js";
import { parseServerConfig } from "../shared/config/server-schema.js";
import type { ServerConfig } from "../shared/config/types.js";
import { checkCommand } from "./commands/check.js";
import { reconfigureCommand } from "./commands/reconfigure.js";
import { importCommand } from "./commands/import.js";
import { leasesCommand } from "./commands/leases.js";
import { reloadCommand } from "./commands/reload.js";
import { openServer } from "./serve.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

const program: Program<ServerConfig> = {
  role: "server",
  version: DIBBLER_VERSION,
  parse: parseServerConfig,
  logSettings: ({ log }) => log,
  open: openServer,
  commands: [checkCommand, importCommand, leasesCommand, reloadCommand, reconfigureCommand],
};

void runProgram(program, process.argv.slice(2)).then((status) => process.exit(status));
