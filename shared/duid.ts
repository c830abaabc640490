import type { Brand } from "./brand.js";
import { sameOctets } from "./octets.js";

/** A DHCP Unique Identifier: 3..130 octets, opaque, compared octet by octet (RFC 8415 11). */
export type Duid = Brand<Uint8Array, "Duid">;

/**
 * What the type of a DUID says; `opaque` for unknown types and for bodies that are too short for their type.
 */
export type DuidParts =
  | {
      readonly kind: "llt";
      readonly hardwareType: number;
      readonly time: number;
      readonly linkLayer: Uint8Array;
    }
  | { readonly kind: "en"; readonly enterprise: number; readonly identifier: Uint8Array }
  | { readonly kind: "ll"; readonly hardwareType: number; readonly linkLayer: Uint8Array }
  | { readonly kind: "uuid"; readonly uuid: Uint8Array }
  | { readonly kind: "opaque"; readonly type: number; readonly data: Uint8Array };

/** Shortest and longest legal DUID in octets, type included (RFC 8415 11.1). */
export const DUID_OCTETS = { min: 3, max: 130 } as const;

/** Seconds between the Unix epoch and 2000-01-01T00:00:00Z, where DUID-LLT counts from (RFC 8415 11.2). */
export const DUID_EPOCH = 946_684_800;

/** Takes octets as a DUID, without copying or judging them. */
export const duid = (octets: Uint8Array): Duid => octets as Duid;

/** True when the length is legal. */
export const isDuidLength = (octets: number): boolean =>
  octets >= DUID_OCTETS.min && octets <= DUID_OCTETS.max;

/** True when both have the same octets. */
export const sameDuid = (a: Duid, b: Duid): boolean => sameOctets(a, b);

/** Dibbler's text form: lower-case octets joined by colons, as in `server-duid` and the XML files. */
export function formatDuid(value: Uint8Array): string {
  let text = "";
  for (let i = 0; i < value.length; i++) text += (i === 0 ? "" : ":") + (HEX[value[i] ?? 0] ?? "");
  return text;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

/** Reads `00:03:00:…`, `0x0003…` or `0003…`, any case; `undefined` for anything else or an illegal length. */
export function parseDuid(text: string): Duid | undefined {
  const digits = text.trim().replace(/^0x/i, "").replaceAll(":", "");
  if (digits === "" || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits)) return undefined;
  if (!isDuidLength(digits.length / 2)) return undefined;
  return duid(Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
}

/** Splits a DUID by its type (RFC 8415 11.2-11.4, RFC 6355). */
export function duidParts(value: Duid): DuidParts {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const type = value.length < 2 ? 0 : view.getUint16(0);
  if (type === 1 && value.length >= 8) {
    return {
      kind: "llt",
      hardwareType: view.getUint16(2),
      time: view.getUint32(4),
      linkLayer: value.subarray(8),
    };
  }
  if (type === 2 && value.length >= 6) {
    return { kind: "en", enterprise: view.getUint32(2), identifier: value.subarray(6) };
  }
  if (type === 3 && value.length >= 4) {
    return { kind: "ll", hardwareType: view.getUint16(2), linkLayer: value.subarray(4) };
  }
  if (type === 4 && value.length === 18) return { kind: "uuid", uuid: value.subarray(2) };
  return { kind: "opaque", type, data: value.subarray(2) };
}

/** Puts a DUID together from its parts; the inverse of `duidParts`. */
export function makeDuid(parts: DuidParts): Duid {
  switch (parts.kind) {
    case "llt":
      return join(1, u16(parts.hardwareType), u32(parts.time), parts.linkLayer);
    case "en":
      return join(2, u32(parts.enterprise), parts.identifier);
    case "ll":
      return join(3, u16(parts.hardwareType), parts.linkLayer);
    case "uuid":
      return join(4, parts.uuid);
    case "opaque":
      return join(parts.type, parts.data);
    default:
      return parts satisfies never;
  }
}

const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value);
const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

function join(type: number, ...pieces: readonly Uint8Array[]): Duid {
  const all = [u16(type), ...pieces];
  const octets = new Uint8Array(all.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of all) {
    octets.set(piece, at);
    at += piece.length;
  }
  return duid(octets);
}
