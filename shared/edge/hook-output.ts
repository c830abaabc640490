import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { removeQuietly, temporaryName } from "./files.js";

/** A pipe for what one script at a time prints to stdout and stderr. */
export interface OutputPipe {
  /** The end for the script. */
  readonly fd: number;
  /** Forgets what was printed so far. */
  readonly begin: () => void;
  /** The beginning of what was printed since, a few KiB at most. */
  readonly end: () => Promise<string>;
}

/** Pipes lent to scripts, as many as run at once. */
export interface OutputPipes {
  /** `undefined` when no pipe can be made; the script then prints to nowhere. */
  readonly take: () => Promise<OutputPipe | undefined>;
  readonly giveBack: (pipe: OutputPipe | undefined) => void;
}

/**
 * Pipes that are always read, so that nobody is held up or killed by printing, a
 * process left in the background included. They are real ones, made in `directory`
 * with mkfifo(1): Node's own are socket pairs, on which `echo > /dev/stderr` fails.
 */
export function createOutputPipes(directory: string): OutputPipes {
  const free: OutputPipe[] = [];
  let possible = true;
  return {
    async take() {
      const pipe = free.pop();
      if (pipe !== undefined || !possible) return pipe;
      const made = await makePipe(`${directory}/hook-output`);
      possible = made !== undefined;
      return made;
    },
    giveBack(pipe) {
      if (pipe !== undefined) free.push(pipe);
    },
  };
}

const OUTPUT_LIMIT = 4096;

async function makePipe(path: string): Promise<OutputPipe | undefined> {
  const name = temporaryName(path);
  if (!(await makeFifo(name))) return undefined;
  let reader: number | undefined;
  try {
    // Open for writing as well, the reader never sees an end; and the writer's end stays blocking. Nobody can
    // put another file between the two.
    reader = openSync(name, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    if (!fstatSync(reader).isFIFO()) throw new Error(`${name} is no pipe any more`);
    const fd = openSync(`/proc/self/fd/${reader}`, constants.O_WRONLY);
    return { fd, ...collect(reader) };
  } catch {
    if (reader !== undefined) closeSync(reader);
    return undefined;
  } finally {
    removeQuietly(name);
  }
}

function makeFifo(name: string): Promise<boolean> {
  const { spawn } = process.getBuiltinModule("node:child_process");
  return new Promise((resolve) => {
    const child = spawn("mkfifo", ["-m", "600", name], { stdio: "ignore" });
    child.on("error", () => {
      resolve(false);
    });
    child.on("exit", (status) => {
      resolve(status === 0);
    });
  });
}

/** Reads for ever, keeps the beginning. */
function collect(reader: number): Pick<OutputPipe, "begin" | "end"> {
  const { Socket } = process.getBuiltinModule("node:net");
  let chunks: Buffer[] = [];
  let size = 0;
  const socket = new Socket({ fd: reader, readable: true, writable: false });
  // The program may end although this could be read.
  socket.unref();
  socket.on("error", () => undefined);
  socket.on("data", (chunk: Buffer) => {
    if (size < OUTPUT_LIMIT) chunks.push(chunk.subarray(0, OUTPUT_LIMIT - size));
    size += chunk.length;
  });
  return {
    begin() {
      chunks = [];
      size = 0;
    },
    async end() {
      // What the script printed last is in the pipe; the event loop reads it before two turns are over.
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      return Buffer.concat(chunks).toString("utf8").trim();
    },
  };
}
