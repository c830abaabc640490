import type { Host } from "./host.js";
import { requirePeer } from "./peers.js";

/**
 * The clock that anyone may set, as the programs see it that are started with `env`. Nobody sets the clock of
 * the machine that tests run on, and no namespace has one of its own; the time since boot stays true.
 */
export interface FakeClock {
  readonly env: Readonly<Record<string, string>>;
  /** Sets it to so many seconds after the true time, at once. */
  readonly set: (seconds: number) => void;
}

/** Prepares a clock that begins so many seconds after the true time. */
export function fakeClock(host: Host, seconds = 0): FakeClock {
  const file = "/run/bed/clock";
  const set = (offset: number): void => {
    host.writeFile(file, `${offset < 0 ? "" : "+"}${offset}\n`);
  };
  set(seconds);
  requirePeer("faketime");
  return {
    env: {
      // As the command itself sets it, which is of no more use: it takes one offset for good.
      LD_PRELOAD: "/usr/$LIB/faketime/libfaketimeMT.so.1",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    },
    set,
  };
}
