import { clearRecord, RECORD_OCTETS, stateAt, type Place } from "./record.js";

/** The memory of all records: chunks that never move, so that growing copies nothing. */
export interface Places {
  /** Where the record of `id` lies; makes the memory for it when there is none yet. */
  place(id: number): Place;
  /** True when a lease lies there. */
  has(id: number): boolean;
  /** What the DUID of `id` has beyond its inline octets. */
  tail(id: number): Uint8Array | undefined;
  setTail(id: number, tail: Uint8Array): void;
  /** Makes the place one without lease. */
  clear(id: number): void;
}

interface Chunk {
  readonly octets: Uint8Array;
  readonly view: DataView;
}

const CHUNK_BITS = 11;
const CHUNK_RECORDS = 1 << CHUNK_BITS;

/** Memory without any record. */
export function createPlaces(): Places {
  const chunks: Chunk[] = [];
  /** Few have one: DUIDs that do not fit into the record are rare. */
  const tails = new Map<number, Uint8Array>();
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
      if (tail.length > 0) tails.set(id, tail);
      else tails.delete(id);
    },
    clear(id) {
      const { octets, at } = place(id);
      clearRecord(octets, at);
      tails.delete(id);
    },
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
