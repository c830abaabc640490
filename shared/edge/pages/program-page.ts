import type { CommandDeclaration } from "../command-args.js";
import { ACTION_HELP, type Role } from "../command-line.js";
import { bold, item, paragraphs, prose, section, subsection, titleLine, verbatim } from "./roff.js";

/** A list of names and what they mean. */
export type Meanings = readonly (readonly [name: string, describe: string])[];

/** What a page about a program is made of. */
export interface ProgramPage {
  readonly role: Role;
  readonly version: string;
  readonly summary: string;
  readonly description: readonly string[];
  readonly declarations: readonly CommandDeclaration[];
  readonly files: Meanings;
  readonly signals: Meanings;
  readonly exits: Meanings;
  readonly examples: Meanings;
}

/** The page dibbler-ROLE(8). */
export function programPage(page: ProgramPage): string {
  const { role, version, summary, description, declarations, files, signals, exits, examples } = page;
  const name = `dibbler-${role}`;
  return `${[
    titleLine(name, 8, version),
    section("NAME", `dibbler\\-${role} \\- ${prose(summary)}`),
    section(
      "SYNOPSIS",
      `.B dibbler\\-${role}`,
      "\\fIACTION\\fR [\\fB\\-w\\fR \\fIDIR\\fR] [\\fB\\-\\-config\\fR \\fIFILE\\fR] [\\fB\\-\\-log\\-dir\\fR \\fIDIR\\fR]",
      ...declarations.map((each) => `.br\n${bold(each.name)} ${synopsis(each)}`),
    ),
    section("DESCRIPTION", paragraphs(...description)),
    section("ACTIONS", ...Object.entries(ACTION_HELP).map(([action, help]) => item(action, sentence(help)))),
    section("COMMANDS", ...declarations.map(commandPart)),
    section("OPTIONS", ...commonOptions(role).map(([option, help]) => item(option, help))),
    section("EXIT STATUS", ...exits.map(([status, help]) => item(status, help))),
    section("FILES", ...files.map(([file, help]) => item(file, help))),
    section("ENVIRONMENT", item("NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID", MANAGED)),
    section("SIGNALS", ...signals.map(([signal, help]) => item(signal, help))),
    section("EXAMPLES", ...examples.map(([command, help]) => `${paragraphs(help)}\n${verbatim(command)}`)),
    section("SEE ALSO", `.BR ${name.replace("-", "\\-")}.conf (5),`, `.BR dibbler\\-${OTHER[role]} (8)`),
  ].join("\n")}\n`;
}

function commandPart(declaration: CommandDeclaration): string {
  const { name, describe, words, options, examples = [], notes } = declaration;
  return subsection(
    name.split(" ").slice(1).join(" "),
    paragraphs(sentence(describe)),
    ...Object.entries(words).map(([word, row]) => item(word, sentence(row.describe))),
    ...Object.entries(options).map(([option, { describe: help, short, choices, type }]) =>
      item(
        `${short === undefined ? "" : `-${short}, `}--${option}${type === "boolean" ? "" : " VALUE"}`,
        sentence(help + (choices === undefined ? "" : `: ${choices.join(", ")}`)),
      ),
    ),
    ...(notes === undefined ? [] : [paragraphs(notes)]),
    ...examples.map(([command, help]) => `${paragraphs(sentence(help))}\n${verbatim(command)}`),
  );
}

function synopsis({ words, options }: CommandDeclaration): string {
  const needed = { required: "%", optional: "[%]", many: "[%...]" } as const;
  const parts = [
    ...Object.entries(words).map(([word, { need }]) => needed[need].replace("%", `\\fI${prose(word)}\\fR`)),
    ...(Object.keys(options).length === 0 ? [] : ["[\\fIOPTION\\fR...]"]),
  ];
  return parts.join(" ");
}

/** What every action takes. */
export const commonOptions = (role: Role): Meanings => [
  [
    "-w DIR",
    `Keep everything in DIR: the state, ${role}.conf, ${role}.pid, ${role}.log. Several can run, each in its directory.`,
  ],
  ["--config FILE", "Read this configuration, whatever -w says."],
  ["--log-dir DIR", `Write dibbler-${role}.log there, whatever -w says.`],
  ["--help, -h", "Show the usage text, or behind a command what that takes."],
  ["--version", "Show the version."],
];

const OTHER = { server: "client", client: "server" } as const;

const sentence = (text: string): string => {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
};

const MANAGED =
  "Set by systemd for a unit with Type=notify and WatchdogSec=. With `run`, systemd hears when the program is ready, " +
  "reloads and stops, how it does, and that its event loop is alive; it takes the program systemd-notify.";
