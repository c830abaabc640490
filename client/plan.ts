import { type Millis, millis } from "../shared/brand.js";
import { type Ip6, ip6, overlaps, type Prefix, samePrefix } from "../shared/prefix.js";
import type { ChosenDownlinks, Downlink } from "./downlinks.js";
import { lifetimesOf } from "./lifetimes.js";
import type { RememberedLink } from "./remembered.js";
import { divideStrictly } from "./strict-subnets.js";
import { type Choice, type Dividable, divide, SUBNET_LENGTH, without } from "./subnets.js";

/** A delegated prefix in our hands. */
export interface Delegation extends Dividable {
  /** The interface that it was received on. */
  readonly uplink: string;
  readonly preferredUntil: Millis;
  readonly validUntil: Millis;
}

/** A subnet that a downlink had, and until when hosts there may believe in it; past when nothing is set. */
export interface KnownSubnet extends Choice {
  readonly until: Millis;
}

/** What outlives the process, so that a downlink keeps its subnets and nothing is left behind. */
export interface DownlinkMemory {
  /** The newest first. */
  readonly subnets: readonly KnownSubnet[];
  /** Prefixes with `unreachable` routes of ours. */
  readonly rests: readonly Prefix[];
}

/** One subnet on one downlink. */
export interface PlannedSubnet extends Choice {
  readonly index: number;
  /** The interface is up, so that the subnet can be set there. */
  readonly up: boolean;
  /** Our own address in it, the first one; none in strict mode. */
  readonly address: Ip6 | undefined;
  /** The delegated prefix it is a part of; `undefined` once that is gone: then it is deprecated. */
  readonly from: Delegation | undefined;
  /** The past for a deprecated one. */
  readonly preferredUntil: Millis;
  readonly validUntil: Millis;
}

/** What nobody may be sent to: the part of a delegated prefix that has no better route (RFC 7084 WPD-5). */
export interface PlannedRest {
  readonly prefix: Prefix;
  readonly validUntil: Millis;
}

/** What keeps a prefix from being divided as it should be. */
export type PlanProblem =
  | { readonly kind: "too-long"; readonly prefix: Prefix }
  | { readonly kind: "left-out"; readonly prefix: Prefix; readonly downlinks: readonly string[] }
  | { readonly kind: "missing"; readonly downlink: string }
  | { readonly kind: "nothing-found" };

/** How delegated prefixes are divided: all that is to be set, announced and remembered, as data. */
export interface DownlinkPlan {
  readonly downlinks: readonly Downlink[];
  /** Those in use, prefix by prefix, then the deprecated ones: routers go on naming them (RFC 9096 3.5). */
  readonly subnets: readonly PlannedSubnet[];
  readonly rests: readonly PlannedRest[];
  readonly problems: readonly PlanProblem[];
  readonly memory: DownlinkMemory;
}

/** What a plan is made of. */
export interface PlanFacts {
  readonly delegations: readonly Delegation[];
  readonly chosen: ChosenDownlinks;
  /** Names of all interfaces: what was set on others has gone with them. */
  readonly interfaces: readonly { readonly name: string; readonly index: number; readonly up: boolean }[];
  readonly memory: DownlinkMemory;
  /** As Dibbler 1.0.1: its numbering, and nothing but routes. */
  readonly strict: boolean;
}

/** Nothing is known. */
export const NO_MEMORY: DownlinkMemory = { subnets: [], rests: [] };

/** Hosts keep an address this long after its prefix was called invalid (RFC 4862 5.5.3 e): no use in less. */
const LINGERING = millis(2 * 3600 * 1000);

/** Subnets of past times that are remembered: enough for every downlink of a large router. */
const MAX_PAST = 256;

/** The plan for these leases and interfaces; the same facts give the same plan. */
export function makePlan(
  { delegations, chosen, interfaces, memory, strict }: PlanFacts,
  now: Millis,
): DownlinkPlan {
  const { downlinks } = chosen;
  if (strict) return makeStrictPlan(delegations, chosen, memory, now);
  const live = delegations.filter(({ validUntil }) => validUntil > now);
  const problems = choiceProblems(chosen, live.length > 0);
  const used: PlannedSubnet[] = [];
  for (const delegation of live) {
    const { prefix } = delegation;
    if (prefix.length > SUBNET_LENGTH) {
      problems.push({ kind: "too-long", prefix });
      continue;
    }
    const taken = used.map(({ subnet }) => subnet);
    const { choices, leftOut } = divide(delegation, downlinks, memory.subnets, taken);
    used.push(...choices.flatMap((choice) => planned(choice, downlinks, delegation)));
    if (leftOut.length > 0) problems.push({ kind: "left-out", prefix, downlinks: leftOut });
  }
  const deprecated = memory.subnets.flatMap((known) => {
    const link = interfaces.find(({ name }) => name === known.downlink);
    const until = millis(Math.min(known.until, now + LINGERING));
    if (link === undefined || until <= now) return [];
    if (used.some(({ subnet }) => overlaps(subnet, known.subnet))) return [];
    return planned(known, [link], { preferredUntil: millis(0), validUntil: until });
  });
  const rests = live.flatMap(({ prefix, exclude, validUntil }) =>
    without(prefix, exclude).map((part) => ({ prefix: part, validUntil })),
  );
  const subnets = [...used, ...deprecated];
  return { downlinks, subnets, rests, problems, memory: remember(subnets, rests, memory) };
}

/** Dibbler sets no address, leaves the rest of a prefix alone, and takes the route away with the prefix. */
function makeStrictPlan(
  delegations: readonly Delegation[],
  chosen: ChosenDownlinks,
  memory: DownlinkMemory,
  now: Millis,
): DownlinkPlan {
  const { downlinks } = chosen;
  const live = delegations.filter(({ validUntil }) => validUntil > now);
  const problems = choiceProblems(chosen, live.length > 0);
  const subnets: PlannedSubnet[] = [];
  for (const delegation of live) {
    const { prefix } = delegation;
    const taken = subnets.map(({ subnet }) => subnet);
    const { choices, leftOut } = divideStrictly(prefix, downlinks, taken);
    const routed = choices.flatMap((choice) => planned(choice, downlinks, delegation));
    subnets.push(...routed.map((one) => ({ ...one, address: undefined })));
    if (leftOut.length > 0) problems.push({ kind: "left-out", prefix, downlinks: leftOut });
  }
  return { downlinks, subnets, rests: [], problems, memory: remember(subnets, [], memory) };
}

/** The plan at the end: nothing of ours stays, and the next run gives the same subnets again. */
export function planNothing({ subnets }: DownlinkMemory): DownlinkPlan {
  const past = subnets.map((known) => ({ ...known, until: millis(0) }));
  return { downlinks: [], subnets: [], rests: [], problems: [], memory: { subnets: past, rests: [] } };
}

/** The prefixes that an uplink holds, out of what is kept for its next run. */
export function delegationsOf(uplink: string, link: RememberedLink | undefined): readonly Delegation[] {
  const prefixes = (link?.ias ?? []).filter(({ kind }) => kind === "pd");
  return prefixes.flatMap(({ leases }) =>
    leases.map((lease) => {
      const { prefix, exclude } = lease;
      return { uplink, prefix, exclude, ...lifetimesOf(lease) };
    }),
  );
}

/** True for a subnet of a prefix that is gone: it is announced with a preferred lifetime of 0. */
export const isDeprecated = ({ from }: PlannedSubnet): boolean => from === undefined;

/** When the plan has to be made anew although nothing has happened: the first end of a lifetime. */
export const planEnd = ({ subnets }: DownlinkPlan): Millis =>
  millis(Math.min(Infinity, ...subnets.map(({ validUntil }) => validUntil)));

function choiceProblems({ downlinks, missing }: ChosenDownlinks, needed: boolean): PlanProblem[] {
  const problems: PlanProblem[] = missing.map((downlink) => ({ kind: "missing", downlink }));
  if (needed && downlinks.length === 0) problems.push({ kind: "nothing-found" });
  return problems;
}

function planned(
  { downlink, subnet }: Choice,
  among: readonly { readonly name: string; readonly index: number; readonly up: boolean }[],
  lifetimes: Delegation | { readonly preferredUntil: Millis; readonly validUntil: Millis },
): readonly PlannedSubnet[] {
  const link = among.find(({ name }) => name === downlink);
  if (link === undefined) return [];
  const { index, up } = link;
  const { preferredUntil, validUntil } = lifetimes;
  const from = "uplink" in lifetimes ? lifetimes : undefined;
  return [{ downlink, index, up, subnet, address: firstAddress(subnet), from, preferredUntil, validUntil }];
}

function firstAddress({ address }: Prefix): Ip6 {
  const octets = Uint8Array.from(address);
  octets[15] = 1;
  return ip6(octets);
}

/** What was given to another downlink is no longer its former holder's. */
function remember(
  subnets: readonly PlannedSubnet[],
  rests: readonly PlannedRest[],
  { subnets: known }: DownlinkMemory,
): DownlinkMemory {
  const now = subnets.map(({ downlink, subnet, validUntil: until }) => ({ downlink, subnet, until }));
  const past = known
    .filter(({ subnet }) => !now.some((other) => samePrefix(other.subnet, subnet)))
    .map((one) => ({ ...one, until: millis(0) }));
  return { subnets: [...now, ...past.slice(0, MAX_PAST)], rests: rests.map(({ prefix }) => prefix) };
}
