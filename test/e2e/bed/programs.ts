import { existsSync } from "node:fs";
import { resolve } from "node:path";
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
