import { leaseId, type LeaseId } from "../shared/lease/lease.js";

/** Ids of leases, each once, in the order in which they came. */
export interface IdQueue {
  readonly size: () => number;
  readonly has: (id: LeaseId) => boolean;
  /** Adds at the end what is not there yet. */
  readonly add: (id: LeaseId) => void;
  /** False when it is not there. */
  readonly delete: (id: LeaseId) => boolean;
  readonly oldest: () => LeaseId | undefined;
  /** Removes the oldest, and gives it. */
  readonly take: () => LeaseId | undefined;
  /** What came next after one that is there; undefined after the last. */
  readonly after: (id: LeaseId) => LeaseId | undefined;
}

/** Fewest places, a power of two, and the share of them that may be taken. */
const LEAST_PLACES = 16;
const FULLEST = 0.5;
/** 2^32 divided by the golden ratio: spreads numbers that follow each other. */
const SPREAD = 0x9e3779b1;
const NONE = -1;

/** One place for each id, and whom it follows and precedes there. */
interface Places {
  /** Ids plus one, 0 where nothing is. */
  readonly keys: Int32Array;
  readonly before: Int32Array;
  readonly after: Int32Array;
}

/**
 * An empty queue. What a Set would do costs more than it looks: V8 has each table that a Set has outgrown, by
 * additions or deletions alone, lead to the next. Once the collector has moved one of them to its old space,
 * all that follow are kept until it marks everything again: some 200 octets for each exchange.
 */
export function createIdQueue(): IdQueue {
  let places = emptyPlaces(LEAST_PLACES);
  let size = 0;
  let first = NONE;
  let last = NONE;

  function add(id: LeaseId): void {
    if (places.keys[placeOf(places, id)] !== 0) return;
    if (size >= places.keys.length * FULLEST) places = enlarged(places);
    if (last === NONE) first = id;
    else places.after[placeOf(places, last)] = id;
    put(places, placeOf(places, id), id, last, NONE);
    last = id;
    size++;
  }

  function remove(id: LeaseId): boolean {
    const place = placeOf(places, id);
    if (places.keys[place] === 0) return false;
    const [before, after] = [at(places.before, place), at(places.after, place)];
    vacate(places, place);
    if (before === NONE) first = after;
    else places.after[placeOf(places, before)] = after;
    if (after === NONE) last = before;
    else places.before[placeOf(places, after)] = before;
    size--;
    return true;
  }

  return {
    size: () => size,
    has: (id) => places.keys[placeOf(places, id)] !== 0,
    add,
    delete: remove,
    oldest: () => asId(first),
    take() {
      const id = asId(first);
      if (id !== undefined) remove(id);
      return id;
    },
    after: (id) => asId(at(places.after, placeOf(places, id))),
  };
}

const asId = (id: number): LeaseId | undefined => (id === NONE ? undefined : leaseId(id));

const at = (array: Int32Array, place: number): number => array[place] ?? NONE;

const emptyPlaces = (count: number): Places => ({
  keys: new Int32Array(count),
  before: new Int32Array(count),
  after: new Int32Array(count),
});

/** Where an id would be if nothing were in its way. */
const homeOf = ({ keys }: Places, id: number): number =>
  Math.imul(id, SPREAD) >>> (Math.clz32(keys.length) + 1);

/** The place that an id has, or would get. */
function placeOf(places: Places, id: number): number {
  const { keys } = places;
  let place = homeOf(places, id);
  while (keys[place] !== 0 && keys[place] !== id + 1) place = (place + 1) & (keys.length - 1);
  return place;
}

function put(places: Places, place: number, id: number, before: number, after: number): void {
  places.keys[place] = id + 1;
  places.before[place] = before;
  places.after[place] = after;
}

/** Empties a place and moves up what lay behind it only because it was taken. */
function vacate(places: Places, place: number): void {
  const { keys } = places;
  const mask = keys.length - 1;
  let hole = place;
  for (let i = (hole + 1) & mask; keys[i] !== 0; i = (i + 1) & mask) {
    const home = homeOf(places, at(keys, i) - 1);
    if (((i - home) & mask) < ((i - hole) & mask)) continue;
    put(places, hole, at(keys, i) - 1, at(places.before, i), at(places.after, i));
    hole = i;
  }
  keys[hole] = 0;
}

function enlarged(places: Places): Places {
  const larger = emptyPlaces(places.keys.length * 2);
  places.keys.forEach((key, i) => {
    if (key === 0) return;
    put(larger, placeOf(larger, key - 1), key - 1, at(places.before, i), at(places.after, i));
  });
  return larger;
}
