import { resolve } from "node:path";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import { type Diagnostic, renderDiagnostic } from "../../shared/config/diagnostics.js";
import { interfaceName } from "../../shared/config/interface-names.js";
import { scriptNotes } from "../../shared/config/script-notes.js";
import type { ClientConfig } from "../../shared/config/types.js";
import { type CommandDeclaration, readCommandArgs } from "../../shared/edge/command-args.js";
import type { Paths } from "../../shared/edge/command-line.js";
import { sentenceOf } from "../../shared/edge/errors.js";
import { readText } from "../../shared/edge/files.js";
import { findInterface, readInterfaces } from "../../shared/edge/interfaces.js";
import { knownScript } from "../../shared/edge/known-script.js";
import { interfacesOf } from "../searching.js";
import { understand, understandingText } from "../understanding.js";

/** What it takes. */
export const checkDeclaration = {
  name: "dibbler-client check",
  describe: "say what a configuration means, and what in it is ignored; nothing is started or changed",
  words: {
    file: { describe: "the file to read; otherwise the one that `run` would read", need: "optional" },
  },
  options: {
    json: { type: "boolean", describe: "print what was found and understood as JSON" },
  },
  examples: [
    ["dibbler-client check", "the configuration in use"],
    ["dibbler-client check /tmp/client.conf", "another file"],
    ["dibbler-client check --json | jq .configuration.interfaces", "for programs"],
  ],
  notes:
    "Exit status: 0 when a client can work with the file, whatever it warns of; 1 when not. Notes are about the " +
    "system as it is now and do not count.",
} as const satisfies CommandDeclaration;

/** Says what a configuration means, and all that is wrong with it; gives the exit status. */
export async function runCheck(words: readonly string[], paths: Paths): Promise<number> {
  const args = await readCommandArgs(checkDeclaration, words);
  if (typeof args === "number") return args;
  const given = args.text("file");
  try {
    return check(given === undefined ? paths.configFile : resolve(given), paths.workDir, args.flag("json"));
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

function check(file: string, workDir: string, asJson: boolean): number {
  const text = readText(file);
  const { config, diagnostics } = parseClientConfig(text);
  const notes = config === undefined ? [] : notesOn(config, workDir);
  const understood = config === undefined ? null : understand(config);
  const usable = understood !== null;
  if (asJson) {
    const all = { file, usable, diagnostics, notes, configuration: understood };
    process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return usable ? 0 : 1;
  }
  for (const each of diagnostics) process.stderr.write(`${renderDiagnostic(each, { file, text })}\n`);
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  if (usable) process.stdout.write(`${understandingText(understood)}\n`);
  process.stdout.write(`${verdict(file, usable, diagnostics, notes.length)}\n`);
  return usable ? 0 : 1;
}

/** What in the system as it is now would keep the client from starting, or have it do less. */
function notesOn(config: ClientConfig, workDir: string): readonly string[] {
  const { interfaces, inactiveMode, script } = config;
  const outcome = inactiveMode ? "it is used as soon as it is there" : "the client would not start";
  const notes = interfaces.flatMap(({ selector }) => {
    try {
      findInterface(selector);
      return [];
    } catch (error) {
      return [`${sentenceOf(error)}: ${outcome}`];
    }
  });
  if (config.searched !== undefined) {
    const found = interfacesOf(config, readInterfaces).map(({ selector }) => interfaceName(selector));
    notes.push(`it would be asked on ${found.join(", ") || "no interface: the client would not start"}`);
  }
  if (script === undefined) return notes;
  return [...notes, ...scriptNotes(script, knownScript(script, workDir), "the client would work without it")];
}

function verdict(file: string, usable: boolean, diagnostics: readonly Diagnostic[], notes: number): string {
  const count = (severity: Diagnostic["severity"]): number =>
    diagnostics.filter((each) => each.severity === severity).length;
  const counts = `${some(count("error"), "error")}, ${some(count("warning"), "warning")}, ${some(notes, "note")}`;
  return `${file} ${usable ? "can" : "cannot"} be used: ${counts}`;
}

const some = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
