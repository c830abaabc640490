import { describe, expect, test } from "vitest";
import { INFINITY, millis, seconds } from "../../shared/brand.js";
import { isoTime } from "../../shared/edge/local-time.js";
import { JOURNAL_SIZE } from "../../shared/lease/journal.js";
import { createMemoryStore, createStoreMemory } from "../../shared/lease/memory-store.js";
import type { LeaseStore } from "../../shared/lease/store.js";
import { decodeEvent, encodeEvent, encodeResync } from "../../server/event-entry.js";
import { eventLine, parseSubscription, readFileEnd } from "../../server/event-line.js";
import { breakEvents, createRecorder, type Recorder, wasComplete } from "../../server/serve-recorder.js";
import { createEventStream } from "../../server/event-stream.js";
import { ended, type LeaseEvent } from "../../server/lease-event.js";
import { leaseOf, trailOf } from "../lease/model.js";

const AT = millis(1_700_000_000_500);
const lineOf = (event: LeaseEvent): string => eventLine(7, decodeEvent(encodeEvent(event, AT)), isoTime);
const added = (number: number): LeaseEvent => ({
  ...{ action: "add", reason: "request", lease: leaseOf(number), former: undefined },
});

describe("events: the line of each", () => {
  const begin = '{"seq":7,"time":"2023-11-14T22:13:20.500Z","event":';
  const lease = '"prefix":"2001:db8:0:1::/64","type":"pd","client":"00:03:00:01:02:00:00:00:00:01","iaid":1,';
  const times = ',"preferred":3600,"valid":7200,"until":"2023-11-15T00:13:20.000Z"';
  const end = `${times}}`;
  const where = '"interface":"eth0","address":"2001:db8::1","relay":null';

  test.each<[string, LeaseEvent, string]>([
    ["new", added(1), `"add","reason":"request",${lease}${where}${end}`],
    [
      "moved to a relay",
      { ...added(1), action: "update", lease: leaseOf(1, { trail: trailOf(60) }), former: leaseOf(1) },
      `"update","reason":"request",${lease}"interface":"eth0","address":"2001:db8::1","relay":"2001:db8::1"${times},"former":{${where}}}`,
    ],
    ["expired", ended(leaseOf(1), "expire"), `"delete","reason":"expire",${lease}${where}${end}`],
  ])("%s", (_what, event, expected) => {
    expect(lineOf(event)).toBe(begin + expected);
  });

  test("an address without end, of a link with a strange name -> no date, one line", () => {
    const strange = leaseOf(1, {
      ...{ valid: INFINITY, preferred: seconds(1), until: millis(Infinity) },
      interfaceName: 'e"\n\u2028th',
    });
    const line = lineOf({ ...added(1), lease: strange });
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toMatchObject({ until: null, valid: 4294967295, interface: 'e"\n\u2028th' });
  });

  test("a key and a relay's message are not kept", () => {
    const full = leaseOf(1, { key: new Uint8Array(16).fill(9), trail: trailOf(500) });
    const event = decodeEvent(encodeEvent({ ...added(1), lease: full }, AT));
    expect(event).toMatchObject({ lease: { key: undefined, trail: { message: new Uint8Array() } } });
  });

  test("missed, or not to be read -> resync", () => {
    const missed = eventLine(7, decodeEvent(encodeResync(AT)), isoTime);
    expect(missed).toBe('{"seq":7,"time":"2023-11-14T22:13:20.500Z","event":"resync"}');
    expect(eventLine(8, undefined, isoTime)).toBe('{"seq":8,"time":null,"event":"resync"}');
  });

  test("octets that are cut anywhere, or changed at their beginning -> cannot be read", () => {
    const octets = encodeEvent({ ...added(1), former: leaseOf(2) }, AT);
    for (let length = 0; length < octets.length; length++) {
      const event = decodeEvent(octets.slice(0, length));
      // Without its second lease it is whole as well.
      if (event !== undefined) expect(event).toMatchObject({ former: undefined });
    }
    for (const [at, value] of [
      [0, 2],
      [1, 9],
      [2, 0],
    ] as const)
      expect(decodeEvent(octets.with(at, value))).toBeUndefined();
  });
});

describe("events: what comes in", () => {
  test.each([
    ['{"after":0}', 0],
    ['{"after":1234,"more":1}', 1234],
    ['{"after":-1}', undefined],
    ['{"after":1.5}', undefined],
    ['{"after":"1"}', undefined],
    ["{}", undefined],
    ["null", undefined],
    ["GET / HTTP/1.1", undefined],
    ["", undefined],
  ])("a subscriber says %s", (line, expected) => {
    expect(parseSubscription(line)).toBe(expected ?? 'send {"after":NUMBER}, or nothing');
  });

  test.each([
    ["nothing", "", 0, undefined],
    ["whole lines", '{"seq":1}\n{"seq":2}\n', 20, 2],
    ["a torn one", '{"seq":1}\n{"seq":2', 10, 1],
    ["the beginning is cut", 'q":1}\n{"seq":22}\n', 17, 22],
    ["a gap at the end", '{"seq":4}\n{"gap":2,"first":4}\n', 30, 4],
    ["something else", "root:x:0:0\n", 11, undefined],
    ["no number", '{"seq":"1"}\n{"seq":-1}\n', 23, undefined],
  ])("the end of a file: %s", (_what, text, whole, seq) => {
    expect(readFileEnd(new TextEncoder().encode(text))).toEqual({ whole, seq });
  });
});

describe("events: numbers", () => {
  const START = Uint8Array.of(0, 0, 0, 1);

  function rig(store: LeaseStore = createMemoryStore(), isComplete = true) {
    let woken = 0;
    const recorder = createRecorder({
      ...{ store, now: () => AT, start: START, isComplete },
      onEvents: () => {
        woken++;
      },
    });
    const stream = createEventStream(store.journal, recorder.last, isoTime);
    return { store, recorder, stream, woken: () => woken };
  }

  async function commit(store: LeaseStore, recorder: Recorder, events: readonly LeaseEvent[]): Promise<void> {
    await store.commit(
      [],
      [],
      recorder.enter(() => events),
    );
    recorder.committed(false);
  }
  const shown = (lines: readonly string[]): readonly unknown[] =>
    lines.map((line) => {
      const { seq, gap, first, event } = JSON.parse(line) as Readonly<Record<string, string | number>>;
      return gap === undefined ? `${String(seq)} ${String(event)}` : `gap ${String(gap)} ${String(first)}`;
    });

  test("off -> nothing is entered, events are not even made", () => {
    const { recorder, store } = rig();
    const entries = recorder.enter(() => {
      throw new Error("not wanted");
    });
    recorder.committed(false);
    expect([entries, store.journal.last()]).toEqual([[], 0]);
  });

  test("a commit that fails gives its numbers back; one that is durable wakes readers", async () => {
    const { recorder, store, stream, woken } = rig();
    await recorder.on(true);
    expect(recorder.enter(() => [added(1), added(2)]).map(({ number }) => number)).toEqual([1, 2]);
    recorder.failed();
    expect([recorder.last(), woken()]).toEqual([0, 0]);
    await commit(store, recorder, [added(3)]);
    expect([recorder.last(), woken()]).toEqual([1, 1]);
    expect(shown(stream.take(0, 10).lines)).toEqual(["1 add"]);
  });

  test("after a time without -> a resync goes first: at once at a start, else with the next event", async () => {
    const start = rig(createMemoryStore(), false);
    await start.recorder.on(true);
    expect(shown(start.stream.take(0, 10).lines)).toEqual(["1 resync"]);
    const reload = rig(createMemoryStore(), false);
    await reload.recorder.on(false);
    expect(wasComplete(reload.store, START)).toBe(false);
    await commit(reload.store, reload.recorder, [added(1)]);
    await commit(reload.store, reload.recorder, [added(2)]);
    expect(shown(reload.stream.take(0, 10).lines)).toEqual(["1 resync", "2 add", "3 add"]);
    expect(wasComplete(reload.store, START)).toBe(true);
  });

  test("refused in part -> a resync follows", async () => {
    const { recorder, store, stream } = rig();
    await recorder.on(true);
    await store.commit(
      [],
      [],
      recorder.enter(() => [added(1)]),
    );
    recorder.committed(true);
    await commit(store, recorder, [added(2)]);
    expect(shown(stream.take(0, 10).lines)).toEqual(["1 add", "2 resync", "3 add"]);
  });

  test("who has served before: this one with events, another start, a switch off, an import", async () => {
    const { recorder, store } = rig();
    expect(wasComplete(store, undefined)).toBe(false);
    await recorder.on(true);
    expect(wasComplete(store, START)).toBe(true);
    expect(wasComplete(store, Uint8Array.of(0, 0, 0, 2))).toBe(false);
    await recorder.off();
    expect(wasComplete(store, START)).toBe(false);
    await recorder.on(true);
    await breakEvents(store);
    expect(wasComplete(store, START)).toBe(false);
  });

  test("the journal is a ring: the oldest go, who is too late or ahead hears of a gap", async () => {
    const memory = createStoreMemory();
    const { recorder, store, stream } = rig(createMemoryStore({ memory }));
    await recorder.on(true);
    const resync = encodeResync(AT);
    const entries = Array.from({ length: JOURNAL_SIZE + 3 }, (_, n) => ({ number: n + 1, octets: resync }));
    await store.commit([], [], entries);
    expect([memory.journal.size, store.journal.last()]).toEqual([JOURNAL_SIZE, JOURNAL_SIZE + 3]);
    expect([store.journal.read(3), store.journal.read(4)]).toEqual([undefined, resync]);
    expect(shown(stream.take(0, 1).lines)).toEqual([]);
    const later = rig(store);
    await later.recorder.on(true);
    await commit(store, later.recorder, [added(1)]);
    const last = JOURNAL_SIZE + 4;
    expect(shown(later.stream.take(3, 1).lines)).toEqual(["gap 3 5", "5 resync"]);
    expect(shown(later.stream.take(4, 1).lines)).toEqual(["5 resync"]);
    expect(shown(later.stream.take(last - 1, 9).lines)).toEqual([`${last} add`]);
    expect(later.stream.take(last, 9)).toEqual({ lines: [], next: last });
    expect(shown(later.stream.take(last + 1, 1).lines)).toEqual([`gap ${last + 1} 5`, "5 resync"]);
  });
});
