import { COMMON_ROWS } from "../shared/catalogue-common.js";
import { SERVER_ROWS } from "../shared/catalogue-server.js";
import { renderDiagnostic } from "../shared/config/diagnostics.js";
import { endProcess } from "../shared/edge/output.js";
import { type Program, runProgram } from "../shared/edge/program.js";
import { parseServerConfig } from "../shared/config/server-schema.js";
import type { ServerConfig } from "../shared/config/types.js";
import { serverCommands } from "./commands/commands.js";
import { serverDetails } from "./commands/status.js";
import { openServer } from "./serve.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

const program: Program<ServerConfig> = {
  role: "server",
  version: DIBBLER_VERSION,
  rows: { ...COMMON_ROWS, ...SERVER_ROWS },
  reader: () => Promise.resolve({ parse: parseServerConfig, render: renderDiagnostic }),
  logSettings: ({ log }) => log,
  open: openServer,
  details: serverDetails,
  commands: serverCommands,
};

void runProgram(program, process.argv.slice(2)).then(endProcess);
