import type { Millis } from "../shared/brand.js";
import { formatDuid } from "../shared/duid.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import type { StoredEvent } from "./event-entry.js";
import { addressText, type IsoTime } from "./lease-row.js";

/**
 * The line of an entry of the journal, without its end: JSON, whose names and their order are stable, and in
 * which nothing that a client sent can end the line. An entry that cannot be read counts as one that was
 * missed.
 */
export function eventLine(seq: number, event: StoredEvent | undefined, iso: IsoTime): string {
  const time = event === undefined ? null : timeOf(event.at, iso);
  if (event?.type !== "lease") return JSON.stringify({ seq, time, event: "resync" });
  const { action, reason, lease, former } = event;
  return JSON.stringify({
    seq,
    time,
    event: action,
    reason,
    prefix: formatPrefix(lease.prefix),
    type: lease.iaType,
    client: formatDuid(lease.duid),
    iaid: lease.iaid,
    ...whereOf(lease),
    preferred: lease.preferred,
    valid: lease.valid,
    until: timeOf(lease.until, iso),
    ...(former === undefined ? {} : { former: whereOf(former) }),
  });
}

/** What a reader gets who asks for more than there is: `first` is the number of the next line. */
export const gapLine = (after: number, first: number): string => JSON.stringify({ gap: after, first });

/** Where packets for the prefix go. */
const whereOf = (lease: Lease): object => ({
  interface: lease.interfaceName,
  address: addressText(lease),
  relay: lease.trail === undefined ? null : formatIp6(lease.trail.relay),
});

/** Null for what has no date: never, of an end. */
const timeOf = (at: Millis, iso: IsoTime): string | null => (Math.abs(at) <= LAST_DATE ? iso(at) : null);

/** The last instant that has a date (ECMA-262). */
const LAST_DATE = 8.64e15;

/** What a subscriber asks for: the lines after this number; the fault of anything else. */
export function parseSubscription(line: string): number | string {
  const value = parseJson(line);
  const fault = 'send {"after":NUMBER}, or nothing';
  if (typeof value !== "object" || value === null || !("after" in value)) return fault;
  const { after } = value;
  return typeof after === "number" && Number.isSafeInteger(after) && after >= 0 ? after : fault;
}

/** What the end of a file tells: how many octets its whole lines take, and the number of the last. */
export interface FileEnd {
  readonly whole: number;
  readonly seq: number | undefined;
}

/** Looks at the last octets of a file; lines that are not ours are passed over. */
export function readFileEnd(octets: Uint8Array): FileEnd {
  const whole = octets.lastIndexOf(NEWLINE) + 1;
  const lines = new TextDecoder().decode(octets.subarray(0, whole)).split("\n");
  for (const line of lines.reverse()) {
    const value = line === "" ? undefined : parseJson(line);
    if (typeof value !== "object" || value === null || !("seq" in value)) continue;
    if (typeof value.seq === "number" && Number.isSafeInteger(value.seq) && value.seq > 0)
      return { whole, seq: value.seq };
  }
  return { whole, seq: undefined };
}

const NEWLINE = 10;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
