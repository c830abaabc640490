/**
 * Octets by record number, up to 65,535 for each: cells of 32 octets, as many as it takes, chained. Records
 * without any cost nothing, those with some 6 octets and their cells; cells given back serve whoever comes
 * next, whatever the length.
 */
export interface Tails {
  /** How many octets the record has here. */
  length(id: number): number;
  /** Copies all octets of the record to `to` from `at` on. */
  copy(id: number, to: Uint8Array, at: number): void;
  /** Gives the record a copy of the octets `from` (inclusive) to `to` (exclusive), its own being dropped. */
  set(id: number, octets: Uint8Array, from: number, to: number): void;
  /** Takes all octets of the record away. */
  clear(id: number): void;
}

const CELL_OCTETS = 32;
/** The last four octets of a cell are the number of the next one. */
const CELL_DATA = CELL_OCTETS - 4;
const CELL_WORDS = CELL_OCTETS / 4;
const CHUNK_BITS = 12;
const CHUNK_CELLS = 1 << CHUNK_BITS;
const LEAST_RECORDS = 1024;
/** The end of a chain: there is no cell 0. */
const NO_CELL = 0;

/** No octets for any record. */
export function createTails(): Tails {
  const cells = createCells();
  // By record number; only as long as the largest one that has had octets.
  let lengths = new Uint16Array(0);
  let heads = new Int32Array(0);

  const length = (id: number): number => (id < lengths.length ? (lengths[id] ?? 0) : 0);

  function reserve(id: number): void {
    if (id < heads.length) return;
    const [oldLengths, oldHeads] = [lengths, heads];
    const capacity = Math.max(LEAST_RECORDS, id + 1, heads.length * 2);
    lengths = new Uint16Array(capacity);
    heads = new Int32Array(capacity);
    lengths.set(oldLengths);
    heads.set(oldHeads);
  }

  function clear(id: number): void {
    if (length(id) === 0) return;
    cells.release(heads[id] ?? NO_CELL);
    lengths[id] = 0;
  }

  return {
    length,
    copy(id, to, at) {
      cells.read(heads[id] ?? NO_CELL, to, at, length(id));
    },
    set(id, octets, from, to) {
      clear(id);
      if (to === from) return;
      reserve(id);
      lengths[id] = to - from;
      heads[id] = cells.write(octets, from, to);
    },
    clear,
  };
}

/** Chains of cells. Those given back form one chain of their own. */
interface Cells {
  /** A new chain with these octets, at least one. */
  write(octets: Uint8Array, from: number, to: number): number;
  read(head: number, to: Uint8Array, at: number, length: number): void;
  release(head: number): void;
}

interface Chunk {
  readonly octets: Uint8Array;
  readonly words: Int32Array;
}

function createCells(): Cells {
  const chunks: Chunk[] = [];
  /** Cells from here on have never been used. */
  let fresh = NO_CELL + 1;
  let free = NO_CELL;

  const chunkOf = (cell: number): Chunk => chunks[cell >> CHUNK_BITS] ?? addChunk(chunks);
  const indexOf = (cell: number): number => cell & (CHUNK_CELLS - 1);

  function next(cell: number): number {
    return chunkOf(cell).words[indexOf(cell) * CELL_WORDS + CELL_WORDS - 1] ?? NO_CELL;
  }

  function setNext(cell: number, following: number): void {
    chunkOf(cell).words[indexOf(cell) * CELL_WORDS + CELL_WORDS - 1] = following;
  }

  function take(): number {
    if (free === NO_CELL) return fresh++;
    const cell = free;
    free = next(cell);
    return cell;
  }

  return {
    write(octets, from, to) {
      // Backwards, so that each cell knows the one that follows.
      let head = NO_CELL;
      for (let end = to; end > from; ) {
        const start = from + Math.floor((end - 1 - from) / CELL_DATA) * CELL_DATA;
        const cell = take();
        copyOctets(octets, start, chunkOf(cell).octets, indexOf(cell) * CELL_OCTETS, end - start);
        setNext(cell, head);
        head = cell;
        end = start;
      }
      return head;
    },
    read(head, to, at, length) {
      for (let [cell, done] = [head, 0]; done < length; cell = next(cell), done += CELL_DATA) {
        const count = Math.min(CELL_DATA, length - done);
        copyOctets(chunkOf(cell).octets, indexOf(cell) * CELL_OCTETS, to, at + done, count);
      }
    },
    release(head) {
      let last = head;
      for (let cell = next(last); cell !== NO_CELL; cell = next(cell)) last = cell;
      setNext(last, free);
      free = head;
    },
  };
}

/** One by one, which is faster than `set` for a few. */
function copyOctets(source: Uint8Array, from: number, to: Uint8Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) to[at + i] = source[from + i] ?? 0;
}

function addChunk(chunks: Chunk[]): Chunk {
  const chunk = makeChunk();
  chunks.push(chunk);
  return chunk;
}

function makeChunk(): Chunk {
  const octets = new Uint8Array(CHUNK_CELLS * CELL_OCTETS);
  return { octets, words: new Int32Array(octets.buffer) };
}
