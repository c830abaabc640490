import type { Millis } from "../shared/brand.js";
import type { Datagram } from "../shared/datagram.js";
import type { IaType, LeaseId } from "../shared/lease/lease.js";
import { decodeRecord } from "../shared/lease/record.js";
import { type Ip6, masked, type Prefix } from "../shared/prefix.js";
import type { DropId } from "../shared/proto/validity.js";
import type { Decoded, Message } from "../shared/wire/message.js";
import { find } from "../shared/wire/options.js";
import type { Answer } from "./answers.js";
import { type Concerned, note } from "./history.js";
import type { IaAsked } from "./ia.js";
import type { IncidentId } from "./incidents.js";
import type { Query } from "./query.js";
import type { Refusal } from "./search.js";
import type { Story } from "./story.js";
import type { ServerState } from "./state.js";
import { REFUSALS, STATUSES, type StatusOption } from "./status.js";
import { NOT_EVERY } from "./strict-status.js";

/** Notes what an answered message has brought about, or why it has not. */
export function noteAnswer(query: Query, answer: Answer, story: Story): void {
  const { state, now, type } = query;
  const { history } = state;
  for (const lease of story.added) note(history, now, "granted", lease);
  for (const lease of story.kept) note(history, now, KEPT[type] ?? "again", lease);
  for (const { after } of story.moved) note(history, now, "moved", after);
  for (const lease of story.ended) note(history, now, ENDED[type] ?? "withdrawn", lease);
  for (const { ia, grants, status } of answer.results) {
    if (answer.type === "advertise") {
      for (const { prefix } of grants) note(history, now, "offered", concerned(query, ia, prefix));
    }
    const refusal = grants.length > 0 ? undefined : refusalOf(ia.type, status);
    if (refusal === undefined) continue;
    const [named] = ia.named;
    note(history, now, refusal, concerned(query, ia, named && masked(named)));
  }
}

/** Notes that a datagram got no answer. */
export function noteDrop(
  { history }: ServerState,
  now: Millis,
  reason: DropId,
  decoded: Decoded,
  { from, interfaceName }: Datagram,
): void {
  const { client, address } = decoded.ok
    ? senderOf(decoded.message, from)
    : { client: NOBODY, address: from };
  note(history, now, reason, { duid: client, clientAddress: address, interfaceName });
}

/** Notes that what was decided for these leases does not count; before it is taken back. */
export function noteUndone(
  { history, ledger: { table } }: ServerState,
  ids: readonly LeaseId[],
  read: (id: LeaseId) => Uint8Array | undefined,
): void {
  for (const id of ids) {
    const stored = table.has(id) ? undefined : read(id);
    const lease = table.has(id) ? table.read(id) : stored && decodeRecord(stored);
    if (lease !== undefined) note(history, history.latest, "undone", lease);
  }
}

/** What a lease that stays was asked for with. */
const KEPT: Readonly<Partial<Record<Query["type"], IncidentId>>> = { renew: "renewed", rebind: "rebound" };
const ENDED: Readonly<Partial<Record<Query["type"], IncidentId>>> = {
  release: "released",
  decline: "declined",
};

const concerned = (
  { client, from, link }: Query,
  { type, iaid }: IaAsked,
  prefix: Prefix | undefined,
): Concerned => ({
  duid: client,
  iaType: type,
  iaid,
  prefix,
  clientAddress: from,
  interfaceName: link.name,
});

const NOBODY = new Uint8Array(0);

/** Each status is one object, so that it tells what it was made for. */
const REASONS = new Map<StatusOption, IncidentId>([
  [STATUSES.noBinding, "noBinding"],
  [NOT_EVERY, "noBinding"],
  [STATUSES.notOnLink, "notOnLink"],
  ...(Object.keys(REFUSALS) as Refusal[]).flatMap((why) =>
    [REFUSALS[why].prefix, REFUSALS[why].address].map((status) => [status, why] as const),
  ),
]);

/** Most links have no addresses to give, and most clients ask for one all the same: that is no news. */
function refusalOf(type: IaType, status: StatusOption | undefined): IncidentId | undefined {
  const id = status && REASONS.get(status);
  return id === "no class" && type !== "pd" ? undefined : id;
}

/** The innermost client and its address, as far as the message says. */
function senderOf(message: Message, from: Ip6): { readonly client: Uint8Array; readonly address: Ip6 } {
  let [inner, address]: [Message, Ip6] = [message, from];
  while (inner.form === "relay") {
    address = inner.peerAddress;
    const next = find(inner.options, "relayMessage");
    if (next === undefined) return { client: NOBODY, address };
    inner = next;
  }
  return { client: find(inner.options, "clientId") ?? NOBODY, address };
}
