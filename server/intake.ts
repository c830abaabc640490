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

/**
 * `first`: what goes on before what begins something; `onlyFirst`: nothing else; `later`: what begins something
 * before the rest, so that who floods the server with the rest keeps nobody out.
 */
export type Wish = "first" | "onlyFirst" | "later";

/** Events waiting for their turn. */
export interface Intake {
  /** False when it, or an older one in its place, was dropped. */
  readonly put: (event: ServerEvent, now: Millis) => boolean;
  /** What was put back goes before everything else. */
  readonly putBack: (events: readonly ServerEvent[]) => void;
  /** The next event; `undefined` when there is none, or none of that kind. */
  readonly take: (now: Millis, wish?: Wish) => ServerEvent | undefined;
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

  function takeFresh(now: Millis): ServerEvent | undefined {
    for (let next = later.take(); next !== undefined; next = later.take()) {
      if (now - next.at <= STALE_MS) return next.event;
      dropped++;
    }
    return undefined;
  }

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
    take(now, wish = "first") {
      switch (wish) {
        case "first":
          return first.take() ?? takeFresh(now);
        case "onlyFirst":
          return first.take();
        case "later":
          return takeFresh(now) ?? first.take();
        default:
          return wish satisfies never;
      }
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
