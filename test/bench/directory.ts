import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs a measurement in a directory of its own, below BENCH_DIR if set; removes it afterwards. */
export async function inDirectory<T>(run: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(process.env["BENCH_DIR"] ?? tmpdir(), "dibbler-bench-"));
  try {
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
