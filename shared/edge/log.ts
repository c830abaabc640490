import { closeSync, constants, fchmodSync, fstatSync, openSync, statSync, writeSync } from "node:fs";
import type { CatalogueRow, LogId, LogLevel, LogValues } from "../catalogue.js";
import { encodeText } from "./encode-text.js";
import { codeOf, sentenceOf } from "./errors.js";
import { isForeignLink } from "./foreign-links.js";
import { createLineFormat, fillTemplate, type LineStyle } from "./log-line.js";
import { openSyslog, type Syslog } from "./syslog.js";

/**
 * Writes one line of the program's rows of the catalogue; nothing is formatted when its level is not wanted.
 * Throws only for a line that the program does not have, which is a mistake of ours.
 */
export type Log = (id: LogId, values?: LogValues) => void;

/** Dibbler's `log-*` directives, and one mode of ours. */
export interface LogSettings {
  /** 1 Emergency to 8 Debug: lines up to this level are written. */
  readonly level: number;
  readonly mode: LineStyle | "syslog" | "json";
  readonly name: string;
  readonly colors: boolean;
}

/** A log: `configure` applies the settings once they are read, `flush` writes what is pending at once. */
export interface LogWriter {
  readonly log: Log;
  /** Never rejects. At once, but json's code has to be loaded: what is logged until then is as before. */
  readonly configure: (settings: LogSettings) => Promise<void>;
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
 * on without a log file when the directory is missing or read-only, or when the file is another user's link.
 */
export function createLog(options: {
  /** Of the catalogue, what the program logs. */
  readonly rows: Partial<Readonly<Record<LogId, CatalogueRow>>>;
  readonly file: string | undefined;
  readonly console: boolean;
  /** Until `configure` is called: of the text modes. */
  readonly settings: LogSettings;
}): LogWriter {
  let { settings } = options;
  let format: Format = textFormat(settings);
  let configured = 0;
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
  const write = (level: LogLevel, id: LogId, text: string, values: LogValues): void => {
    const line = `${format(level, id, text, values)}\n`;
    if (syslog === undefined) pendingFile += line;
    else syslog.write(level, text);
    if (options.console) pendingConsole += syslog === undefined ? line : `${text}\n`;
    if (pendingFile.length + pendingConsole.length > FLUSH_AT) flush();
    else scheduled ??= setImmediate(flush);
  };
  const log: Log = (id, values = {}) => {
    const row = options.rows[id];
    if (row === undefined) throw new Error(`the program has no line ${id} in its catalogue`);
    if (row.level <= settings.level) write(row.level, id, fillTemplate(row.text, values), values);
  };
  const configure = async (next: LogSettings): Promise<void> => {
    const turn = ++configured;
    if (next.mode !== "json") {
      use(next, textFormat(next));
      return;
    }
    try {
      const { createJsonFormat } = await import("./json-line.js");
      if (turn === configured) use(next, createJsonFormat(next.name));
    } catch (error) {
      use(next, textFormat(next));
      log("LOG-NO-JSON", { reason: sentenceOf(error) });
    }
  };
  const use = (next: LogSettings, nextFormat: Format): void => {
    settings = next;
    format = nextFormat;
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

type Format = (level: LogLevel, id: LogId, text: string, values: LogValues) => string;

function textFormat(settings: LogSettings): Format {
  const line = createLineFormat(settings);
  return (level, _id, text) => line(level, text, Date.now());
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
    return openSync(path, APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) !== "ELOOP") return undefined;
  }
  try {
    return isForeignLink(path) ? undefined : openSync(path, APPEND);
  } catch {
    return undefined;
  }
}

/** A pipe in the place of the file, with nobody at its other end, holds nobody up: hence not blocking. */
const APPEND = constants.O_WRONLY | constants.O_APPEND;

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
  let rest = encodeText(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // Lost.
  }
}
