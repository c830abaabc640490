import { nearest } from "../config/suggest.js";

/** One option of a command: `--name`, or `--name <value>`; with `many` it may be given again and again. */
export interface CommandOption {
  readonly type: "boolean" | "string" | "number";
  readonly describe: string;
  /** One letter: `j` for `-j`. */
  readonly short?: string;
  readonly choices?: readonly string[];
  readonly many?: true;
}

/** A word of a command that is not an option. Only the last one may be `many`. */
export interface CommandWord {
  readonly describe: string;
  readonly need: "required" | "optional" | "many";
}

/** What a command takes, as data; the words in their order. */
export interface CommandDeclaration {
  /** As typed: "dibbler-server check". */
  readonly name: string;
  readonly describe: string;
  readonly words: Readonly<Record<string, CommandWord>>;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** Whole command lines and what they are good for. */
  readonly examples?: readonly (readonly [command: string, describe: string])[];
  /** What else the help says, below all. */
  readonly notes?: string;
}

/** What was given. A name must be one that the declaration has, with that type. */
export interface CommandArgs<D extends CommandDeclaration> {
  readonly flag: (name: OptionNames<D, "boolean">) => boolean;
  readonly number: (name: OptionNames<D, "number">) => number | undefined;
  /** An option that has a text, or a word of the command. */
  readonly text: (name: OptionNames<D, "string"> | WordNames<D>) => string | undefined;
  /** All values of one that may be given more than once; empty for none. */
  readonly texts: (name: OptionNames<D, "string"> | WordNames<D>) => readonly string[];
}

/**
 * Reads what stands behind the name of a command. The exit status instead, when there is nothing to do: 0
 * after `--help` was printed to stdout, 1 after an error was explained on stderr. yargs is loaded here and
 * not before: the actions that start and stop a program do not wait for it.
 */
export async function readCommandArgs<const D extends CommandDeclaration>(
  declaration: D,
  given: readonly string[],
): Promise<CommandArgs<D> | number> {
  const { values, output, error } = await parseWith(declaration, given);
  if (error !== undefined) {
    process.stderr.write(`${declaration.name}: ${error}\nTry "${declaration.name} --help".\n`);
    return 1;
  }
  if (output !== "") {
    process.stdout.write(`${output}\n`);
    return 0;
  }
  const texts = (name: string): readonly string[] => listOf(values[name]).map(String);
  return {
    flag: (name) => listOf(values[name]).at(-1) === true,
    number: (name) => listOf(values[name]).findLast((value) => typeof value === "number"),
    text: (name) => texts(name).at(-1),
    texts,
  };
}

type OptionNames<D extends CommandDeclaration, T extends CommandOption["type"]> = {
  [K in keyof D["options"]]: D["options"][K] extends { readonly type: T } ? K & string : never;
}[keyof D["options"]];

type WordNames<D extends CommandDeclaration> = keyof D["words"] & string;

interface Parsed {
  readonly values: Readonly<Record<string, unknown>>;
  /** The help text, if it was asked for. */
  readonly output: string;
  readonly error: string | undefined;
}

/** Columns of the help text. */
const WIDTH = 100;

async function parseWith(declaration: CommandDeclaration, given: readonly string[]): Promise<Parsed> {
  const { name, describe, words, options, examples = [], notes } = declaration;
  const dashes = optionsIn(given).find((word) => word.startsWith(DASHES));
  if (dashes !== undefined) {
    return { values: {}, output: "", error: explain(`Unknown argument: ${dashes}`, Object.keys(options)) };
  }
  const { default: yargs } = await import("yargs");
  const line = ["$0", ...Object.entries(words).map(([word, { need }]) => BRACKETS[need](word))].join(" ");
  const parser = yargs()
    .scriptName(name)
    .locale("en")
    .wrap(WIDTH)
    .parserConfiguration(AS_WRITTEN)
    .exitProcess(false)
    .version(false)
    .help("help", "show this text")
    .strict()
    .command(
      line,
      describe,
      (built) => {
        for (const [word, row] of Object.entries(words)) {
          built.positional(word, { type: "string", describe: row.describe });
        }
        for (const [option, row] of Object.entries(options)) built.option(option, optionRow(option, row));
        for (const [command, what] of examples) built.example(command, what);
        return notes === undefined ? built : built.epilogue(notes);
      },
      () => undefined,
    );
  let parsed: Parsed = { values: {}, output: "", error: undefined };
  parser.parse(given, (failure, values, output) => {
    const error = failure ? explain(failure.message, Object.keys(options)) : undefined;
    parsed = { values, output, error };
  });
  return parsed;
}

/** An option of the name "--", which yargs does not tell from the end of the options, and stumbles over. */
const DASHES = "----";

/** What stands before the end of the options. */
function optionsIn(given: readonly string[]): readonly string[] {
  const end = given.indexOf("--");
  return end < 0 ? given : given.slice(0, end);
}

const BRACKETS = {
  required: (word: string) => `<${word}>`,
  optional: (word: string) => `[${word}]`,
  many: (word: string) => `[${word}..]`,
} as const;

/** Values stay what they are: no number is made of a DUID, no object of a dot, no list of what follows. */
const AS_WRITTEN = {
  "greedy-arrays": false,
  "parse-positional-numbers": false,
  "dot-notation": false,
  "boolean-negation": false,
  "camel-case-expansion": false,
} as const;

const optionRow = (
  name: string,
  { type, describe, short, choices, many }: CommandOption,
): Readonly<Record<string, unknown>> => ({
  type,
  describe,
  ...(type === "boolean" ? {} : { requiresArg: true, array: many === true }),
  ...(type === "number" ? { coerce: (value: unknown) => checkNumbers(name, value) } : {}),
  ...(short === undefined ? {} : { alias: short }),
  ...(choices === undefined ? {} : { choices }),
});

function checkNumbers(name: string, value: unknown): unknown {
  if (listOf(value).some(Number.isNaN)) throw new Error(`--${name} needs a number`);
  return value;
}

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** On one line, beginning as what follows a colon does, and with the option that was probably meant. */
function explain(text: string, options: readonly string[]): string {
  const line = text.trim().replace(/\s*\n\s*/g, "; ");
  const unknown = /^Unknown argument: (.*)$/.exec(line)?.[1];
  const meant = unknown === undefined ? undefined : nearest(unknown, options);
  const help = meant === undefined ? "" : `; did you mean --${meant}?`;
  return line.charAt(0).toLowerCase() + line.slice(1) + help;
}
