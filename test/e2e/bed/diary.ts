import type { Host } from "./host.js";
import { waitFor } from "./wait.js";

/** One call of a server's hook script: what it was called for, and its environment. */
export interface HookEntry {
  readonly action: string;
  /** `PREFIX1` with its length, e.g. `2001:db8:1000:100::/56`. */
  readonly prefix: string;
  readonly variables: Readonly<Record<string, string>>;
}

/** Path of the hook script in a host, for `script` in server.conf. */
export const diaryScript = "/var/lib/dibbler/diary.sh";

const diaryFile = "/run/bed/diary";

/** Puts a hook script into a host that keeps a diary of its calls, a line each. */
export function installDiary(host: Host): void {
  host.writeFile(diaryScript, program, 0o755);
}

/** The calls so far, in order. */
export function readDiary(host: Host): readonly HookEntry[] {
  const lines = (host.readFile(diaryFile) ?? "").split("\n").slice(0, -1);
  return lines.map((line) => {
    const [action = "", ...pairs] = line.split("\t").filter((field) => field !== "");
    const variables = Object.fromEntries(pairs.map(splitPair));
    return { action, prefix: `${variables["PREFIX1"] ?? ""}/${variables["PREFIX1LEN"] ?? ""}`, variables };
  });
}

/**
 * Waits for a call with these values of `action`, `prefix` and the script's variables, and gives the first.
 * Patient enough for a client that has to repeat a Renew (after 10 s, RFC 8415 7.6).
 */
export async function waitForCall(host: Host, wanted: Readonly<Record<string, string>>): Promise<HookEntry> {
  const fits = ({ action, prefix, variables }: HookEntry): boolean =>
    Object.entries(wanted).every(([name, value]) => ({ ...variables, action, prefix })[name] === value);
  const entries = await waitFor(
    `a call of the hook script with ${JSON.stringify(wanted)}`,
    () => readDiary(host),
    (seen) => seen.some(fits),
    15_000,
  );
  return entries.find(fits) ?? { action: "", prefix: "", variables: {} };
}

/** Throws away the diary so far: what comes is about what happens from now on. */
export function forgetDiary(host: Host): void {
  host.remove(diaryFile);
}

function splitPair(pair: string): readonly [name: string, value: string] {
  const at = pair.indexOf("=");
  return [pair.slice(0, at), pair.slice(at + 1)];
}

/** The line is written in one piece, for calls about different prefixes run side by side. */
const program = `#!/bin/sh
line=$(printf '%s\\t' "$1"; env -0 | tr '\\n\\0' ' \\t')
printf '%s\\n' "$line" >>${diaryFile}
`;
