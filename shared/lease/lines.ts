/** Lines of at most so many characters; longer ones are cut there, for no file of leases has them. */
const LONGEST = 1 << 20;

/**
 * Cuts a text that comes in pieces into lines, without their ends, and counts these from 1. `end` gives the
 * last one when it has no end.
 */
export function createLineSplitter(take: (line: string, number: number) => void): {
  readonly push: (text: string) => void;
  readonly end: () => void;
} {
  let rest = "";
  let number = 0;
  const give = (line: string): void => {
    take(line.endsWith("\r") ? line.slice(0, -1) : line, ++number);
  };
  return {
    push(text) {
      const lines = (rest + text).split("\n");
      rest = (lines.pop() ?? "").slice(0, LONGEST);
      for (const line of lines) give(line);
    },
    end() {
      if (rest !== "") give(rest);
      rest = "";
    },
  };
}
