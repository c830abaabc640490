import { u64 } from "./lmdb-layout.js";

// In a tree of LMDB each key is greater than the one before it, or as great where that is a separator of a
// branch. Separators come first: a branch is looked at before the pages below it.

/** What keys that come next are compared with. */
export interface KeyOrder {
  last: Uint8Array | undefined;
  /** The same of integers, of which each has as many octets as the first. */
  lastInteger: number;
  integerOctets: number;
  isSeparator: boolean;
}

/** Before the first key. */
export const beginKeys = (): KeyOrder => ({
  last: undefined,
  lastInteger: -1,
  integerOctets: 0,
  isSeparator: false,
});

/** Notes a key that is an integer, little-endian; false when it must not come after the last. */
export function integerFollows(
  order: KeyOrder,
  view: DataView,
  from: number,
  to: number,
  isSeparator: boolean,
): boolean {
  const octets = to - from;
  if (order.lastInteger < 0) order.integerOctets = octets === 4 ? 4 : 8;
  if (octets !== order.integerOctets) return false;
  const before = order.lastInteger;
  order.lastInteger = octets === 4 ? view.getUint32(from, true) : u64(view, from);
  return isGood(order, order.lastInteger - before, isSeparator);
}

/** The same of a key that is octets. */
export function octetsFollow(order: KeyOrder, key: Uint8Array, isSeparator: boolean): boolean {
  const before = order.last;
  order.last = key;
  if (key.length === 0) return false;
  return isGood(order, before === undefined ? 1 : Buffer.compare(key, before), isSeparator);
}

function isGood(order: KeyOrder, difference: number, isSeparator: boolean): boolean {
  const wasSeparator = order.isSeparator;
  order.isSeparator = isSeparator;
  return difference > 0 || (difference === 0 && wasSeparator && !isSeparator);
}
