import type { Host } from "./host.js";
import { waitFor } from "./wait.js";

/** One call of a hook script as the kernel passed it: its arguments, and its environment in order. */
export interface Recorded {
  readonly args: readonly string[];
  /** `NAME=value`, without PATH. */
  readonly environment: readonly string[];
  /** Whether PATH was the last one. */
  readonly endsWithPath: boolean;
  /** Where it ran, and with which umask. */
  readonly place: string;
}

/** Path of the script in a host, for `script` in server.conf. */
export const recorderScript = "/var/lib/dibbler/recorder.sh";

const file = "/run/bed/recorded";

/** Puts a hook script into a host that records its calls. */
export function installRecorder(host: Host): void {
  host.writeFile(recorderScript, program, 0o755);
}

/** The calls so far, in order. */
export function recorded(host: Host): readonly Recorded[] {
  return (host.readFile(file) ?? "").split("\u0003\n").slice(0, -1).map(readCall);
}

/** Waits until so many calls have been recorded, and gives them. */
export function waitForRecorded(host: Host, count: number): Promise<readonly Recorded[]> {
  return waitFor(
    `${count} calls of the hook script`,
    () => recorded(host),
    (calls) => calls.length >= count,
    20_000,
  );
}

function readCall(text: string): Recorded {
  const [place = "", args = "", environment = ""] = text.split("\u0002\n");
  const variables = environment.split("\0").slice(0, -1);
  return {
    args: args.split("\n").slice(0, -1),
    environment: variables.filter((each) => !each.startsWith("PATH=")),
    endsWithPath: variables.at(-1)?.startsWith("PATH=") === true,
    place: place.trim(),
  };
}

/** What a shell makes of its environment is not what it was given: the kernel's own copy is read. */
const program = `#!/bin/sh
part=/run/bed/recorded.$$
{ echo "$(/bin/pwd) $(umask)"; printf '\\002\\n'; printf '%s\\n' "$@"; printf '\\002\\n'; cat /proc/$$/environ
printf '\\003\\n'; } >$part
cat $part >>${file}
rm $part
`;
