import { overlaps, parsePrefix, type Prefix } from "../../shared/prefix.js";
import type { World } from "./world.js";

/** Which client holds which prefix, and until when it may. */
export interface Holdings {
  /** A client (its DUID) has been granted a prefix; `until` is when the server's promise ends. */
  readonly takes: (client: string, prefix: string, until: number) => void;
  readonly drops: (client: string, prefix: string) => void;
  /** What anybody has been granted lately. */
  readonly known: () => readonly string[];
}

interface Holding {
  readonly client: string;
  readonly text: string;
  readonly prefix: Prefix;
  readonly until: number;
}

/** Sees to it that no two clients hold addresses in common at once, in prefixes of whatever length. */
export function createHoldings(world: World): Holdings {
  const held = new Map<string, Holding>();
  const known = new Set<string>();
  return {
    takes(client, text, until) {
      const now = world.now();
      if (until <= now) return;
      const prefix = parsePrefix(text);
      if (prefix === undefined) throw new Error(`not a prefix: ${text}`);
      for (const [key, other] of held) {
        if (other.until <= now) held.delete(key);
        else if (other.client !== client && overlaps(other.prefix, prefix))
          world.fail(`${client} gets ${text} while ${other.client} holds ${other.text}`);
      }
      known.delete(text);
      known.add(text);
      held.set(`${client} ${text}`, { client, text, prefix, until });
    },
    drops(client, text) {
      held.delete(`${client} ${text}`);
    },
    known: () => [...known].slice(-20),
  };
}
