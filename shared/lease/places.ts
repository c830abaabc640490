import { clearRecord, RECORD_OCTETS, stateAt, type Place } from "./record.js";

/** The memory of all records: chunks that never move, so that growing copies nothing. */
export interface Places {
  /** Where the record of `id` lies; makes the memory for it when there is none yet. */
  place(id: number): Place;
  /** True when a lease lies there. */
  has(id: number): boolean;
  /** What the DUID of `id` has beyond its inline octets. */
  tail(id: number): Uint8Array | undefined;
  setTail(id: number, tail: Uint8Array | undefined): void;
  /** The record as the store keeps it, copied. */
  copy(id: number): Uint8Array;
  /** Makes the place one without lease. */
  clear(id: number): void;
}

interface Chunk {
  readonly octets: Uint8Array;
  readonly view: DataView;
}

const CHUNK_BITS = 11;
const CHUNK_RECORDS = 1 << CHUNK_BITS;
const SLAB_RECORDS = 64;

/** Memory without any record. */
export function createPlaces(): Places {
  const chunks: Chunk[] = [];
  /** Few have one: DUIDs that do not fit into the record are rare. */
  const tails = new Map<number, Uint8Array>();
  const allocate = createAllocator();
  const offset = (id: number): number => (id & (CHUNK_RECORDS - 1)) * RECORD_OCTETS;

  function place(id: number): Place {
    const { octets, view } = chunks[id >> CHUNK_BITS] ?? addChunks(chunks, id >> CHUNK_BITS);
    return { octets, view, at: offset(id) };
  }

  return {
    place,
    has(id) {
      const chunk = chunks[id >> CHUNK_BITS];
      return chunk !== undefined && stateAt(chunk.octets, offset(id)) !== undefined;
    },
    tail: (id) => tails.get(id),
    setTail(id, tail) {
      if (tail !== undefined) tails.set(id, tail);
      else if (tails.size > 0) tails.delete(id);
    },
    copy(id) {
      const { octets, at } = place(id);
      const tail = tails.get(id);
      const record = allocate(RECORD_OCTETS + (tail?.length ?? 0));
      record.set(octets.subarray(at, at + RECORD_OCTETS));
      if (tail !== undefined) record.set(tail, RECORD_OCTETS);
      return record;
    },
    clear(id) {
      const { octets, at } = place(id);
      clearRecord(octets, at);
      tails.delete(id);
    },
  };
}

/** Small arrays out of larger buffers: a buffer for each copy would cost more than the copying. */
function createAllocator(): (octets: number) => Uint8Array {
  let slab = new Uint8Array(0);
  let used = 0;
  return (octets) => {
    if (used + octets > slab.length) {
      slab = new Uint8Array(SLAB_RECORDS * RECORD_OCTETS);
      used = 0;
    }
    used += octets;
    return slab.subarray(used - octets, used);
  };
}

function addChunks(chunks: Chunk[], last: number): Chunk {
  let chunk = makeChunk();
  while (chunks.push(chunk) <= last) chunk = makeChunk();
  return chunk;
}

function makeChunk(): Chunk {
  const octets = new Uint8Array(CHUNK_RECORDS * RECORD_OCTETS);
  return { octets, view: new DataView(octets.buffer) };
}
