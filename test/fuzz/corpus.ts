import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "./target.js";

/** Where the inputs of all targets are kept; the path is that of a checkout. */
export const CORPUS = "test/fuzz/corpus";

/** An input by the name that its content gives it. */
export const nameOf = (input: Uint8Array): string =>
  createHash("sha256").update(input).digest("hex").slice(0, 12);

/** The inputs of a target: those in the repository, and those that its seeds give. */
export function corpusOf({ name, seeds }: Target): readonly Uint8Array[] {
  return [...seeds(), ...keptOf(name)];
}

/** Those in the repository. */
export function keptOf(name: string): readonly Uint8Array[] {
  const folder = join(CORPUS, name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((file) => new Uint8Array(readFileSync(join(folder, file))));
}

/** Puts these in the place of what is there; what has a name of its own, a finding of old, stays. */
export function keep(name: string, inputs: readonly Uint8Array[]): void {
  const folder = join(CORPUS, name);
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (/^[0-9a-f]{12}$/.test(file)) rmSync(join(folder, file));
  for (const input of inputs) writeFileSync(join(folder, nameOf(input)), input);
}
