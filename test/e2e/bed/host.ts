import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { hostPrograms } from "./host-setup.js";
import { searchPath } from "./namespaces.js";
import { type CommandOptions, execute, killGroup, type Launched, launch, type Result } from "./process.js";

/** A command running in a host until it ends or the world does. */
export interface Running {
  /** Process id as the host sees it. */
  readonly pid: number;
  readonly command: readonly string[];
  readonly output: () => string;
  readonly ended: Promise<Result>;
  readonly signal: (name: NodeJS.Signals) => Promise<void>;
  /** Sends SIGTERM and waits for the end. */
  readonly stop: () => Promise<Result>;
}

/**
 * One machine of the test network: a network namespace with its own view of /etc, /var/lib, /var/log, /run,
 * /sys. File names are the host's; only its private folders may be named, and no `/var/run` (a link out of
 * the host).
 */
export interface Host {
  readonly name: string;
  /** A process that lives as long as the host: names its network namespace to the hosts beside it. */
  readonly anchor: number;
  /** Runs a command to its end; a non-zero status is for the caller to judge. */
  readonly run: (command: readonly string[], options?: CommandOptions) => Promise<Result>;
  /** Runs a shell script that has to succeed; gives its standard output. */
  readonly shell: (script: string) => Promise<string>;
  readonly spawn: (command: readonly string[], options?: CommandOptions) => Promise<Running>;
  readonly spawned: () => readonly Running[];
  readonly readFile: (path: string) => string | undefined;
  readonly writeFile: (path: string, text: string, mode?: number) => void;
  /** Permission bits of a file. */
  readonly fileMode: (path: string) => number | undefined;
  /** The path by which the tests themselves reach a file of the host. */
  readonly outside: (path: string) => string;
  readonly listFolder: (path: string) => readonly string[];
  readonly remove: (path: string) => void;
  /** Makes `name` a command of this host, ahead of the machine's own. */
  readonly installProgram: (name: string, target: string) => void;
  /** Whether some process has this UDP port open on an IPv6 socket. */
  readonly hasUdpPort: (port: number) => boolean;
  /** Command line of a process as the kernel keeps it; undefined when there is no such process. */
  readonly commandLine: (pid: number) => readonly string[] | undefined;
  /** Command lines of all processes of the world. */
  readonly commandLines: () => readonly (readonly string[])[];
}

/** What makes up a host from outside: how to enter it and where its files and processes show. */
export interface HostPlace {
  readonly anchor: number;
  readonly enter: readonly string[];
  readonly root: string;
  readonly processes: string;
}

/** The verbs of a host that has been set up at `place`. */
export function createHost(name: string, { anchor, enter, root, processes }: HostPlace): Host {
  const path = [hostPrograms, dirname(process.execPath), searchPath()].join(":");
  const environment = { PATH: path, LC_ALL: "C.UTF-8", HOME: "/run/bed/home" };
  const spawned: Running[] = [];
  const withEnvironment = (options: CommandOptions = {}): CommandOptions => ({
    ...options,
    env: { ...environment, ...options.env },
  });
  const run: Host["run"] = (command, options) => execute([...enter, ...command], withEnvironment(options));
  return {
    name,
    anchor,
    run,
    shell: async (script) => {
      const { status, stdout, stderr } = await run(["sh", "-ec", script]);
      if (status !== 0) throw new Error(`${name}: "${script}" gave status ${status}: ${stderr}${stdout}`);
      return stdout;
    },
    spawn: async (command, options) => {
      const announced = ["sh", "-c", 'echo $$ >&3; exec 3>&-; exec "$@"', "sh", ...command];
      const launched = launch([...enter, ...announced], withEnvironment(options), true);
      const running = await describeRunning(command, launched, run);
      spawned.push(running);
      return running;
    },
    spawned: () => spawned,
    readFile: (path) => unlessMissing(() => readFileSync(root + path, "utf8")),
    writeFile: (path, text, mode = 0o644) => {
      mkdirSync(dirname(root + path), { recursive: true });
      writeFileSync(root + path, text);
      chmodSync(root + path, mode);
    },
    fileMode: (path) => {
      const mode = unlessMissing(() => statSync(root + path).mode);
      return mode === undefined ? undefined : mode & 0o7777;
    },
    outside: (path) => root + path,
    listFolder: (path) => unlessMissing(() => readdirSync(root + path).sort()) ?? [],
    remove: (path) => {
      rmSync(root + path, { recursive: true, force: true });
    },
    installProgram: (program, target) => {
      symlinkSync(target, `${root}${hostPrograms}/${program}`);
    },
    hasUdpPort: (port) => {
      const sockets = readFileSync(`${processes}/${anchor}/net/udp6`, "latin1");
      const hex = port.toString(16).toUpperCase().padStart(4, "0");
      return new RegExp(`^ *\\d+: [0-9A-F]{32}:${hex} `, "m").test(sockets);
    },
    commandLine: (pid) => readCommandLine(processes, pid),
    commandLines: () =>
      readdirSync(processes)
        .filter((entry) => /^\d+$/.test(entry))
        .flatMap((pid) => {
          const words = readCommandLine(processes, Number(pid));
          return words === undefined ? [] : [words];
        }),
  };
}

async function describeRunning(
  command: readonly string[],
  { child, output, ended }: Launched,
  run: Host["run"],
): Promise<Running> {
  child.stdin?.end();
  const pid = Number.parseInt(await readLine(child.stdio[3] as Readable), 10);
  if (Number.isNaN(pid)) {
    killGroup(child);
    throw new Error(`"${command.join(" ")}" could not be started: ${(await ended).stderr}`);
  }
  const signal = async (name: NodeJS.Signals): Promise<void> => {
    await run(["sh", "-c", `kill -s ${name.slice("SIG".length)} ${pid}`]);
  };
  return {
    pid,
    command,
    output,
    ended,
    signal,
    stop: async () => {
      await signal("SIGTERM");
      return ended;
    },
  };
}

/**
 * The first line; not all of it, for `nsenter` keeps its copy of the pipe open as long as the command runs.
 */
async function readLine(stream: Readable): Promise<string> {
  stream.setEncoding("utf8");
  let text = "";
  for await (const part of stream) {
    text += part as string;
    if (text.includes("\n")) break;
  }
  return text;
}

function readCommandLine(processes: string, pid: number): readonly string[] | undefined {
  const text = unlessMissing(() => readFileSync(`${processes}/${pid}/cmdline`, "utf8"));
  return text?.split("\0").slice(0, -1);
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
