import { type ControlRequest, refusal } from "../shared/control.js";
import { formatDuid } from "../shared/duid.js";
import type { Lease, LeaseId } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import { containsPrefix, formatPrefix } from "../shared/prefix.js";
import type { CommandContext, CommandDecision } from "./command.js";
import { formatEnd } from "../shared/durations.js";
import { leaseRow, type LeaseRow } from "./lease-row.js";
import { canReconfigure } from "./reconfigure.js";
import type { ServerState } from "./state.js";
import { notSubject, parseSubject, prefixOfSubject, type Subject, subjectText } from "./subject.js";

/** Leases that are ended by one command at most: all of them are one commit. */
export const RELEASE_LIMIT = 10_000;
/** Leases that are shown one by one before they are ended. */
const SHOWN = 20;

/**
 * The request of `release` for a prefix, an address or a DUID; a sentence when it is none of them. With
 * `expected` so many leases are ended, and none if they are not so many; without it, one is ended, and of
 * several it is told what would be.
 */
export function releaseRequest(subject: string, expected?: number): ControlRequest | string {
  if (parseSubject(subject) === undefined) return notSubject(subject);
  return { command: "release", subject, ...(expected === undefined ? {} : { expected }) };
}

/** How many leases the answer to a `release` says would end, for its caller to confirm; 0 when it is over. */
export const toConfirm = (data: unknown): number =>
  typeof data === "object" && data !== null && "confirm" in data && typeof data.confirm === "number"
    ? data.confirm
    : 0;

/** Decides on `{ subject, expected? }`. */
export function decideRelease(
  state: ServerState,
  { subject: text, expected }: ControlRequest,
  context: CommandContext,
): CommandDecision {
  const { table } = state.ledger;
  const subject = typeof text === "string" ? parseSubject(text) : undefined;
  if (subject === undefined) return { answer: refusal(notSubject(text)) };
  const ids = releasable(table, subject);
  if (ids.length === 0) return { answer: refusal(whyNone(table, subject)) };
  if (ids.length > RELEASE_LIMIT) {
    return { answer: refusal(`that would end ${ids.length} leases; ${RELEASE_LIMIT} at a time are allowed`) };
  }
  if (typeof expected === "number" && expected !== ids.length) {
    return { answer: refusal(`now there are ${ids.length} such leases, not ${expected}; nothing was ended`) };
  }
  const rows = ids.slice(0, SHOWN).map((id) => leaseRow(table.read(id), context.now, context.iso));
  const leases = ids.map((id) => ({ id, client: table.duidOf(id), prefix: table.prefixOf(id) }));
  if (ids.length > 1 && typeof expected !== "number") {
    const lines = [
      `${ids.length} leases would end:`,
      ...listText(rows, ids.length),
      ...advice(state, leases),
    ];
    const data = { confirm: ids.length, leases: rows };
    return { answer: { ok: true, message: lines.join("\n"), data }, isQuiet: true };
  }
  const what = ids.length === 1 ? "1 lease ends now:" : `${ids.length} leases end now:`;
  const told = typeof expected === "number" ? [] : advice(state, leases);
  const message = [what, ...listText(rows, ids.length), ...told].join("\n");
  return {
    answer: { ok: true, message, data: { confirm: 0, leases: rows } },
    event: { type: "release", leases },
  };
}

/** Leases of a client, or those that lie in a prefix; offers are no leases. */
function releasable(table: LeaseTable, subject: Subject): readonly LeaseId[] {
  const isLease = (id: LeaseId): boolean => table.stateOf(id) !== "offered";
  if (subject.by === "client") return table.ofClient(subject.client).filter(isLease);
  const prefix = prefixOfSubject(subject);
  if (prefix === undefined) return [];
  const isInside = (id: LeaseId): boolean => containsPrefix(prefix, table.prefixOf(id));
  return table.holders(prefix).filter((id) => isLease(id) && isInside(id));
}

/** Why there is nothing to end, and what was perhaps meant. */
function whyNone(table: LeaseTable, subject: Subject): string {
  const name = subjectText(subject);
  const prefix = prefixOfSubject(subject);
  if (prefix === undefined) return `client ${name} has no lease`;
  const holder = table.holder(prefix);
  if (holder === undefined) return `${name} is not leased`;
  const lease = table.read(holder);
  if (lease.state === "offered") return `${name} is only offered: that is over in a minute at most`;
  return `${name} is a part of the lease ${formatPrefix(lease.prefix)}; name that one`;
}

function listText(rows: readonly LeaseRow[], count: number): readonly string[] {
  const lines = rows.map(
    ({ prefix, client, state, remaining }) =>
      `  ${prefix} of ${client}, ${state}, ends ${formatEnd(remaining)}`,
  );
  return count > rows.length ? [...lines, `  and ${count - rows.length} more`] : lines;
}

/** What the clients will notice, and what can be done about it. */
function advice(
  state: ServerState,
  leases: readonly { readonly client: Lease["duid"] }[],
): readonly string[] {
  const clients = new Map(leases.map(({ client }) => [formatDuid(client), client]));
  const [first] = [...clients];
  const told = [
    "A client is not told: it uses its lease until it renews, and then has it again if it is free by then.",
  ];
  if (clients.size !== 1 || first === undefined || !state.config.reconfigure) return told;
  const [name, client] = first;
  if (!canReconfigure(state, client)) return told;
  return [
    ...told,
    `It has accepted Reconfigure: "dibbler-server reconfigure ${name}" lets it renew at once.`,
  ];
}
