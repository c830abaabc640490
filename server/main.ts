import { COMMON_ROWS } from "../shared/catalogue-common.js";
import { SERVER_ROWS } from "../shared/catalogue-server.js";
import { endProcess } from "../shared/edge/output.js";
import { type Program, runProgram } from "../shared/edge/program.js";
import type { ServerConfig } from "../shared/config/types.js";
import { serverCommands, serverDetails } from "./commands/commands.js";
import { ALLOCATOR_ENVIRONMENT, SEMI_SPACE_FLAG } from "./memory.js";
import { openServer } from "./serve.js";

/** Filled in by the bundler, from package.json. */
declare const DIBBLER_VERSION: string;

const program: Program<ServerConfig> = {
  role: "server",
  nodeFlags: isSetAlready("--max-semi-space-size") ? [] : [SEMI_SPACE_FLAG],
  environment: ALLOCATOR_ENVIRONMENT,
  version: DIBBLER_VERSION,
  rows: { ...COMMON_ROWS, ...SERVER_ROWS },
  reader: () => import("./reading.js"),
  logSettings: ({ log }) => log,
  open: openServer,
  details: serverDetails,
  commands: serverCommands,
};

/** What an operator says of Node's memory counts for more. */
function isSetAlready(flag: string): boolean {
  return process.env["NODE_OPTIONS"]?.includes(flag) ?? false;
}

// They are this process's alone, not those of the programs that it starts.
for (const [name, value] of Object.entries(ALLOCATOR_ENVIRONMENT)) {
  if (process.env[name] === value) Reflect.deleteProperty(process.env, name);
}

void runProgram(program, process.argv.slice(2)).then(endProcess);
