import { iaid, millis, seconds } from "../brand.js";
import type { IaType, Lease, LeaseState } from "./lease.js";
import {
  DUID_INLINE,
  EXTRA,
  FIELD,
  IA_TYPES,
  iaTypeNumber,
  NAME_INLINE,
  RECORD_OCTETS,
  RECORD_VERSION,
  STATES,
  stateNumber,
  type Place,
} from "./record-layout.js";
import { copyOctets, copyPrefix, hasHostBits, readIp6 } from "./record-octets.js";
import {
  isTail,
  NO_TAIL,
  readDuid,
  readKey,
  readName,
  readTrail,
  requireFit,
  tailOctets,
  writeTail,
} from "./record-tail.js";
import { textOctets, writeText } from "./record-text.js";

/**
 * Writes the fixed part of a lease that fits (see `requireFit`); drops prefix bits beyond the length.
 */
export function writeLease({ octets, view, at }: Place, lease: Lease): void {
  octets.fill(0, at, at + RECORD_OCTETS);
  octets[at + FIELD.version] = RECORD_VERSION;
  octets[at + FIELD.iaType] = iaTypeNumber(lease.iaType);
  octets[at + FIELD.state] = stateNumber(lease.state);
  octets[at + FIELD.prefixLength] = lease.prefix.length;
  view.setUint32(at + FIELD.iaid, lease.iaid, true);
  view.setUint32(at + FIELD.preferred, lease.preferred, true);
  view.setUint32(at + FIELD.valid, lease.valid, true);
  view.setUint32(at + FIELD.t1, lease.t1, true);
  view.setUint32(at + FIELD.t2, lease.t2, true);
  view.setFloat64(at + FIELD.since, lease.since, true);
  view.setFloat64(at + FIELD.until, lease.until, true);
  copyPrefix(lease.prefix.address, 0, lease.prefix.length, octets, at + FIELD.prefix);
  copyOctets(lease.clientAddress, octets, at + FIELD.clientAddress, 16);
  octets[at + FIELD.nameLength] = writeText(lease.interfaceName, octets, at + FIELD.name, NAME_INLINE);
  octets[at + FIELD.duidLength] = lease.duid.length;
  copyOctets(lease.duid, octets, at + FIELD.duid, Math.min(lease.duid.length, DUID_INLINE));
  if (lease.key !== undefined) octets[at + FIELD.extras] = EXTRA.key;
  if (lease.trail === undefined) return;
  octets[at + FIELD.extras] = (octets[at + FIELD.extras] ?? 0) | EXTRA.trail;
  octets[at + FIELD.arrivalLength] = textOctets(lease.trail.arrival);
  view.setUint16(at + FIELD.messageLength, lease.trail.message.length, true);
  view.setUint16(at + FIELD.relayPort, lease.trail.port, true);
}

/** The lease of a record. */
export function readLease(place: Place, tail: Uint8Array): Lease {
  const { octets, view, at } = place;
  return {
    iaType: iaTypeAt(octets, at),
    duid: readDuid(octets, at, tail),
    iaid: iaid(view.getUint32(at + FIELD.iaid, true)),
    prefix: { address: readIp6(octets, at + FIELD.prefix), length: octets[at + FIELD.prefixLength] ?? 0 },
    state: stateAt(octets, at) ?? "bound",
    preferred: seconds(view.getUint32(at + FIELD.preferred, true)),
    valid: seconds(view.getUint32(at + FIELD.valid, true)),
    t1: seconds(view.getUint32(at + FIELD.t1, true)),
    t2: seconds(view.getUint32(at + FIELD.t2, true)),
    since: millis(view.getFloat64(at + FIELD.since, true)),
    until: millis(view.getFloat64(at + FIELD.until, true)),
    interfaceName: readName(octets, at, tail),
    clientAddress: readIp6(octets, at + FIELD.clientAddress),
    trail: readTrail(place, tail),
    key: readKey(octets, at, tail),
  };
}

/** The IA type of the record at `at`. */
export const iaTypeAt = (octets: Uint8Array, at: number): IaType =>
  IA_TYPES[octets[at + FIELD.iaType] ?? 0] ?? "pd";

/** The state of the record at `at`; `undefined` when no lease is there. */
export const stateAt = (octets: Uint8Array, at: number): LeaseState | undefined =>
  STATES[octets[at + FIELD.state] ?? 0];

/** Makes the record at `at` one without lease. */
export function clearRecord(octets: Uint8Array, at: number): void {
  octets[at + FIELD.state] = 0;
}

/** True when these octets are a whole record of a version known here, with every field in its range. */
export function isRecord(record: Uint8Array): boolean {
  return record.length >= RECORD_OCTETS && isRecordAt(placeIn(record), tailIn(record));
}

/** The same for a fixed part that lies somewhere, and the tail that came with it. */
export function isRecordAt(place: Place, tail: Uint8Array): boolean {
  const { octets, view, at } = place;
  const prefixLength = octets[at + FIELD.prefixLength] ?? 0;
  return (
    octets[at + FIELD.version] === RECORD_VERSION &&
    (octets[at + FIELD.iaType] ?? 0) < IA_TYPES.length &&
    stateAt(octets, at) !== undefined &&
    prefixLength <= 128 &&
    !hasHostBits(octets, at + FIELD.prefix, prefixLength) &&
    !Number.isNaN(view.getFloat64(at + FIELD.since, true)) &&
    !Number.isNaN(view.getFloat64(at + FIELD.until, true)) &&
    isTail(place, tail)
  );
}

/** A stored record as a lease, without any table; `undefined` when it cannot be read. */
export function decodeRecord(record: Uint8Array): Lease | undefined {
  if (!isRecord(record)) return undefined;
  return readLease(placeIn(record), tailIn(record));
}

/**
 * A lease as a stored record; the inverse of `decodeRecord`. Throws when a part of it is too long for a
 * record.
 */
export function encodeRecord(lease: Lease): Uint8Array {
  requireFit(lease);
  const fixed = placeIn(new Uint8Array(RECORD_OCTETS));
  writeLease(fixed, lease);
  const record = new Uint8Array(RECORD_OCTETS + tailOctets(fixed));
  record.set(fixed.octets);
  writeTail(fixed, lease, record, RECORD_OCTETS);
  return record;
}

const tailIn = (record: Uint8Array): Uint8Array =>
  record.length === RECORD_OCTETS ? NO_TAIL : record.subarray(RECORD_OCTETS);

const placeIn = (record: Uint8Array): Place => ({
  octets: record,
  view: new DataView(record.buffer, record.byteOffset, record.byteLength),
  at: 0,
});
