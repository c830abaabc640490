import { duid, DUID_OCTETS, type Duid } from "../duid.js";
import type { Lease, Trail } from "./lease.js";
import { DUID_INLINE, EXTRA, FIELD, NAME_INLINE, NAME_OCTETS, type Place } from "./record-layout.js";
import { readIp6 } from "./record-octets.js";
import { isText, readText, textOctets, writeText, writeTextRest } from "./record-text.js";

// What the fixed part has no room for, in this order, each only when there is any: the rest of the DUID, the
// rest of the interface name, the Reconfigure key, then the trail: address of the relay, arrival, message.
// All lengths follow from the fixed part. A client that talks to us directly has no tail as a rule.

/** Octets of a Reconfigure key (RFC 8415 20.4). */
export const KEY_OCTETS = 16;
/** Most octets of `Trail.message`: callers give no more. */
export const TRAIL_OCTETS = 1024;
/** Most octets of `Trail.arrival`, which the kernel has named (IFNAMSIZ). */
export const ARRIVAL_OCTETS = 15;

/** The tail of a record that has none. */
export const NO_TAIL = new Uint8Array(0);

const RELAY_OCTETS = 16;

/** Most octets of a tail. */
export const TAIL_OCTETS =
  DUID_OCTETS.max -
  DUID_INLINE +
  (NAME_OCTETS - NAME_INLINE) +
  KEY_OCTETS +
  (RELAY_OCTETS + ARRIVAL_OCTETS + TRAIL_OCTETS);

/** Throws when a part of the lease is longer than a record can say: a mistake of the caller. */
export function requireFit({ duid, interfaceName, key, trail }: Lease): void {
  requireAtMost(DUID_OCTETS.max, duid.length, "a DUID");
  requireText(NAME_OCTETS, interfaceName, "an interface name");
  if (key !== undefined && key.length !== KEY_OCTETS) {
    throw new Error(`a Reconfigure key has ${KEY_OCTETS} octets, not ${key.length}`);
  }
  if (trail === undefined) return;
  requireText(ARRIVAL_OCTETS, trail.arrival, "an arrival");
  requireAtMost(TRAIL_OCTETS, trail.message.length, "the message of a trail");
}

/** Octets of the tail that belongs to this fixed part. */
export function tailOctets({ octets, view, at }: Place): number {
  return trailStart(octets, at) + trailOctets(octets, view, at);
}

/** Writes the tail from `start` on; the fixed part has been written. */
export function writeTail({ octets, at }: Place, lease: Lease, to: Uint8Array, start: number): void {
  const { duid, interfaceName, key, trail } = lease;
  if (hasLongDuid(octets, at)) to.set(duid.subarray(DUID_INLINE), start);
  if (hasLongName(octets, at)) writeTextRest(interfaceName, to, start + duidRest(octets, at), NAME_INLINE);
  if (key !== undefined) to.set(key, start + keyStart(octets, at));
  if (trail === undefined) return;
  const relay = start + trailStart(octets, at);
  to.set(trail.relay, relay);
  const arrival = relay + RELAY_OCTETS;
  to.set(trail.message, arrival + writeText(trail.arrival, to, arrival, ARRIVAL_OCTETS));
}

/** The DUID of a record, copied. */
export function readDuid(octets: Uint8Array, at: number, tail: Uint8Array): Duid {
  const length = octets[at + FIELD.duidLength] ?? 0;
  const start = at + FIELD.duid;
  if (length <= DUID_INLINE) {
    const whole = new Uint8Array(length);
    for (let i = 0; i < length; i++) whole[i] = octets[start + i] ?? 0;
    return duid(whole);
  }
  return duid(joined(octets.subarray(start, start + DUID_INLINE), tail.subarray(0, length - DUID_INLINE)));
}

/** The interface name of a record. */
export function readName(octets: Uint8Array, at: number, tail: Uint8Array): string {
  const start = at + FIELD.name;
  if (!hasLongName(octets, at)) return readText(octets, start, start + nameLength(octets, at));
  const name = wholeName(octets, at, tail);
  return readText(name, 0, name.length);
}

/** The Reconfigure key of a record, copied. */
export function readKey(octets: Uint8Array, at: number, tail: Uint8Array): Uint8Array | undefined {
  if (keyOctets(octets, at) === 0) return undefined;
  const start = keyStart(octets, at);
  return tail.slice(start, start + KEY_OCTETS);
}

/** The trail of a record, copied. */
export function readTrail({ octets, view, at }: Place, tail: Uint8Array): Trail | undefined {
  if (!hasTrail(octets, at)) return undefined;
  const relay = trailStart(octets, at);
  const arrival = relay + RELAY_OCTETS;
  const message = arrival + (octets[at + FIELD.arrivalLength] ?? 0);
  return {
    relay: readIp6(tail, relay),
    port: view.getUint16(at + FIELD.relayPort, true),
    arrival: readText(tail, arrival, message),
    message: tail.slice(message, message + view.getUint16(at + FIELD.messageLength, true)),
  };
}

/** True when `tail` is as long as the fixed part says, and every part of it within its limits. */
export function isTail(place: Place, tail: Uint8Array): boolean {
  const { octets, view, at } = place;
  return (
    tail.length === tailOctets(place) &&
    (octets[at + FIELD.duidLength] ?? 0) <= DUID_OCTETS.max &&
    (octets[at + FIELD.extras] ?? 0) <= (EXTRA.key | EXTRA.trail) &&
    (hasTrail(octets, at) || hasNothingOfTrail(octets, view, at)) &&
    (octets[at + FIELD.arrivalLength] ?? 0) <= ARRIVAL_OCTETS &&
    view.getUint16(at + FIELD.messageLength, true) <= TRAIL_OCTETS &&
    isNameText(octets, at, tail) &&
    isArrivalText(octets, at, tail)
  );
}

/** True when the DUID goes on in the tail. */
export const hasLongDuid = (octets: Uint8Array, at: number): boolean => duidRest(octets, at) > 0;

/** True when the interface name goes on in the tail. */
export const hasLongName = (octets: Uint8Array, at: number): boolean => nameRest(octets, at) > 0;

const nameLength = (octets: Uint8Array, at: number): number => octets[at + FIELD.nameLength] ?? 0;
const hasTrail = (octets: Uint8Array, at: number): boolean =>
  ((octets[at + FIELD.extras] ?? 0) & EXTRA.trail) !== 0;

const duidRest = (octets: Uint8Array, at: number): number =>
  Math.max(0, (octets[at + FIELD.duidLength] ?? 0) - DUID_INLINE);
const nameRest = (octets: Uint8Array, at: number): number =>
  Math.max(0, nameLength(octets, at) - NAME_INLINE);
const keyOctets = (octets: Uint8Array, at: number): number =>
  ((octets[at + FIELD.extras] ?? 0) & EXTRA.key) === 0 ? 0 : KEY_OCTETS;

function trailOctets(octets: Uint8Array, view: DataView, at: number): number {
  if (!hasTrail(octets, at)) return 0;
  const arrival = octets[at + FIELD.arrivalLength] ?? 0;
  return RELAY_OCTETS + arrival + view.getUint16(at + FIELD.messageLength, true);
}

const keyStart = (octets: Uint8Array, at: number): number => duidRest(octets, at) + nameRest(octets, at);
const trailStart = (octets: Uint8Array, at: number): number => keyStart(octets, at) + keyOctets(octets, at);

function wholeName(octets: Uint8Array, at: number, tail: Uint8Array): Uint8Array {
  const start = at + FIELD.name;
  const rest = tail.subarray(duidRest(octets, at), keyStart(octets, at));
  return joined(octets.subarray(start, start + NAME_INLINE), rest);
}

function isNameText(octets: Uint8Array, at: number, tail: Uint8Array): boolean {
  const start = at + FIELD.name;
  if (!hasLongName(octets, at)) return isText(octets, start, start + nameLength(octets, at));
  const name = wholeName(octets, at, tail);
  return isText(name, 0, name.length);
}

function isArrivalText(octets: Uint8Array, at: number, tail: Uint8Array): boolean {
  const start = trailStart(octets, at) + RELAY_OCTETS;
  return isText(tail, start, start + (octets[at + FIELD.arrivalLength] ?? 0));
}

const hasNothingOfTrail = (octets: Uint8Array, view: DataView, at: number): boolean =>
  octets[at + FIELD.arrivalLength] === 0 &&
  view.getUint16(at + FIELD.messageLength, true) === 0 &&
  view.getUint16(at + FIELD.relayPort, true) === 0;

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

function requireText(limit: number, text: string, what: string): void {
  // A UTF-16 unit takes three octets at most.
  if (text.length * 3 > limit) requireAtMost(limit, textOctets(text), what);
}

function requireAtMost(limit: number, length: number, what: string): void {
  if (length > limit) throw new Error(`${what} has at most ${limit} octets, not ${length}`);
}
