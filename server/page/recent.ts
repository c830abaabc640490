import type { Millis } from "../../shared/brand.js";
import { formatDuid } from "../../shared/duid.js";
import { formatPrefix } from "../../shared/prefix.js";
import { addressText, type IsoTime } from "../lease-row.js";
import type { LeaseEvent } from "../lease-event.js";

/** A lease event as it is shown; `number` counts from 1 since the page was opened. */
export interface RecentRow {
  readonly number: number;
  readonly at: string;
  readonly action: LeaseEvent["action"];
  readonly reason: string;
  readonly prefix: string;
  readonly client: string;
  readonly interface: string;
  readonly address: string | null;
}

/** The last events. */
export interface Recent {
  readonly note: (event: LeaseEvent, at: Millis) => void;
  /** Those behind a number, oldest first; `limit` of them at most, the newest. */
  readonly since: (number: number, limit: number) => readonly RecentRow[];
  /** Of the newest. */
  readonly latest: () => number;
}

/** Events that are kept. */
export const KEPT_EVENTS = 200;

/** None yet. */
export function createRecent(iso: IsoTime): Recent {
  const ring: { readonly at: Millis; readonly event: LeaseEvent; readonly number: number }[] = [];
  let count = 0;
  return {
    note(event, at) {
      ring[count % KEPT_EVENTS] = { at, event, number: count + 1 };
      count += 1;
    },
    since(number, limit) {
      const from = Math.max(number, count - Math.min(limit, KEPT_EVENTS));
      const wanted = Array.from(
        { length: Math.max(0, count - from) },
        (_, i) => ring[(from + i) % KEPT_EVENTS],
      );
      return wanted.flatMap((each) => (each === undefined ? [] : [rowOf(each, iso)]));
    },
    latest: () => count,
  };
}

function rowOf(
  { at, event, number }: { readonly at: Millis; readonly event: LeaseEvent; readonly number: number },
  iso: IsoTime,
): RecentRow {
  const { action, reason, lease } = event;
  return {
    ...{ number, at: iso(at), action, reason },
    prefix: formatPrefix(lease.prefix),
    client: formatDuid(lease.duid),
    interface: lease.interfaceName,
    address: addressText(lease),
  };
}
