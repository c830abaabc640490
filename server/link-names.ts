import type { InterfaceSelector, ServerInterface } from "../shared/config/types.js";

/** What a link and the interface below it are called. */
export interface LinkNames {
  readonly name: string;
  /** Undefined for a link that is not behind relays, or whose relays may be heard anywhere. */
  readonly over: string | undefined;
}

/** The names of a link; an index that no interface of `indexes` has stands for itself. */
export function linkNames(
  { selector, relay }: ServerInterface,
  indexes: ReadonlyMap<string, number>,
): LinkNames {
  const named = relay?.named;
  return {
    name: selectorName(selector, indexes),
    over: named === undefined ? undefined : selectorName(named, indexes),
  };
}

/** The name of an interface that the file gives by name or by index. */
export function selectorName(selector: InterfaceSelector, indexes: ReadonlyMap<string, number>): string {
  if ("name" in selector) return selector.name;
  for (const [name, index] of indexes) if (index === selector.index) return name;
  return String(selector.index);
}
