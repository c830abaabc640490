import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";

/** Bundles store-child.ts into a directory, the same way as the programs; gives its path. */
export function bundleChild(directory: string): string {
  const program = join(directory, "store-child.cjs");
  buildSync({
    entryPoints: ["test/contract/store-child.ts"],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["lmdb"],
  });
  symlinkSync(resolve("node_modules"), join(directory, "node_modules"));
  return program;
}
