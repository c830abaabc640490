import { closeSync, constants, fchmodSync, fstatSync, openSync, statSync, writeSync } from "node:fs";
import type { CatalogueRow, LogId, LogValues } from "../catalogue.js";
import { codeOf, sentenceOf } from "./errors.js";
import { isForeignLink } from "./foreign-links.js";
import { journalHead } from "./journal.js";
import { createLineBuffer, type LineBuffer } from "./line-buffer.js";
import { createLineFrame, fillTemplate, type LineStyle } from "./log-line.js";
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
 * Opens the log file (append, 0644); `console` copies every line to stdout, for the journal without the time,
 * which it notes itself. A line is written at the end of the turn of the event loop, or some milliseconds
 * later when there are many; a file that logrotate has moved away is opened anew within a second. Like
 * Dibbler, runs on without a log file when the directory is missing or read-only, or when the file is another
 * user's link.
 */
export function createLog(options: {
  /** Of the catalogue, what the program logs. */
  readonly rows: Partial<Readonly<Record<LogId, CatalogueRow>>>;
  readonly file: string | undefined;
  readonly console: boolean | "journal";
  /** Until `configure` is called: of the text modes. */
  readonly settings: LogSettings;
}): LogWriter {
  let { settings } = options;
  let format = textFormat(settings);
  let journalFormat = journalText;
  let configured = 0;
  let syslog: Syslog | undefined;
  const pending = createLineBuffer();
  const forJournal = options.console === "journal" ? createLineBuffer() : undefined;
  const flusher = createFlusher(() => {
    flush();
  });
  const file = options.file === undefined ? undefined : createLogFile(options.file);

  const flush = (): void => {
    if (pending.size() === 0) return;
    flusher.done();
    const lines = pending.take();
    if (syslog === undefined) file?.write(lines);
    if (forJournal !== undefined) writeAll(1, forJournal.take());
    else if (options.console) writeAll(1, lines);
  };
  const write = (row: CatalogueRow, id: LogId, values: LogValues): void => {
    if (syslog === undefined) {
      format(pending, row, id, values);
      if (forJournal !== undefined) journalFormat(forJournal, row, id, values);
    } else {
      const text = fillTemplate(row.text, values);
      syslog.write(row.level, text);
      // The journal has it from syslog.
      if (options.console === true) pending.add(text);
    }
    if (pending.size() > FLUSH_AT) flush();
    else flusher.wake();
  };
  const log: Log = (id, values = {}) => {
    const row = options.rows[id];
    if (row === undefined) throw new Error(`the program has no line ${id} in its catalogue`);
    if (row.level <= settings.level) write(row, id, values);
  };
  const configure = async (next: LogSettings): Promise<void> => {
    const turn = ++configured;
    if (next.mode !== "json") {
      use(next, textFormat(next), journalText);
      return;
    }
    try {
      const { createJsonFormat } = await import("./json-line.js");
      const json = createJsonFormat(next.name);
      if (turn === configured) {
        const lineOf = ({ level, text }: CatalogueRow, id: LogId, values: LogValues): string =>
          json(level, id, fillTemplate(text, values), values);
        use(
          next,
          (to, row, id, values) => {
            to.add(lineOf(row, id, values));
          },
          (to, row, id, values) => {
            to.add(`${journalHead(row.level)}${lineOf(row, id, values)}`);
          },
        );
      }
    } catch (error) {
      use(next, textFormat(next), journalText);
      log("LOG-NO-JSON", { reason: sentenceOf(error) });
    }
  };
  const use = (next: LogSettings, nextFormat: Format, nextJournalFormat: Format): void => {
    flush();
    settings = next;
    format = nextFormat;
    journalFormat = nextJournalFormat;
    if (next.mode === "syslog") {
      syslog ??= openSyslog(`Dibbler${next.name}`, (reason) => {
        flush();
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

/** Adds a line to those that wait. */
type Format = (to: LineBuffer, row: CatalogueRow, id: LogId, values: LogValues) => void;

function textFormat(settings: LogSettings): Format {
  const { head, tail } = createLineFrame(settings);
  return (to, { level, text }, _id, values) => {
    to.fill(head(level, Date.now()), text, values, tail);
  };
}

const journalText: Format = (to, { level, text }, _id, values) => {
  to.fill(journalHead(level), text, values, "");
};

/** Octets that may wait. */
const FLUSH_AT = 64 * 1024;
/** A busy server writes its log once in so many milliseconds: each write is a system call. */
const PAUSE_MS = 10;

/** Has lines written: at the end of the turn, but not sooner than a pause after the last ones. */
function createFlusher(flush: () => void): { readonly wake: () => void; readonly done: () => void } {
  let flushedAt = -Infinity;
  let immediate: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;
  return {
    wake() {
      if (immediate !== undefined || timer !== undefined) return;
      const isSoon = performance.now() - flushedAt < PAUSE_MS;
      if (isSoon) timer = setTimeout(flush, PAUSE_MS);
      else immediate = setImmediate(flush);
    },
    done() {
      clearImmediate(immediate);
      clearTimeout(timer);
      immediate = undefined;
      timer = undefined;
      flushedAt = performance.now();
    },
  };
}

/** How often to look whether the file has been moved away. */
const LOOK_MS = 1000;

function createLogFile(path: string): {
  readonly write: (lines: Uint8Array) => void;
  readonly close: () => void;
} {
  let fd = openForAppend(path);
  let looked = performance.now();
  return {
    write(lines) {
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
      if (fd !== undefined) writeAll(fd, lines);
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
function writeAll(fd: number, lines: Uint8Array): void {
  let rest = lines;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch {
    // Lost.
  }
}
