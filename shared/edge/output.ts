import type { Writable } from "node:stream";
import { codeOf } from "./errors.js";

/** Where a command prints, line by line, as fast as it is read there. */
export interface Output {
  /** Resolves to false when nobody reads any more (`| head`), so that there is no sense in going on. */
  readonly line: (text: string) => Promise<boolean>;
  /** Prints what is still held back; the same promise. */
  readonly end: () => Promise<boolean>;
}

/** Lines are printed in pieces of so many characters. */
const PIECE = 32_768;

/** An output to a stream, stdout as a rule. Rejects when the system fails, a full disk say. */
export function openOutput(stream: Writable): Output {
  let held = "";
  let failure: Error | undefined;
  stream.on("error", (error: Error) => {
    failure = error;
  });

  async function flush(): Promise<boolean> {
    const text = held;
    held = "";
    if (text !== "" && failure === undefined) await write(stream, text);
    if (failure === undefined) return true;
    if (codeOf(failure) === "EPIPE") return false;
    throw failure;
  }

  return {
    line(text) {
      held += `${text}\n`;
      return held.length < PIECE ? Promise.resolve(true) : flush();
    },
    end: flush,
  };
}

/** Resolves when it is written, or is not going to be: that error comes to the stream's listener. */
function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => {
      resolve();
    });
  });
}

/**
 * Ends the process with a status when all that was printed has left it: a pipe takes 64 KiB at a time, and
 * `process.exit` would cut off the rest.
 */
export async function endProcess(status: number): Promise<never> {
  for (const output of [process.stdout, process.stderr]) await write(output, "");
  return process.exit(status);
}

/**
 * Lets a program finish its work, and end with its own status, when nobody reads what it prints any more
 * (`| head`). Other failures of its outputs stay errors.
 */
export function bearClosedPipes(outputs: readonly Writable[]): void {
  for (const output of outputs) {
    output.on("error", (error: Error) => {
      if (codeOf(error) !== "EPIPE" && output.listenerCount("error") === 1) throw error;
    });
  }
}
