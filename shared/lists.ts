/**
 * A list with one item more, where most lists are of one. The first `push` onto an empty array makes room for
 * 17 items, which for one is most of what the list costs.
 */
export function appended<T>(list: T[] | undefined, item: T): T[] {
  if (list === undefined) return [item];
  list.push(item);
  return list;
}

/** What of a list passes; where all of it does, as is usual, the list itself and no copy. */
export function passing<T>(list: readonly T[], passes: (item: T) => boolean): readonly T[] {
  return list.every(passes) ? list : list.filter(passes);
}
