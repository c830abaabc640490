import type { About } from "../../config/about-common.js";
import type { Row } from "../../config/grammar.js";
import type { Role } from "../command-line.js";
import { item, paragraphs, section, subsection, titleLine, verbatim } from "./roff.js";

/** What of a row stands in the page. */
export type DirectiveRow = Pick<
  Row<unknown, string>,
  "keyword" | "aliases" | "scopes" | "example" | "standard" | "unused" | "refused" | "needs" | "acts" | "body"
>;

/** What a page about a configuration file is made of. */
export interface ConfPage {
  readonly role: Role;
  readonly version: string;
  readonly rows: readonly DirectiveRow[];
  readonly about: About;
  /** Whole files, each with what it is for. */
  readonly examples: readonly (readonly [describe: string, text: string])[];
  /** What the hook script gets, as a list of names and meanings. */
  readonly hook: readonly (readonly [name: string, describe: string])[];
}

/** The page dibbler-ROLE.conf(5). */
export function confPage({ role, version, rows, about, examples, hook }: ConfPage): string {
  const acting = rows.filter(isUsed);
  const idle = rows.filter((row) => !isUsed(row));
  const scopes = [...new Set(rows.flatMap((row) => row.scopes))];
  return `${[
    titleLine(`dibbler-${role}.conf`, 5, version),
    section("NAME", `dibbler\\-${role}.conf \\- configuration of dibbler\\-${role}(8)`),
    section(
      "SYNOPSIS",
      `.B /etc/dibbler/${role}.conf`,
      paragraphs(`With \`-w DIR\` it is \`DIR/${role}.conf\`; \`--config FILE\` names any other.`),
    ),
    section("DESCRIPTION", paragraphs(...DESCRIPTION), paragraphs(...OF_ROLE[role])),
    section(
      "DIRECTIVES",
      paragraphs(
        "For each one: where it may stand (global is outside of all blocks), what holds without it, an example.",
      ),
      ...scopes
        .map((scope) => [scope, acting.filter((row) => row.scopes[0] === scope)] as const)
        .filter(([, own]) => own.length > 0)
        .map(([scope, own]) =>
          subsection(titleOf(scope), ...own.toSorted(byName).map((row) => itemOf(row, about))),
        ),
    ),
    section(
      "READ FOR THE SAKE OF OLD FILES",
      paragraphs(
        "Dibbler knows these. They are checked, a warning says what does not come of them, and nothing else happens.",
      ),
      ...idle.toSorted(byName).map((row) => itemOf(row, about)),
    ),
    section("HOOK SCRIPT", paragraphs(...HOOK), ...hook.map(([name, describe]) => item(name, describe))),
    section("EXAMPLES", ...examples.map(([describe, text]) => `${paragraphs(describe)}\n${verbatim(text)}`)),
    section("SEE ALSO", `.BR dibbler\\-${role} (8),`, `.BR dibbler\\-${OTHER[role]}.conf (5)`),
  ].join("\n")}\n`;
}

/** What is more than read. A statement that is refused stands with what is not acted on. */
const isUsed = ({ unused, refused }: DirectiveRow): boolean => unused === undefined && refused === undefined;

const itemOf = (row: DirectiveRow, about: About): string => {
  const { keyword, scopes, standard, example, aliases, needs, unused, refused } = row;
  const facts = [
    `In: ${scopes.join(", ")}.`,
    ...(standard === undefined ? [] : [`Standard: ${standard === '""' ? "none" : standard}.`]),
    ...(aliases.length === 0 ? [] : [`Also written ${aliases.join(", ")}.`]),
    ...(needs === undefined ? [] : [`Only behind ${needs}.`]),
    ...(unused === undefined ? [] : [`Not acted on: ${unused}.`]),
    ...(refused === undefined ? [] : [`An error: ${refused}.`]),
  ];
  return item(keyword, about[keyword] ?? "", facts.join(" "), `Example: \`${example}\``);
};

const titleOf = (scope: string): string =>
  scope === "global" ? "Global, and what may stand there too" : `In ${scope}`;

const byName = (a: DirectiveRow, b: DirectiveRow): number => a.keyword.localeCompare(b.keyword, "en");

const OTHER = { server: "client", client: "server" } as const;

const DESCRIPTION = [
  "The language is Dibbler's, and Dibbler's files are read as they are. Words are parted by blanks and line ends; there " +
    "is no `;`, and case does not count in keywords. Comments are `# …`, `// …` to the end of the line and `/* … */`. " +
    "Paths, and names that are keywords, stand in quotes. Truth values are 0 and 1; some directives also take yes, no, " +
    "true, false. Lists have commas.",
  "A value holds from its line on and inside the blocks below, until another line says otherwise: what is for every " +
    "interface goes to the top of the file.",
  "Every mistake is told at once with file, line, column and what was probably meant.",
];

const OF_ROLE = {
  server: [
    "`dibbler-server check FILE` says what a file means, link by link, and changes nothing; `dibbler-server reload` has a " +
      "running server read it again.",
  ],
  client: [
    "`dibbler-client check FILE` says what a file means and `dibbler-client plan --config FILE` what would become of the " +
      "interfaces; both change nothing.",
  ],
} as const;

const HOOK = [
  "The program that `script` names is called as `PATH add`, `PATH update` or `PATH delete`, in the directory of the " +
    "state, with standard input from /dev/null; what it prints goes to the log. One without a #! line is run by a " +
    "shell. Its environment is PATH and:",
];
