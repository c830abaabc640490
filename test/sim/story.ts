import type { Life } from "./life.js";
import { live } from "./life.js";
import type { Item } from "./plan.js";

/** A failure that was made as short as it goes. */
export interface Story {
  readonly seed: number;
  readonly failure: string;
  /** Items of the plan that the world can do without. */
  readonly without: readonly number[];
  readonly lines: readonly string[];
}

/** Lines of the diary that are told at most: the end of it. */
const DIARY_LINES = 40;

/** What kind of failure it is: the same thing may happen to others, at another time. */
export const kindOf = (failure: string): string =>
  failure
    .split("\n", 1)
    .join("")
    .replace(/[0-9a-f]*:[0-9a-f:]*(\/\d+)?|\d[\d.]*/g, "#");

/** Leaves out of the world of a seed what the failure can do without, and tells the rest. */
export async function shorten(seed: number): Promise<Story | undefined> {
  const whole = await live(seed);
  if (whole.failure === undefined) return undefined;
  const kind = kindOf(whole.failure);
  const without = new Set<number>();
  const fails = async (more: readonly number[]): Promise<boolean> => {
    const { failure } = await live(seed, new Set([...without, ...more]));
    return failure !== undefined && kindOf(failure) === kind;
  };
  let kept = whole.plan.items.map((_, index) => index);
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const part = kept.slice(at, at + size);
      if (await fails(part)) {
        for (const index of part) without.add(index);
        kept = kept.filter((index) => !without.has(index));
      } else at += size;
    }
  }
  return tell(await live(seed, without), without);
}

/** The story of a world: what it was made of, and the end of its diary. */
export function tell({ plan, diary, failure }: Life, without: ReadonlySet<number>): Story {
  const kept = plan.items.filter((_, index) => !without.has(index));
  const cut = diary.length - DIARY_LINES;
  return {
    seed: plan.seed,
    failure: failure ?? "nothing failed",
    without: [...without].sort((a, b) => a - b),
    lines: [
      `terms: ${JSON.stringify(plan.terms)}`,
      ...kept.toSorted((a, b) => a.at - b.at).map(describe),
      ...(cut > 0 ? [`… ${cut} lines before`] : []),
      ...diary.slice(-DIARY_LINES),
    ],
  };
}

function describe({ kind, at, ...rest }: Item): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `at ${(at / 1000).toFixed(1)} s: ${kind}, ${facts.join(", ")}`;
}

/** `1,2,5-9` as numbers, and the other way round. */
export const parseNumbers = (text: string): readonly number[] =>
  text.split(",").flatMap((part) => {
    if (part === "") return [];
    const [from, to = from] = part.split("-").map(Number);
    if (from === undefined || to === undefined || !Number.isInteger(from) || !Number.isInteger(to)) return [];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });

export const formatNumbers = (numbers: readonly number[]): string => {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    let end = at;
    while (numbers[end + 1] === (numbers[end] ?? 0) + 1) end++;
    parts.push(end === at ? String(numbers[at]) : `${numbers[at]}-${numbers[end]}`);
    at = end + 1;
  }
  return parts.join(",");
};
