import { asDuid, asIp6, asPrefix, asPrefixes } from "../shared/log-form.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix, type Prefix } from "../shared/prefix.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import type { LogId, LogValue, LogValues } from "../shared/catalogue.js";
import type { Answer } from "./answers.js";
import { IA_LIMIT } from "./ia.js";
import { log, type Outcome } from "./outcome.js";
import type { Query } from "./query.js";
import type { Story } from "./story.js";
import type { Refusal } from "./search.js";
import { REFUSALS } from "./status.js";
import { warn } from "./warn.js";

/**
 * What an operator wants to read of an answered message: the answer, each lease that changed, what was
 * refused.
 */
export function logAnswer(query: Query, answer: Answer, story: Story, outcome: Outcome): void {
  const { link, client, from, type } = query;
  log(outcome, "SERVER-ANSWERED", {
    type: MESSAGE_LABEL[type],
    from: asIp6(from),
    interface: link.name,
    client: asDuid(client),
    answer: MESSAGE_LABEL[answer.type],
    leases: leasesOf(answer),
  });
  for (const lease of story.added) log(outcome, "SERVER-LEASE-ADDED", valuesOf(lease));
  for (const { before, after } of story.moved) {
    log(outcome, "SERVER-LEASE-MOVED", {
      ...valuesOf(after),
      old: () => placeOf(before),
      new: () => placeOf(after),
    });
  }
  for (const lease of story.ended) {
    if (type === "release") log(outcome, "SERVER-LEASE-RELEASED", valuesOf(lease));
    else if (type === "decline") log(outcome, "SERVER-ADDRESS-DECLINED", valuesOf(lease));
    else log(outcome, "SERVER-LEASE-WITHDRAWN", valuesOf(lease));
  }
  logRefusals(query, answer, outcome);
}

function logRefusals(query: Query, { results, ignored }: Answer, outcome: Outcome): void {
  const refused = results.filter(({ grants }) => grants.length === 0);
  if (refused.length === 0 && ignored === 0) return;
  const { link, client } = query;
  const say = (id: LogId, more: LogValues = {}): void => {
    warn(query, outcome, id, { client: asDuid(client), interface: link.name, ...more });
  };
  const isRefused = (why: Refusal, what: "prefix" | "address"): boolean =>
    refused.some(({ status }) => status === REFUSALS[why][what]);
  const isRefusedAny = (why: Refusal): boolean => isRefused(why, "prefix") || isRefused(why, "address");
  if (NOTHING_FOR_IT.some((why) => isRefused(why, "prefix"))) say("SERVER-NO-PREFIX");
  // Most links have no addresses to give, and most clients ask for one all the same: that is not told.
  if (isRefused("exhausted", "address") || isRefused("access", "address")) say("SERVER-NO-ADDRESS");
  if (isRefusedAny("client limit")) say("SERVER-CLIENT-LIMIT", { limit: link.settings.clientMaxLease });
  if (isRefusedAny("rate")) say("SERVER-LEASE-RATE");
  if (isRefusedAny("exclusion")) say("SERVER-NO-EXCLUSION");
  if (ignored > 0) say("SERVER-IA-LIMIT", { limit: IA_LIMIT, ignored });
}

const NOTHING_FOR_IT = ["exhausted", "no class", "access"] as const;

const valuesOf = (lease: Lease): LogValues => ({
  prefix: asPrefix(lease.prefix),
  client: asDuid(lease.duid),
  interface: lease.interfaceName,
  seconds: lease.valid,
});

const placeOf = ({ clientAddress, interfaceName, trail }: Lease): string => {
  const relay = trail === undefined ? "" : ` by ${formatIp6(trail.relay)}`;
  return `${formatIp6(clientAddress)} on ${interfaceName}${relay}`;
};

function leasesOf({ results, givenUp }: Answer): LogValue {
  if (givenUp.length > 0) return () => returnedText(results, givenUp);
  const granted: Prefix[] = [];
  for (const { grants } of results) for (const { prefix } of grants) granted.push(prefix);
  return granted.length === 0 ? "no lease" : asPrefixes(granted);
}

function returnedText(results: Answer["results"], givenUp: Answer["givenUp"]): string {
  const granted = results.flatMap(({ grants }) => grants.map(({ prefix }) => formatPrefix(prefix)));
  const returned = givenUp.map(({ lease }) => `${formatPrefix(lease.prefix)} given back`);
  return [...granted, ...returned].join(", ");
}
