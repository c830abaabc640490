import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename } from "node:path";

/** True when the process exists and still runs: a zombie without threads has given back all it held. */
export function isAlive(pid: number): boolean {
  try {
    // "pid (name) state ...": the name may contain anything, parentheses too.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
    if (state !== "Z" && state !== "X") return true;
    // The first thread can end before the others; the sockets are closed with the last.
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** "kea-dhcp6 (pid 123)"; for a program run by an interpreter, the program's name. */
export function processName(pid: number): string {
  const name = programNames(pid).at(-1) ?? "a process";
  return `${name} (pid ${pid})`;
}

/**
 * Names under which a process can be known, the most telling last: its executable
 * and, for an interpreter, the script: ["node", "dibbler-client.cjs"],
 * ["dibbler-client"]. Empty when the process is gone or may not be looked at.
 */
export function programNames(pid: number): readonly string[] {
  const names: string[] = [];
  try {
    const [program = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (program !== "") names.push(basename(program));
    const script = args.find((arg) => !arg.startsWith("-"));
    if (script !== undefined && INTERPRETERS.test(basename(program))) names.push(basename(script));
  } catch {
    return [];
  }
  return names;
}

/** Base name of the executable file, "(deleted)" included; `undefined` when it may not be looked at. */
export function executableName(pid: number): string | undefined {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return undefined;
  }
}

/** True when the process works in `directory`; `undefined` when that cannot be seen. */
export function worksIn(pid: number, directory: string): boolean | undefined {
  try {
    const theirs = statSync(`/proc/${pid}/cwd`);
    const wanted = statSync(directory);
    return theirs.dev === wanted.dev && theirs.ino === wanted.ino;
  } catch {
    return undefined;
  }
}

/**
 * A process other than this one that has the file open; `undefined` when none is seen, because it may not be
 * looked at perhaps. Slow: for error messages.
 */
export function findFileHolder(path: string): number | undefined {
  const { dev, ino } = statSync(path);
  const isIt = (descriptor: string): boolean => {
    const found = quietly(() => statSync(descriptor));
    return found?.ino === ino && found.dev === dev;
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const holder = pids.find((pid) => {
    const folder = `/proc/${pid}/fd`;
    return quietly(() => readdirSync(folder))?.some((name) => isIt(`${folder}/${name}`));
  });
  return holder === undefined ? undefined : Number(holder);
}

/** What vanishes while it is looked at, or belongs to another user, is not there. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const INTERPRETERS = /^(?:node|nodejs|bun|deno|python[\d.]*|perl|bash|sh)$/;
