/** What came of offering a server one rate. */
export interface Point {
  /** Exchanges begun per second. */
  readonly offered: number;
  /** Exchanges completed per second. */
  readonly completed: number;
  /** Whether that is all of them, but for the loss that is allowed. */
  readonly borne: boolean;
}

/** The highest rate that was borne, 0 when none was, and all that was measured to find it. */
export interface Peak {
  readonly rate: number;
  readonly points: readonly Point[];
}

/** How to look for a peak. */
export interface Search {
  /** Rates to try, ascending. */
  readonly rungs: readonly number[];
  /** The first to try: the rung that is this or the next below it, else the lowest. */
  readonly from: number;
  /** How many times the gap between the best borne and the next that was not is halved. */
  readonly refine: number;
  readonly measure: (rate: number) => Promise<Point>;
}

/**
 * Climbs from one rung until one is too high, or down until one is borne, then looks in between. A rate that
 * is only just not borne is tried once more, since other work of the machine can cost a server a moment.
 */
export async function findPeak({ rungs, from, refine, measure }: Search): Promise<Peak> {
  const points: Point[] = [];
  const isBorne = async (rate: number): Promise<boolean> => {
    for (let attempt = 0; attempt < 2; attempt++) {
      const point = await measure(rate);
      points.push(point);
      if (point.borne) return true;
      if (point.completed < NARROWLY * rate) return false;
    }
    return false;
  };
  let index = Math.max(
    rungs.findLastIndex((rung) => rung <= from),
    0,
  );
  let low = 0;
  let high: number | undefined;
  for (let rate = rungs[index]; rate !== undefined; rate = rungs[index]) {
    const isUp = await isBorne(rate);
    if (isUp) low = rate;
    else high = rate;
    if (low > 0 && high !== undefined) break;
    index += isUp ? 1 : -1;
  }
  for (let step = 0; step < refine && low > 0 && high !== undefined; step++) {
    const middle = Math.round((low + high) / 2);
    if (await isBorne(middle)) low = middle;
    else high = middle;
  }
  return { rate: low, points };
}

/** The share of exchanges from which a rate is worth a second try. */
const NARROWLY = 0.95;
