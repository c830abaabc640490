import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One packet of test/vectors with what its index says of it. */
export interface Vector {
  readonly file: string;
  readonly kind: "made" | "malformed" | "captured";
  readonly transport: "udp" | "tcp";
  /** Decoded form; for `tcp` the list of frames. */
  readonly expect?: object;
  /** For malformed ones: what the decoder has to make of it. */
  readonly parse?: "ok" | "drop-option" | "reject";
  readonly fault?: string;
  /** Key of the client, in hex, for Reconfigures whose digest can be computed. */
  readonly rkapKey?: string;
  readonly bytes: Uint8Array;
}

/** In a checkout, which is where tests are run. */
const folder = "test/vectors";

/** All vectors, in the order of the index. */
export function loadVectors(): readonly Vector[] {
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as {
    readonly vectors: readonly Omit<Vector, "bytes">[];
  };
  return index.vectors.map((entry) => ({ ...entry, bytes: readVector(entry.file) }));
}

/** The octets of one vector. */
export function readVector(file: string): Uint8Array {
  return fromHex(readFileSync(join(folder, file), "utf8"));
}

/** Octets written as hex, white space anywhere. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s/g, ""), "hex"));
}

/** Octets as hex without separators. */
export const toHex = (octets: Uint8Array): string => Buffer.from(octets).toString("hex");
