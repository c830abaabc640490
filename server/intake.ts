import type { Millis } from "../shared/brand.js";
import { MESSAGE_CODE } from "../shared/wire/codes.js";
import { peekType } from "../shared/wire/peek.js";
import type { ServerEvent } from "./state.js";

/**
 * Datagrams that may wait; more are dropped: clients ask again (RFC 8415 15). The oldest of those that begin
 * something goes first.
 */
export const INTAKE_LIMIT = 8192;
/**
 * A Solicit that has waited so long is dropped: its client sends the next copy after a second (SOL_TIMEOUT),
 * and the answer to this one would come with that to the next, or too late (RFC 8415 18.2.1).
 */
export const STALE_MS = 500;

/** Events waiting for their turn. */
export interface Intake {
  /** False when it, or an older one in its place, was dropped. */
  readonly put: (event: ServerEvent, now: Millis) => boolean;
  /** What was put back goes before everything else. */
  readonly putBack: (events: readonly ServerEvent[]) => void;
  /** The next event; `undefined` when there is none. With `onlyFirst` not one that begins something. */
  readonly take: (now: Millis, onlyFirst?: boolean) => ServerEvent | undefined;
  readonly size: () => number;
  /** Datagrams dropped since the last call. */
  readonly dropped: () => number;
}

/**
 * What goes on with an exchange or keeps a lease comes before what begins one, so that a server with too much
 * to do completes what it has begun instead of beginning ever more: Request, Renew, Rebind, Release and the
 * rest, then Solicit and Information-request.
 */
export function createIntake(limit = INTAKE_LIMIT): Intake {
  const first = createQueue<ServerEvent>();
  const later = createQueue<{ readonly event: ServerEvent; readonly at: Millis }>();
  let dropped = 0;
  return {
    put(event, now) {
      if (event.type !== "datagram") {
        first.put(event);
        return true;
      }
      if (first.size() + later.size() < limit) {
        if (beginsSomething(event.bytes)) later.put({ event, at: now });
        else first.put(event);
        return true;
      }
      dropped++;
      if (later.take() === undefined) return false;
      if (beginsSomething(event.bytes)) later.put({ event, at: now });
      else first.put(event);
      return false;
    },
    putBack: (events) => {
      first.putBack(events);
    },
    take(now, onlyFirst = false) {
      const urgent = first.take();
      if (urgent !== undefined || onlyFirst) return urgent;
      for (let next = later.take(); next !== undefined; next = later.take()) {
        if (now - next.at <= STALE_MS) return next.event;
        dropped++;
      }
      return undefined;
    },
    size: () => first.size() + later.size(),
    dropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
  };
}

function beginsSomething(bytes: Uint8Array): boolean {
  const type = peekType(bytes);
  return type === MESSAGE_CODE.solicit || type === MESSAGE_CODE.informationRequest;
}

interface Queue<T> {
  readonly put: (item: T) => void;
  readonly putBack: (items: readonly T[]) => void;
  readonly take: () => T | undefined;
  readonly size: () => number;
}

/** An array that is read from a moving place: taking from its front would move all the others. */
function createQueue<T>(): Queue<T> {
  let items: (T | undefined)[] = [];
  let next = 0;
  return {
    put: (item) => {
      items.push(item);
    },
    putBack(again) {
      items = [...again, ...items.slice(next)];
      next = 0;
    },
    take() {
      if (next === items.length) return undefined;
      const item = items[next];
      items[next++] = undefined;
      if (next === items.length || next > 4096) {
        items = items.slice(next);
        next = 0;
      }
      return item;
    },
    size: () => items.length - next,
  };
}
