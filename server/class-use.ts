import type { AddressClass, PdClass, ServerConfig, ServerInterface } from "../shared/config/types.js";
import { inRange, type Prefix, rangeOf } from "../shared/prefix.js";
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
  const links = new Map(config.interfaces.map((link) => [linkNames(link, indexes).name, link] as const));
  return {
    add: ({ interfaceName, prefix }) => {
      const link = links.get(interfaceName);
      const found = link && classesOf(link).find((each) => holds(each, prefix));
      if (found !== undefined) counts.set(found, (counts.get(found) ?? 0) + 1);
    },
    assigned: (of) => counts.get(of) ?? 0,
  };
}

const classesOf = (link: ServerInterface): readonly AnyClass[] => [
  ...link.pdClasses,
  ...link.addressClasses,
  ...link.temporaryClasses,
];

function holds(of: AnyClass, { address }: Prefix): boolean {
  const ranges = "ranges" in of ? of.ranges : of.pools.map(rangeOf);
  return ranges.some((range) => inRange(range, address));
}
