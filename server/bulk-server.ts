import type { Millis } from "../shared/brand.js";
import type { LogId, LogValues } from "../shared/catalogue.js";
import { type FrameSource, joinFrames } from "../shared/wire/tcp-frames.js";
import { type ClientServerMessage, decodeMessage, encodeMessage } from "../shared/wire/message.js";
import { type BulkCursor, continueBulk, startBulk, terminateBulk } from "./bulk-leasequery.js";
import { askedBy } from "./question.js";
import { summaryOf } from "./receive-leasequery.js";
import type { ServerState } from "./state.js";

/** What a TCP listener on an interface asks and tells; see `openTcp`. */
export interface BulkService {
  readonly onListening: (address: string, port: number) => void;
  readonly onConnection: () => void;
  /** The answer to a frame, or `undefined` for one that no requestor sends. */
  readonly answer: (request: Uint8Array, from: string) => FrameSource | undefined;
  readonly onClosed: (from: string, reason: string) => void;
  readonly onRefused: (from: string, reason: string) => void;
  readonly onTrouble: (sentence: string) => void;
}

/** What the service is made of. */
export interface BulkParts {
  readonly state: ServerState;
  readonly interfaceName: string;
  /** Unix time. */
  readonly now: () => Millis;
  readonly log: (id: LogId, values: LogValues) => void;
}

/** Leases to look at in one turn of the event loop: a few milliseconds at most. */
const SLICE_LEASES = 500;

/** Bulk Leasequery on one interface, for `openTcp` (RFC 5460). */
export function createBulkService(parts: BulkParts): BulkService {
  const { state, interfaceName, log } = parts;
  const { bulk } = state.counters;
  const closed = (from: string, reason: string): void => {
    log("SERVER-BULK-CLOSED", { from, interface: interfaceName, reason });
  };
  return {
    onListening(address, port) {
      log("SERVER-BULK-LISTENING", { interface: interfaceName, address, port });
    },
    onConnection() {
      bulk.connections += 1;
    },
    answer: (request, from) => answerFrame(parts, request, from),
    onClosed: closed,
    onRefused(from, reason) {
      bulk.refused += 1;
      closed(from, reason);
    },
    onTrouble(sentence) {
      log("SERVER-BULK-TROUBLE", { interface: interfaceName, sentence });
    },
  };
}

/**
 * Silence would leave a requestor waiting for minutes, so that a query without answer ends the connection as
 * junk does.
 */
function answerFrame(parts: BulkParts, request: Uint8Array, from: string): FrameSource | undefined {
  const { state, interfaceName, now } = parts;
  const decoded = decodeMessage(request);
  const link = state.network.links.get(interfaceName);
  if (!decoded.ok || link === undefined) return undefined;
  const { message } = decoded;
  if (message.form !== "message" || message.type !== "leasequery") return undefined;
  const start = startBulk(state, link, message, now());
  if (start.type === "dropped") return undefined;
  state.counters.bulk.queries += 1;
  parts.log("SERVER-BULK-QUERY", {
    from,
    interface: interfaceName,
    by: () => askedBy(message),
    answer: () => (start.type === "answered" ? summaryOf(start.message) : "bindings"),
  });
  return start.type === "answered" ? single(state, start.message) : inSlices(parts, start.cursor);
}

function single(state: ServerState, message: ClientServerMessage): FrameSource {
  const bytes = framesOf(state, [message]);
  return { next: () => ({ bytes, done: true }), stop: () => bytes };
}

function inSlices({ state, now }: BulkParts, cursor: BulkCursor): FrameSource {
  return {
    next() {
      const { messages, done } = continueBulk(state, cursor, now(), SLICE_LEASES);
      return { bytes: framesOf(state, messages), done };
    },
    stop: () => framesOf(state, [terminateBulk(state, cursor)]),
  };
}

function framesOf({ counters }: ServerState, messages: readonly ClientServerMessage[]): Uint8Array {
  counters.bulk.messages += messages.length;
  return joinFrames(messages.map(encodeMessage));
}
