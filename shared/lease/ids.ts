/**
 * Gives out record numbers so that they ascend for long stretches: a store that orders by number then
 * writes neighbours in one commit. Numbers given back wait until an eighth of all is free and are then
 * swept up in order.
 */
export interface IdPool {
  /** A free number. */
  take(): number;
  /** Takes this very number, which must be free. */
  claim(id: number): void;
  /** Gives a number back. */
  release(id: number): void;
  /** Every number taken is below this. */
  limit(): number;
}

/** More than a store of leases will ever hold; a number beyond it comes from a damaged store. */
export const MOST_IDS = 2 ** 26;

const SWEEP_WHEN_FREE = 1 / 8;

/** A pool with every number free. */
export function createIdPool(capacity = 0): IdPool {
  /** One bit a number below `end`: 1 when it is free. */
  let bits = new Uint32Array((capacity >> 5) + 1);
  let end = 0;
  let free = 0;
  /** Where the sweep goes on; at `end` none is under way. */
  let hand = 0;

  function markFree(from: number, to: number): void {
    for (let id = from; id < to; id++) bits[id >> 5] = (bits[id >> 5] ?? 0) | (1 << (id & 31));
    free += to - from;
  }

  function markTaken(id: number): void {
    bits[id >> 5] = (bits[id >> 5] ?? 0) & ~(1 << (id & 31));
    free--;
  }

  /** The first free number from `from` on; `end` when there is none. */
  function nextFree(from: number): number {
    for (let id = from; id < end; id = (id | 31) + 1) {
      const rest = (bits[id >> 5] ?? 0) >>> (id & 31);
      if (rest !== 0) return id + 31 - Math.clz32(rest & -rest);
    }
    return end;
  }

  function extend(to: number): void {
    if (to > MOST_IDS) throw new Error(`no more than ${MOST_IDS} leases`);
    const sweeping = hand < end;
    end = to;
    if (!sweeping) hand = end;
    if (end <= bits.length * 32) return;
    const old = bits;
    bits = new Uint32Array(Math.max(old.length * 2, (end >> 5) + 1));
    bits.set(old);
  }

  return {
    take() {
      if (hand >= end && free > 0 && free >= end * SWEEP_WHEN_FREE) hand = 0;
      const id = nextFree(hand);
      if (id === end) {
        extend(end + 1);
        hand = end;
        return id;
      }
      markTaken(id);
      hand = id + 1;
      return id;
    },
    claim(id) {
      if (id >= end) {
        const gap = end;
        extend(id + 1);
        markFree(gap, id);
      } else markTaken(id);
    },
    release(id) {
      markFree(id, id + 1);
    },
    limit: () => end,
  };
}
