/** Pauses for a time that a scenario asks for; for a condition use `waitFor`. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Looks again and again until what it sees is accepted, and gives that. Rejects after `timeoutMs` (default 30
 * s: a busy machine is no failure) with a sentence that names what was awaited and shows what was seen last.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | Promise<T>,
  accept: (seen: T) => boolean = Boolean,
  timeoutMs = 30_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (accept(seen)) return seen;
    if (performance.now() > end) {
      const shown = typeof seen === "string" ? seen : JSON.stringify(seen, undefined, 1);
      throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}; last seen: ${shown}`);
    }
    await sleep(10);
  }
}
