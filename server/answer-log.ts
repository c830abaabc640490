import { formatDuid } from "../shared/duid.js";
import type { Lease } from "../shared/lease/lease.js";
import { formatIp6, formatPrefix } from "../shared/prefix.js";
import { MESSAGE_LABEL } from "../shared/wire/codes.js";
import type { LogValues } from "../shared/catalogue.js";
import type { Answer } from "./answers.js";
import { IA_LIMIT } from "./ia.js";
import { log, type Outcome } from "./outcome.js";
import type { Query } from "./query.js";
import type { Story } from "./settle.js";
import type { Refusal } from "./search.js";
import { REFUSALS } from "./status.js";

/**
 * What an operator wants to read of an answered message: the answer, each lease that changed, what was
 * refused.
 */
export function logAnswer(query: Query, answer: Answer, story: Story, outcome: Outcome): void {
  const { link, client, from, type } = query;
  log(outcome, "SERVER-ANSWERED", {
    type: MESSAGE_LABEL[type],
    from: () => formatIp6(from),
    interface: link.name,
    client: () => formatDuid(client),
    answer: MESSAGE_LABEL[answer.type],
    leases: () => leasesOf(answer),
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

function logRefusals({ link, client }: Query, { results, ignored }: Answer, outcome: Outcome): void {
  const whom = (): LogValues => ({ client: () => formatDuid(client), interface: link.name });
  const isRefused = (why: Refusal, what: "prefix" | "address"): boolean =>
    results.some(({ status }) => status === REFUSALS[why][what]);
  const isRefusedAny = (why: Refusal): boolean => isRefused(why, "prefix") || isRefused(why, "address");
  if (isRefused("exhausted", "prefix")) log(outcome, "SERVER-NO-PREFIX", whom());
  // Most links have no addresses to give, and most clients ask for one all the same.
  if (isRefused("exhausted", "address") && link.classes.na.length > 0)
    log(outcome, "SERVER-NO-ADDRESS", whom());
  if (isRefusedAny("client limit")) {
    log(outcome, "SERVER-CLIENT-LIMIT", { limit: link.settings.clientMaxLease, ...whom() });
  }
  if (isRefusedAny("rate")) log(outcome, "SERVER-LEASE-RATE", whom());
  if (isRefusedAny("exclusion")) log(outcome, "SERVER-NO-EXCLUSION", whom());
  if (ignored > 0) log(outcome, "SERVER-IA-LIMIT", { limit: IA_LIMIT, ignored, ...whom() });
}

const valuesOf = (lease: Lease): LogValues => ({
  prefix: () => formatPrefix(lease.prefix),
  client: () => formatDuid(lease.duid),
  interface: lease.interfaceName,
  seconds: lease.valid,
});

const placeOf = ({ clientAddress, interfaceName, trail }: Lease): string => {
  const relay = trail === undefined ? "" : ` by ${formatIp6(trail.relay)}`;
  return `${formatIp6(clientAddress)} on ${interfaceName}${relay}`;
};

function leasesOf({ results, givenUp }: Answer): string {
  const granted = results.flatMap(({ grants }) => grants.map(({ prefix }) => formatPrefix(prefix)));
  const returned = givenUp.map(({ lease }) => `${formatPrefix(lease.prefix)} given back`);
  return [...granted, ...returned].join(", ") || "no lease";
}
