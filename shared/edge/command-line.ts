import { isAbsolute, resolve } from "node:path";

/** Which of the two programs this is. */
export type Role = "server" | "client";

/** Dibbler's actions. */
export type Action = "start" | "run" | "stop" | "status" | "help" | "install" | "uninstall";

/** An action of one program besides Dibbler's. */
export interface CommandHelp {
  /** The word for it, in lower case. */
  readonly name: string;
  /** What may follow it, and its lines of the usage text. */
  readonly synopsis: string;
  readonly help: readonly string[];
}

/** A command line that was understood; paths are absolute. */
export interface CommandLine {
  readonly action: Action | "command" | "version";
  /** With action `command`: its name and all words after it, options of its own included. */
  readonly words: readonly string[];
  /** `--json`, behind `status` only. */
  readonly json: boolean;
  /** `-w DIR`: where all state is kept, and the configuration read. */
  readonly workDir: string | undefined;
  /** `--config FILE`, stronger than `-w`. */
  readonly configFile: string | undefined;
  /** `--log-dir DIR`, stronger than `-w`. */
  readonly logDir: string | undefined;
}

/** Outcome of `parseCommandLine`: `complaint` is a line to print above the usage text, if any. */
export type ParsedCommandLine =
  | { readonly ok: true; readonly command: CommandLine }
  | { readonly ok: false; readonly complaint: string | undefined };

/** Where a program keeps its things. */
export interface Paths {
  readonly workDir: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly pidFile: string;
  readonly duidFile: string;
  /** Where the running program takes commands. */
  readonly controlSocket: string;
}

/**
 * Reads the arguments after the script name, as Dibbler does: the action in any case and by its first
 * letters ("STATUS", "running"), further words ignored; and more freely: options before the action too,
 * `--config=FILE`. Relative paths are made absolute, which Dibbler's client omits, so that it looks for DIR
 * below DIR; `cwd` is only asked for them, because it fails in a directory that has been removed. `commands`
 * are the program's own; they are not shortened or lengthened. What stands behind one of them is for it to
 * judge, but for these options, which tell where the program keeps its things; behind `--` all is. Who asks
 * for help or the version gets it, whatever else stands there: `start --help` starts nothing.
 */
export function parseCommandLine(
  args: readonly string[],
  cwd: () => string,
  commands: readonly CommandHelp[] = [],
): ParsedCommandLine {
  const words: string[] = [];
  const values = new Map<OptionName, string>();
  let json = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const own = ownCommand(words, commands);
    if (arg === "--" && own !== undefined) {
      words.push(...args.slice(i));
      break;
    }
    if (arg === JSON_OPTION && own === undefined) {
      json = true;
      continue;
    }
    if (own === undefined && HELP_OPTIONS.has(arg)) return { ok: true, command: onlySaying("help") };
    if (own === undefined && arg === "--version") return { ok: true, command: onlySaying("version") };
    const option = readOption(arg);
    if (option === undefined && (!arg.startsWith("-") || own !== undefined)) {
      words.push(arg);
      continue;
    }
    if (option === undefined) return { ok: false, complaint: `unknown option ${arg}` };
    const value = option.value ?? args[++i];
    if (value === undefined || value === "")
      return { ok: false, complaint: `option ${option.name} needs a value` };
    values.set(option.name, isAbsolute(value) ? resolve(value) : resolve(cwd(), value));
  }
  const [word, ...others] = words;
  if (word === undefined) return { ok: false, complaint: undefined };
  const own = ownCommand(words, commands);
  const action = own === undefined ? ACTIONS.find((it) => word.toLowerCase().startsWith(it)) : "command";
  if (action === undefined) return { ok: false, complaint: `unknown action ${word}` };
  if (json && action !== "status") return { ok: false, complaint: `unknown option ${JSON_OPTION}` };
  return {
    ok: true,
    command: {
      action,
      words: own === undefined ? [] : [own.name, ...others],
      json,
      workDir: values.get("-w"),
      configFile: values.get("--config"),
      logDir: values.get("--log-dir"),
    },
  };
}

/**
 * Dibbler's fixed paths, or with `-w DIR` everything in DIR under the names of Dibbler's client (server.conf,
 * server.pid, server.log for the server, which has no -w in Dibbler).
 */
export function pathsFor(role: Role, { workDir: own, configFile, logDir }: Omit<CommandLine, "json">): Paths {
  const workDir = own ?? "/var/lib/dibbler";
  const logFile = own === undefined ? `/var/log/dibbler/dibbler-${role}.log` : `${own}/${role}.log`;
  return {
    workDir,
    configFile: configFile ?? `${own ?? "/etc/dibbler"}/${role}.conf`,
    logFile: logDir === undefined ? logFile : `${logDir}/dibbler-${role}.log`,
    pidFile: `${workDir}/${role}.pid`,
    duidFile: `${workDir}/${role}-duid`,
    controlSocket: `${workDir}/${role}.sock`,
  };
}

/** Four lines, each beginning with "| " as programs that read Dibbler's output expect. */
export function banner(role: Role, version: string): string {
  return `| Dibbler (dibbler-node) - a portable DHCPv6, version ${version} (${role.toUpperCase()}, Linux port)
| Purpose : DHCPv6 prefix delegation, in place of dibbler-${role} 1.0.1
| Licence : MIT. Not a product of Dibbler's authors.
| Help    : dibbler-${role} help
`;
}

/** What each of Dibbler's actions does, in the order in which they are told. */
export const ACTION_HELP: Readonly<Record<Action, string>> = {
  status: "show what is running and exit; --json: one JSON object, for programs",
  start: "start in the background",
  stop: "stop what was started, and wait until it has ended",
  run: "run in the foreground, with the log on the terminal",
  install: "not available on Linux",
  uninstall: "not available on Linux",
  help: "show this text, as --help does; --version: the version alone",
};

/** The usage text. */
export function usage(role: Role, commands: readonly CommandHelp[] = []): string {
  const names = ["status|start|stop|run|install|uninstall|help", ...commands.map(({ name }) => name)];
  return `Usage:
 dibbler-${role} ACTION [OPTION]...
 ACTION = ${names.join("|")}
${Object.entries(ACTION_HELP)
  .map(([name, help]) => ` ${name.padEnd(9)} - ${help}\n`)
  .join("")}${commands.map(helpLines).join("")}
 OPTION = -w <directory> | --config <file> | --log-dir <directory>
 -w <directory>        - working directory: state, ${role}.conf, ${role}.pid and ${role}.log are there
                         (otherwise /var/lib/dibbler, /etc/dibbler and /var/log/dibbler)
 --config <file>       - read this configuration
 --log-dir <directory> - write dibbler-${role}.log there

 Examples:
 dibbler-${role} check -w /srv/area      what the configuration there means; nothing is started
 dibbler-${role} run                     try it, with the log on the terminal; Ctrl+C ends it
 dibbler-${role} start && dibbler-${role} leases
${commands.length === 0 ? "" : `\n dibbler-${role} ${names.slice(1).join("|")} take --help.\n`}
 Manual: dibbler-${role}(8), dibbler-${role}.conf(5). Exit status: 0 done, 1 not done and said why.
`;
}

/** A command line that only wants to be told something. */
const onlySaying = (action: "help" | "version"): CommandLine => ({
  action,
  words: [],
  json: false,
  workDir: undefined,
  configFile: undefined,
  logDir: undefined,
});

const HELP_OPTIONS: ReadonlySet<string> = new Set(["--help", "-h"]);

const helpLines = ({ name, synopsis, help }: CommandHelp): string =>
  [` ${name} ${synopsis}`.trimEnd(), ...help.map((line) => `           - ${line}`), ""].join("\n");

const JSON_OPTION = "--json";

type OptionName = "-w" | "--config" | "--log-dir";

/** In the order in which Dibbler tries them. */
const ACTIONS: readonly Action[] = ["start", "run", "stop", "status", "help", "install", "uninstall"];

const ownCommand = ([word]: readonly string[], commands: readonly CommandHelp[]): CommandHelp | undefined =>
  commands.find(({ name }) => name === word?.toLowerCase());

/** Splits "-wDIR" and "--config=FILE"; a `value` that is undefined is the next argument. */
function readOption(
  arg: string,
): { readonly name: OptionName; readonly value: string | undefined } | undefined {
  if (arg === "-w") return { name: "-w", value: undefined };
  for (const name of ["--config", "--log-dir"] as const) {
    if (arg === name) return { name, value: undefined };
    if (arg.startsWith(`${name}=`)) return { name, value: arg.slice(name.length + 1) };
  }
  return arg.startsWith("-w") ? { name: "-w", value: arg.slice(2) } : undefined;
}
