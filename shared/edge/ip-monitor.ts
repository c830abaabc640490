import { startIp } from "./ip-batch.js";

/** Hears of changes of the system's routes until it is closed. */
export interface IpMonitor {
  readonly close: () => void;
}

/** How long to wait before `ip monitor` is started again when it has ended, milliseconds. */
const AGAIN_MS = 10_000;

/**
 * Gives each line of `ip -6 monitor route` to `hear`. When `ip` has ended, something may have been missed:
 * `onGap` is called, and it is started again a while later.
 */
export function openIpMonitor(
  hear: (line: string) => void,
  onGap: () => void,
  start = () => startIp(["-6", "monitor", "route"]),
): IpMonitor {
  let child: ReturnType<typeof start> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  const begin = (): void => {
    let rest = "";
    const one = start();
    child = one;
    one.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      const [last = "", ...whole] = (rest + piece).split("\n").reverse();
      rest = last;
      for (const line of whole.reverse()) hear(line);
    });
    one.stdin?.on("error", () => undefined);
    // `close` comes as well, also when it could not be started.
    one.once("error", () => undefined);
    one.once("close", () => {
      if (isClosed) return;
      onGap();
      timer = setTimeout(begin, AGAIN_MS);
      timer.unref();
    });
  };
  begin();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      child?.kill();
    },
  };
}
