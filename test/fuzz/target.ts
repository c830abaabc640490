import type { Shape } from "./mutate.js";

/** Something that eats foreign octets, and how to find out whether it bears all of them. */
export interface Target {
  readonly name: string;
  /** The functions that get the input, as README.md names them. */
  readonly entries: readonly string[];
  /** Beginnings of the paths of the files whose coverage is told. */
  readonly covers: readonly string[];
  /** What inputs are made of, so that changed ones still mean something. */
  readonly shape: Shape;
  /** Words and octets that mean something to it. */
  readonly tokens: readonly (string | Uint8Array)[];
  /** Inputs that are known before any corpus. */
  readonly seeds: () => readonly Uint8Array[];
  /** Changed inputs in each run of the tests. */
  readonly rounds: number;
  /** Longest input that is made. */
  readonly limit: number;
  /** Throws when something does not hold. */
  readonly run: (input: Uint8Array) => void | Promise<void>;
}

/** A target with what most have in common. */
export const target = (
  facts: Omit<Target, "tokens" | "limit" | "rounds"> & Partial<Pick<Target, "tokens" | "limit" | "rounds">>,
): Target => ({ tokens: [], limit: 4096, rounds: 300, ...facts });

/** Fails with a sentence; `seen` is shown. */
export function must(holds: boolean, sentence: string, seen?: unknown): asserts holds {
  if (holds) return;
  throw new Error(seen === undefined ? sentence : `${sentence}: ${shown(seen)}`);
}

const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
};

/** The octets of a text. */
export const octetsOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
/** The text that a program makes of the octets of a file. */
export const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString("utf8");
