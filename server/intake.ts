import type { Millis } from "../shared/brand.js";
import type { Datagram } from "../shared/datagram.js";
import { MESSAGE_CODE } from "../shared/wire/codes.js";
import { peekType } from "../shared/wire/peek.js";
import type { ServerEvent } from "./state.js";

/**
 * Datagrams that may wait; more are dropped: clients ask again (RFC 8415 15). The oldest of those that begin
 * something goes first.
 */
export const INTAKE_LIMIT = 8192;
/**
 * Octets that may wait of what begins something, and as many of the rest, so that who sends what is long and
 * not answered takes no room from new clients. Messages as they are need a quarter of it.
 */
export const INTAKE_OCTETS: number = 4 * 1024 * 1024;
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
  /** False when it, or older ones in its place, were dropped. */
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
export function createIntake(limit = INTAKE_LIMIT, octetsLimit = INTAKE_OCTETS): Intake {
  const first = createQueue<ServerEvent>();
  const later = createQueue<{ readonly event: Datagram; readonly at: Millis }>();
  const octets = { first: 0, later: 0 };
  let dropped = 0;

  function takeFirst(): ServerEvent | undefined {
    const event = first.take();
    octets.first -= octetsOf(event);
    return event;
  }

  function takeLater(): { readonly event: Datagram; readonly at: Millis } | undefined {
    const item = later.take();
    octets.later -= octetsOf(item?.event);
    return item;
  }

  /** The oldest of those that begin something give way to anything, but for octets only to their like. */
  function makeRoom({ bytes }: Datagram, kind: "first" | "later"): boolean {
    const isTooLong = (): boolean => octets[kind] + bytes.length > octetsLimit;
    if (kind === "first" && isTooLong()) return false;
    while (first.size() + later.size() >= limit || isTooLong()) {
      if (takeLater() === undefined) return false;
      dropped++;
    }
    return true;
  }

  function takeFresh(now: Millis): ServerEvent | undefined {
    for (let next = takeLater(); next !== undefined; next = takeLater()) {
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
      const before = dropped;
      const kind = beginsSomething(event.bytes) ? "later" : "first";
      if (!makeRoom(event, kind)) {
        dropped++;
        return false;
      }
      octets[kind] += event.bytes.length;
      if (kind === "later") later.put({ event, at: now });
      else first.put(event);
      return dropped === before;
    },
    putBack: (events) => {
      for (const event of events) octets.first += octetsOf(event);
      first.putBack(events);
    },
    take(now, wish = "first") {
      switch (wish) {
        case "first":
          return takeFirst() ?? takeFresh(now);
        case "onlyFirst":
          return takeFirst();
        case "later":
          return takeFresh(now) ?? takeFirst();
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

const octetsOf = (event: ServerEvent | undefined): number =>
  event?.type === "datagram" ? event.bytes.length : 0;

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
