import type { LogLevel } from "../catalogue.js";
import { sentenceOf } from "./errors.js";

/** A way to the system log. */
export interface Syslog {
  readonly write: (level: LogLevel, text: string) => void;
  readonly close: () => void;
}

/**
 * Facility daemon, our pid, ident `tag`. Node cannot open the datagram socket /dev/log, so one `logger` of
 * util-linux is fed through a pipe, for as long as the program runs. `onLost` is called once, with the
 * reason, when there is no such program or it ends; lines written then go nowhere.
 */
export function openSyslog(tag: string, onLost: (reason: string) => void): Syslog {
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn("logger", ["--prio-prefix", `--id=${process.pid}`, "-t", tag], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  let open = true;
  const lost = (reason: string): void => {
    if (!open) return;
    open = false;
    onLost(reason);
  };
  child.on("error", (error) => {
    lost(sentenceOf(error));
  });
  child.on("exit", (status, signal) => {
    lost(`logger ended with ${signal ?? `status ${status ?? 0}`}`);
  });
  child.stdin.on("error", (error) => {
    lost(sentenceOf(error));
  });
  // Neither the child nor its pipe keeps the program from ending.
  child.unref();
  return {
    write(level, text) {
      if (open) child.stdin.write(`<${DAEMON * 8 + level - 1}>${text}\n`);
    },
    close() {
      open = false;
      child.stdin.end();
    },
  };
}

/** Number of syslog's facility daemon; its severities are Dibbler's levels less one. */
const DAEMON = 3;
