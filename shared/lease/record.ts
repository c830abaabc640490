import { iaid, millis, seconds } from "../brand.js";
import { duid, type Duid } from "../duid.js";
import { ip6, type Ip6 } from "../prefix.js";
import type { IaType, Lease, LeaseState } from "./lease.js";

/**
 * One lease as octets, the same in memory and in the store: a fixed part, then what a DUID has beyond the
 * octets kept inline. Numbers are little-endian. Octets not listed here are zero and free for later
 * versions.
 */
export const FIELD = {
  version: 0,
  iaType: 1,
  state: 2,
  prefixLength: 3,
  iaid: 4,
  preferred: 8,
  valid: 12,
  t1: 16,
  t2: 20,
  since: 24,
  until: 32,
  prefix: 40,
  clientAddress: 56,
  nameLength: 72,
  name: 73,
  duidLength: 88,
  duid: 89,
} as const;

/** Octets of the fixed part. */
export const RECORD_OCTETS = 128;
/** Octets of a DUID in the fixed part: more than any LLT, LL or UUID has. */
export const DUID_INLINE = 32;
/** What `FIELD.version` says of records made here. */
export const RECORD_VERSION = 1;

const NAME_OCTETS = 15;
const IA_TYPES: readonly IaType[] = ["pd", "na"];
/** By the value of `FIELD.state`; 0 is a place without lease. */
const STATES: readonly (LeaseState | undefined)[] = [undefined, "offered", "bound"];

/**
 * Where a record lies: octets and view show the same memory, of which it takes RECORD_OCTETS from `at` on.
 */
export interface Place {
  readonly octets: Uint8Array;
  readonly view: DataView;
  readonly at: number;
}

/** The number that stands for an IA type in a record. */
export const iaTypeNumber = (iaType: IaType): number => (iaType === "pd" ? 0 : 1);

/** Writes the fixed part; drops prefix bits beyond the length. Throws when the interface name is too long. */
export function writeLease({ octets, view, at }: Place, lease: Lease): void {
  octets.fill(0, at, at + RECORD_OCTETS);
  octets[at + FIELD.version] = RECORD_VERSION;
  octets[at + FIELD.iaType] = iaTypeNumber(lease.iaType);
  octets[at + FIELD.state] = lease.state === "bound" ? 2 : 1;
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
  writeName(lease.interfaceName, octets, at);
  octets[at + FIELD.duidLength] = lease.duid.length;
  copyOctets(lease.duid, octets, at + FIELD.duid, Math.min(lease.duid.length, DUID_INLINE));
}

/** The lease of a record; `tail` holds what its DUID has beyond the inline octets. */
export function readLease({ octets, view, at }: Place, tail: Uint8Array | undefined): Lease {
  return {
    iaType: octets[at + FIELD.iaType] === 0 ? "pd" : "na",
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
    interfaceName: readName(octets, at),
    clientAddress: readIp6(octets, at + FIELD.clientAddress),
    trail: undefined,
    key: undefined,
  };
}

/** The state of the record at `at`; `undefined` when no lease is there. */
export const stateAt = (octets: Uint8Array, at: number): LeaseState | undefined =>
  STATES[octets[at + FIELD.state] ?? 0];

/** Makes the record at `at` one without lease. */
export function clearRecord(octets: Uint8Array, at: number): void {
  octets[at + FIELD.state] = 0;
}

/** The address at `at`, copied. */
export const readIp6 = (octets: Uint8Array, at: number): Ip6 => ip6(octets.slice(at, at + 16));

/** Copies the first `length` bits of the address at `from`; the rest becomes zero. */
export function copyPrefix(
  source: Uint8Array,
  from: number,
  length: number,
  to: Uint8Array,
  at: number,
): void {
  for (let i = 0; i < 16; i++) to[at + i] = (source[from + i] ?? 0) & networkBits(i, length);
}

function hasHostBits(octets: Uint8Array, at: number, length: number): boolean {
  for (let i = length >> 3; i < 16; i++) if ((octets[at + i] ?? 0) & ~networkBits(i, length)) return true;
  return false;
}

/** Which bits of octet `index` of an address belong to a prefix of this length. */
function networkBits(index: number, length: number): number {
  const bits = length - index * 8;
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff00 >> bits) & 0xff;
}

/** Copies octets one by one: for as few as these are this is faster than `set`. */
function copyOctets(from: Uint8Array, to: Uint8Array, at: number, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[i] ?? 0;
}

/** True when these octets are a whole record of a version known here, with every field in its range. */
export function isRecord(record: Uint8Array): boolean {
  if (record.length < RECORD_OCTETS || record[FIELD.version] !== RECORD_VERSION) return false;
  const duidLength = record[FIELD.duidLength] ?? 0;
  const prefixLength = record[FIELD.prefixLength] ?? 0;
  return (
    record.length === RECORD_OCTETS + Math.max(0, duidLength - DUID_INLINE) &&
    (record[FIELD.iaType] ?? 0) < IA_TYPES.length &&
    stateAt(record, 0) !== undefined &&
    (record[FIELD.nameLength] ?? 0) <= NAME_OCTETS &&
    prefixLength <= 128 &&
    !hasHostBits(record, FIELD.prefix, prefixLength) &&
    !Number.isNaN(untilIn(record))
  );
}

/** A stored record as a lease, without any table; `undefined` when it cannot be read. */
export function decodeRecord(record: Uint8Array): Lease | undefined {
  if (!isRecord(record)) return undefined;
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  return readLease({ octets: record, view, at: 0 }, record.subarray(RECORD_OCTETS));
}

/** A lease as a stored record; the inverse of `decodeRecord`. */
export function encodeRecord(lease: Lease): Uint8Array {
  const record = new Uint8Array(RECORD_OCTETS + Math.max(0, lease.duid.length - DUID_INLINE));
  writeLease({ octets: record, view: new DataView(record.buffer), at: 0 }, lease);
  record.set(lease.duid.subarray(DUID_INLINE), RECORD_OCTETS);
  return record;
}

function untilIn(record: Uint8Array): number {
  return new DataView(record.buffer, record.byteOffset).getFloat64(FIELD.until, true);
}

/** The DUID of the record at `at`, copied. */
export function readDuid(octets: Uint8Array, at: number, tail: Uint8Array | undefined): Duid {
  const length = octets[at + FIELD.duidLength] ?? 0;
  const start = at + FIELD.duid;
  if (length <= DUID_INLINE || tail === undefined) return duid(octets.slice(start, start + length));
  const whole = new Uint8Array(length);
  whole.set(octets.subarray(start, start + DUID_INLINE));
  whole.set(tail, DUID_INLINE);
  return duid(whole);
}

function writeName(name: string, octets: Uint8Array, at: number): void {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code > 0x7f || i >= NAME_OCTETS) {
      writeOddName(name, octets, at);
      return;
    }
    octets[at + FIELD.name + i] = code;
  }
  octets[at + FIELD.nameLength] = name.length;
}

/** A name beyond ASCII, which the kernel allows, or one that is too long. */
function writeOddName(name: string, octets: Uint8Array, at: number): void {
  const encoded = new TextEncoder().encode(name);
  if (encoded.length > NAME_OCTETS) throw new Error(`an interface name has at most 15 octets: ${name}`);
  octets.set(encoded, at + FIELD.name);
  octets[at + FIELD.nameLength] = encoded.length;
}

function readName(octets: Uint8Array, at: number): string {
  const start = at + FIELD.name;
  const end = start + (octets[at + FIELD.nameLength] ?? 0);
  let name = "";
  for (let i = start; i < end; i++) {
    const code = octets[i] ?? 0;
    if (code > 0x7f) return new TextDecoder().decode(octets.subarray(start, end));
    name += String.fromCharCode(code);
  }
  return name;
}
