import type { CommandDeclaration, CommandOption } from "../command-args.js";
import { ACTION_HELP, type Role } from "../command-line.js";

/** What shells offer for one program. */
export interface Completion {
  readonly role: Role;
  readonly declarations: readonly CommandDeclaration[];
  /** Words that a command's words can be, where there is a choice. */
  readonly words: Readonly<Record<string, readonly string[]>>;
}

/** Files to install, by the shell that reads them. */
export interface CompletionFiles {
  readonly bash: string;
  readonly zsh: string;
  readonly fish: string;
}

/** The completions of a program for each shell. */
export const completionFiles = (completion: Completion): CompletionFiles => ({
  bash: bashCompletion(completion),
  zsh: zshCompletion(completion),
  fish: fishCompletion(completion),
});

interface Offer {
  readonly name: string;
  readonly describe: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  readonly words: readonly string[];
  /** Whether a word of it is a file. */
  readonly takesFile: boolean;
}

const COMMON: Readonly<Record<string, CommandOption>> = {
  help: { type: "boolean", describe: "show what can be given" },
  config: { type: "string", describe: "read this configuration" },
  "log-dir": { type: "string", describe: "write the log there" },
};
const STATUS: Readonly<Record<string, CommandOption>> = {
  json: { type: "boolean", describe: "one JSON object, for programs" },
};
const UNOFFERED: ReadonlySet<string> = new Set(["install", "uninstall"]);

function offersOf({ declarations, words }: Completion): readonly Offer[] {
  const actions = Object.entries(ACTION_HELP)
    .filter(([name]) => !UNOFFERED.has(name))
    .map(([name, describe]) => ({
      name,
      describe,
      options: { ...(name === "status" ? STATUS : {}), ...COMMON },
      words: [],
      takesFile: false,
    }));
  const commands = declarations.map((each) => {
    const name = each.name.split(" ")[1] ?? "";
    const takesFile = Object.hasOwn(each.words, "file");
    const options = { ...each.options, ...COMMON };
    return { name, describe: each.describe, options, words: words[name] ?? [], takesFile };
  });
  return [...actions, ...commands];
}

function bashCompletion(completion: Completion): string {
  const { role } = completion;
  const offers = offersOf(completion);
  const command = `_dibbler_${role}`;
  const cases = offers.map(({ name, options, words, takesFile }) => {
    const flags = [...Object.keys(options).map((option) => `--${option}`), "-w"].join(" ");
    const files = takesFile ? ' COMPREPLY+=($(compgen -f -- "$current"))' : "";
    return (
      `    ${name})\n` +
      `      if [[ $current == -* ]]; then COMPREPLY=($(compgen -W "${flags}" -- "$current"))\n` +
      `      else COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$current"));${files || " :"}\n` +
      `      fi ;;`
    );
  });
  const choices = choicesOf(offers).map(
    ([name, option, values]) =>
      `    ${name}:--${option}) COMPREPLY=($(compgen -W "${values.join(" ")}" -- "$current")); return ;;`,
  );
  const first = [...offers.map(({ name }) => name), "--help", "--version", "-w", "--config", "--log-dir"];
  return `# bash completion for dibbler-${role}; generated from what the program takes
${command}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} action= i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      -w | --config | --log-dir) ((i++)) ;;
      -*) ;;
      *) action=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $previous in
    -w | --log-dir) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); return ;;
    --config) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case $action:$previous in
${choices.join("\n")}
${valuedOf(offers)
  .map(([name, option]) => `    ${name}:--${option}) return ;;`)
  .join("\n")}
  esac
  case $action in
    "") COMPREPLY=($(compgen -W "${first.join(" ")}" \\
      -- "$current")) ;;
${cases.join("\n")}
  esac
}
complete -F ${command} dibbler-${role}
`.replace(/\n{2,}/g, "\n");
}

function zshCompletion(completion: Completion): string {
  const { role } = completion;
  const offers = offersOf(completion);
  const names = offers.map(({ name, describe }) => `    ${single(`${name}:${describe}`)}`);
  const cases = offers.map(({ name, options, words, takesFile }) => {
    const specs = Object.entries(options).map(([option, row]) => single(zshSpec(option, row)));
    const rest = takesFile ? ["'*:file:_files'"] : words.length > 0 ? [`'*:word:(${words.join(" ")})'`] : [];
    return `    ${name}) _arguments $common ${[...specs, ...rest].join(" ")} ;;`;
  });
  return `#compdef dibbler-${role}
# generated from what the program takes
_dibbler_${role}() {
  local -a actions common
  actions=(
${names.join("\n")}
  )
  common=('-w[keep everything in this directory]:directory:_directories')
  if ((CURRENT == 2)); then
    _describe -t actions 'action' actions
    return
  fi
  local action=$words[2]
  shift words
  ((CURRENT--))
  case $action in
${cases.join("\n")}
  esac
}
_dibbler_${role} "$@"
`;
}

function zshSpec(option: string, { type, describe, choices, many }: CommandOption): string {
  const text = `--${option}[${describe.replace(/[[\]:]/g, "\\$&")}]`;
  const values = choices === undefined ? (PATHS[option]?.zsh ?? " ") : `(${choices.join(" ")})`;
  return `${many ? "*" : ""}${text}${type === "boolean" ? "" : `:${option}:${values}`}`;
}

const PATHS: Readonly<Record<string, { readonly zsh: string; readonly fish: string }>> = {
  config: { zsh: "_files", fish: "-rF" },
  "log-dir": { zsh: "_directories", fish: "-x -a '(__fish_complete_directories)'" },
};

function fishCompletion(completion: Completion): string {
  const { role } = completion;
  const offers = offersOf(completion);
  const program = `complete -c dibbler-${role}`;
  const lines = offers.flatMap(({ name, describe, options, words, takesFile }) => {
    const when = `-n ${single(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `${program} -n __fish_use_subcommand -a ${name} -d ${single(describe)}`,
      ...Object.entries(options).map(([option, { type, describe: help, short, choices }]) => {
        const value =
          choices === undefined ? (PATHS[option]?.fish ?? "-x") : `-x -a ${single(choices.join(" "))}`;
        const letter = short === undefined ? "" : ` -s ${short}`;
        const taken = type === "boolean" ? "" : ` ${value}`;
        return `${program} ${when} -l ${option}${letter}${taken} -d ${single(help)}`;
      }),
      ...(words.length > 0 ? [`${program} ${when} -a ${single(words.join(" "))}`] : []),
      ...(takesFile ? [`${program} ${when} -F`] : []),
    ];
  });
  return `# fish completion for dibbler-${role}; generated from what the program takes
${program} -f
${program} -s w -x -a '(__fish_complete_directories)' -d 'keep everything in this directory'
${lines.join("\n")}
`;
}

const choicesOf = (
  offers: readonly Offer[],
): readonly (readonly [name: string, option: string, values: readonly string[]])[] =>
  offers.flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, { choices }]) =>
      choices === undefined ? [] : [[name, option, choices] as const],
    ),
  );

/** Options whose value nobody can guess. */
const valuedOf = (offers: readonly Offer[]): readonly (readonly [name: string, option: string])[] =>
  offers.flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([option, { type, choices }]) =>
      type === "boolean" || choices !== undefined || Object.hasOwn(PATHS, option)
        ? []
        : [[name, option] as const],
    ),
  );

/** In quotes that shells look into for nothing. */
const single = (text: string): string => `'${text.replaceAll("'", "’")}'`;
