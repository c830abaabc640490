import type { Described } from "./describe.js";
import type { Side } from "./stage.js";

/**
 * A difference that shows everywhere, so that rows need not list it: what Dibbler sends is made into ours.
 */
export interface General {
  readonly what: string;
  readonly why: string;
  /** In which of our modes; in both when it is left out. */
  readonly only?: OurMode;
  /** Gives the answer of ours that follows from Dibbler's; the same one where this plays no part. */
  readonly apply: (dibbler: Described) => Described;
}

/** One part of the answer to one step that is not the same. */
export interface Difference {
  /** Number of the step, from 1. */
  readonly step: number;
  /** The part, as `describe` names it. */
  readonly at: string;
  /** What each sends there; empty when it is left out. */
  readonly dibbler: string;
  readonly ours: string;
}

/** Why answers differ, and where they do. */
export interface Reason {
  readonly why: string;
  /** In which of our modes; in both when it is left out. */
  readonly only?: OurMode;
  /** By `scene > row`. */
  readonly where: ReadonlyMap<string, readonly Difference[]>;
}

/** Ours as it is, or with `compatibility "strict"`. */
export type OurMode = Exclude<Side, "dibbler">;

/** Compares the answers to the steps of a row; notes in `used` the general differences that showed. */
export function compareAnswers(
  dibbler: readonly Described[],
  ours: readonly Described[],
  general: readonly General[],
  used: Set<string>,
): readonly Difference[] {
  return dibbler.flatMap((answer, index) => {
    let expected = answer;
    for (const { what, apply } of general) {
      const next = apply(expected);
      if (next !== expected) used.add(what);
      expected = next;
    }
    const got = ours[index] ?? {};
    const parts = [...new Set([...Object.keys(expected), ...Object.keys(got)])];
    const changed = parts.filter((part) => expected[part] !== got[part]);
    // Of an answer that is missing on one side that is all there is to say.
    const telling = changed.includes("answer") && isSilence(expected, got) ? ["answer"] : changed;
    return telling.map((at) => ({ step: index + 1, at, dibbler: expected[at] ?? "", ours: got[at] ?? "" }));
  });
}

/**
 * Reads a reason's list: a line `scene > row`, below it `step part`, below that what each server sends.
 * Throws for a line that is none of these.
 */
export function because(why: string, list: string, only?: OurMode): Reason {
  const where = new Map<string, Difference[]>();
  let row: Difference[] = [];
  const lines = list.split("\n").filter((line) => line.trim() !== "");
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const [, step, part] = /^ {2}(\d+) (\S.*)$/.exec(line) ?? [];
    if (!line.startsWith(" ")) where.set(line, (row = []));
    else if (step === undefined || part === undefined) throw new Error(`"${line}" is no step with a part`);
    else {
      const [dibbler, ours] = [read("Dibbler", lines[++at]), read("ours", lines[++at])];
      row.push({ step: Number(step), at: part, dibbler, ours });
    }
  }
  return { why, where, ...(only === undefined ? {} : { only }) };
}

/** The differences of a row that the reasons list for a mode. */
export function listed(reasons: readonly Reason[], row: string, mode: OurMode): readonly Difference[] {
  return reasons
    .filter(({ only }) => only === undefined || only === mode)
    .flatMap(({ where }) => where.get(row) ?? []);
}

/** Differences of a row as `because` reads them, by step and part. */
export function write(row: string, differences: readonly Difference[]): string {
  const ordered = differences.toSorted((a, b) => a.step - b.step || (a.at < b.at ? -1 : 1));
  const lines = ordered.map(
    ({ step, at, dibbler, ours }) => `  ${step} ${at}\n    Dibbler: ${dibbler}\n    ours: ${ours}`,
  );
  return [row, ...lines].join("\n");
}

function read(who: string, line = ""): string {
  const head = `    ${who}:`;
  if (!line.startsWith(head)) throw new Error(`"${line}" does not begin with "${head}"`);
  return line.slice(head.length).trim();
}

const isSilence = (...answers: readonly Described[]): boolean =>
  answers.some(({ answer }) => answer === "none" || answer === "malformed");
