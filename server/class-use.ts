import type { AddressClass, PdClass, ServerConfig, ServerInterface } from "../shared/config/types.js";
import { type AddressRange, inRange, type Prefix, rangeOf } from "../shared/prefix.js";
import { linkNames } from "./link-names.js";

/** A class of the configuration, of either kind. */
export type AnyClass = PdClass | AddressClass;

/** Counts what is leased from each class, for the view of the configuration. */
export interface ClassUse {
  /** Takes one bound lease into account; those in no class of their link do not count. */
  readonly add: (lease: { readonly interfaceName: string; readonly prefix: Prefix }) => void;
  readonly assigned: (of: AnyClass) => number;
}

/**
 * Counters at zero, for the leases to be added in one walk. `indexes` has the numbers of interfaces by name.
 * A lease belongs to the first class of its link that holds it.
 */
export function createClassUse(config: ServerConfig, indexes: ReadonlyMap<string, number>): ClassUse {
  const counts = new Map<AnyClass, number>();
  const links = new Map(
    config.interfaces.map((link) => [linkNames(link, indexes).name, classesOf(link)] as const),
  );
  return {
    add: ({ interfaceName, prefix }) => {
      const found = links.get(interfaceName)?.find(({ ranges }) => holds(ranges, prefix));
      if (found !== undefined) counts.set(found.of, (counts.get(found.of) ?? 0) + 1);
    },
    assigned: (of) => counts.get(of) ?? 0,
  };
}

/** A class and what it holds: to be made once, for there may be many leases to look up. */
interface Held {
  readonly of: AnyClass;
  readonly ranges: readonly AddressRange[];
}

const classesOf = (link: ServerInterface): readonly Held[] =>
  [...link.pdClasses, ...link.addressClasses, ...link.temporaryClasses].map((of) => ({
    of,
    ranges: "ranges" in of ? of.ranges : of.pools.map(rangeOf),
  }));

const holds = (ranges: readonly AddressRange[], { address }: Prefix): boolean =>
  ranges.some((range) => inRange(range, address));
