import type { Iaid } from "../brand.js";
import { sameDuid, type Duid } from "../duid.js";
import type { Prefix } from "../prefix.js";
import type { KeyedHash } from "../hash.js";
import type { IaType } from "./lease.js";
import type { Places } from "./places.js";
import { DUID_INLINE, FIELD, iaTypeNumber } from "./record-layout.js";
import { readDuid } from "./record-tail.js";

// The keys of the indexes, compared and hashed where they lie: nothing is taken out of a record on the way,
// except for a DUID that is too long for it.

/** True when the record is the client's. */
export function hasDuid(places: Places, id: number, duid: Duid): boolean {
  const { octets, at } = places.place(id);
  if (octets[at + FIELD.duidLength] !== duid.length) return false;
  if (duid.length > DUID_INLINE) return sameDuid(readDuid(octets, at, places.tail(id)), duid);
  for (let i = 0; i < duid.length; i++) if (octets[at + FIELD.duid + i] !== duid[i]) return false;
  return true;
}

/** True when the record belongs to this very binding. */
export function hasBinding(places: Places, id: number, duid: Duid, iaType: IaType, iaid: Iaid): boolean {
  const { octets, view, at } = places.place(id);
  return (
    view.getUint32(at + FIELD.iaid, true) === iaid &&
    octets[at + FIELD.iaType] === iaTypeNumber(iaType) &&
    hasDuid(places, id, duid)
  );
}

/** True when the record has this prefix, its host bits not counting. */
export function hasPrefix(places: Places, id: number, { address, length }: Prefix): boolean {
  return prefixLengthOf(places, id) === length && startsWith(places, id, address, 0, length);
}

/** True when both records are of one client. */
export function sameClient(places: Places, a: number, b: number): boolean {
  const one = places.place(a);
  const other = places.place(b);
  const length = one.octets[one.at + FIELD.duidLength] ?? 0;
  if (length > DUID_INLINE) return hasDuid(places, a, readDuid(other.octets, other.at, places.tail(b)));
  // The octet before the DUID is its length.
  for (let i = FIELD.duidLength; i < FIELD.duid + length; i++) {
    if (one.octets[one.at + i] !== other.octets[other.at + i]) return false;
  }
  return true;
}

/** True when both records are of one binding. */
export function sameBinding(places: Places, a: number, b: number): boolean {
  const one = places.place(a);
  const other = places.place(b);
  return (
    one.view.getUint32(one.at + FIELD.iaid) === other.view.getUint32(other.at + FIELD.iaid) &&
    one.octets[one.at + FIELD.iaType] === other.octets[other.at + FIELD.iaType] &&
    sameClient(places, a, b)
  );
}

/** The hash of the DUID of a record, equal to that of the DUID itself. */
export function duidHashOf(places: Places, hash: KeyedHash, id: number): number {
  const { octets, at } = places.place(id);
  const length = octets[at + FIELD.duidLength] ?? 0;
  const start = at + FIELD.duid;
  if (length <= DUID_INLINE) return hash(octets, start, start + length);
  return hash(readDuid(octets, at, places.tail(id)), 0, length);
}

/** True when the prefixes of both records agree in their first `bits`. */
export function sameBits(places: Places, a: number, b: number, bits: number): boolean {
  const { octets, at } = places.place(b);
  return startsWith(places, a, octets, at + FIELD.prefix, bits);
}

/** True when the prefix of the record agrees in its first `bits` with the octets from `from` on. */
export function startsWith(
  places: Places,
  id: number,
  other: Uint8Array,
  from: number,
  bits: number,
): boolean {
  const { octets, at } = places.place(id);
  const start = at + FIELD.prefix;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (octets[start + i] !== other[from + i]) return false;
  const difference = (octets[start + whole] ?? 0) ^ (other[from + whole] ?? 0);
  return (difference & (0xff00 >> (bits & 7)) & 0xff) === 0;
}

/** The prefix length of a record. */
export function prefixLengthOf(places: Places, id: number): number {
  const { octets, at } = places.place(id);
  return octets[at + FIELD.prefixLength] ?? 0;
}
