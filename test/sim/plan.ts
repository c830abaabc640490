import type { WantedIa } from "../../client/binding.js";
import { na, pd } from "../client/workbench.js";
import { type Chance, createChance } from "./chance.js";
import { CHANGES, drawTerms, type TermChange, type Terms } from "./conf.js";
import type { Faults } from "./world.js";

/** How long something goes on: from `at`, milliseconds since the beginning, for `ms`. */
interface Span {
  readonly at: number;
  readonly ms: number;
}

/** One thing of a world that it could do without. */
export type Item =
  | {
      readonly kind: "client";
      readonly at: number;
      readonly number: number;
      readonly link: number;
      readonly wanted: readonly WantedIa[];
      readonly rapid: boolean;
    }
  | {
      readonly kind: "wild";
      readonly at: number;
      readonly number: number;
      readonly link: number;
      readonly pace: number;
    }
  | ({ readonly kind: "weather"; readonly faults: Faults } & Span)
  | ({ readonly kind: "partition"; readonly client: number | "all" } & Span)
  | ({ readonly kind: "server crash"; readonly effects: number; readonly reboot: boolean } & Span)
  | ({ readonly kind: "server stop" } & Span)
  | ({ readonly kind: "client crash"; readonly client: number; readonly effects: number } & Span)
  | ({ readonly kind: "client stop"; readonly client: number } & Span)
  | ({ readonly kind: "disk full" } & Span)
  | ({ readonly kind: "slow disk"; readonly sync: number } & Span)
  | ({ readonly kind: "races"; readonly share: number } & Span)
  | ({ readonly kind: "scripts"; readonly mood: "slow" | "failing" | "hanging" } & Span)
  | { readonly kind: "reload"; readonly at: number; readonly change: TermChange | "back" }
  | { readonly kind: "clock"; readonly at: number; readonly of: number | "server"; readonly by: number };

/** A world as it is going to be, decided before it begins. */
export interface Plan {
  readonly seed: number;
  readonly terms: Terms;
  /** How long there is trouble. */
  readonly ms: number;
  readonly items: readonly Item[];
}

const SECOND = 1000;
/** Seconds: what goes wrong goes wrong soon. */
const LONGEST_TROUBLE = 1800;
/** No datagram is on its way for longer. */
export const LONGEST_WAY = 5 * SECOND;
/** Commits take no longer. */
export const LONGEST_SYNC = 4 * SECOND;
/** Whoever has given up prefixes comes back no sooner: what it said may be on its way for so long. */
const AWAY = 4 * LONGEST_WAY;

/** The plan of a seed. */
export function drawPlan(seed: number): Plan {
  const chance = createChance(seed);
  const terms = drawTerms(chance.fork());
  const ms = Math.floor(Math.min(terms.valid * chance.between(0.5, 3), LONGEST_TROUBLE)) * SECOND;
  const items: Item[] = [...drawCrowd(chance.fork(), terms, ms)];
  const count = items.length;
  const trouble = chance.fork();
  for (let n = Math.floor(trouble.between(0, 14)); n > 0; n--) items.push(drawTrouble(trouble, ms, count));
  if (trouble.happens(0.25)) items.push(...drawReloads(trouble, ms));
  return { seed, terms, ms, items: withSoundClocks(items, trouble) };
}

function drawCrowd(chance: Chance, terms: Terms, ms: number): readonly Item[] {
  const honest = 1 + Math.floor(chance.between(0, chance.happens(0.3) ? 8 : 4));
  const wild = Math.floor(chance.between(0, 3));
  const crowd: Item[] = [];
  for (let number = 1; number <= honest + wild; number++) {
    const link = terms.links[Math.floor(chance.next() * terms.links.length)] ?? 0;
    const at = chance.happens(0.6) ? chance.between(0, 5 * SECOND) : chance.between(0, ms);
    if (number > honest) {
      crowd.push({ kind: "wild", at, number, link, pace: ms / chance.between(10, 120) });
    } else {
      const wanted = drawWanted(chance, terms);
      crowd.push({ kind: "client", at, number, link, wanted, rapid: terms.rapid && chance.happens(0.5) });
    }
  }
  return crowd;
}

function drawWanted(chance: Chance, { addresses }: Terms): readonly WantedIa[] {
  const wanted = chance.happens(0.2) ? [pd(1), pd(2)] : [pd(1)];
  if (!addresses || chance.happens(0.5)) return wanted;
  return chance.happens(0.3) ? [na(1)] : [na(1), ...wanted];
}

function drawTrouble(chance: Chance, ms: number, clients: number): Item {
  const at = Math.floor(chance.between(0, ms));
  const span = { at, ms: Math.floor(chance.between(1, chance.happens(0.7) ? 60 : 600)) * SECOND };
  const away = { at, ms: span.ms + AWAY };
  const client = 1 + Math.floor(chance.between(0, clients));
  const effects = Math.floor(chance.between(0, 12));
  const draws: readonly (() => Item)[] = [
    () => ({ kind: "weather", ...span, ms: span.ms * 3, faults: drawFaults(chance) }),
    () => ({ kind: "weather", ...span, ms: span.ms * 3, faults: drawFaults(chance) }),
    () => ({ kind: "partition", ...span, client: chance.happens(0.3) ? "all" : client }),
    () => ({ kind: "server crash", ...span, effects, reboot: chance.happens(0.3) }),
    () => ({ kind: "server crash", ...span, effects, reboot: chance.happens(0.3) }),
    () => ({ kind: "server crash", at, ms: chance.between(0, 50), effects, reboot: false }),
    () => ({ kind: "server stop", ...span }),
    () => ({ kind: "client crash", ...span, client, effects }),
    () => ({ kind: "client stop", ...away, client }),
    () => ({ kind: "disk full", ...span }),
    () => ({ kind: "slow disk", ...span, sync: chance.between(50, LONGEST_SYNC) }),
    () => ({ kind: "races", ...span, share: chance.between(0.1, 0.7) }),
    () => ({ kind: "scripts", ...span, mood: drawMood(chance) }),
    () => ({ kind: "clock", at, of: chance.happens(0.6) ? "server" : client, by: drawStep(chance) }),
  ];
  const draw = draws[Math.floor(chance.next() * draws.length)];
  return draw?.() ?? { kind: "server stop", ...span };
}

const drawMood = (chance: Chance): "slow" | "failing" | "hanging" =>
  chance.happens(0.4) ? "slow" : chance.happens(0.5) ? "failing" : "hanging";

const drawFaults = (chance: Chance): Faults => ({
  loss: chance.between(0, 0.5),
  duplication: chance.between(0, 0.4),
  delay: [1, chance.between(2, chance.happens(0.3) ? LONGEST_WAY : 200)],
});

const drawStep = (chance: Chance): number =>
  Math.floor(chance.between(-1, 1) * (chance.happens(0.5) ? 10 : 5000)) * SECOND;

/** Another configuration, a few times; mostly with the way back. */
function drawReloads(chance: Chance, ms: number): readonly Item[] {
  const reloads: Item[] = [];
  for (let n = 1 + Math.floor(chance.between(0, 3)); n > 0; n--) {
    const change = CHANGES[Math.floor(chance.next() * CHANGES.length)] ?? "longer";
    reloads.push({
      kind: "reload",
      at: chance.between(0, ms),
      change: chance.happens(0.3) ? "back" : change,
    });
  }
  return reloads;
}

/**
 * What is promised about clocks: setting the wall clock does nothing to a program that runs, nor to a server
 * that starts again in the same boot. After a reboot a server has nothing but the wall clock, which must not
 * have gone ahead of the time; the same holds for a client that starts again, the other way round: behind, it
 * would use its lease for longer.
 */
function withSoundClocks(items: readonly Item[], chance: Chance): readonly Item[] {
  const isRebooted = items.some((item) => item.kind === "server crash" && item.reboot);
  const restarts = new Set(
    items.flatMap((item) =>
      item.kind === "client crash" || item.kind === "client stop" ? [item.client] : [],
    ),
  );
  let behind = 0;
  return items.map((item) => {
    if (item.kind !== "clock") return item;
    if (item.of !== "server") return restarts.has(item.of) ? { ...item, by: Math.abs(item.by) } : item;
    if (!isRebooted) return item;
    behind += 1;
    return { ...item, by: behind > 1 ? 0 : -Math.floor(chance.between(0, 3600)) * SECOND };
  });
}
