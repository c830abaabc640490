import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Millis, millis } from "../../shared/brand.js";
import {
  afterSend,
  backOff,
  elapsedTime,
  firstDelay,
  isExhausted,
  postpone,
  RETRANSMISSION,
  type Retransmission,
  type RetransmissionParameters,
  scheduleFirst,
  withMrt,
} from "../../shared/proto/retransmit.js";

/** Chance as a fraction 0..1 (1 is the largest value below it). */
const chance = (fraction: number) => (): Uint8Array => {
  const value = Math.min(2 ** 32 - 1, Math.floor(fraction * 2 ** 32));
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
};
const even = chance(0.5);

/** Sends at every due time; gives the send times in seconds and the time of failure, if there is one. */
function run(
  parameters: RetransmissionParameters,
  sends: number,
  random = even,
): { readonly times: readonly number[]; readonly failed: number | undefined } {
  const times: number[] = [];
  let timing = scheduleFirst(millis(0), millis(0));
  while (times.length < sends) {
    const now = timing.dueAt;
    if (isExhausted(timing, parameters, now)) return { times, failed: now / 1000 };
    times.push(now / 1000);
    timing = afterSend(timing, parameters, now, random);
  }
  return { times, failed: undefined };
}

describe("retransmission with RAND 0: the RFC's own charts", () => {
  test.each([
    // The first RT of a Solicit is above IRT by RAND's half: 1.05 s here.
    ["solicit", 14, [0, 1.05, 3.15, 7.35, 15.75, 32.55], undefined],
    ["request", 99, [0, 1, 3, 7, 15, 31, 61, 91, 121, 151], 181],
    ["renew", 9, [0, 10, 30, 70, 150, 310, 630, 1230, 1830], undefined],
    ["rebind", 9, [0, 10, 30, 70, 150, 310, 630, 1230, 1830], undefined],
    ["confirm", 99, [0, 1, 3, 7], 10],
    ["release", 99, [0, 1, 3, 7], 15],
  ] as const)("%s", (name, sends, times, failed) => {
    const result = run(RETRANSMISSION[name], sends);
    expect(result.times.slice(0, times.length)).toEqual(times);
    expect(result.failed).toBe(failed);
    if (failed !== undefined) expect(result.times).toHaveLength(times.length);
  });

  test("Solicit without an answer ends up at SOL_MAX_RT for ever", () => {
    const { times } = run(RETRANSMISSION.solicit, 30);
    expect((times[29] ?? 0) - (times[28] ?? 0)).toBeCloseTo(3600);
  });

  test("a server's SOL_MAX_RT takes the place of MRT", () => {
    const { times } = run(withMrt(RETRANSMISSION.solicit, millis(60_000)), 20);
    expect((times[19] ?? 0) - (times[18] ?? 0)).toBeCloseTo(60);
  });
});

describe("retransmission: RAND", () => {
  test.each([
    ["lowest", 0],
    ["highest", 1],
  ])("Solicit: first RT with the %s chance is above IRT and at most 1.1 s", (_name, fraction) => {
    const timing = afterSend(
      scheduleFirst(millis(0), millis(0)),
      RETRANSMISSION.solicit,
      millis(0),
      chance(fraction),
    );
    expect(timing.rt).toBeGreaterThan(1000);
    expect(timing.rt).toBeLessThanOrEqual(1100);
  });

  test("every wait is within 10 % of twice the last one, or of MRT", () => {
    const fraction = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(fraction, { minLength: 12, maxLength: 40 }), (fractions) => {
        const { irt, mrt } = RETRANSMISSION.renew;
        let timing = scheduleFirst(millis(0), millis(0));
        for (const [index, value] of fractions.entries()) {
          const last = timing;
          timing = afterSend(timing, RETRANSMISSION.renew, timing.dueAt, chance(value));
          if (index === 0) {
            expect(timing.rt).toBeGreaterThanOrEqual(0.9 * irt);
            expect(timing.rt).toBeLessThanOrEqual(1.1 * irt);
            continue;
          }
          const doubled = timing.rt >= 1.9 * last.rt && timing.rt <= 2.1 * last.rt && timing.rt <= mrt;
          const capped = timing.rt >= 0.9 * mrt && timing.rt <= 1.1 * mrt;
          expect(doubled || capped).toBe(true);
        }
      }),
    );
  });

  test("the delay before a first Solicit lies in 0..1 s", () => {
    expect(firstDelay(RETRANSMISSION.solicit, chance(0))).toBe(0);
    expect(firstDelay(RETRANSMISSION.solicit, chance(1))).toBeCloseTo(1000, 3);
    expect(firstDelay(RETRANSMISSION.request, chance(1))).toBe(0);
  });
});

describe("retransmission: bounds", () => {
  const first = scheduleFirst(millis(5000), millis(500));

  test("nothing is exhausted before its first copy left", () => {
    expect(isExhausted(first, RETRANSMISSION.confirm, millis(99_000))).toBe(false);
  });

  test("MRD cuts the last wait short", () => {
    let timing: Retransmission = first;
    for (let copy = 0; copy < 4; copy++) {
      timing = afterSend(timing, RETRANSMISSION.confirm, timing.dueAt, even);
    }
    expect(timing.dueAt).toBe(15_500);
  });

  test("a copy that was put off keeps its exchange and does not count as sent", () => {
    const timing = postpone(first, millis(9000));
    expect(timing).toEqual({ ...first, dueAt: 9000 });
    expect(elapsedTime(timing, millis(9000))).toBe(0);
  });

  test.each([
    [0, 0],
    [1234, 123],
    [655_340, 65_534],
    [655_350, 65_535],
    [900_000, 65_535],
    [-50, 0],
  ])("elapsed time %i ms after the first copy is %i hundredths", (ms, hundredths) => {
    const timing = afterSend(
      scheduleFirst(millis(7000), millis(0)),
      RETRANSMISSION.renew,
      millis(7000),
      even,
    );
    expect(elapsedTime(timing, millis(7000 + ms))).toBe(hundredths);
  });

  test("a pause doubles from its first value and is capped", () => {
    const pauses = [0, 1, 2, 10, 1000].map((step) => backOff(step, millis(1000), millis(60_000), even));
    expect(pauses).toEqual([1000, 2000, 4000, 60_000, 60_000] as unknown as Millis[]);
  });
});
