import type { Lease } from "../shared/lease/lease.js";
import { appended } from "../shared/lists.js";
import type { ClientServerType } from "../shared/wire/codes.js";
import type { Story } from "./story.js";

/**
 * Why a lease came, stayed or went: the client's message that it was about, by its name in lower case
 * (`solicit` with Rapid Commit); `expire` when its valid lifetime ended, `operator` when an operator ended it,
 * `withdraw` when it no longer fitted the configuration as its client came.
 */
export type LeaseReason = ClientServerType | "expire" | "operator" | "withdraw";

/**
 * What happened to a lease. `lease` is what is stored now, of `delete` what it was. `former` is what it was
 * before an `update` that has moved it to another address of its client, another relay or another link.
 */
export interface LeaseEvent {
  readonly action: "add" | "update" | "delete";
  readonly reason: LeaseReason;
  readonly lease: Lease;
  readonly former: Lease | undefined;
}

/** The end of a lease. */
export const ended = (lease: Lease, reason: LeaseReason): LeaseEvent => ({
  action: "delete",
  reason,
  lease,
  former: undefined,
});

const event = (action: "add" | "update", reason: LeaseReason, lease: Lease, former?: Lease): LeaseEvent => ({
  action,
  reason,
  lease,
  former,
});

/** What a Reply has changed, what went first: its prefix may have come again with another lease. */
export function eventsOf({ added, kept, moved, ended: gone }: Story, type: ClientServerType): LeaseEvent[] {
  const isGivenUp = type === "release" || type === "decline";
  let events: LeaseEvent[] | undefined;
  for (const lease of gone) events = appended(events, ended(lease, isGivenUp ? type : "withdraw"));
  for (const lease of added) events = appended(events, event("add", type, lease));
  for (const lease of kept) events = appended(events, event("update", type, lease));
  for (const { before, after } of moved) events = appended(events, event("update", type, after, before));
  return events ?? [];
}
