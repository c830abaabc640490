import { readdirSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { setFlagsFromString } from "node:v8";
import { sentenceOf } from "./errors.js";

/** By so much less urgent than the thread that answers, of 40 steps. */
const STEPS_BACK = 10;
const LEAST_URGENT = 19;
/**
 * From here on V8 has a second compiler, and what waits in the two holds memory: on Node 24 10 to 15 MiB more
 * under load on busy cores.
 */
const TWO_COMPILERS = 22;

/**
 * Has the threads that V8 compiles and collects garbage in give way to the main one: else each of their turns
 * on its core, milliseconds long, holds up answers. To be called before anything asynchronous, which makes
 * threads that the main one waits for (libuv's; LMDB commits in them). Gives what went wrong, or undefined.
 */
export function favourMainThread(): string | undefined {
  if (Number.parseInt(process.versions.node, 10) >= TWO_COMPILERS) return undefined;
  try {
    const nice = Math.min(getPriority() + STEPS_BACK, LEAST_URGENT);
    // On Linux a nice value is a thread's own (setpriority(2)).
    for (const thread of readdirSync("/proc/self/task").map(Number)) {
      if (thread !== process.pid) setPriority(thread, nice);
    }
    // The main thread would wait for what gives way to it: pauses of 20 to 50 ms instead of 5 on busy cores.
    setFlagsFromString("--no-parallel-scavenge");
    return undefined;
  } catch (error) {
    return sentenceOf(error);
  }
}
