import { closeSync, fchmodSync, fstatSync, openSync, statSync, writeSync } from "node:fs";
import { CATALOGUE, type LogId, type LogLevel, type LogValues } from "../catalogue.js";
import { codeOf } from "./errors.js";
import { createLineFormat, fillTemplate, type LineStyle } from "./log-line.js";
import { openSyslog, type Syslog } from "./syslog.js";

/** Writes one line of the catalogue; nothing is formatted when its level is not wanted. Never throws. */
export type Log = (id: LogId, values?: LogValues) => void;

/** Dibbler's `log-*` directives. */
export interface LogSettings {
  /** 1 Emergency to 8 Debug: lines up to this level are written. */
  readonly level: number;
  readonly mode: LineStyle | "syslog";
  readonly name: string;
  readonly colors: boolean;
}

/** A log: `configure` applies the settings once they are read, `flush` writes what is pending at once. */
export interface LogWriter {
  readonly log: Log;
  readonly configure: (settings: LogSettings) => void;
  readonly flush: () => void;
  readonly close: () => void;
}

/** Before a configuration is read: everything, in full. */
export const defaultLogSettings = (name: "Server" | "Client"): LogSettings => ({
  level: 8,
  mode: "full",
  name,
  colors: false,
});

/**
 * Opens the log file (append, 0644); `console` copies every line to stdout. Lines are written once per turn
 * of the event loop; a file that logrotate has moved away is opened anew within a second. Like Dibbler, runs
 * on without a log file when the directory is missing or read-only.
 */
export function createLog(options: {
  readonly file: string | undefined;
  readonly console: boolean;
  readonly settings: LogSettings;
}): LogWriter {
  let { settings } = options;
  let format = createLineFormat(settings);
  let syslog: Syslog | undefined;
  let pendingFile = "";
  let pendingConsole = "";
  let scheduled: NodeJS.Immediate | undefined;
  const file = options.file === undefined ? undefined : createLogFile(options.file);

  const flush = (): void => {
    clearImmediate(scheduled);
    scheduled = undefined;
    if (pendingFile !== "") file?.write(pendingFile);
    if (pendingConsole !== "") writeAll(1, pendingConsole);
    pendingFile = "";
    pendingConsole = "";
  };
  const write = (level: LogLevel, text: string): void => {
    const line = `${format(level, text, Date.now())}\n`;
    if (syslog === undefined) pendingFile += line;
    else syslog.write(level, text);
    if (options.console) pendingConsole += syslog === undefined ? line : `${text}\n`;
    if (pendingFile.length + pendingConsole.length > FLUSH_AT) flush();
    else scheduled ??= setImmediate(flush);
  };
  const log: Log = (id, values = {}) => {
    const row = CATALOGUE[id];
    if (row.level <= settings.level) write(row.level, fillTemplate(row.text, values));
  };
  const configure = (next: LogSettings): void => {
    settings = next;
    format = createLineFormat(next);
    if (next.mode === "syslog") {
      syslog ??= openSyslog(`Dibbler${next.name}`, (reason) => {
        syslog = undefined;
        log("LOG-NO-SYSLOG", { reason });
      });
    } else {
      syslog?.close();
      syslog = undefined;
    }
  };
  configure(settings);
  return {
    log,
    configure,
    flush,
    close() {
      flush();
      syslog?.close();
      syslog = undefined;
      file?.close();
    },
  };
}

/** Text that may wait for the end of the turn. */
const FLUSH_AT = 64 * 1024;
/** How often to look whether the file has been moved away. */
const LOOK_MS = 1000;

function createLogFile(path: string): { readonly write: (text: string) => void; readonly close: () => void } {
  let fd = openForAppend(path);
  let looked = performance.now();
  return {
    write(text) {
      const now = performance.now();
      if (now - looked > LOOK_MS) {
        looked = now;
        if (fd === undefined || !isStill(fd, path)) {
          const opened = openForAppend(path);
          if (opened !== undefined) {
            if (fd !== undefined) closeSync(fd);
            fd = opened;
          }
        }
      }
      if (fd !== undefined) writeAll(fd, text);
    },
    close() {
      if (fd !== undefined) closeSync(fd);
      fd = undefined;
    },
  };
}

function openForAppend(path: string): number | undefined {
  try {
    const fd = openSync(path, "ax");
    // Readable for all as Dibbler's, whatever the umask; a file that exists keeps what its owner gave it.
    fchmodSync(fd, 0o644);
    return fd;
  } catch (error) {
    if (codeOf(error) !== "EEXIST") return undefined;
  }
  try {
    return openSync(path, "a");
  } catch {
    return undefined;
  }
}

function isStill(fd: number, path: string): boolean {
  try {
    const ours = fstatSync(fd);
    const theirs = statSync(path);
    return ours.ino === theirs.ino && ours.dev === theirs.dev;
  } catch {
    return false;
  }
}

/**
 * Writes everything, or gives up: a full disk, a closed
 * terminal or a reader that does not read must not stop us.
 */
function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // Lost.
  }
}
