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
import { STATUSES, type StatusOption } from "./status.js";

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
  const isRelease = type === "release";
  for (const lease of story.ended) {
    if (isRelease) log(outcome, "SERVER-LEASE-RELEASED", valuesOf(lease));
    else log(outcome, "SERVER-LEASE-WITHDRAWN", valuesOf(lease));
  }
  logRefusals(query, answer, outcome);
}

function logRefusals({ link, client }: Query, { results, ignored }: Answer, outcome: Outcome): void {
  const isRefused = (reason: StatusOption): boolean => results.some(({ status }) => status === reason);
  const whom = (): LogValues => ({ client: () => formatDuid(client), interface: link.name });
  if (isRefused(STATUSES.noPrefix)) log(outcome, "SERVER-NO-PREFIX", whom());
  if (isRefused(STATUSES.noPrefixAllowed)) {
    log(outcome, "SERVER-CLIENT-LIMIT", { limit: link.settings.clientMaxLease, ...whom() });
  }
  if (ignored > 0) log(outcome, "SERVER-IA-LIMIT", { limit: IA_LIMIT, ignored, ...whom() });
}

const valuesOf = (lease: Lease): LogValues => ({
  prefix: () => formatPrefix(lease.prefix),
  client: () => formatDuid(lease.duid),
  interface: lease.interfaceName,
  seconds: lease.valid,
});

const placeOf = ({ clientAddress, interfaceName }: Lease): string =>
  `${formatIp6(clientAddress)} on ${interfaceName}`;

function leasesOf({ results, released }: Answer): string {
  const granted = results.flatMap(({ grants }) => grants.map(({ prefix }) => formatPrefix(prefix)));
  const returned = released.map(({ lease }) => `${formatPrefix(lease.prefix)} given back`);
  return [...granted, ...returned].join(", ") || "no lease";
}
