/**
 * Record numbers ordered by when they end: an indexed binary heap, 16 octets a record, changes in O(log n).
 */
export interface Expiry {
  /** Adds a record, or moves it when it is there already. */
  set(id: number, until: number): void;
  /** Makes room for so many records. */
  readonly reserve: (count: number) => void;
  /** Adds one of many records, in no order: nothing else may be done before they are put in `order`. */
  append(id: number, until: number): void;
  order(): void;
  /** Takes out a record that is there. */
  remove(id: number): void;
  /** The earliest end, `Infinity` when there is none. */
  earliest(): number;
  /** Records with `until <= now`, at most `limit` of them, earliest first among those given. */
  due(now: number, limit: number): number[];
}

/** Nothing, in order. */
export function createExpiry(capacity = 0): Expiry {
  const heap = createHeap(capacity);
  return {
    set(id, until) {
      heap.reserve(id);
      const place = heap.placeOf(id);
      settle(heap, place === ABSENT ? heap.size++ : place, id, until);
    },
    reserve: (count) => {
      heap.reserve(count - 1);
    },
    append(id, until) {
      heap.reserve(id);
      heap.fill(heap.size++, id, until);
    },
    order() {
      for (let place = (heap.size >> 1) - 1; place >= 0; place--) {
        sink(heap, place, heap.idAt(place), heap.endAt(place));
      }
    },
    remove(id) {
      const place = heap.placeOf(id);
      heap.forget(id);
      const last = --heap.size;
      if (place !== last) settle(heap, place, heap.idAt(last), heap.endAt(last));
    },
    earliest: () => (heap.size === 0 ? Infinity : heap.endAt(0)),
    due(now, limit) {
      const places: number[] = [];
      const open = [0];
      for (let place = open.pop(); place !== undefined && places.length < limit; place = open.pop()) {
        if (place >= heap.size || heap.endAt(place) > now) continue;
        places.push(place);
        open.push(place * 2 + 2, place * 2 + 1);
      }
      return places.sort((a, b) => heap.endAt(a) - heap.endAt(b)).map(heap.idAt);
    },
  };
}

const ABSENT = -1;

interface Heap {
  size: number;
  readonly endAt: (place: number) => number;
  readonly idAt: (place: number) => number;
  readonly placeOf: (id: number) => number;
  fill(place: number, id: number, end: number): void;
  forget(id: number): void;
  /** Makes room for one more, numbered `id`. */
  reserve(id: number): void;
}

/** Puts `id` where it belongs, starting at a place whose content may be overwritten. */
function settle(heap: Heap, start: number, id: number, end: number): void {
  let place = start;
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (heap.endAt(parent) <= end) break;
    heap.fill(place, heap.idAt(parent), heap.endAt(parent));
    place = parent;
  }
  sink(heap, place, id, end);
}

/** The same where nothing above the place ends later. */
function sink(heap: Heap, start: number, id: number, end: number): void {
  let place = start;
  for (let child = place * 2 + 1; child < heap.size; child = place * 2 + 1) {
    if (child + 1 < heap.size && heap.endAt(child + 1) < heap.endAt(child)) child++;
    if (heap.endAt(child) >= end) break;
    heap.fill(place, heap.idAt(child), heap.endAt(child));
    place = child;
  }
  heap.fill(place, id, end);
}

function createHeap(capacity: number): Heap {
  // In heap order: ends, and whose they are. By record number: the place in the heap.
  let ends = new Float64Array(capacity);
  let ids = new Int32Array(capacity);
  let places = new Int32Array(capacity).fill(ABSENT);

  return {
    size: 0,
    endAt: (place) => ends[place] ?? Infinity,
    idAt: (place) => ids[place] ?? 0,
    placeOf: (id) => places[id] ?? ABSENT,
    fill(place, id, end) {
      ends[place] = end;
      ids[place] = id;
      places[id] = place;
    },
    forget(id) {
      places[id] = ABSENT;
    },
    reserve(id) {
      if (id < places.length) return;
      const [oldEnds, oldIds, oldPlaces] = [ends, ids, places];
      const capacity = Math.max(16, id + 1, places.length + (places.length >> 2));
      ends = new Float64Array(capacity);
      ids = new Int32Array(capacity);
      places = new Int32Array(capacity).fill(ABSENT);
      ends.set(oldEnds);
      ids.set(oldIds);
      places.set(oldPlaces);
    },
  };
}
