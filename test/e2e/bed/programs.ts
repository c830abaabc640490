import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Host } from "./host.js";

/**
 * Our programs by the names they are installed under, and where the build puts them (seen from the checkout).
 */
const bundles = {
  "dibbler-server": resolve("dist/dibbler-server.cjs"),
  "dibbler-client": resolve("dist/dibbler-client.cjs"),
} as const;

/** Which server and client programs a scenario runs: ours by bare name, Dibbler's own by path. */
export interface Programs {
  readonly server: string;
  readonly client: string;
}

/** Ours on both sides. */
export const ours: Programs = { server: "dibbler-server", client: "dibbler-client" };

/** Makes our programs commands of a host, linked as `npm install -g` links them. */
export function installOurs(host: Host): void {
  for (const [name, bundle] of Object.entries(bundles)) {
    if (!existsSync(bundle)) throw new Error(`${bundle} is not built: run "npm run build" first`);
    host.installProgram(name, bundle);
  }
}

/** Where `installAlone` puts files. */
const ALONE = "/run/bed/alone";

/**
 * Puts some files of the build into a folder of a host, away from the others and from node_modules; gives the
 * path of the first, which is a program.
 */
export function installAlone(
  host: Host,
  files: readonly [program: string, ...others: readonly string[]],
): string {
  for (const file of files) {
    host.writeFile(join(ALONE, file), readFileSync(join("dist", file), "utf8"), 0o755);
  }
  return join(ALONE, files[0]);
}
