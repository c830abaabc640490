import { millis } from "../../../shared/brand.js";
import { parsePrefix } from "../../../shared/prefix.js";
import type { Downlink } from "../../../client/radvd.js";
import { openRadvd } from "../../../client/serve-radvd.js";

/** What a client has to announce, and where: prefixes as `[prefix, preferred, valid]`, in seconds from now. */
export interface RadvdJob {
  readonly path: string;
  readonly workDir: string;
  readonly downlinks: Readonly<Record<string, readonly (readonly [string, number, number])[]>>;
}

const { path, workDir, downlinks } = JSON.parse(process.argv[2] ?? "") as RadvdJob;
const now = Date.now();
const ids: string[] = [];
const radvd = openRadvd(path, workDir, {
  clock: { now: () => millis(now) },
  log: (id) => {
    ids.push(id);
  },
});
radvd.announce(
  Object.entries(downlinks).map(
    ([interfaceName, prefixes]): Downlink => ({
      interfaceName,
      prefixes: prefixes.flatMap(([text, preferred, valid]) => {
        const prefix = parsePrefix(text);
        if (prefix === undefined) throw new Error(text);
        return [
          { prefix, preferredUntil: millis(now + preferred * 1000), validUntil: millis(now + valid * 1000) },
        ];
      }),
    }),
  ),
);
process.stdout.write(JSON.stringify(ids));
