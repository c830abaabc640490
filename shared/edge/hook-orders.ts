import type { ScriptOutcome, ScriptRun } from "./hook-process.js";

/** A script for the helper to run; `id` comes back with what became of it. */
export interface ScriptOrder {
  readonly id: number;
  readonly run: ScriptRun;
}

/** All scripts are to be ended, see `ScriptRunner.end`. */
export interface EndOrder {
  readonly end: true;
}

/** How the run of an order ended. */
export interface ScriptAnswer {
  readonly id: number;
  readonly outcome: ScriptOutcome;
}

/** Orders and answers as they travel between our own two processes: JSON, each on a line of its own. */
export const orderLine = (value: ScriptOrder | EndOrder | ScriptAnswer): string =>
  `${JSON.stringify(value)}\n`;

/** Gives the values in what comes in, piece by piece; both ends are of the same make. */
export function createLineReader<Value extends ScriptOrder | EndOrder | ScriptAnswer>(
  take: (value: Value) => void,
): (piece: string) => void {
  let rest = "";
  return (piece) => {
    // All of a long line is looked through once, and not again with each of its pieces.
    if (!piece.includes("\n")) {
      rest += piece;
      return;
    }
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") take(JSON.parse(line) as Value);
  };
}
