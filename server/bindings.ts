import { millis, seconds } from "../shared/brand.js";
import type { IaType, Lease, LeaseId } from "../shared/lease/lease.js";
import { masked, type Prefix, samePrefix } from "../shared/prefix.js";
import { type Choice, isAvailable } from "./allocate.js";
import { excludedFrom, partOf } from "./exclude.js";
import { classFor, fitness, type Held, type HeldHere, holdingsOf } from "./holdings.js";
import type { IaAsked, NamedPrefix } from "./ia.js";
import { enter, OFFER_MILLIS } from "./ledger.js";
import type { Lifetimes, TimeBounds } from "./lifetimes.js";
import { mannersOf } from "./manners.js";
import type { Query } from "./query.js";
import { findNamed, findNew, type Former, type Refusal, takeBack } from "./search.js";
import { REFUSALS, STATUSES, type StatusOption } from "./status.js";

/**
 * A lease that an IA is answered with. Until `settle` the table has a new one as an offer, an old one as it
 * was.
 */
export interface Grant extends Lifetimes {
  readonly id: LeaseId;
  readonly prefix: Prefix;
  readonly bounds: TimeBounds;
  /** The part of the prefix that is not delegated (RFC 6603). */
  readonly excluded: Prefix | undefined;
  /** The lease as it was; `undefined` for a new one. */
  readonly before: Lease | undefined;
}

/** What becomes of one IA. */
export interface IaResult {
  readonly ia: IaAsked;
  readonly grants: readonly Grant[];
  /** Leases of this binding that no longer fit the configuration: they end with the Reply. */
  readonly stale: readonly Held[];
  /** Other prefixes that the client shall stop using. */
  readonly wrong: readonly Prefix[];
  readonly status: StatusOption | undefined;
}

/**
 * Solicit and Request (RFC 8415 18.3.1, 18.3.2): a binding that exists keeps its leases whatever is hinted;
 * else free ones are chosen and entered as offers.
 */
export function delegate(query: Query, ia: IaAsked): IaResult {
  if (query.type === "request" && isOffLink(query, ia)) return failed(ia, STATUSES.notOnLink);
  const { here, stale, loose } = holdingsOf(query, ia);
  if (here.length === 0) return allocate(query, ia, loose, stale);
  const grants = here.map((held) => again(query, ia, held));
  return { ia, grants, stale, wrong: [], status: STATUSES.granted };
}

/**
 * Renew and Rebind (RFC 8415 18.3.4, 18.3.5); `undefined` when nothing is to be said of the IA. Leases that
 * no longer fit end and are replaced. A binding that is not known is made again with the prefixes it names,
 * if these are free and such as would be delegated here: so a client keeps its prefix although the server
 * has lost its leases.
 */
export function extend(query: Query, ia: IaAsked): IaResult | undefined {
  const { here, stale, loose } = holdingsOf(query, ia);
  const manners = mannersOf(query.state.config);
  if (here.length > 0) {
    const grants = here.map((held) => again(query, ia, held));
    const status = query.type === "renew" ? STATUSES.extended : undefined;
    const wrong = manners.corrects ? wrongOnes(query, ia, grants, stale) : [];
    return { ia, grants, stale, wrong, status };
  }
  if (stale.length > 0) {
    const { grants } = allocate(query, ia, loose, stale);
    return { ia, grants, stale, wrong: wrongOnes(query, ia, grants, stale), status: undefined };
  }
  if (query.type === "renew" && !manners.revives) return failed(ia, STATUSES.noBinding);
  // An IA without leases is still wanted (RFC 8415 18.2.4): NoBinding would send dhcpcd back to Request at
  // every T1.
  if (query.type === "renew" && ia.named.length === 0) return { ...allocate(query, ia, loose, []), stale };
  return revive(query, ia, loose);
}

/**
 * Release and Decline of an IA (RFC 8415 18.3.7, 18.3.8): the leases it names that are its own, or
 * `undefined` for an unknown IA. One that is named with an excluded part it never had makes the IA unknown
 * (RFC 6603 6.2).
 */
export function givenUpBy(query: Query, ia: IaAsked): readonly Held[] | undefined {
  const { table } = query.state.ledger;
  const { givesUp } = mannersOf(query.state.config);
  const bound = table.find(query.client, ia.type, ia.iaid).filter((id) => table.stateOf(id) === "bound");
  const leases = bound.map((id) => ({ id, lease: table.read(id) }));
  if (leases.length === 0 || leases.some(({ lease }) => isMistaken(query, ia, lease))) return undefined;
  return leases.filter(({ lease }) => ia.named.some((named) => givesUp(named, lease.prefix)));
}

/** An IA that is answered with a status only; what is stale ends all the same. */
export const failed = (ia: IaAsked, status: StatusOption, stale: readonly Held[] = []): IaResult => ({
  ia,
  grants: [],
  stale,
  wrong: [],
  status,
});

/** What is loose are hints like the client's own, only less dear. */
function allocate(query: Query, ia: IaAsked, loose: readonly LeaseId[], stale: readonly Held[]): IaResult {
  const former = takeBack(query, loose);
  const found = findNew(query, ia, former, stale.length);
  if (typeof found === "string") return failed(ia, refusal(ia, found), stale);
  const grants = found.map((choice) => reserve(query, ia, choice, former));
  return { ia, grants, stale, wrong: [], status: STATUSES.granted };
}

function revive(query: Query, ia: IaAsked, loose: readonly LeaseId[]): IaResult | undefined {
  const former = takeBack(query, loose);
  const grants = findNamed(query, ia, former).map((choice) => reserve(query, ia, choice, former));
  const renew = query.type === "renew";
  if (grants.length === 0 && renew) return failed(ia, STATUSES.noBinding);
  const all = wrongOnes(query, ia, grants, []);
  // What a limit stands against is not wrong: the client may use it on and ask again.
  const wrong = grants.length > 0 ? all : all.filter((prefix) => !isFreeHere(query, ia.type, prefix));
  if (grants.length === 0 && wrong.length === 0) return undefined;
  return { ia, grants, stale: [], wrong, status: renew ? STATUSES.extended : undefined };
}

/** An existing lease, with lifetimes that begin anew. */
function again(query: Query, ia: IaAsked, { id, lease, poolClass }: HeldHere): Grant {
  const { prefix } = lease;
  const { preferred, valid } = mannersOf(query.state.config).renewed(poolClass.bounds, lease, ia.lifetimes);
  const excluded = excludedFrom(query, poolClass, prefix);
  return { id, prefix, bounds: poolClass.bounds, excluded, before: lease, preferred, valid };
}

/** Keeps a new prefix from everybody else. */
function reserve(query: Query, ia: IaAsked, { prefix, poolClass }: Choice, { rested }: Former): Grant {
  const { preferred, valid } = mannersOf(query.state.config).lifetimes(poolClass.bounds, ia.lifetimes);
  const id = enter(query.state.ledger, {
    iaType: ia.type,
    duid: query.client,
    iaid: ia.iaid,
    prefix,
    state: "offered",
    preferred,
    valid,
    t1: seconds(0),
    t2: seconds(0),
    since: query.now,
    until: millis(query.now + OFFER_MILLIS),
    interfaceName: query.link.name,
    clientAddress: query.from,
    trail: undefined,
    key: undefined,
  });
  if (rested.some((one) => samePrefix(one, prefix))) query.state.ledger.again.add(id);
  const excluded = excludedFrom(query, poolClass, prefix);
  return { id, prefix, bounds: poolClass.bounds, excluded, before: undefined, preferred, valid };
}

const isFreeHere = (query: Query, iaType: IaType, prefix: Prefix): boolean =>
  classFor(query, iaType, prefix) !== undefined && isAvailable(query.state, prefix, query.reservation);

const refusal = ({ type }: IaAsked, why: Refusal): StatusOption =>
  REFUSALS[why][type === "pd" ? "prefix" : "address"];

/** Addresses only: a prefix that is not had here is replaced, an address tells that the client has moved. */
const isOffLink = (query: Query, { type, named }: IaAsked): boolean =>
  type !== "pd" && named.some((prefix) => fitness(query, type, prefix) === "wrong");

/**
 * What the IA names besides the leases of its binding. A Renew is for this server, so all of it is wrong;
 * of a Rebind only what cannot be valid here, for the rest may be another server's.
 */
function wrongOnes(
  query: Query,
  ia: IaAsked,
  grants: readonly Grant[],
  stale: readonly Held[],
): readonly Prefix[] {
  const wrong: Prefix[] = [];
  for (const named of ia.named) {
    const prefix = masked({ address: named.address, length: named.length });
    const isSame = (other: Prefix): boolean => samePrefix(other, prefix);
    if (grants.some((grant) => isSame(grant.prefix)) || wrong.some(isSame)) continue;
    if (stale.some(({ lease }) => isSame(lease.prefix))) continue;
    if (query.type === "renew" || fitness(query, ia.type, prefix) !== "elsewhere") wrong.push(prefix);
  }
  return wrong;
}

/** True when the client names the lease with an excluded part that it does not have. */
function isMistaken(query: Query, ia: IaAsked, { prefix }: Lease): boolean {
  const { givesUp } = mannersOf(query.state.config);
  const named = ia.named.find((candidate: NamedPrefix) => givesUp(candidate, prefix));
  if (named?.excluded === undefined) return false;
  const exclude = classFor(query, ia.type, prefix)?.exclude;
  return exclude === undefined || !samePrefix(named.excluded, partOf(prefix, exclude));
}
