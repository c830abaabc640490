import { COMMON_ROWS } from "../shared/catalogue-common.js";
import { SERVER_ROWS } from "../shared/catalogue-server.js";
import { renderDiagnostic } from "../shared/config/diagnostics.js";
import { endProcess } from "../shared/edge/output.js";
import { type Program, runProgram } from "../shared/edge/program.js";
import { parseServerConfig } from "../shared/config/server-schema.js";
import type { ServerConfig } from "../shared/config/types.js";
import { checkCommand } from "./commands/check.js";
import { reconfigureCommand } from "./commands/reconfigure.js";
import { importCommand } from "./commands/import.js";
import { leasesCommand } from "./commands/leases.js";
import { releaseCommand } from "./commands/release.js";
import { showCommand } from "./commands/show.js";
import { reloadCommand } from "./commands/reload.js";
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
  commands: [
    checkCommand,
    leasesCommand,
    showCommand,
    releaseCommand,
    reloadCommand,
    reconfigureCommand,
    importCommand,
  ],
};

void runProgram(program, process.argv.slice(2)).then(endProcess);
