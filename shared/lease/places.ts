import type { Lease } from "./lease.js";
import { RECORD_OCTETS, type Place } from "./record-layout.js";
import { NO_TAIL, TAIL_OCTETS, tailOctets, writeTail } from "./record-tail.js";
import { clearRecord, isRecordAt, stateAt, writeLease } from "./record.js";
import { createTails } from "./tails.js";

/**
 * The memory of all records: chunks that never move, so that growing copies nothing, with the tails beside
 * them.
 */
export interface Places {
  /** Where the fixed part of `id` lies; makes the memory for it when there is none yet. */
  place(id: number): Place;
  /** True when a lease lies there. */
  has(id: number): boolean;
  /** The tail of `id`, copied; empty for most. */
  tail(id: number): Uint8Array;
  /** Makes the record of `id` that of this lease, which fits (see `requireFit`). */
  write(id: number, lease: Lease): void;
  /**
   * Copies a whole record, `octets` from `from` to `to`, to `id`; false when it cannot be read, and the place
   * is then one without lease.
   */
  load(id: number, octets: Uint8Array, from: number, to: number): boolean;
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
  const tails = createTails();
  /** Where tails are put together. */
  const draft = new Uint8Array(TAIL_OCTETS);
  const allocate = createAllocator();
  const copyFixed = createCopier();
  const offset = (id: number): number => (id & (CHUNK_RECORDS - 1)) * RECORD_OCTETS;

  function place(id: number): Place {
    const { octets, view } = chunks[id >> CHUNK_BITS] ?? addChunks(chunks, id >> CHUNK_BITS);
    return { octets, view, at: offset(id) };
  }

  function clear(id: number): void {
    const { octets, at } = place(id);
    clearRecord(octets, at);
    tails.clear(id);
  }

  return {
    place,
    has(id) {
      const chunk = chunks[id >> CHUNK_BITS];
      return chunk !== undefined && stateAt(chunk.octets, offset(id)) !== undefined;
    },
    tail(id) {
      const length = tails.length(id);
      if (length === 0) return NO_TAIL;
      const tail = new Uint8Array(length);
      tails.copy(id, tail, 0);
      return tail;
    },
    write(id, lease) {
      const fixed = place(id);
      writeLease(fixed, lease);
      const length = tailOctets(fixed);
      if (length > 0) writeTail(fixed, lease, draft, 0);
      tails.set(id, draft, 0, length);
    },
    load(id, octets, from, to) {
      if (to - from < RECORD_OCTETS) return false;
      const fixed = place(id);
      const tail = from + RECORD_OCTETS;
      copyFixed(octets, from, fixed);
      if (isRecordAt(fixed, tail === to ? NO_TAIL : octets.subarray(tail, to))) {
        tails.set(id, octets, tail, to);
        return true;
      }
      clear(id);
      return false;
    },
    copy(id) {
      const { octets, at } = place(id);
      const record = allocate(RECORD_OCTETS + tails.length(id));
      record.set(octets.subarray(at, at + RECORD_OCTETS));
      tails.copy(id, record, RECORD_OCTETS);
      return record;
    },
    clear,
  };
}

/**
 * Copies the fixed part word by word: `set` wants an array for its source, which costs more than the copying.
 * The records of a page come one after the other, so that one view serves them all.
 */
function createCopier(): (octets: Uint8Array, from: number, to: Place) => void {
  let seen: Uint8Array = new Uint8Array(0);
  let source = new DataView<ArrayBufferLike>(seen.buffer);
  return (octets, from, { view, at }) => {
    if (seen !== octets) {
      seen = octets;
      source = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    }
    for (let i = 0; i < RECORD_OCTETS; i += 4) view.setInt32(at + i, source.getInt32(from + i));
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
