import type { FilePassage } from "../shared/lease/foreign.js";

/** Passages of one kind and text. */
export interface ReportedPassage extends FilePassage {
  /** How many there are; `line` is that of the first. */
  readonly count: number;
}

/** What was found in a file besides leases, in bounded memory. */
export interface FileReport {
  readonly add: (passage: FilePassage) => void;
  /** In the order of the file, as many as are kept. */
  readonly passages: () => readonly ReportedPassage[];
  /** How many are not kept. */
  readonly more: () => number;
  readonly count: (kind: FilePassage["kind"]) => number;
}

/** Different texts that are kept: whoever reads a log wants to see what is wrong, not a second file. */
export const REPORT_LIMIT = 200;

/** Nothing found yet. */
export function createFileReport(limit = REPORT_LIMIT): FileReport {
  const kept = new Map<string, { passage: FilePassage; count: number }>();
  const counts = { unreadable: 0, "left out": 0, adapted: 0 };
  let more = 0;
  return {
    add(passage) {
      counts[passage.kind]++;
      const key = `${passage.kind} ${passage.text}`;
      const known = kept.get(key);
      if (known !== undefined) known.count++;
      else if (kept.size < limit) kept.set(key, { passage, count: 1 });
      else more++;
    },
    passages: () => Array.from(kept.values(), ({ passage, count }) => ({ ...passage, count })),
    more: () => more,
    count: (kind) => counts[kind],
  };
}

/** `FILE:LINE`, or the file alone. */
export const placeIn = (file: string, line: number): string => (line > 0 ? `${file}:${line}` : file);

/** The text, and how often it is true. */
export const textWithCount = ({ text, count }: ReportedPassage): string =>
  count === 1 ? text : `${text} (${count} times from there on)`;
