import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadVectors } from "../wire/vectors.js";

// The files that tests have anyway are the first inputs; paths are those of a checkout.

/** The datagrams of test/vectors, good and malformed. */
export const datagrams = (): readonly Uint8Array[] =>
  loadVectors()
    .filter(({ transport }) => transport === "udp")
    .map(({ bytes }) => Uint8Array.from(bytes));

/** The TCP streams of test/vectors. */
export const streams = (): readonly Uint8Array[] =>
  loadVectors()
    .filter(({ transport }) => transport === "tcp")
    .map(({ bytes }) => Uint8Array.from(bytes));

/** The files below some folders whose path fits. */
export const filesOf = (folders: readonly string[], fits: RegExp): readonly Uint8Array[] =>
  folders.flatMap(below).flatMap((path) => (fits.test(path) ? [new Uint8Array(readFileSync(path))] : []));

function below(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? below(path) : [path]));
}
