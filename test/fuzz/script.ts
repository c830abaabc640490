/** An event of a script: what happens, and the message or whatever it happens with. */
export interface Part {
  readonly op: number;
  readonly payload: Uint8Array;
}

/** A story for an engine: in which setting, and what happens there. */
export interface Script {
  readonly setting: number;
  readonly parts: readonly Part[];
}

/** Reads any octets as a script: the setting, then for each part its op, 16 bits of length, the payload. */
export function splitParts(octets: Uint8Array): Script {
  const parts: Part[] = [];
  let at = 1;
  while (at + 3 <= octets.length) {
    const end = at + 3 + (((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0));
    parts.push({ op: octets[at] ?? 0, payload: octets.subarray(at + 3, end) });
    at = end;
  }
  return { setting: octets[0] ?? 0, parts };
}

/** The inverse of `splitParts`. */
export function joinParts({ setting, parts }: Script): Uint8Array {
  const pieces = parts.flatMap(({ op, payload }) => [
    Uint8Array.of(op, payload.length >>> 8, payload.length),
    payload,
  ]);
  return new Uint8Array(Buffer.concat([Uint8Array.of(setting), ...pieces]));
}
