import { isoTime } from "../../../shared/edge/local-time.js";
import { millis } from "../../../shared/brand.js";
import { JOURNAL_SIZE, journalOf, slotOctets, slotOf } from "../../../shared/lease/journal.js";
import { sameOctets } from "../../../shared/octets.js";
import { decodeEvent, encodeEvent, encodeResync } from "../../../server/event-entry.js";
import { eventLine, gapLine, parseSubscription, readFileEnd } from "../../../server/event-line.js";
import type { LeaseEvent } from "../../../server/lease-event.js";
import { leaseOf, trailOf } from "../../lease/model.js";
import { must, octetsOf, target } from "../target.js";

const AT = millis(1.7e12);
const EVENT: LeaseEvent = { action: "add", reason: "request", lease: leaseOf(1), former: undefined };
const EVENTS: readonly LeaseEvent[] = [
  EVENT,
  {
    ...EVENT,
    action: "update",
    reason: "rebind",
    lease: leaseOf(2, { trail: trailOf(9) }),
    former: leaseOf(2),
  },
  { ...EVENT, action: "delete", reason: "expire", lease: leaseOf(3, { interfaceName: "x".repeat(200) }) },
];

/** An entry of the journal, in its slot, and the line of it. */
const entry = target({
  name: "event-entry",
  entries: ["journalOf", "decodeEvent", "eventLine"],
  covers: ["shared/lease/journal", "server/event-entry"],
  shape: "octets",
  seeds: () => [...EVENTS.map((event) => encodeEvent(event, AT)), encodeResync(AT)],
  rounds: 3000,
  run(input) {
    const journal = journalOf((slot) => (slot === 0 ? input : undefined));
    must(Number.isNaN(journal.last()) || journal.read(2) === undefined, "one slot is one entry");
    const number = JOURNAL_SIZE + 1;
    const kept = journalOf((slot) =>
      slot === slotOf(number) ? slotOctets({ number, octets: input }) : undefined,
    );
    must(kept.last() === number, "the latest is found");
    must(sameOctets(kept.read(number) ?? new Uint8Array(), input), "an entry comes back");
    const event = decodeEvent(input);
    const line = eventLine(number, event, isoTime);
    must(!line.includes("\n"), "one line", line);
    const { seq } = JSON.parse(line) as { readonly seq: unknown };
    must(seq === number, "the number is in it", line);
  },
});

/** What a subscriber sends, and how a file of events ends. */
const lines = target({
  name: "event-lines",
  entries: ["parseSubscription", "readFileEnd"],
  covers: ["server/event-line"],
  shape: "text",
  tokens: ['"seq"', '"after"', '"gap"', "1234", "null", "{}", "1e999", '"__proto__"'],
  seeds: () => [
    octetsOf('{"after":1234}'),
    octetsOf(`${eventLine(1, decodeEvent(encodeEvent(EVENT, AT)), isoTime)}\n${gapLine(1, 2)}\n{"seq":3,`),
  ],
  rounds: 2000,
  run(input) {
    const after = parseSubscription(new TextDecoder().decode(input));
    must(
      typeof after === "string" || (Number.isSafeInteger(after) && after >= 0),
      "a number or a fault",
      after,
    );
    const { whole, seq } = readFileEnd(input);
    must(whole === 0 || input[whole - 1] === 10, "whole lines have an end", whole);
    must(!input.subarray(whole).includes(10), "the rest has none", whole);
    must(seq === undefined || (Number.isSafeInteger(seq) && seq > 0), "a number of an event", seq);
  },
});

/** Lease events for other programs. */
export const EVENT_TARGETS = [entry, lines];
