import { resolve } from "node:path";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { sentenceOf } from "../../shared/edge/errors.js";
import { isStoreError } from "../../shared/edge/store-error.js";

/** What it takes. */
export const importDeclaration = {
  name: "dibbler-server import",
  describe:
    "take the leases of another server out of its file: kea-leases6.csv of Kea, dhcpd6.leases of ISC dhcpd or " +
    "server-AddrMgr.xml of Dibbler",
  words: { file: { describe: "the file of leases", need: "required" } },
  options: {
    "dry-run": { type: "boolean", describe: "only say what would be done; the server may be running" },
    interface: {
      type: "string",
      describe:
        "the interface or link for leases that lie in no pool of the configuration; left out otherwise",
    },
    "with-duid": {
      type: "boolean",
      describe: "take the server's DUID as well, so that its clients are answered when they renew",
    },
  },
  examples: [
    ["dibbler-server import /var/lib/kea/kea-leases6.csv --dry-run", "see what would come of it"],
    ["dibbler-server import /var/lib/dhcp/dhcpd6.leases --with-duid", "stop the other server first"],
  ],
  notes:
    "Leases that this server has are never given to anybody else: what overlaps them is left out and reported. " +
    "The DUID is in dhcpd6.leases itself; beside the file of Kea it is kea-dhcp6-serverid, beside that of Dibbler " +
    "server-duid. These files do not say where clients are: the hook script hears of each at its next Renew.",
} as const satisfies CommandDeclaration;

/** Takes leases out of the file of another server. Gives the exit status. */
export async function runImport(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(importDeclaration, words);
  if (typeof args === "number") return args;
  const job = {
    file: resolve(args.text("file") ?? ""),
    isDry: args.flag("dry-run"),
    fallback: args.text("interface"),
    withDuid: args.flag("with-duid"),
  };
  try {
    const { runJob } = await import("./import-run.js");
    return await runJob(job, paths);
  } catch (error) {
    const isLocked = isStoreError(error) && error.code === "STORE_LOCKED";
    const advice = "the server is running: stop it first (or look with --dry-run)";
    process.stderr.write(`${isLocked ? advice : sentenceOf(error)}\n`);
    return 1;
  }
}
