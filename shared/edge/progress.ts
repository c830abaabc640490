/** A line on a terminal that says how far long work is; see `openProgress`. */
export interface Progress {
  /** What is being done now, and how much of it is done, from 0 to 1, where that can be told. */
  readonly show: (doing: string, done?: number) => void;
  /** Takes the line away: before anything else is printed, and at the end. */
  readonly end: () => void;
}

/** Files of so many octets take a second or more. */
const LONG_FILE = 4_000_000;

/** For work on a file of so many octets: of use to people who wait at a terminal, and silent for others. */
export function openProgress(octets: number, terminal: NodeJS.WriteStream = process.stderr): Progress {
  const isWanted = terminal.isTTY && octets > LONG_FILE;
  let shown = "";
  return {
    show: (doing, done) => {
      if (!isWanted) return;
      const share = done === undefined ? " …" : `: ${Math.floor(Math.min(0.99, done) * 100)} %`;
      const line = doing + share;
      if (line !== shown) terminal.write(`\r${line}\x1b[K`);
      shown = line;
    },
    end: () => {
      if (shown !== "") terminal.write("\r\x1b[K");
      shown = "";
    },
  };
}
