import { formatDuid } from "../shared/duid.js";

/** Octets for people: in quotes when all of them are printable ASCII, else as hexadecimal digits. */
export function octetText(octets: Uint8Array): string {
  const isPlain = octets.length > 0 && octets.every((each) => each >= 0x20 && each < 0x7f && each !== QUOTE);
  if (isPlain) return `"${String.fromCharCode(...octets)}"`;
  return `0x${formatDuid(octets).replaceAll(":", "")}`;
}

const QUOTE = 0x22;
