import { bindings } from "./scenes-bindings.js";
import { allocation } from "./scenes-allocation.js";
import { options } from "./scenes-options.js";
import { relays } from "./scenes-relays.js";
import type { Scene } from "./stage.js";

/** All that is played with both servers, a configuration at a time. */
export const scenes: readonly Scene[] = [...bindings, ...allocation, ...options, ...relays];
