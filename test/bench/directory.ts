import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a measurement in a directory of its own, below BENCH_DIR or else `base`; removes it afterwards. */
export async function inDirectory<T>(
  run: (directory: string) => Promise<T>,
  base: string = tmpdir(),
): Promise<T> {
  const directory = mkdtempSync(join(process.env["BENCH_DIR"] ?? base, "dibbler-bench-"));
  try {
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
