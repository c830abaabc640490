import { type Millis, millis } from "../shared/brand.js";
import type { Lease } from "../shared/lease/lease.js";
import { decodeRecord, encodeRecord } from "../shared/lease/record.js";
import type { LeaseEvent } from "./lease-event.js";

/** What the journal has under a number: something that happened to a lease, or that something was missed. */
export type StoredEvent =
  | {
      readonly type: "lease";
      readonly at: Millis;
      readonly action: LeaseEvent["action"];
      readonly reason: string;
      readonly lease: Lease;
      readonly former: Lease | undefined;
    }
  | { readonly type: "resync"; readonly at: Millis };

const VERSION = 1;
/** By their codes. */
const ACTIONS = ["resync", "add", "update", "delete"] as const;
/** Version, action, length of the reason, and of the lease's record in two octets, the time. */
const HEAD = 13;

/** An event as it is kept; quick to make, as commits wait for it. */
export function encodeEvent({ action, reason, lease, former }: LeaseEvent, at: Millis): Uint8Array {
  const record = encodeRecord(shown(lease));
  const before = former === undefined ? NOTHING : encodeRecord(shown(former));
  const octets = new Uint8Array(HEAD + reason.length + record.length + before.length);
  writeHead(octets, { action, at, reason: reason.length, record: record.length });
  for (let n = 0; n < reason.length; n++) octets[HEAD + n] = reason.charCodeAt(n);
  octets.set(record, HEAD + reason.length);
  octets.set(before, HEAD + reason.length + record.length);
  return octets;
}

/** That leases may have changed without events before this one. */
export function encodeResync(at: Millis): Uint8Array {
  const octets = new Uint8Array(HEAD);
  writeHead(octets, { action: "resync", at, reason: 0, record: 0 });
  return octets;
}

/** The event of an entry; undefined when it cannot be read. */
export function decodeEvent(octets: Uint8Array): StoredEvent | undefined {
  if (octets.length < HEAD || octets[0] !== VERSION) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const at = millis(view.getFloat64(5));
  const action = ACTIONS[octets[1] ?? 0];
  const [reasonEnd, recordEnd] = ends(octets[2] ?? 0, view.getUint16(3));
  if (action === undefined || !(at >= 0 && at <= LAST_DATE) || recordEnd > octets.length) return undefined;
  if (action === "resync") return octets.length === HEAD ? { type: "resync", at } : undefined;
  const reason = String.fromCharCode(...octets.subarray(HEAD, reasonEnd));
  const lease = decodeRecord(octets.slice(reasonEnd, recordEnd));
  const former = recordEnd === octets.length ? undefined : decodeRecord(octets.slice(recordEnd));
  const isWhole = recordEnd === octets.length || former !== undefined;
  if (!/^[a-z-]+$/.test(reason) || lease === undefined || !isWhole) return undefined;
  return { type: "lease", at, action, reason, lease, former };
}

const ends = (reason: number, record: number): readonly [number, number] => [
  HEAD + reason,
  HEAD + reason + record,
];

interface Head {
  readonly action: (typeof ACTIONS)[number];
  readonly at: Millis;
  readonly reason: number;
  readonly record: number;
}

function writeHead(octets: Uint8Array, { action, at, reason, record }: Head): void {
  const view = new DataView(octets.buffer);
  octets[0] = VERSION;
  octets[1] = ACTIONS.indexOf(action);
  octets[2] = reason;
  view.setUint16(3, record);
  view.setFloat64(5, at);
}

/** The last instant that has a date (ECMA-262). */
const LAST_DATE = 8.64e15;
const NOTHING = new Uint8Array();

/** A key is nobody's affair, and what a relay sent is long. */
const shown = (lease: Lease): Lease =>
  lease.key === undefined && lease.trail === undefined
    ? lease
    : { ...lease, key: undefined, trail: lease.trail && { ...lease.trail, message: NOTHING } };
