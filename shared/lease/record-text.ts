// Names as UTF-8: nearly all of them are short and ASCII, and an encoder costs more than they do.

/** Octets that the text takes. */
export function textOctets(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return encoded(text).length;
  return text.length;
}

/** Writes the text, as much of it as fits into `room` octets; gives how many the whole of it takes. */
export function writeText(text: string, octets: Uint8Array, at: number, room: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return writeOddText(text, octets, at, room);
    if (i < room) octets[at + i] = code;
  }
  return text.length;
}

/** Writes what `writeText` with this `room` has left out. */
export function writeTextRest(text: string, octets: Uint8Array, at: number, room: number): void {
  octets.set(encoded(text).subarray(room), at);
}

/** The text of the octets `from` (inclusive) to `to` (exclusive). */
export function readText(octets: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) {
    const code = octets[i] ?? 0;
    if (code > 0x7f) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets.subarray(from, to));
    text += String.fromCharCode(code);
  }
  return text;
}

/** True when these octets are text: what is read of them is then written as the same octets. */
export function isText(octets: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((octets[i] ?? 0) > 0x7f) return isOddText(octets.subarray(from, to));
  return true;
}

function writeOddText(text: string, octets: Uint8Array, at: number, room: number): number {
  const whole = encoded(text);
  octets.set(whole.subarray(0, room), at);
  return whole.length;
}

function isOddText(octets: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(octets);
    return true;
  } catch {
    return false;
  }
}

const encoded = (text: string): Uint8Array => new TextEncoder().encode(text);
