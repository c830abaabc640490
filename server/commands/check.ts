import { resolve } from "node:path";
import { type Diagnostic, renderDiagnostic } from "../../shared/config/diagnostics.js";
import { parseServerConfig } from "../../shared/config/server-schema.js";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { sentenceOf } from "../../shared/edge/errors.js";
import { readText } from "../../shared/edge/files.js";
import { readInterfaces } from "../../shared/edge/interfaces.js";
import { knownScript } from "../../shared/edge/known-script.js";
import { openProgress } from "../../shared/edge/progress.js";
import { checkNotes } from "../check-notes.js";
import { understand } from "../understanding.js";
import { understandingText } from "../understanding-text.js";

/** What it takes. */
export const checkDeclaration = {
  name: "dibbler-server check",
  describe: "say what a configuration means, and whether it can be served; nothing is started or changed",
  words: {
    file: { describe: "the file to read; otherwise the one that `run` would read", need: "optional" },
  },
  options: {
    json: { type: "boolean", describe: "print what was found and understood as JSON" },
  },
  examples: [
    ["dibbler-server check", "the configuration in use"],
    ["dibbler-server check /tmp/server.conf", "another file"],
    ["dibbler-server check --json | jq .configuration.links", "for programs"],
  ],
  notes:
    "Exit status: 0 when the file can be served, whatever it warns of; 1 when it cannot. Notes are about the " +
    "system as it is now and do not count.",
} as const satisfies CommandDeclaration;

/** Says what a configuration means, and all that is wrong with it. Gives the exit status. */
export async function runCheck(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(checkDeclaration, words);
  if (typeof args === "number") return args;
  const given = args.text("file");
  const file = given === undefined ? paths.configFile : resolve(given);
  try {
    return check(file, paths.workDir, args.flag("json"));
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

function check(file: string, workDir: string, asJson: boolean): number {
  const text = readText(file);
  const progress = openProgress(text.length);
  const { config, diagnostics } = parseServerConfig(text, (done) => {
    progress.show("reading", done);
  });
  progress.end();
  const script = config?.script === undefined ? undefined : knownScript(config.script, workDir);
  const notes = config === undefined ? [] : checkNotes(config, readInterfaces(), script);
  const understood = config === undefined ? null : understand(config);
  const status = config === undefined ? 1 : 0;
  if (asJson) {
    const all = { file, served: status === 0, diagnostics, notes, configuration: understood };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return status;
  }
  for (const each of diagnostics) process.stderr.write(`${renderDiagnostic(each, { file, text })}\n`);
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (understood !== null) process.stdout.write(`${understandingText(understood)}\n`);
  process.stdout.write(`${verdict(file, status === 0, diagnostics, notes.length)}\n`);
  return status;
}

function verdict(file: string, isServed: boolean, diagnostics: readonly Diagnostic[], notes: number): string {
  const count = (severity: Diagnostic["severity"]): number =>
    diagnostics.filter((each) => each.severity === severity).length;
  const counts = `${some(count("error"), "error")}, ${some(count("warning"), "warning")}, ${some(notes, "note")}`;
  return `${file} ${isServed ? "can" : "cannot"} be served: ${counts}`;
}

const some = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
