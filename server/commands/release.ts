import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import { sendCommand } from "../../shared/edge/control-client.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { askOnTerminal, isTerminal } from "../../shared/edge/terminal.js";
import { releaseRequest, toConfirm } from "../release-command.js";

/** What it takes. */
export const releaseDeclaration = {
  name: "dibbler-server release",
  describe: "let the running server end leases, as if their clients had released them",
  words: {
    subject: {
      describe: "a prefix (all leases in it), an address, or the DUID of a client (all its leases)",
      need: "required",
    },
  },
  options: {
    yes: { type: "boolean", short: "y", describe: "do not ask when several leases are going to end" },
  },
  examples: [
    ["dibbler-server release 2001:db8:1200::/56", "one prefix"],
    ["dibbler-server release --yes 00:03:00:01:02:00:00:00:00:01", "all that a client has"],
  ],
  notes:
    "The prefixes are free at once, without quarantine, and the hook script is called with delete and " +
    "REASON=operator. Leases in quarantine and declined addresses are made free as well.",
} as const satisfies CommandDeclaration;

/** Ends leases. Gives the exit status. */
export async function runRelease(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(releaseDeclaration, words);
  if (typeof args === "number") return args;
  return await release(args.text("subject") ?? "", args.flag("yes"), paths);
}

async function release(subject: string, isSure: boolean, paths: Paths, expected?: number): Promise<number> {
  const request = releaseRequest(subject, expected);
  if (typeof request === "string") return complain(request);
  const answer = await sendCommand("server", paths, request);
  if (!answer.ok) return complain(answer.error);
  process.stdout.write(`${answer.message}\n`);
  const count = toConfirm(answer.data);
  if (count === 0) return 0;
  if (!isSure) {
    if (!isTerminal()) return complain("nothing was ended: say --yes to end them");
    if (!(await askOnTerminal(`End ${count} leases? [y/N] `))) return complain("nothing was ended");
  }
  return await release(subject, isSure, paths, count);
}

function complain(sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return 1;
}
