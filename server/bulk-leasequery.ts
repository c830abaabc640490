import type { Millis } from "../shared/brand.js";
import { type Duid, sameDuid } from "../shared/duid.js";
import { type Lease, type LeaseId, leaseId } from "../shared/lease/lease.js";
import type { LeaseTable } from "../shared/lease/table.js";
import type { DropId } from "../shared/proto/validity.js";
import { type ClientServerMessage, clientServerMessage } from "../shared/wire/message.js";
import { find, type OptionValue } from "../shared/wire/options.js";
import { clientData, HOLDING_LIMIT, type Holding, liveLease } from "./client-data.js";
import { holdingAt, isOn, leasequeryReply } from "./leasequery.js";
import type { Link } from "./links.js";
import { type Question, readQuestion, whyNoQuestion } from "./question.js";
import type { ServerState } from "./state.js";
import { STATUSES, type StatusOption } from "./status.js";
import { relayLevels } from "./trail.js";

/**
 * How far the answer to a bulk query has come. Leases may come and go between two slices: each is looked up
 * anew, and which ones have been told of is remembered by number, so that no lease is told twice and none
 * that stays is left out.
 */
export interface BulkCursor extends Places {
  readonly query: ClientServerMessage;
  readonly codes: ReadonlySet<number>;
  /** The next place to look at. */
  at: number;
  /** A bit for each number below `limit`. */
  readonly told: Uint8Array;
  /** The LEASEQUERY-REPLY has been made. */
  replied: boolean;
}

/** Where to look for leases, and which of them count. */
interface Places {
  /** These leases, or every number below `limit`. */
  readonly ids: readonly LeaseId[] | undefined;
  /** What has a number from here on came after the query. */
  readonly limit: number;
  readonly fits: (lease: Lease) => boolean;
}

/** How the answer to a query over TCP begins: not at all, with its only message, or with a cursor. */
export type BulkStart =
  | { readonly type: "dropped"; readonly reason: DropId }
  | { readonly type: "answered"; readonly message: ClientServerMessage }
  | { readonly type: "begun"; readonly cursor: BulkCursor };

/** The next messages of an answer, in their order; `done` when they are the last. */
export interface BulkSlice {
  readonly messages: readonly ClientServerMessage[];
  readonly done: boolean;
}

/** Messages in one slice, each of at most 64 KiB. */
const SLICE_MESSAGES = 32;

/** Begins the answer to a Leasequery that came over TCP at `link` (RFC 5460 5.4). Changes nothing. */
export function startBulk(
  state: ServerState,
  link: Link,
  query: ClientServerMessage,
  now: Millis,
): BulkStart {
  const reason = whyNoQuestion(state, query);
  if (reason !== undefined) return { type: "dropped", reason };
  const question = link.settings.leasequery ? readQuestion(state, query, "tcp") : STATUSES.notAllowed;
  const places = "name" in question ? question : placesFor(state, question, now);
  if ("name" in places) return { type: "answered", message: leasequeryReply(state, query, [places]) };
  const codes = "name" in question ? new Set<number>() : question.codes;
  const told = new Uint8Array((places.limit + 7) >> 3);
  return { type: "begun", cursor: { ...places, query, codes, at: 0, told, replied: false } };
}

/**
 * Goes on with an answer: looks at some `limit` leases and gives the messages that come of it. Clients whose
 * leases have gone meanwhile are not told of. Not to be called again once it is done.
 */
export function continueBulk(state: ServerState, cursor: BulkCursor, now: Millis, limit: number): BulkSlice {
  const messages: ClientServerMessage[] = [];
  const end = cursor.ids === undefined ? cursor.limit : cursor.ids.length;
  let looked = 0;
  while (looked < limit && messages.length < SLICE_MESSAGES) {
    if (cursor.at >= end) return { messages: [...messages, ...ending(state, cursor)], done: true };
    const holding = take(state, cursor, nextPlace(cursor), now);
    looked += holding === undefined ? 1 : state.ledger.table.countOf(holding.client);
    if (holding !== undefined) messages.push(tell(state, cursor, holding, now));
  }
  return { messages, done: false };
}

/** The end of an answer that cannot be finished (RFC 5460 5.3). */
export const terminateBulk = (state: ServerState, { query, replied }: BulkCursor): ClientServerMessage =>
  replied
    ? clientServerMessage("leasequeryDone", query.xid, [STATUSES.queryTerminated])
    : leasequeryReply(state, query, [STATUSES.queryTerminated]);

/** Where the leases are that a question is about, or the status that answers it. */
function placesFor(state: ServerState, { subject, link }: Question, now: Millis): Places | StatusOption {
  const { table } = state.ledger;
  const everywhere = (fits: (lease: Lease) => boolean): Places => ({
    ids: undefined,
    limit: table.idLimit(),
    fits: (lease) => isOn(link, lease.interfaceName) && fits(lease),
  });
  switch (subject.by) {
    case "address": {
      const found = holdingAt(state, link, subject.address, now);
      if (found === undefined) return NOWHERE;
      return "name" in found ? found : ofClient(table, found.client, (name) => name === found.link);
    }
    case "clientId":
      return ofClient(table, subject.client, (name) => isOn(link, name));
    case "relayId":
      return everywhere((lease) => cameThrough(lease, subject.relay));
    case "linkAddress":
      return everywhere(() => true);
    case "remoteId":
      return everywhere((lease) => cameFrom(lease, subject.line));
    default:
      return subject satisfies never;
  }
}

const NOWHERE: Places = { ids: [], limit: 0, fits: () => false };

function ofClient(table: LeaseTable, client: Duid, isWanted: (link: string) => boolean): Places {
  const ids = table.ofClient(client);
  const limit = ids.reduce((most, id) => Math.max(most, id + 1), 0);
  return { ids, limit, fits: (lease) => sameDuid(lease.duid, client) && isWanted(lease.interfaceName) };
}

const cameThrough = (lease: Lease, relay: Duid): boolean =>
  relayLevels(lease).some(({ options }) => {
    const id = find(options, "relayId");
    return id !== undefined && sameDuid(id, relay);
  });

const cameFrom = (lease: Lease, line: OptionValue<"remoteId">): boolean =>
  relayLevels(lease).some(({ options }) => {
    const remote = find(options, "remoteId");
    return remote?.enterprise === line.enterprise && sameOctets(remote.id, line.id);
  });

const sameOctets = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((octet, i) => octet === b[i]);

function nextPlace(cursor: BulkCursor): LeaseId {
  const place = cursor.at;
  cursor.at += 1;
  return cursor.ids?.[place] ?? leaseId(place);
}

/**
 * A lease together with the others of its client on its link, as far as none of them has been told of. What
 * does not fit into one message comes when its own place is reached.
 */
function take(state: ServerState, cursor: BulkCursor, id: LeaseId, now: Millis): Holding | undefined {
  const lease = candidate(state, cursor, id, now);
  if (lease === undefined) return undefined;
  const { duid: client, interfaceName: link } = lease;
  const leases = [lease];
  mark(cursor, id);
  for (const other of state.ledger.table.ofClient(client)) {
    if (leases.length >= HOLDING_LIMIT) break;
    const more = candidate(state, cursor, other, now);
    if (more?.interfaceName !== link) continue;
    leases.push(more);
    mark(cursor, other);
  }
  return { client, link, leases };
}

function candidate(state: ServerState, cursor: BulkCursor, id: LeaseId, now: Millis): Lease | undefined {
  if (id >= cursor.limit || isMarked(cursor, id)) return undefined;
  const lease = liveLease(state, id, now);
  return lease !== undefined && cursor.fits(lease) ? lease : undefined;
}

const isMarked = ({ told }: BulkCursor, id: LeaseId): boolean =>
  ((told[id >> 3] ?? 0) & (1 << (id & 7))) !== 0;

function mark({ told }: BulkCursor, id: LeaseId): void {
  told[id >> 3] = (told[id >> 3] ?? 0) | (1 << (id & 7));
}

/** The first client comes in the Reply, each further one in a message of its own (RFC 5460 5.3). */
function tell(state: ServerState, cursor: BulkCursor, holding: Holding, now: Millis): ClientServerMessage {
  const data = [clientData(state, holding, cursor.codes, now)];
  if (cursor.replied) return clientServerMessage("leasequeryData", cursor.query.xid, data);
  cursor.replied = true;
  return leasequeryReply(state, cursor.query, data);
}

/** LEASEQUERY-DONE, or a Reply alone when there was nothing to tell (RFC 5460 5.3). */
const ending = (state: ServerState, { query, replied }: BulkCursor): readonly ClientServerMessage[] =>
  replied ? [clientServerMessage("leasequeryDone", query.xid, [])] : [leasequeryReply(state, query, [])];
