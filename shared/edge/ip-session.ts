import type { ChildProcess } from "node:child_process";
import { type IpFailure, reasonOf, startIp } from "./ip-batch.js";

/** An `ip -batch -` that stays, so that a change of a route does not cost a process. */
export interface IpSession {
  /** Does all lines in turn, also those behind one that fails; gives those that failed. Never rejects. */
  readonly submit: (lines: readonly string[]) => Promise<readonly IpFailure[]>;
  /** Ends when everything that was submitted is done. */
  readonly close: () => Promise<void>;
}

/** Lines that are on their way, and the number of the first and of the mark behind the last. */
interface Batch {
  readonly first: number;
  readonly mark: number;
  readonly failures: IpFailure[];
  readonly done: (failures: readonly IpFailure[]) => void;
}

/**
 * A line that always fails, and so says on stderr, in its turn, that all lines before it are done: `ip`
 * itself says nothing of what went well.
 */
const MARK = "link show dev dibbler-no-dev";

/** A session; `ip` is started when there is something to do, and again when it has ended. */
export function openIpSession(start = () => startIp(["-6", "-force", "-batch", "-"])): IpSession {
  let running: Running | undefined;
  return {
    submit(lines) {
      if (lines.length === 0) return Promise.resolve([]);
      running ??= run(start(), () => (running = undefined));
      return running.submit(lines);
    },
    async close() {
      await running?.close();
    },
  };
}

interface Running {
  readonly submit: IpSession["submit"];
  readonly close: () => Promise<void>;
}

function run(child: ChildProcess, onEnd: () => void): Running {
  const batches: Batch[] = [];
  let lines = 0;
  let rest = "";
  let why = "";
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string): void => {
      onEnd();
      for (const batch of batches.splice(0)) batch.done(allOf(batch, reason));
      resolve();
    };
    child.once("error", (error) => {
      end(`ip cannot be run (${error.message}); install iproute2`);
    });
    child.once("close", () => {
      end(why === "" ? "ip has ended" : why);
    });
  });
  child.stderr?.setEncoding("utf8").on("data", (piece: string) => {
    const [last = "", ...whole] = (rest + piece).split("\n").reverse();
    rest = last;
    for (const line of whole.reverse()) hear(line);
  });
  // That it has ended is heard of above.
  child.stdin?.on("error", () => undefined);

  function hear(line: string): void {
    const number = Number(/^Command failed .*:(\d+)$/.exec(line)?.[1]);
    if (Number.isNaN(number)) {
      if (why === "") why = reasonOf(line);
      return;
    }
    const [batch] = batches;
    if (batch?.mark === number) {
      batches.shift();
      batch.done(batch.failures);
    } else {
      batch?.failures.push({ line: number - batch.first, why: why === "" ? "no reason given" : why });
    }
    why = "";
  }

  return {
    submit: (wanted) =>
      new Promise((done) => {
        const first = lines + 1;
        lines += wanted.length + 1;
        batches.push({ first, mark: lines, failures: [], done });
        child.stdin?.write(`${wanted.join("\n")}\n${MARK}\n`);
      }),
    close() {
      child.stdin?.end();
      return ended;
    },
  };
}

/** What is not known to have been done has failed. */
const allOf = ({ first, mark, failures }: Batch, why: string): readonly IpFailure[] =>
  Array.from(
    { length: mark - first },
    (_none, line) => failures.find((it) => it.line === line) ?? { line, why },
  );
