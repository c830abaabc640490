import { createInterface } from "node:readline/promises";

/** True when somebody sits at both ends: a question can be asked, and answered. */
export const isTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** Asks a question that is answered with y or yes; anything else, also the end of the input, is no. */
export async function askOnTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const ended = new Promise<string>((resolve) => {
      terminal.once("close", () => {
        resolve("");
      });
    });
    const answer = await Promise.race([terminal.question(question), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
