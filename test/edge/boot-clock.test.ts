import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { millis } from "../../shared/brand.js";
import type { LogId } from "../../shared/catalogue.js";
import {
  type BootSources,
  decodeAnchor,
  encodeAnchor,
  openStoredClock,
  type StoredClock,
} from "../../shared/edge/boot-clock.js";
import { createMemoryStore, createStoreMemory, type StoreMemory } from "../../shared/lease/memory-store.js";

const START = 1_700_000_000_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** A machine with a disk, whose clocks a test moves by hand and whose server it starts, stops and kills. */
interface Machine {
  readonly memory: StoreMemory;
  readonly logs: LogId[];
  /** What a clock that nobody sets would show. */
  truth: number;
  wall: number;
  boot: number;
  bootId: string | undefined;
  /** The disk refuses what is written. */
  full: boolean;
  /** Lets time pass, in which timers ring. */
  run: (ms: number) => Promise<void>;
  suspend: (ms: number) => void;
  start: () => Promise<StoredClock>;
  /** Starts the machine anew, its wall clock showing this. */
  reboot: (wall: number, down?: number) => void;
}

function machine(): Machine {
  const memory = createStoreMemory();
  let monotonic = 0;
  let boots = 0;
  const host: Machine = {
    memory,
    logs: [],
    truth: START,
    wall: START,
    boot: 90_000,
    bootId: "boot 0",
    full: false,
    run: async (ms) => {
      // Bit by bit, so that what rings sees the time at which it rings.
      for (let left = ms; left > 0; left -= MINUTE) {
        const part = Math.min(left, MINUTE);
        monotonic += part;
        host.suspend(part);
        await vi.advanceTimersByTimeAsync(part);
      }
    },
    suspend: (ms) => {
      host.truth += ms;
      host.wall += ms;
      host.boot += ms;
    },
    start: () => {
      vi.clearAllTimers();
      monotonic = 30;
      const sources: BootSources = {
        wall: () => host.wall,
        monotonic: () => monotonic,
        boot: () => host.boot,
        bootId: host.bootId,
      };
      const store = createMemoryStore({ memory });
      const setMeta: typeof store.setMeta = (name, value) =>
        host.full ? Promise.reject(new Error("disk full")) : store.setMeta(name, value);
      return openStoredClock({ ...store, setMeta }, (id) => void host.logs.push(id), sources);
    },
    reboot: (wall, down = 0) => {
      boots += 1;
      host.truth += down;
      host.wall = wall;
      host.boot = 20_000;
      host.bootId = `boot ${boots}`;
    },
  };
  return host;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("stored clock: in one boot", () => {
  it("first start -> the wall clock, and nothing is said of it", async () => {
    const host = machine();
    const clock = await host.start();
    expect(clock.now()).toBe(START);
    await host.run(5000);
    expect([clock.now(), host.logs]).toEqual([START + 5000, []]);
  });

  const steps = [
    ["a day forward", DAY],
    ["a day back", -DAY],
    ["back to 1970", -START],
  ] as const;

  it.each(steps)(
    "the wall clock is set %s during the run -> no step then, and none after a restart",
    async (_how, step) => {
      const host = machine();
      const clock = await host.start();
      host.wall += step;
      await host.run(10 * MINUTE);
      expect(clock.now()).toBe(host.truth);
      await clock.close();
      await host.run(3000);
      expect((await host.start()).now()).toBe(host.truth);
      expect(host.logs).toEqual(["CLOCK-APART"]);
    },
  );

  it.each(steps)(
    "the wall clock is set %s between two runs -> time goes on as if it were not",
    async (_how, step) => {
      const host = machine();
      const clock = await host.start();
      await host.run(MINUTE);
      await clock.close();
      host.wall += step;
      await host.run(7 * MINUTE);
      expect((await host.start()).now()).toBe(host.truth);
    },
  );

  it("killed, suspended for a day, started: the day counts", async () => {
    const host = machine();
    await host.start();
    await host.run(1000);
    host.wall -= 3 * DAY;
    host.suspend(DAY);
    expect((await host.start()).now()).toBe(host.truth);
  });

  it("whatever happens but a reboot, time passes as on a clock that nobody sets", async () => {
    const happening = fc.record({
      what: fc.constantFrom("run", "suspend", "set", "stop", "kill"),
      // Less than a second of sleep goes unnoticed.
      ms: fc.integer({ min: 2000, max: 5_000_000 }),
      step: fc.integer({ min: -1e12, max: 1e12 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 12 }), async (happenings) => {
        const host = machine();
        let clock = await host.start();
        for (const { what, ms, step } of happenings) {
          if (what === "run") await host.run(ms);
          if (what === "suspend") host.suspend(ms);
          if (what === "set") host.wall += step;
          if (what === "stop") await clock.close();
          if (what === "stop" || what === "kill") clock = await host.start();
          expect(Math.abs(clock.now() - host.truth)).toBeLessThan(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("stored clock: after a reboot", () => {
  it("the machine has a clock -> the time it was off counts", async () => {
    const host = machine();
    await (await host.start()).close();
    host.reboot(START + DAY, DAY);
    expect((await host.start()).now()).toBe(START + DAY);
    expect(host.logs).toEqual([]);
  });

  it.each(["stopped", "killed"])(
    "%s, and the clock begins in 1970 -> not earlier than a minute before, and on from there in the next boots",
    async (how) => {
      const host = machine();
      const clock = await host.start();
      await host.run(100 * MINUTE - 1000);
      if (how === "stopped") await clock.close();
      const before = clock.now();
      host.reboot(0);
      const again = await host.start();
      expect(again.now()).toBeLessThanOrEqual(before);
      expect(again.now()).toBeGreaterThan(before - (how === "stopped" ? 1 : MINUTE));
      await host.run(5 * MINUTE);
      await again.close();
      const end = again.now();
      host.reboot(0);
      expect((await host.start()).now()).toBe(end);
    },
  );

  it("the clock was a day ahead and is right after the reboot -> time waits for nothing, and does not go back", async () => {
    const host = machine();
    host.wall += DAY;
    await (await host.start()).close();
    host.reboot(START);
    expect((await host.start()).now()).toBe(START + DAY);
  });

  it.each([
    ["a system that does not tell its boots apart", undefined, 5_000_000],
    ["a container started anew in the same boot", "boot 0", 10],
  ])("%s -> as after a reboot", async (_what, bootId, boot) => {
    const host = machine();
    host.bootId = bootId;
    await (await host.start()).close();
    Object.assign(host, { boot, wall: START + DAY });
    expect((await host.start()).now()).toBe(START + DAY);
    host.wall = 0;
    expect((await host.start()).now()).toBeGreaterThanOrEqual(START + DAY);
  });

  it("boots, stops, steps in any order: time never goes back by more than what was not saved", async () => {
    const happening = fc.record({
      what: fc.constantFrom("run", "set", "stop", "kill", "reboot", "power"),
      ms: fc.integer({ min: 0, max: 500_000 }),
      step: fc.oneof(fc.constant(0), fc.integer({ min: -1e12, max: 1e12 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 12 }), async (happenings) => {
        const host = machine();
        let clock = await host.start();
        for (const { what, ms, step } of happenings) {
          const before = clock.now();
          if (what === "run") await host.run(ms);
          if (what === "set") host.wall = Math.max(0, host.wall + step);
          if (what === "stop" || what === "reboot") await clock.close();
          if (what === "reboot" || what === "power") host.reboot(Math.max(0, host.wall + step));
          if (what !== "run" && what !== "set") clock = await host.start();
          expect(clock.now()).toBeGreaterThanOrEqual(what === "power" ? before - MINUTE : before);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("stored clock: the store", () => {
  const good = encodeAnchor({ bootId: "boot 0", boot: 90_000, now: millis(START) });
  const with_ = (at: number, octets: readonly number[]): Uint8Array => {
    const changed = good.slice();
    changed.set(octets, at);
    return changed;
  };

  it.each([
    ["nothing", new Uint8Array(0)],
    ["too short", good.slice(0, 16)],
    ["of a later version", with_(0, [2])],
    ["with a time since boot that is no number", with_(1, [0x7f, 0xf8])],
    ["with a time before 1970", with_(9, [0xc0])],
    ["with a time that no calendar has", with_(9, [0x7f, 0xe0])],
  ])(
    "what it has is %s -> said, the wall clock is believed, and good again at the next start",
    async (_what, octets) => {
      const host = machine();
      host.memory.meta.set("clock", octets);
      expect((await host.start()).now()).toBe(START);
      expect(host.logs).toEqual(["CLOCK-UNREADABLE"]);
      host.wall += DAY;
      expect((await host.start()).now()).toBe(START);
      expect(host.logs).toEqual(["CLOCK-UNREADABLE", "CLOCK-APART"]);
    },
  );

  it("it cannot be written -> said once until it can, and the clock runs all the same", async () => {
    const host = machine();
    host.full = true;
    const clock = await host.start();
    await host.run(5 * MINUTE);
    expect([clock.now(), host.logs]).toEqual([host.truth, ["CLOCK-NOT-SAVED"]]);
    host.full = false;
    await host.run(MINUTE);
    host.full = true;
    await host.run(2 * MINUTE);
    await clock.close();
    expect(host.logs).toEqual(["CLOCK-NOT-SAVED", "CLOCK-NOT-SAVED"]);
  });

  it("it is written once a minute, and not after the end", async () => {
    const host = machine();
    const clock = await host.start();
    const written = vi.spyOn(host.memory.meta, "set");
    await host.run(3 * MINUTE);
    expect(written).toHaveBeenCalledTimes(3);
    await clock.close();
    await host.run(3 * MINUTE);
    expect(written).toHaveBeenCalledTimes(4);
  });

  it("any anchor -> as octets and back the same", () => {
    const instants = fc.double({ min: 0, max: 8.64e15, noNaN: true }).map((value) => value + 0);
    fc.assert(
      fc.property(fc.string(), instants, instants, (bootId, boot, now) => {
        expect(decodeAnchor(encodeAnchor({ bootId, boot, now: millis(now) }))).toEqual({ bootId, boot, now });
      }),
    );
  });
});

describe("stored clock: this machine", () => {
  it("agrees with the wall clock, also at a second start, for which it knows the boot", async () => {
    vi.useRealTimers();
    const store = createMemoryStore();
    const logs: LogId[] = [];
    for (let i = 0; i < 2; i++) {
      const clock = await openStoredClock(store, (id) => void logs.push(id));
      expect(Math.abs(clock.now() - Date.now())).toBeLessThan(500);
      await clock.close();
    }
    expect(logs).toEqual([]);
    expect(decodeAnchor(store.meta("clock") ?? new Uint8Array(0))?.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });
});
