import { setFlagsFromString } from "node:v8";

/**
 * Helpers of V8's collector that the main thread would wait for: on busy cores, where each is one among many,
 * 8 to 15 ms at a time instead of 4. It marks bit by bit between answers instead. Not so
 * `--no-parallel-marking`: it ends Node 20, and has nothing to do where nothing is marked beside the program.
 */
export const WITHOUT_HELPERS: readonly string[] = [
  "--no-concurrent-marking",
  "--no-parallel-scavenge",
  "--no-parallel-compaction",
  "--no-parallel-pointer-update",
];

/** Has the main thread collect garbage by itself from now on. */
export function collectAlone(): void {
  for (const flag of WITHOUT_HELPERS) setFlagsFromString(flag);
}

/**
 * How much V8 may add to what lives before it collects again. By itself it waits for three times as much, all
 * of it garbage: leases and their indexes lie outside its heap.
 */
const HEAP_GROWTH_PERCENT = 20;

/** Has V8 collect early; when the leases have been loaded, as that would set it off. */
export function collectEarly(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
}
