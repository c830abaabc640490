import { findPeak, type Point, type Search } from "./peak.js";
import { isBorne, type Load, offer } from "./perfdhcp.js";
import { cpuTime } from "./servers.js";
import type { Setting } from "./setting.js";

/**
 * How clients come: directly, through a relay, or directly and every other one renews at once. More than that
 * perfdhcp cannot renew in time: it takes every lease once, and has none to begin with.
 */
export type Manner = "direct" | "relayed" | "renewals";

/** A rate that was really offered, and what was completed of it; `rate` is what was meant to be offered. */
export interface CurvePoint {
  readonly rate: number;
  readonly offered: number;
  readonly completed: number;
}

/** Puts load on a server and keeps what came of it. */
export interface Loader {
  /** Offers one rate. */
  readonly offer: (manner: Manner, rate: number) => Promise<Point>;
  /** The highest rate borne, 0 when it is below all rungs. Rejects when nothing at all was completed. */
  readonly findPeak: (manner: Manner, search: Omit<Search, "measure">) => Promise<number>;
  /** Of all direct load, in the order in which it was offered. */
  readonly points: readonly CurvePoint[];
  /** Microseconds of CPU that an exchange took when this rate was last offered directly. */
  readonly cpuAt: (rate: number) => number | undefined;
}

/** Loads a server with points of so many seconds; `tell` hears of each. */
export function createLoader(
  { server, client, served }: Setting,
  seconds: number,
  tell: (what: string) => void,
): Loader {
  const points: CurvePoint[] = [];
  const cpu = new Map<number, number>();
  const offerOnce = async (manner: Manner, rate: number): Promise<Point> => {
    tell(`${manner}, ${rate}/s`);
    const before = cpuTime(server, served.pid);
    const load = loadOf(manner, rate, seconds);
    const outcome = await offer(client, load);
    const { begun, completed } = outcome;
    if (manner === "direct") {
      points.push({ rate, offered: begun, completed });
      cpu.set(rate, ((cpuTime(server, served.pid) - before) * 1000) / (completed * seconds));
    }
    return { offered: rate, completed, borne: isBorne(load, outcome) };
  };
  return {
    offer: offerOnce,
    findPeak: async (manner, search) => {
      const found = await findPeak({ ...search, measure: (rate) => offerOnce(manner, rate) });
      if (found.points.every(({ completed }) => completed === 0)) {
        const rates = found.points.map(({ offered }) => offered).join(", ");
        throw new Error(`nothing was completed (${manner}, ${rates} offered per second)`);
      }
      return found.rate;
    },
    points,
    cpuAt: (rate) => cpu.get(rate),
  };
}

const loadOf = (manner: Manner, rate: number, seconds: number): Load => ({
  rate,
  seconds,
  relayed: manner === "relayed",
  renewals: manner === "renewals" ? Math.floor(rate / 2) : 0,
});
