import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { millis } from "../../shared/brand.js";
import { createAlarm, createClock, pause } from "../../shared/edge/clock.js";

/** A machine whose three time sources a test moves by hand. */
function machine(): {
  wall: number;
  monotonic: number;
  boot: number;
  run: (ms: number) => void;
  suspend: (ms: number) => void;
} {
  const it = {
    wall: 1_700_000_000_000,
    monotonic: 500,
    boot: 90_000,
    run(ms: number) {
      it.wall += ms;
      it.monotonic += ms;
      it.boot += ms;
    },
    suspend(ms: number) {
      it.wall += ms;
      it.boot += ms;
    },
  };
  return it;
}

const clockOf = (it: ReturnType<typeof machine>): ReturnType<typeof createClock> =>
  createClock({ wall: () => it.wall, monotonic: () => it.monotonic, boot: () => it.boot });

describe("clock", () => {
  it("starts at Unix time and advances with the machine", () => {
    const host = machine();
    const clock = clockOf(host);
    expect(clock.now()).toBe(1_700_000_000_000);
    host.run(12_345);
    expect(clock.now()).toBe(1_700_000_012_345);
  });

  it.each([
    ["an hour forward", 3_600_000],
    ["ten years back", -315_360_000_000],
  ])("wall clock set %s -> no step", (_name, step) => {
    const host = machine();
    const clock = clockOf(host);
    host.run(1000);
    host.wall += step;
    host.run(500);
    expect(clock.now()).toBe(1_700_000_001_500);
  });

  it("machine suspended for a day -> the day counts, because lifetimes ran out meanwhile", () => {
    const host = machine();
    const clock = clockOf(host);
    host.run(1000);
    host.suspend(86_400_000);
    host.run(10);
    expect(clock.now()).toBe(1_700_000_001_010 + 86_400_000);
    host.suspend(5000);
    expect(clock.now()).toBe(1_700_000_001_010 + 86_405_000);
  });

  it("whatever happens to the machine, time never runs backwards", () => {
    const happening = fc.oneof(
      fc.record({ what: fc.constant("run" as const), ms: fc.nat(10_000_000) }),
      fc.record({ what: fc.constant("suspend" as const), ms: fc.nat(10_000_000) }),
      fc.record({ what: fc.constant("set" as const), ms: fc.integer({ min: -1e12, max: 1e12 }) }),
    );
    fc.assert(
      fc.property(fc.array(happening), (happenings) => {
        const host = machine();
        const clock = clockOf(host);
        let last: number = clock.now();
        for (const { what, ms } of happenings) {
          if (what === "set") host.wall += ms;
          else host[what](ms);
          const now = clock.now();
          expect(now).toBeGreaterThanOrEqual(last);
          last = now;
        }
      }),
    );
  });

  it("the real one agrees with the wall clock", () => {
    expect(Math.abs(createClock().now() - Date.now())).toBeLessThan(50);
  });
});

describe("alarm", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const setup = () => {
    const start = performance.now();
    const now = () => millis(performance.now() - start);
    const rings: number[] = [];
    const alarm = createAlarm({ now }, () => rings.push(Math.round(now())));
    return { alarm, rings };
  };

  it("rings once, at its deadline and not before", () => {
    const { alarm, rings } = setup();
    alarm.set(millis(1500));
    vi.advanceTimersByTime(1499);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(10_000);
    expect(rings).toEqual([1500]);
  });

  it("a deadline beyond 2^31 ms rings then, not at once as Node's own timer does", () => {
    const { alarm, rings } = setup();
    const fortyDays = 40 * 86_400_000;
    alarm.set(millis(fortyDays));
    vi.advanceTimersByTime(fortyDays - 1);
    expect(rings).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(rings).toEqual([fortyDays]);
  });

  it("Infinity never rings and keeps no timer", () => {
    const { alarm, rings } = setup();
    alarm.set(millis(10));
    alarm.set(millis(Infinity));
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000_000);
    expect(rings).toEqual([]);
  });

  it("deadlines that are past, another one each half millisecond -> rings all the same", () => {
    const { alarm, rings } = setup();
    for (let n = 0; n < 20; n++) {
      alarm.set(millis(n / 2 - 100));
      vi.advanceTimersByTime(0.5);
    }
    expect(rings.length).toBeGreaterThan(5);
  });

  it("a past deadline rings in the next turn, and again when it is set again", () => {
    const { alarm, rings } = setup();
    alarm.set(millis(-5));
    vi.advanceTimersByTime(1);
    alarm.set(millis(-5));
    vi.advanceTimersByTime(1);
    expect(rings).toHaveLength(2);
  });

  it("a nearer or farther deadline replaces the one before; cancel ends it", () => {
    const { alarm, rings } = setup();
    alarm.set(millis(1000));
    alarm.set(millis(300));
    vi.advanceTimersByTime(300);
    alarm.set(millis(1000));
    alarm.set(millis(5000));
    vi.advanceTimersByTime(4000);
    expect(rings).toEqual([300]);
    alarm.cancel();
    vi.advanceTimersByTime(10_000);
    expect(rings).toEqual([300]);
  });
});

describe("pause", () => {
  it("ends early when its signal is aborted, and at once when it already was", async () => {
    const stop = new AbortController();
    const start = performance.now();
    setTimeout(() => {
      stop.abort();
    }, 20);
    await pause(5000, stop.signal);
    await pause(5000, stop.signal);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
