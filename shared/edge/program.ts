import type { CatalogueRow, LogId } from "../catalogue.js";
import type { Diagnostic } from "../config/diagnostics.js";
import {
  banner,
  type CommandHelp,
  type CommandLine,
  parseCommandLine,
  type Paths,
  pathsFor,
  type Role,
  usage,
} from "./command-line.js";
import {
  enterWorkDir,
  fatal,
  findRunning,
  isDaemon,
  onSignals,
  printStatus,
  reportReady,
  startDaemon,
  stopDaemon,
} from "./daemon.js";
import { askedBy, type Condition } from "../notify.js";
import { sentenceOf } from "./errors.js";
import { readText } from "./files.js";
import { forStderr, isJournal } from "./journal.js";
import { createLog, defaultLogSettings, type Log, type LogSettings, type LogWriter } from "./log.js";
import { bearClosedPipes } from "./output.js";
import { claimPidFile, type PidClaim } from "./pid-file.js";
import type { Notifier } from "./systemd.js";

/** What a running program offers to the outside. `stop` ends its work in good order and then resolves. */
export interface Service {
  readonly stop: (signal: string) => Promise<void>;
  readonly reload?: () => void;
  /** How it does, for systemd. */
  readonly condition?: () => Condition;
}

/** What a program is given to start with. */
export interface Surroundings<Config> {
  readonly version: string;
  readonly config: Config;
  /** What was remarked as it was read. */
  readonly diagnostics: readonly Diagnostic[];
  readonly paths: Paths;
  readonly log: Log;
  /** Reads the configuration again. Never rejects, unless the program itself is damaged. */
  readonly reread: () => Promise<Reread<Config>>;
  /** To be told of every reload, with its end: who has started the program may want to know. */
  readonly reloading?: ((end: Promise<unknown>) => void) | undefined;
}

/** A configuration read again: `use` lets its log settings hold and logs its warnings. */
export type Reread<Config> =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly diagnostics: readonly Diagnostic[];
      /** The same for a terminal. */
      readonly findings: string;
      readonly use: () => void;
    }
  /** All that is wrong, for a terminal; each error is in the log as well. */
  | { readonly ok: false; readonly error: string };

/** An action of one program besides Dibbler's; `run` gets the words after its name, gives the exit status. */
export interface Command extends CommandHelp {
  readonly run: (words: readonly string[], paths: Paths) => Promise<number>;
}

/** What turns the text of a configuration file into what it says. */
export interface Reader<Config> {
  readonly parse: (text: string) => {
    readonly config: Config | undefined;
    readonly diagnostics: readonly Diagnostic[];
  };
  /** What was found, with its line and a caret under its place. */
  readonly render: (found: Diagnostic, of: { readonly file: string; readonly text: string }) => string;
}

/**
 * The part in which the two programs differ. `open` rejects with a SystemError when the system is not as
 * needed.
 */
export interface Program<Config> {
  readonly role: Role;
  readonly version: string;
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Every line that it logs. */
  readonly rows: Partial<Readonly<Record<LogId, CatalogueRow>>>;
  /** Asked for whenever there is a file to read; the client does not keep it. */
  readonly reader: () => Promise<Reader<Config>>;
  readonly logSettings: (config: Config) => LogSettings;
  readonly open: (surroundings: Surroundings<Config>) => Promise<Service>;
  readonly commands?: readonly Command[];
  /** What `status --json` tells besides what it tells of every program. */
  readonly details?: (paths: Paths, isRunning: boolean) => Promise<object>;
}

/** Runs a program as its command line says; resolves to the exit status, or never while it serves. */
export async function runProgram<Config>(program: Program<Config>, args: readonly string[]): Promise<number> {
  const daemon = isDaemon();
  if (!daemon) bearClosedPipes([process.stdout, process.stderr]);
  const { commands = [] } = program;
  const parsed = parseCommandLine(args, () => process.cwd(), commands);
  if (!parsed.ok) {
    // Dibbler's client without arguments begins with its usage text.
    if (args.length > 0 || program.role === "server") greet(program);
    if (parsed.complaint !== undefined) process.stderr.write(`${parsed.complaint}\n`);
    process.stdout.write(usage(program.role, commands));
    return 1;
  }
  const { command } = parsed;
  if (command.action === "version") {
    process.stdout.write(`dibbler-${program.role} (dibbler-node) ${program.version}\n`);
    return 0;
  }
  // The output of our own commands is for other programs as well; `run` has to see first how it shall log.
  if (!daemon && !command.json && command.action !== "command" && command.action !== "run") greet(program);
  const paths = pathsFor(program.role, command);
  switch (command.action) {
    case "help":
      process.stdout.write(usage(program.role, commands));
      return 0;
    case "install":
    case "uninstall":
      process.stdout.write("Function not available in Linux/Unix systems.\n");
      return 0;
    case "status":
      return command.json ? await printJsonStatus(program, paths) : printStatus(program.role, paths);
    case "stop":
      return await stopDaemon(program.role, paths);
    case "start":
      return daemon ? await serve(program, paths, daemon) : await start(program, command, paths);
    case "run":
      return await serve(program, paths, daemon);
    case "command":
      return await runCommand(commands, command.words, paths);
    default:
      return command.action satisfies never;
  }
}

/** What each of Dibbler's actions prints first, and who reads their output expects. */
function greet({ role, version }: Pick<Program<never>, "role" | "version">): void {
  process.stdout.write(banner(role, version));
}

async function runCommand(
  commands: readonly Command[],
  [name, ...words]: readonly string[],
  paths: Paths,
): Promise<number> {
  const command = commands.find((each) => each.name === name);
  return (await command?.run(words, paths)) ?? 1;
}

async function printJsonStatus<Config>({ role, details }: Program<Config>, paths: Paths): Promise<number> {
  const { running, ...found } = findRunning(role, paths);
  const more = await details?.(paths, running);
  process.stdout.write(`${JSON.stringify({ running, ...found, ...more }, undefined, 2)}\n`);
  return running ? 0 : 1;
}

/** Reads the configuration here first, so that its errors appear on the terminal and nothing is started. */
async function start<Config>(program: Program<Config>, command: CommandLine, paths: Paths): Promise<number> {
  await readConfig(program, paths);
  return await startDaemon({
    role: program.role,
    paths,
    args: argumentsOf(command),
    ...(program.nodeFlags === undefined ? {} : { nodeFlags: program.nodeFlags }),
    ...(program.environment === undefined ? {} : { environment: program.environment }),
  });
}

/** The command line of the daemon: Neutron finds its client by the directory in it. */
function argumentsOf({ workDir, configFile, logDir }: CommandLine): string[] {
  return [
    "start",
    ...(workDir === undefined ? [] : ["-w", workDir]),
    ...(configFile === undefined ? [] : ["--config", configFile]),
    ...(logDir === undefined ? [] : ["--log-dir", logDir]),
  ];
}

async function serve<Config>(program: Program<Config>, paths: Paths, daemon: boolean): Promise<number> {
  const { role } = program;
  const reading = daemon ? readConfig(program, paths, QUIETLY) : readToRun(program, paths);
  const { config, diagnostics } = await reading;
  try {
    enterWorkDir(paths.workDir);
    const claim = claimPidFile(paths.pidFile, role);
    process.on("exit", claim.release);
    const toJournal = !daemon && isJournal(1, process.env);
    const writer = createLog({
      rows: program.rows,
      file: paths.logFile,
      console: toJournal ? "journal" : !daemon,
      settings: defaultLogSettings(role === "server" ? "Server" : "Client"),
    });
    process.on("exit", writer.close);
    await writer.configure(program.logSettings(config));
    logFindings(writer.log, paths, claim, diagnostics);
    const fail = (sentence: string): never => {
      writer.log("PROGRAM-FAILED", { sentence });
      writer.flush();
      // The journal has it from the log.
      return toJournal ? process.exit(1) : fatal(sentence);
    };
    const stopped = untilStopped();
    const notifier = daemon ? undefined : await openManagerLine(writer.log);
    const reread = (): Promise<Reread<Config>> => readAgain(program, paths, writer);
    const service = await program
      .open({
        version: program.version,
        config,
        diagnostics,
        paths,
        log: writer.log,
        reread,
        reloading: notifier?.reloading,
      })
      .catch((error: unknown) => {
        return fail(sentenceOf(error));
      });
    if (service.reload !== undefined) stopped.onReload(service.reload);
    reportReady();
    if (service.condition !== undefined) notifier?.ready(service.condition);
    const signal = await stopped.signal;
    notifier?.stopping();
    writer.log("PROGRAM-STOPPING", { signal });
    await service.stop(signal);
    writer.log("PROGRAM-STOPPED");
    return 0;
  } catch (error) {
    return fatal(sentenceOf(error));
  }
}

/**
 * A way to tell systemd how the program does, where it has started it. A daemon that has put itself into the
 * background is not what systemd started: whatever did so has its own to tell.
 */
async function openManagerLine(log: Log): Promise<Notifier | undefined> {
  const asked = askedBy(process.env, process.pid);
  if (asked === undefined) return undefined;
  try {
    const { openNotifier } = await import("./systemd.js");
    return openNotifier({ ...asked, log });
  } catch (error) {
    log("SYSTEMD-NO-FILE", { reason: sentenceOf(error) });
    return undefined;
  }
}

/** Waits for TERM or INT from the very start, so that a stop during start-up is not lost. */
function untilStopped(): {
  readonly signal: Promise<string>;
  readonly onReload: (reload: () => void) => void;
} {
  let reload = (): void => undefined;
  const signal = new Promise<string>((resolve) => {
    onSignals({
      stop: resolve,
      reload: () => {
        reload();
      },
    });
  });
  return {
    signal,
    onReload: (next) => {
      reload = next;
    },
  };
}

/** What was found on the way and does not keep the program from starting: a daemon's terminal is gone. */
function logFindings(
  log: Log,
  { configFile, pidFile }: Paths,
  { replaced }: PidClaim,
  warnings: readonly Diagnostic[],
): void {
  logDiagnostics(log, configFile, warnings);
  if (replaced === undefined || replaced.state === "absent") return;
  const what = "pid" in replaced ? `pid ${replaced.pid} (${replaced.state})` : "no pid";
  log("PID-FILE-TAKEN", { file: pidFile, what });
}

function logDiagnostics(log: Log, file: string, diagnostics: readonly Diagnostic[]): void {
  for (const { severity, line, column, message } of diagnostics) {
    const values = { file, line, column, message };
    if (severity === "error") log("CONFIG-ERROR", values);
    else log("CONFIG-WARNING", values);
  }
}

/** Reads and parses for a reload: nothing is printed, and nothing ends. */
async function readAgain<Config>(
  program: Program<Config>,
  { configFile }: Paths,
  writer: LogWriter,
): Promise<Reread<Config>> {
  const { parse, render } = await program.reader();
  let text: string;
  try {
    text = readText(configFile);
  } catch (error) {
    return { ok: false, error: sentenceOf(error) };
  }
  const { config, diagnostics } = parse(text);
  const findings = diagnostics.map((each) => `${render(each, { file: configFile, text })}\n`).join("");
  if (config === undefined) {
    logDiagnostics(writer.log, configFile, diagnostics);
    return { ok: false, error: `${findings}${configFile}: ${errorCount(diagnostics)}` };
  }
  const use = (): void => {
    void writer.configure(program.logSettings(config));
    logDiagnostics(writer.log, configFile, diagnostics);
  };
  return { ok: true, config, diagnostics, findings, use };
}

/** For `run`: who has JSON logged gets nothing else on standard output. */
async function readToRun<Config>(program: Program<Config>, paths: Paths): Promise<ReadConfig<Config>> {
  return await readConfig(program, paths, {
    onRead: (config) => {
      if (config === undefined || program.logSettings(config).mode !== "json") greet(program);
    },
  });
}

interface ReadConfig<Config> {
  readonly config: Config;
  readonly diagnostics: readonly Diagnostic[];
}

/** How to read: `onRead` is told what was read before any of it is printed. */
interface Reading<Config> {
  readonly print?: boolean;
  readonly onRead?: (config: Config | undefined) => void;
}

/** The daemon's terminal is gone. */
const QUIETLY: Reading<unknown> = { print: false };

/**
 * Reads and parses; prints what was found if wanted, but not into the journal, which has the log's lines
 * about a configuration that is used. Ends the program when there are errors.
 */
async function readConfig<Config>(
  program: Program<Config>,
  { configFile }: Paths,
  { print = true, onRead = () => undefined }: Reading<Config> = {},
): Promise<ReadConfig<Config>> {
  const text = readConfigText(configFile, onRead);
  const { parse, render } = await program.reader().catch((error: unknown) => {
    // Node tells in further lines who wanted the missing file.
    const [reason = ""] = sentenceOf(error).split("\n", 1);
    return fatal(`this installation is not whole, install it again: ${reason}`);
  });
  const { config, diagnostics } = parse(text);
  onRead(config);
  if (print && !(config !== undefined && isJournal(2, process.env))) {
    for (const diagnostic of diagnostics) {
      process.stderr.write(forStderr(`${render(diagnostic, { file: configFile, text })}\n`));
    }
  }
  if (config !== undefined) return { config, diagnostics };
  return fatal(`${configFile}: ${errorCount(diagnostics)}; nothing was started`);
}

function errorCount(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  return `${errors} error${errors === 1 ? "" : "s"}`;
}

function readConfigText(path: string, onRead: (config: undefined) => void): string {
  try {
    return readText(path);
  } catch (error) {
    onRead(undefined);
    return fatal(sentenceOf(error));
  }
}
