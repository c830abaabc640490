import { readFileSync } from "node:fs";

/** What a page of the documentation has its reader do, or see, one after the other. */
export type PageStep =
  | {
      readonly kind: "file";
      readonly at: string;
      readonly host: string;
      readonly path: string;
      readonly text: string;
    }
  | { readonly kind: "run"; readonly at: string; readonly host: string; readonly script: string }
  /** What the commands before it print; when it is awaited, in the end. */
  | { readonly kind: "see"; readonly at: string; readonly isAwaited: boolean; readonly text: string }
  /** `<!-- test: NAME -->`: what others do meanwhile. */
  | { readonly kind: "act"; readonly at: string; readonly name: string };

/**
 * The steps of a page. Its fenced blocks say in their first line what they are: `sh HOST` are commands,
 * `LANGUAGE HOST /PATH` is a file, `text` or `text soon` is what the commands before it print. A block with
 * anything else is an error, so that no command on a page goes untried.
 */
export function readPage(path: string): readonly PageStep[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const steps: PageStep[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const at = `${path}:${index + 1}`;
    const act = /^<!-- test: (.*) -->$/.exec(line)?.[1];
    if (act !== undefined) steps.push({ kind: "act", at, name: act });
    const fence = /^ *```(.*)$/.exec(line);
    if (fence === null) continue;
    const end = lines.findIndex((other, after) => after > index && /^ *```$/.test(other));
    if (end < 0) throw new Error(`${at}: a block without end`);
    const indent = line.indexOf("```");
    const text = lines
      .slice(index + 1, end)
      .map((each) => each.slice(indent))
      .join("\n");
    steps.push(readBlock(fence[1] ?? "", at, text));
    index = end;
  }
  return steps;
}

function readBlock(info: string, at: string, text: string): PageStep {
  const [language = "", host, path] = info.split(" ");
  if (language === "sh" && host !== undefined) return { kind: "run", at, host, script: text };
  if (language === "text") return { kind: "see", at, isAwaited: host === "soon", text };
  if (host !== undefined && path?.startsWith("/") === true)
    return { kind: "file", at, host, path, text: `${text}\n` };
  throw new Error(`${at}: the block "${info}" says neither where its commands are run nor which file it is`);
}

/** What stands for what: an address, prefix or DUID of the page for the one that came. */
export type Bindings = ReadonlyMap<string, string>;

/**
 * Compares what a page shows with what came: undefined when they differ, else the bindings, with those that
 * are new. Amounts of blanks do not count, `…` stands for any text, alone on a line for any lines, dates and
 * durations for others. Addresses and DUIDs stand for those that came in their place, the same for the same,
 * another for another; their first two groups are as shown, and those in `fixed` are themselves.
 */
export function compareShown(
  shown: string,
  came: string,
  bindings: Bindings,
  fixed: ReadonlySet<string>,
): Bindings | undefined {
  const squeeze = (text: string): readonly string[] =>
    text
      .split("\n")
      .map((line) => line.trim().replaceAll(/\s+/g, " "))
      .filter((line) => line !== "");
  return compareLines(squeeze(shown), squeeze(came), bindings, fixed);
}

function compareLines(
  shown: readonly string[],
  came: readonly string[],
  bindings: Bindings,
  fixed: ReadonlySet<string>,
): Bindings | undefined {
  const [first, ...rest] = shown;
  if (first === undefined) return came.length === 0 ? bindings : undefined;
  if (first === "…") {
    for (let skipped = 0; skipped <= came.length; skipped++) {
      const found = compareLines(rest, came.slice(skipped), bindings, fixed);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const [next, ...others] = came;
  const after = next === undefined ? undefined : compareLine(first, next, bindings, fixed);
  return after === undefined ? undefined : compareLines(rest, others, after, fixed);
}

const DATE = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
const DURATION = String.raw`\b\d+(?:sec|[dhms])\b(?: \d+[dhms]\b)?`;
const NAME = String.raw`(?:[0-9a-f]{2}:){5,}[0-9a-f]{2}|[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f:]*`;
const PROCESS = String.raw`\bpid[ =]\d+`;
const parts = new RegExp(
  `(?<date>${DATE})|(?<duration>${DURATION})|(?<process>${PROCESS})|(?<name>${NAME})|…`,
  "g",
);

function compareLine(
  shown: string,
  came: string,
  bindings: Bindings,
  fixed: ReadonlySet<string>,
): Bindings | undefined {
  const names: string[] = [];
  let pattern = "";
  let from = 0;
  for (const part of shown.matchAll(parts)) {
    pattern += escaped(shown.slice(from, part.index));
    from = part.index + part[0].length;
    pattern += patternOf(part.groups ?? {});
    const name = part.groups?.["name"];
    if (name !== undefined) names.push(name);
  }
  const match = new RegExp(`^${pattern}${escaped(shown.slice(from))}$`).exec(came);
  if (match === null) return undefined;
  const bound = new Map(bindings);
  for (const [index, name] of names.entries()) {
    if (!bind(bound, name, match[index + 1] ?? "", fixed)) return undefined;
  }
  return bound;
}

/** What may come in place of a part of a shown line. */
function patternOf({
  date,
  duration,
  process: pid,
  name,
}: Readonly<Record<string, string | undefined>>): string {
  if (date !== undefined) return DATE;
  if (duration !== undefined) return DURATION;
  if (pid !== undefined) return PROCESS;
  return name === undefined ? ".*" : `(${NAME})`;
}

/** False when the name stands for something else already, something else stands for it, or it is fixed. */
function bind(bound: Map<string, string>, name: string, came: string, fixed: ReadonlySet<string>): boolean {
  const known = bound.get(name);
  if (known !== undefined) return known === came;
  if (fixed.has(name) || fixed.has(came)) return name === came;
  const start = (text: string): string => text.split(":").slice(0, 2).join(":");
  if ([...bound.values()].includes(came) || start(name) !== start(came)) return false;
  bound.set(name, came);
  return true;
}

/** All addresses, prefixes and DUIDs of a text. */
export const namesIn = (text: string): readonly string[] =>
  Array.from(text.matchAll(parts), ({ groups }) => groups?.["name"]).filter((name) => name !== undefined);

/** A text of the page with what came in place of the names that stand for it. */
export const withBound = (text: string, bindings: Bindings): string =>
  text.replaceAll(parts, (part) => bindings.get(part) ?? part);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
