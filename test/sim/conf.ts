import type { Chance } from "./chance.js";
import { LINKS } from "./topology.js";

/** What the server.conf of a world says. */
export interface Terms {
  /** Numbers of the links that are configured. */
  readonly links: readonly number[];
  /** Each pool has two to the power of this many prefixes. */
  readonly bits: number;
  readonly length: number;
  /** A second class, with two prefixes that are four times as large. */
  readonly large: boolean;
  readonly addresses: boolean;
  readonly valid: number;
  readonly preferred: number;
  readonly rapid: boolean;
  readonly scriptWait: boolean;
  readonly scriptTimeout: number;
  readonly quarantine: number;
  /** The number of the pools: another one is another place. */
  readonly place: number;
}

/** What a reload may change. */
export const CHANGES = ["shorter", "longer", "moved", "smaller", "larger", "unlike", "waiting"] as const;
export type TermChange = (typeof CHANGES)[number];

/** Terms drawn for a world. */
export function drawTerms(chance: Chance): Terms {
  const valid = Math.floor(chance.between(120, chance.happens(0.7) ? 900 : 4000));
  return {
    links: [0, 1, 2].filter((n) => n === 0 || chance.happens(0.4)),
    bits: Math.floor(chance.between(0, 5)),
    length: Math.floor(chance.between(56, 65)),
    large: chance.happens(0.25),
    addresses: chance.happens(0.4),
    valid,
    preferred: Math.floor(valid * chance.between(0.3, 1)),
    rapid: chance.happens(0.3),
    scriptWait: chance.happens(0.15),
    scriptTimeout: Math.floor(chance.between(2, 11)),
    quarantine: chance.happens(0.2) ? Math.floor(chance.between(10, 300)) : 0,
    place: 1,
  };
}

/** The terms after a reload. */
export function changed(terms: Terms, change: TermChange): Terms {
  const { valid, preferred, bits, length } = terms;
  switch (change) {
    case "shorter":
      return { ...terms, valid: Math.ceil(valid / 3), preferred: Math.ceil(preferred / 3) };
    case "longer":
      return { ...terms, valid: valid * 2, preferred: preferred * 2 };
    case "moved":
      return { ...terms, place: 2 };
    case "smaller":
      return { ...terms, bits: Math.max(0, bits - 1) };
    case "larger":
      return { ...terms, bits: bits + 1 };
    case "unlike":
      return { ...terms, length: length - 1, bits: Math.max(0, bits - 1) };
    case "waiting":
      return { ...terms, scriptWait: !terms.scriptWait, quarantine: terms.quarantine === 0 ? 60 : 0 };
    default:
      return change satisfies never;
  }
}

/** The server.conf of these terms. */
export function confOf(terms: Terms): string {
  const { valid, preferred } = terms;
  const t1 = Math.max(1, Math.floor(preferred * 0.5));
  const t2 = Math.max(t1, Math.floor(preferred * 0.8));
  return [
    'script "/script"',
    `script-timeout ${terms.scriptTimeout}`,
    `script-wait ${terms.scriptWait ? 1 : 0}`,
    `quarantine ${terms.quarantine}`,
    `T1 ${t1} T2 ${t2} preferred-lifetime ${preferred} valid-lifetime ${valid}`,
    ...terms.links.map((n) => linkText(terms, n)),
  ].join("\n");
}

function linkText({ bits, length, large, addresses, rapid, place }: Terms, n: number): string {
  const { name = "srv0", relays = 0 } = LINKS[n] ?? {};
  const [pool, other] = [`2001:db8:${n}${place}::`, `2001:db8:${n}${place}:8000::`];
  const range = `2001:db8:a${n}${place}::1-2001:db8:a${n}${place}::${(2 ** bits).toString(16)}`;
  const outer = [`pd-pool ${pool}/${length - bits} pd-length ${length}`];
  return [
    `iface "${name}" {`,
    ...(relays === 0 ? [] : [`  relay "srv0" interface-id "${name}"`]),
    ...(rapid ? ["  rapid-commit 1"] : []),
    ...outer.map((text) => `  pd-class { ${text} }`),
    ...(large ? [`  pd-class { pd-pool ${other}/${length - 3} pd-length ${length - 2} }`] : []),
    ...(addresses ? [`  class { pool ${range} }`] : []),
    "}",
  ].join("\n");
}

/** How many prefixes a link has to give. */
export const capacityOf = ({ bits, large }: Terms): number => 2 ** bits + (large ? 2 : 0);
