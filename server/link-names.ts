import type { InterfaceSelector, ServerConfig, ServerInterface } from "../shared/config/types.js";

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

/**
 * The configuration with the interfaces that are given by their numbers called by their names, so that one
 * interface is one however the file writes it; a number that none of `present` has stays.
 */
export function nameInterfaces(config: ServerConfig, present: ReadonlyMap<string, number>): ServerConfig {
  const named = (selector: InterfaceSelector): InterfaceSelector =>
    "name" in selector || ![...present.values()].includes(selector.index)
      ? selector
      : { name: selectorName(selector, present) };
  const over = (selector: InterfaceSelector | undefined): InterfaceSelector | undefined =>
    selector && named(selector);
  const interfaces = config.interfaces.map((link) => {
    const relay = link.relay && { over: over(link.relay.over), named: over(link.relay.named) };
    return { ...link, selector: named(link.selector), relay };
  });
  return { ...config, interfaces };
}

/** What is wrong when an interface has two blocks, one by its name and one by its number, in a sentence. */
export function twiceConfigured({ interfaces }: ServerConfig): string | undefined {
  const lines = new Map<string, number>();
  for (const { selector, at } of interfaces) {
    if (!("name" in selector)) continue;
    const line = lines.get(selector.name);
    if (line !== undefined) {
      return `interface ${selector.name} is configured twice, by its name and by its number: lines ${line} and ${at.line}`;
    }
    lines.set(selector.name, at.line);
  }
  return undefined;
}
