import { copyFileSync, existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { millis } from "../shared/brand.js";
import type { Clock } from "../shared/edge/clock.js";
import { sentenceOf } from "../shared/edge/errors.js";
import { readTextIfThere, removeQuietly, replaceFileSync } from "../shared/edge/files.js";
import type { Log } from "../shared/edge/log.js";
import { isAlive, programNames } from "../shared/edge/process-info.js";
import {
  type Announced,
  announcedAfter,
  type Downlink,
  isRadvdName,
  isServing,
  type RadvdFile,
  radvdText,
  readRadvd,
  sameAnnounced,
} from "./radvd.js";

/**
 * The radvd.conf of one client. `announce`: from now on these downlinks, and no others, serve these
 * prefixes.
 */
export interface Radvd {
  readonly announce: (downlinks: readonly Downlink[]) => void;
}

/**
 * Keeps `path` as radvd shall read it, and has radvd read it. Written whole, only when something has
 * changed. Without prefixes it is removed, but for a radvd that reads it: that would end without a word to
 * its hosts. It is told to say that prefixes and router are gone, and keeps the file. A file of somebody
 * else stays as it is.
 */
export function openRadvd(
  path: string,
  workDir: string,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Radvd {
  const said = new Set<string>();
  const sayOnce = (what: string, say: () => void): void => {
    if (!said.has(what)) say();
    said.add(what);
  };
  let known: readonly Announced[] | undefined;

  /** What the file announces, as far as we may go on from it; `undefined` when it is not ours to change. */
  const takeOver = (): readonly Announced[] | undefined => {
    const file = readFile(path);
    if (file === undefined) return known ?? [];
    if (file.owner === "other") {
      sayOnce("foreign", () => {
        log("RADVD-FOREIGN", { path });
      });
      return undefined;
    }
    const { workDir: theirs, announced } = file;
    if (theirs !== undefined && theirs !== workDir && isClientAlive(theirs)) {
      sayOnce("shared", () => {
        log("RADVD-SHARED", { path, directory: theirs });
      });
      return undefined;
    }
    // Dibbler's own, perhaps with changes by hand in it: it is kept, as Dibbler does.
    if (theirs === undefined) copyFileSync(path, `${path}.old`);
    return theirs === workDir && known !== undefined ? known : announced;
  };
  const write = (announced: readonly Announced[]): void => {
    const readers = readersOf(path);
    if (!isServing(announced) && readers.length === 0) {
      if (existsSync(path)) log("RADVD-REMOVED", { path });
      removeQuietly(path);
      return;
    }
    // radvd takes no file without an interface, and has none of ours then.
    if (announced.length === 0) return;
    // Readable for all: it holds what is broadcast anyhow, and a radvd under its own user ends when it
    // cannot.
    replaceFileSync(path, radvdText(announced, workDir, clock.now()), 0o644);
    log("RADVD-WRITTEN", { path, downlinks: announced.map(({ interfaceName }) => interfaceName).join(", ") });
    report(readersOf(path).filter(reload));
  };
  const report = (readers: readonly number[]): void => {
    for (const pid of readers) log("RADVD-RELOADED", { process: pid });
    if (readers.length > 0) return;
    sayOnce("idle", () => {
      log("RADVD-NOT-RUNNING", { path });
    });
  };
  return {
    announce(downlinks) {
      try {
        const before = takeOver();
        if (before === undefined) return;
        const named = downlinks.filter(({ interfaceName }) => isRadvdName(interfaceName));
        for (const { interfaceName } of downlinks.filter((link) => !named.includes(link))) {
          sayOnce(`name ${interfaceName}`, () => {
            log("RADVD-NAME", { interface: interfaceName });
          });
        }
        const announced = announcedAfter(before, named, clock.now());
        if (known !== undefined && sameAnnounced(known, announced)) return;
        known = announced;
        write(announced);
      } catch (error) {
        sayOnce("trouble", () => {
          log("RADVD-TROUBLE", { sentence: sentenceOf(error) });
        });
      }
    },
  };
}

function readFile(path: string): RadvdFile | undefined {
  const text = readTextIfThere(path);
  return text === undefined ? undefined : readRadvd(text, millis(statSync(path).mtimeMs));
}

/** True when the client that works there runs. */
function isClientAlive(workDir: string): boolean {
  const pid = Number(readTextIfThere(`${workDir}/client.pid`));
  return Number.isInteger(pid) && pid > 0 && pid !== process.pid && isAlive(pid);
}

/** False when it is gone already. */
function reload(pid: number): boolean {
  try {
    return process.kill(pid, "SIGHUP");
  } catch {
    return false;
  }
}

/** What radvd reads unless its command line says otherwise. */
const STANDARD_FILE = "/etc/radvd.conf";

/**
 * The radvds whose configuration is this very file, seen through their own eyes: a pid file may be anywhere,
 * or old, or of another container. The privileged helper of each, its child, has the same command line and
 * dies of a signal.
 */
function readersOf(path: string): readonly number[] {
  const readers = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => isRadvd(pid) && reads(pid, path));
  return readers.filter((pid) => !readers.includes(parentOf(pid)));
}

const isRadvd = (pid: number): boolean => programNames(pid)[0] === "radvd";

function reads(pid: number, path: string): boolean {
  try {
    const root = `/proc/${pid}/root`;
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    const theirs = statSync(`${root}${resolve(cwd, configFileOf(pid))}`);
    const ours = statSync(path);
    return theirs.dev === ours.dev && theirs.ino === ours.ino;
  } catch {
    // Gone, not to be looked at, or one of the files is not there.
    return false;
  }
}

/** `-C FILE`, `-CFILE`, `--config FILE`, `--config=FILE`; the last one counts. */
function configFileOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  return words.reduce((file, word, index) => {
    const inWord = /^(?:-C|--config=)(.+)$/.exec(word)?.[1];
    const behind = word === "-C" || word === "--config" ? words[index + 1] : undefined;
    return inWord ?? behind ?? file;
  }, STANDARD_FILE);
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
  } catch {
    return 0;
  }
}
