import { iaid, type Iaid } from "../shared/brand.js";
import type { IaType, LeaseId } from "../shared/lease/lease.js";
import { appended, passing } from "../shared/lists.js";
import { masked, overlaps, type Prefix, samePrefix } from "../shared/prefix.js";
import { has } from "../shared/wire/options.js";
import { recall } from "./affinity.js";
import { type Choice, choosePrefixes, isAvailable } from "./allocate.js";
import { isMeantFor, mayUse } from "./classify.js";
import { isBeyond } from "./exclude.js";
import { classFor } from "./holdings.js";
import type { IaAsked } from "./ia.js";
import { remove } from "./ledger.js";
import type { PoolClass } from "./links.js";
import { isWithinLimits, spend, spendOffer } from "./new-lease-limits.js";
import { holds, type Pool } from "./pool.js";
import type { Query } from "./query.js";
import { isReservedForOther, reservedPrefix } from "./reservations.js";

/** Why an IA gets nothing new. */
export type Refusal = "exhausted" | "no class" | "access" | "client limit" | "rate" | "exclusion";

/** Offers that are looked at, oldest first, when a Request finds nothing free. */
const ROOM_SEARCH = 256;
/** Milliseconds in which a client that means it follows its Advertise up with a Request. */
const FRESH_MILLIS = 10_000;

/** What was loose of an IA: prefixes that it had or was offered. */
export interface Former {
  readonly prefixes: readonly Prefix[];
  /** Those that rested for it: it has them again whatever the limits say, which they have been counted by. */
  readonly rested: readonly Prefix[];
}

const NO_FORMER: Former = { prefixes: [], rested: [] };

/**
 * What an IA without leases gets: what is reserved for its client; else free prefixes, unless a limit stands
 * against it.
 */
export function findNew(
  query: Query,
  ia: IaAsked,
  former: Former,
  leaving: number,
): readonly Choice[] | Refusal {
  const reserved = reservedChoice(query, ia.type);
  if (reserved !== undefined) return [reserved];
  if (isAtLimit(query, leaving)) return "client limit";
  if (!isWithinLimits(query)) return orRate(findAgain(query, ia, former));
  const all = query.link.classes[ia.type];
  const open = passing(all, ({ access }) => mayUse(access, query));
  const classes = passing(open, (poolClass) => !isBeyond(poolClass, query));
  const choices = choose(query, ia, former.prefixes, classes);
  if (choices.length === 0) return whyNothing(all.length, open.length, classes.length);
  return orRate(paidOf(query, choices, former));
}

const orRate = (choices: readonly Choice[]): readonly Choice[] | Refusal =>
  choices.length > 0 ? choices : "rate";

/** One by one, for paying is no mere question. */
function paidOf(query: Query, choices: readonly Choice[], former: Former): readonly Choice[] {
  let paid: Choice[] | undefined;
  for (const choice of choices) if (isPaid(query, choice.prefix, former)) paid = appended(paid, choice);
  return paid ?? [];
}

/** Counts a prefix, unless it has been counted before; false when it may not be had. */
function isPaid(query: Query, prefix: Prefix, { prefixes, rested }: Former): boolean {
  if (rested.some((one) => samePrefix(one, prefix))) return true;
  if (isBinding(query)) return spend(query);
  // Who asks again is offered what it was offered before, and that is no offer more.
  return prefixes.length > 0 || spendOffer(query);
}

/** By how many classes there are, how many are for the client, and how many it could make use of. */
function whyNothing(all: number, open: number, usable: number): Refusal {
  if (all === 0) return "no class";
  if (open === 0) return "access";
  return usable < open ? "exclusion" : "exhausted";
}

/** Of what an unknown binding names, what is free and would be delegated to it (one from each pool). */
export const findNamed = (query: Query, ia: IaAsked, former: Former): readonly Choice[] =>
  findThese(
    query,
    ia,
    ia.named.map(({ address, length }) => masked({ address, length })),
    (prefix) => isPaid(query, prefix, former),
  );

/** What rested for the IA, if that is still to be had. */
const findAgain = (query: Query, ia: IaAsked, { rested }: Former): readonly Choice[] =>
  findThese(query, ia, rested, () => true);

function findThese(
  query: Query,
  ia: IaAsked,
  prefixes: readonly Prefix[],
  isPermitted: (prefix: Prefix) => boolean,
): readonly Choice[] {
  const choices: Choice[] = [];
  const pools = new Set<Pool | undefined>();
  for (const prefix of prefixes) {
    const poolClass = classFor(query, ia.type, prefix);
    if (poolClass === undefined || !mayUse(poolClass.access, query)) continue;
    const pool = poolClass.pools.find((candidate) => holds(candidate, prefix));
    if (pools.has(pool) || !isAvailable(query.state, prefix, query.reservation)) continue;
    if (choices.some((choice) => overlaps(choice.prefix, prefix))) continue;
    if (isAtLimit(query, -choices.length) || !isPermitted(prefix)) continue;
    pools.add(pool);
    choices.push({ prefix, poolClass });
  }
  return choices;
}

/**
 * Ends what is loose of an IA; gives back what it was of. A client with a Solicit uses nothing of the IA any
 * more; one with another message may use what it has not heard is withdrawn.
 */
export function takeBack(query: Query, all: readonly LeaseId[]): Former {
  const { ledger } = query.state;
  const loose = query.type === "solicit" ? all : all.filter((id) => !isWithdrawn(query, id));
  if (loose.length === 0) return NO_FORMER;
  const prefixes = loose.map((id) => ledger.table.prefixOf(id));
  const isRested = (id: LeaseId): boolean => ledger.table.stateOf(id) === "resting" || ledger.again.has(id);
  const rested = loose.some(isRested)
    ? loose.filter(isRested).map((id) => ledger.table.prefixOf(id))
    : NO_FORMER.rested;
  for (const id of loose) remove(ledger, id);
  return { prefixes, rested };
}

/** What rests although it would not be delegated to the client. */
function isWithdrawn(query: Query, id: LeaseId): boolean {
  const { table } = query.state.ledger;
  if (table.stateOf(id) !== "resting") return false;
  const { iaType, prefix } = table.read(id);
  return classFor(query, iaType, prefix) === undefined || isReservedForOther(query, prefix);
}

function choose(
  query: Query,
  ia: IaAsked,
  former: readonly Prefix[],
  classes: readonly PoolClass[],
): readonly Choice[] {
  const { state, client } = query;
  const isRecalled = former.length === 0 && ia.type !== "ta";
  const known = isRecalled ? recall(state.affinity, client, ia.type, ia.iaid) : former;
  const seeker = {
    client,
    iaType: ia.type,
    iaid: seekerId(query, ia),
    hints: known.length === 0 ? ia.named : [...ia.named, ...known],
    length: ia.length,
    reservation: query.reservation,
  };
  const ordered = ia.type === "pd" ? classes : byWeight(query, ia, classes);
  const choices = choosePrefixes(state, ordered, seeker);
  if (choices.length > 0 || !isBinding(query) || !makeRoom(query, classes)) return choices;
  return choosePrefixes(state, ordered, seeker);
}

/** Temporary addresses shall not be told from the client (RFC 8981): each time it seeks as another one. */
function seekerId({ random }: Query, { type, iaid: id }: IaAsked): Iaid {
  if (type !== "ta") return id;
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return iaid((a << 24) | (b << 16) | (c << 8) | d);
}

/**
 * Classes for addresses in the order in which the client tries them: those that name it first, then by lot
 * with the weights of `share`, the same lot for the same client each time.
 */
function byWeight(query: Query, ia: IaAsked, classes: readonly PoolClass[]): readonly PoolClass[] {
  if (classes.length < 2) return classes;
  const { state, client } = query;
  const lots = classes.map((poolClass, index) => {
    const { high } = state.hash(Uint8Array.of(...client, index, ia.iaid & 0xff));
    const isNamed = isMeantFor(poolClass.access, query);
    return { poolClass, lot: isNamed ? -1 : -Math.log((high + 1) / 2 ** 32) / poolClass.share };
  });
  return lots.toSorted((a, b) => a.lot - b.lot).map(({ poolClass }) => poolClass);
}

/**
 * Gives up the oldest offer of these classes, unless it is fresh: who asks in earnest goes before who was
 * only offered something, so that a flood of Solicits cannot keep anybody from a lease.
 */
function makeRoom({ state: { ledger }, now }: Query, classes: readonly PoolClass[]): boolean {
  const { offers } = ledger;
  let looked = 0;
  for (let id = offers.oldest(); id !== undefined; id = offers.after(id)) {
    if (++looked > ROOM_SEARCH || ledger.table.sinceOf(id) + FRESH_MILLIS > now) return false;
    const prefix = ledger.table.prefixOf(id);
    if (!classes.some(({ pools }) => pools.some((pool) => holds(pool, prefix)))) continue;
    remove(ledger, id);
    return true;
  }
  return false;
}

/** What is reserved for the client, if this IA can have it. */
function reservedChoice(query: Query, iaType: IaType): Choice | undefined {
  const prefix = reservedPrefix(query, iaType);
  if (prefix === undefined || !isAvailable(query.state, prefix, query.reservation)) return undefined;
  const poolClass = classFor(query, iaType, prefix);
  return poolClass === undefined ? undefined : { prefix, poolClass };
}

/** True when the answer will be a Reply that binds what it grants. */
function isBinding({ type, link, message }: Query): boolean {
  return type !== "solicit" || (link.settings.rapidCommit && has(message.options, "rapidCommit"));
}

/** Leases that are over do not count; they are looked at only when the mere number of all is too high. */
function isAtLimit({ state, client, link }: Query, leaving: number): boolean {
  const { table } = state.ledger;
  const limit = link.settings.clientMaxLease + leaving;
  if (table.countOf(client) < limit) return false;
  const live = table.ofClient(client).filter((id) => table.stateOf(id) !== "resting");
  return live.length >= limit;
}
