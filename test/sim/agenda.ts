/** Something that is to happen; `close` calls it off. */
export interface Entry {
  readonly at: number;
  /** True when promises may have been settled by it: they have their turn before anything else happens. */
  readonly settles: boolean;
  readonly run: () => void;
  isClosed: boolean;
}

/** What is to happen when; entries of the same instant in the order they came. */
export interface Agenda {
  readonly add: (at: number, run: () => void, settles: boolean) => Entry;
  /** Takes the next entry when it is due by then. */
  readonly take: (until: number) => Entry | undefined;
}

interface Numbered extends Entry {
  readonly order: number;
}

/** An empty agenda: a binary heap. */
export function createAgenda(): Agenda {
  const heap: Numbered[] = [];
  let count = 0;
  return {
    add: (at, run, settles) => {
      const entry = { at, run, settles, order: count++, isClosed: false };
      heap.push(entry);
      rise(heap, entry);
      return entry;
    },
    take: (until) => {
      for (let first = heap[0]; first !== undefined && first.at <= until; first = heap[0]) {
        const last = heap.pop();
        if (last !== undefined && last !== first) sink(heap, last);
        if (!first.isClosed) return first;
      }
      return undefined;
    },
  };
}

const isBefore = (a: Numbered, b: Numbered): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

function rise(heap: Numbered[], entry: Numbered): void {
  let index = heap.length - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, entry)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = entry;
}

/** Puts an entry in at the top. */
function sink(heap: Numbered[], entry: Numbered): void {
  let index = 0;
  for (;;) {
    const [left, right] = [heap[2 * index + 1], heap[2 * index + 2]];
    if (left === undefined) break;
    const isRight = right !== undefined && isBefore(right, left);
    const child = isRight ? right : left;
    if (isBefore(entry, child)) break;
    heap[index] = child;
    index = 2 * index + (isRight ? 2 : 1);
  }
  heap[index] = entry;
}
