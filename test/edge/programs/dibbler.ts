// A program with the command line and life of ours and no DHCP in it. Its configuration is a JSON object:
//   fail: sentence        opening fails          crash: true       dies while opening
//   slowStop: ms          how long stopping takes
// It appends what happens to events.txt in its work directory.
import { appendFileSync } from "node:fs";
import { basename } from "node:path";
import { pause } from "../../../shared/edge/clock.js";
import { SystemError } from "../../../shared/edge/errors.js";
import { defaultLogSettings } from "../../../shared/edge/log.js";
import { COMMON_ROWS } from "../../../shared/catalogue-common.js";
import { type Program, runProgram } from "../../../shared/edge/program.js";

interface Behaviour {
  readonly fail?: string;
  readonly crash?: boolean;
  readonly slowStop?: number;
}

const note = (event: string): void => {
  try {
    appendFileSync("events.txt", `${event}\n`);
  } catch {
    // One test takes the directory away.
  }
};

const program: Program<Behaviour> = {
  role: basename(process.argv[1] ?? "").includes("server") ? "server" : "client",
  version: "0.0.0",
  rows: COMMON_ROWS,
  reader: () =>
    Promise.resolve({
      parse: (text) => ({ config: JSON.parse(text) as Behaviour, diagnostics: [] }),
      render: ({ message }) => message,
    }),
  logSettings: () => defaultLogSettings("Client"),
  async open({ config }) {
    if (config.crash === true) process.kill(process.pid, "SIGKILL");
    await pause(20);
    if (config.fail !== undefined) throw new SystemError("test", config.fail);
    const life = setInterval(() => undefined, 1000);
    note("open");
    return {
      async stop(signal) {
        note(`stop ${signal}`);
        await pause(config.slowStop ?? 0);
        clearInterval(life);
        note("stopped");
      },
      reload() {
        note("reload");
      },
    };
  },
};

void runProgram(program, process.argv.slice(2)).then((status) => process.exit(status));
