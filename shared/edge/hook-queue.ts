import { type HookCall, isRemoval } from "../hook.js";

/** A call that waits, and what to do when it has ended, was superseded or dropped. */
export interface Waiting {
  readonly call: HookCall;
  readonly settle: (end: HookEnd) => void;
}

/** Whether a call has ended, or others make it void; or was lost: the queue was full, or the program ends. */
export type HookEnd = "ended" | "lost";

/** A call whose turn has come; `done` lets those pass that wait for it. */
export interface Turn extends Waiting {
  readonly done: () => void;
}

/** What became of calls when one was added: those that need not run any more, and those that are lost. */
export interface Overflow {
  readonly superseded: readonly Waiting[];
  readonly dropped: readonly Waiting[];
}

/** Calls in order: those with a common key one after the other, all others side by side. */
export interface HookQueue {
  /** Number of calls that wait. */
  readonly waiting: () => number;
  /** Adds a call; when the queue is full, thins it out. */
  readonly add: (entry: Waiting) => Overflow;
  /** Takes the next call that may run now. */
  readonly take: () => Turn | undefined;
  /** Takes out everything that waits. */
  readonly clear: () => readonly Waiting[];
}

/**
 * A queue for `limit` calls. When `thinFrom` of them wait, of the calls about the same prefixes only those
 * are kept that matter in the end: a later `add` or `update` takes the place of the one that waits, a
 * `delete` that of the `add` it undoes; so there are no more than two about the same prefixes from then on.
 * What goes beyond the limit all the same is dropped: an `add` or `update` at once, a `delete`, whose loss
 * leaves a route behind, at twice the limit.
 */
export function createHookQueue(limit: number, thinFrom = limit): HookQueue {
  /** The last place given out for each key, until it has ended. */
  const tails = new Map<string, Place>();
  /** Places with a call that has not been taken. */
  const occupied = new Set<Place>();
  const ready: Place[] = [];

  const append = (entry: Waiting): void => {
    const keys = [...new Set(entry.call.order)];
    const place: Place = { entry, keys, followers: [], started: false, blockers: 0, before: undefined };
    const previous = new Set(keys.map((key) => tails.get(key)).filter((tail) => tail !== undefined));
    for (const tail of previous) tail.followers.push(place);
    for (const key of keys) tails.set(key, place);
    place.blockers = previous.size;
    const [only] = previous;
    if (previous.size === 1 && only !== undefined && sameKeys(only, keys)) place.before = only;
    occupied.add(place);
    if (place.blockers === 0) ready.push(place);
  };

  const end = (place: Place): void => {
    for (const key of place.keys) if (tails.get(key) === place) tails.delete(key);
    for (const follower of place.followers) {
      follower.before = undefined;
      follower.blockers--;
      if (follower.blockers === 0) ready.push(follower);
    }
  };

  const put = (place: Place, entry: Waiting | undefined): void => {
    place.entry = entry;
    if (entry === undefined) occupied.delete(place);
    else occupied.add(place);
  };

  return {
    waiting: () => occupied.size,
    add(entry) {
      const tail = occupied.size < thinFrom ? undefined : commonTail(entry.call.order, tails);
      const superseded = tail === undefined ? undefined : supersede(tail, entry, put);
      if (superseded !== undefined) return { superseded, dropped: [] };
      if (occupied.size >= (isRemoval(entry.call) ? 2 * limit : limit))
        return { superseded: [], dropped: [entry] };
      append(entry);
      return { superseded: [], dropped: [] };
    },
    take() {
      for (let place = ready.shift(); place !== undefined; place = ready.shift()) {
        const { entry } = place;
        if (entry === undefined) {
          end(place);
          continue;
        }
        const taken = place;
        put(taken, undefined);
        taken.started = true;
        return {
          ...entry,
          done: () => {
            end(taken);
          },
        };
      }
      return undefined;
    },
    clear() {
      const left = [...occupied].flatMap(({ entry }) => entry ?? []);
      for (const place of [...occupied]) put(place, undefined);
      return left;
    },
  };
}

/** A place in the line. It stays when its call is superseded, because others stand behind it. */
interface Place {
  entry: Waiting | undefined;
  readonly keys: readonly string[];
  readonly followers: Place[];
  started: boolean;
  /** How many places have to end before this one's turn. */
  blockers: number;
  /** That place when it is a single one and has the same keys. */
  before: Place | undefined;
}

/** The place that is last for all of these keys, has no other key and has not been taken. */
function commonTail(order: readonly string[], tails: ReadonlyMap<string, Place>): Place | undefined {
  const tail = order[0] === undefined ? undefined : tails.get(order[0]);
  if (tail === undefined || tail.started || !sameKeys(tail, [...new Set(order)])) return undefined;
  return tail.keys.every((key) => tails.get(key) === tail) ? tail : undefined;
}

const sameKeys = (place: Place, keys: readonly string[]): boolean =>
  place.keys.length === keys.length && keys.every((key) => place.keys.includes(key));

/**
 * Lets `entry` take the place of the call that waits there,
 * or that call do for both; `undefined` when both count.
 */
function supersede(
  tail: Place,
  entry: Waiting,
  put: (place: Place, entry: Waiting | undefined) => void,
): readonly Waiting[] | undefined {
  const waits = tail.entry;
  if (isRemoval(entry.call)) {
    if (waits !== undefined && isRemoval(waits.call)) return [entry];
    const before = tail.before?.entry;
    // What was installed earlier is removed by the call before, and nothing will have been installed since.
    if (before !== undefined && isRemoval(before.call)) {
      put(tail, undefined);
      return waits === undefined ? [entry] : [waits, entry];
    }
  } else {
    if (waits !== undefined && isRemoval(waits.call)) return undefined;
    if (waits?.call.action === "add" && entry.call.action === "update") return [entry];
  }
  put(tail, entry);
  return waits === undefined ? [] : [waits];
}
