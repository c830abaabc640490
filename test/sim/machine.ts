import type { BootSources } from "../../shared/edge/boot-clock.js";
import type { World } from "./world.js";

/** The machine that a program runs on, as far as clocks go. */
export interface Machine {
  /** The readings that a program which starts now makes. */
  readonly sources: () => BootSources;
  /** Somebody sets the wall clock, by so many milliseconds. */
  readonly setWall: (byMs: number) => void;
  readonly reboot: () => void;
}

/** A machine whose wall clock is right and that has just booted. */
export function createMachine(world: World): Machine {
  let ahead = 0;
  let booted = world.now() - 1000;
  let boots = 1;
  return {
    sources: () => {
      const [began, up] = [world.now(), booted];
      return {
        wall: () => world.now() + ahead,
        monotonic: () => world.now() - began,
        boot: () => world.now() - up,
        bootId: `boot-${boots}`,
      };
    },
    setWall: (byMs) => {
      ahead += byMs;
    },
    reboot: () => {
      booted = world.now();
      boots += 1;
    },
  };
}
