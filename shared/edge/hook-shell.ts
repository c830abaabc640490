import { accessSync, closeSync, constants, existsSync, openSync, readSync, statSync } from "node:fs";

/**
 * The shell for a script that has no `#!` line, as the kernel does not start such a file: bash where there is
 * one, else sh. `undefined` for anything that the kernel can start, or that cannot be read.
 */
export type FindShell = (script: string) => string | undefined;

/** A finder that looks into a script again only when the file has changed. */
export function createShellFinder(): FindShell {
  let known: string | undefined;
  let shell: string | undefined;
  return (script) => {
    const seen = stateOf(script);
    if (seen === undefined || seen !== known) shell = shellFor(script);
    known = seen;
    return shell;
  };
}

/** Modes, contents and names: a change of any of them is a change of ctime. */
function stateOf(script: string): string | undefined {
  try {
    const { dev, ino, ctimeMs } = statSync(script);
    return `${script}\0${dev}\0${ino}\0${ctimeMs}`;
  } catch {
    return undefined;
  }
}

const SHELLS = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash", "/bin/sh"];

/** One look, see `FindShell`. */
export function shellFor(script: string): string | undefined {
  const head = readHead(script);
  if (head === undefined || head.length === 0 || head.startsWith("#!")) return undefined;
  // A program of any format has a zero octet early on, text has none: bash makes the same distinction.
  if ((head.split("\n", 1)[0] ?? "").includes("\0")) return undefined;
  return SHELLS.find((shell) => existsSync(shell));
}

function readHead(path: string): string | undefined {
  let fd: number | undefined;
  try {
    // A script that may not be executed is not to be run by a shell either.
    accessSync(path, constants.X_OK);
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const head = Buffer.alloc(128);
    return head.toString("latin1", 0, readSync(fd, head));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
