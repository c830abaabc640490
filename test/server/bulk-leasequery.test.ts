import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { duid, formatDuid } from "../../shared/duid.js";
import type { LeaseId } from "../../shared/lease/lease.js";
import { DROP } from "../../shared/proto/validity.js";
import { STATUS } from "../../shared/wire/codes.js";
import { type ClientServerMessage, decodeMessage, encodeMessage } from "../../shared/wire/message.js";
import { codeOf, find, option, type Option } from "../../shared/wire/options.js";
import { continueBulk, startBulk, terminateBulk } from "../../server/bulk-leasequery.js";
import {
  at,
  type Bench,
  byAddress,
  byClient,
  byLine,
  byLink,
  byRelay,
  clientId,
  createBench,
  leaseOf,
  leasequery,
  relayForward,
  REQUESTOR,
  toldIn,
  trailOf,
} from "./leasequery-bench.js";
import { configure, iface, ip, pdClass, SERVER_ID } from "./settings.js";

const OPEN = configure([
  iface("eth0", [pdClass(56, ["2001:db8::/40"])], {
    leasequery: true,
    options: [option("dnsServers", [ip("2001:db8::53")])],
  }),
  iface("eth1", [pdClass(56, ["2001:db8:100::/40"])], { leasequery: true }),
]);
const RELAY = duid(Uint8Array.of(0, 3, 0, 1, 7, 7));
const LINE = Uint8Array.of(4, 2);

/** A lease heard through a relay with these options, and through another one that is nearer to us. */
const relayed = (...options: readonly Option[]) => ({
  trail: trailOf(relayForward("2001:db8:fff::1", [], relayForward("2001:db8::1", options))),
});

/** Begins a query that came in at eth0. */
function start({ state }: Bench, query: ClientServerMessage) {
  const link = state.network.links.get("eth0");
  if (link === undefined) throw new Error("no eth0");
  return startBulk(state, link, query, at(0));
}

/** The whole answer, `meanwhile` being called between its slices of one lease each. */
function answerTo(
  bench: Bench,
  query: ClientServerMessage,
  meanwhile: () => void = () => undefined,
): readonly ClientServerMessage[] {
  const begun = start(bench, query);
  if (begun.type === "answered") return [begun.message];
  if (begun.type === "dropped") throw new Error(begun.reason);
  const messages: ClientServerMessage[] = [];
  for (let done = false; !done; ) {
    meanwhile();
    const slice = continueBulk(bench.state, begun.cursor, at(0), 1);
    messages.push(...slice.messages.map(roundTrip));
    done = slice.done;
  }
  return messages;
}

function roundTrip(message: ClientServerMessage): ClientServerMessage {
  const decoded = decodeMessage(encodeMessage(message));
  if (!decoded.ok || decoded.message.form !== "message") throw new Error("no message");
  expect(decoded.faults).toEqual([]);
  return decoded.message;
}

/** `client: leases` of each client that was told of. */
const told = (messages: readonly ClientServerMessage[]): readonly string[] =>
  messages
    .map(toldIn)
    .filter((one) => one !== undefined)
    .map(({ client, leases }) => `${client}: ${leases.map((text) => text.split(" ")[0]).join(" ")}`);

const line = (n: number, ...prefixes: readonly string[]): string =>
  `${formatDuid(clientId(n))}: ${prefixes.join(" ")}`;

function filled(): Bench {
  const bench = createBench(OPEN);
  const both = relayed(option("relayId", RELAY), option("remoteId", { enterprise: 9, id: LINE }));
  bench.table.put(leaseOf(1, "2001:db8:0:100::/56", both));
  bench.table.put(leaseOf(2, "2001:db8:0:200::/56", relayed(option("relayId", clientId(77)))));
  bench.table.put(leaseOf(1, "2001:db8:0:300::/56", both));
  bench.table.put(leaseOf(3, "2001:db8:100::/56", { ...both, interfaceName: "eth1" }));
  bench.table.put(leaseOf(4, "2001:db8:0:400::/56", { state: "offered", ...both }));
  bench.table.put(leaseOf(1, "2001:db8:100:100::/56", { interfaceName: "eth1" }));
  return bench;
}

const FIRST = line(1, "2001:db8:0:100::/56", "2001:db8:0:300::/56");
const SECOND = line(2, "2001:db8:0:200::/56");
const THIRD = line(3, "2001:db8:100::/56");
const FIRST_ON_ETH1 = line(1, "2001:db8:100:100::/56");

describe("bulk leasequery: who is told of", () => {
  test.each([
    ["address", byAddress("2001:db8:0:3ff::9"), [FIRST]],
    ["client id, all links", byClient(clientId(1)), [FIRST, FIRST_ON_ETH1]],
    ["client id on one link", byClient(clientId(1), { link: "2001:db8:100::" }), [FIRST_ON_ETH1]],
    ["link", byLink("2001:db8::"), [FIRST, SECOND]],
    ["relay id, all links", byRelay(RELAY), [FIRST, THIRD]],
    ["relay id on one link", byRelay(RELAY, { link: "2001:db8:100::" }), [THIRD]],
    ["another relay's id", byRelay(clientId(77)), [SECOND]],
    ["remote id, all links", byLine(9, LINE), [FIRST, THIRD]],
    ["remote id on one link", byLine(9, LINE, { link: "2001:db8::" }), [FIRST]],
  ])("by %s", (_what, query, expected) => {
    expect([...told(answerTo(filled(), query))].map(sorted).toSorted()).toEqual(
      expected.map(sorted).toSorted(),
    );
  });

  test.each([
    ["address that is free", byAddress("2001:db8:0:900::")],
    ["address of an offer", byAddress("2001:db8:0:400::")],
    ["client without leases", byClient(clientId(9))],
    ["client with an offer", byClient(clientId(4))],
    ["relay that is not known", byRelay(clientId(9))],
    ["line of another enterprise", byLine(8, LINE)],
    ["line that only begins like a known one", byLine(9, LINE.subarray(0, 1))],
  ])("by %s -> a Reply alone, without status", (_what, query) => {
    const [reply, ...others] = answerTo(filled(), query);
    expect(others).toEqual([]);
    expect(reply).toMatchObject({ type: "leasequeryReply", xid: query.xid });
    expect(reply?.options.map(codeOf)).toEqual([1, 2]);
  });

  test("more leases than a message has room for -> several messages, each lease once", () => {
    const bench = createBench(OPEN);
    const prefixes = Array.from({ length: 2500 }, (_, i) => `2001:db8:0:${(i + 1).toString(16)}::/64`);
    for (const text of prefixes) bench.table.put(leaseOf(1, text));
    const messages = answerTo(bench, byLink("2001:db8::"));
    expect(messages.map((message) => toldIn(message)?.leases.length)).toEqual([1000, 1000, 500, undefined]);
    const all = messages.flatMap((message) => toldIn(message)?.leases ?? []);
    expect(all.map((text) => text.split(" ")[0]).toSorted()).toEqual(prefixes.toSorted());
  });
});

/** The leases of a line of `told`, in order. */
const sorted = (text: string): string => text.split(" ").toSorted().join(" ");

describe("bulk leasequery: the messages", () => {
  test("several clients -> Reply with identifiers and the first, Data with the others, Done with nothing", () => {
    const query = byLink("2001:db8::", { codes: [23], xid: 0x123456 });
    const messages = answerTo(filled(), query);
    expect(messages.map(({ type, xid, options }) => [type, xid, options.map(codeOf)])).toEqual([
      ["leasequeryReply", 0x123456, [1, 2, 45]],
      ["leasequeryData", 0x123456, [45]],
      ["leasequeryDone", 0x123456, []],
    ]);
    expect(find(messages[0]?.options ?? [], "clientId")).toEqual(REQUESTOR);
    expect(find(messages[0]?.options ?? [], "serverId")).toEqual(SERVER_ID);
    expect(messages.map((message) => toldIn(message)?.codes)).toEqual([
      [1, 26, 26, 46, 23],
      [1, 26, 46, 23],
      undefined,
    ]);
  });

  test.each([
    ["type 6", leasequery(6, []), STATUS.unknownQueryType],
    ["by relay id without one", leasequery(3, []), STATUS.malformedQuery],
    ["by a relay id that is none", byRelay(duid(new Uint8Array(2))), STATUS.malformedQuery],
    ["by link without one", leasequery(4, []), STATUS.malformedQuery],
    ["by remote id without one", leasequery(5, []), STATUS.malformedQuery],
    ["by a link of nowhere", byLink("2001:db9::"), STATUS.notConfigured],
    ["by relay id on a link of nowhere", byRelay(RELAY, { link: "2001:db9::" }), STATUS.notConfigured],
    ["by an address of nowhere", byAddress("2001:db9::"), STATUS.notConfigured],
  ])("%s -> a Reply with the status, alone", (_what, query, status) => {
    const messages = answerTo(filled(), query);
    expect(messages.map(({ type, options }) => [type, options.map(codeOf)])).toEqual([
      ["leasequeryReply", [1, 2, 13]],
    ]);
    expect(find(messages[0]?.options ?? [], "statusCode")?.status).toBe(status);
  });

  test("where it is not allowed -> NotAllowed", () => {
    const [reply] = answerTo(createBench(configure([iface("eth0", [])])), byLink("2001:db8::"));
    expect(find(reply?.options ?? [], "statusCode")?.status).toBe(STATUS.notAllowed);
  });

  test("without query or Client Identifier -> dropped", () => {
    const without = leasequery(2, [], { options: [option("clientId", REQUESTOR)] });
    expect(start(filled(), without)).toEqual({ type: "dropped", reason: DROP.noQuery });
    expect(start(filled(), leasequery(2, [], { options: [] }))).toEqual({
      type: "dropped",
      reason: DROP.noClientId,
    });
  });

  test("broken off -> QueryTerminated, in a Reply before the first client and in a Done after it", () => {
    const bench = filled();
    const begun = start(bench, byLink("2001:db8::"));
    if (begun.type !== "begun") throw new Error(begun.type);
    const ended = () => {
      const { type, options } = terminateBulk(bench.state, begun.cursor);
      return [type, find(options, "statusCode")?.status];
    };
    expect(ended()).toEqual(["leasequeryReply", STATUS.queryTerminated]);
    continueBulk(bench.state, begun.cursor, at(0), 1);
    expect(ended()).toEqual(["leasequeryDone", STATUS.queryTerminated]);
  });

  test("a slice looks at so many leases, and no further", () => {
    const bench = createBench(OPEN);
    for (let n = 0; n < 100; n++) {
      bench.table.put(leaseOf(n, `2001:db8:0:${(n + 1).toString(16)}::/64`, { interfaceName: "eth1" }));
    }
    const begun = start(bench, byLink("2001:db8::"));
    if (begun.type !== "begun") throw new Error(begun.type);
    const next = () => continueBulk(bench.state, begun.cursor, at(0), 40).done;
    expect([next(), begun.cursor.at, next(), begun.cursor.at, next()]).toEqual([false, 40, false, 80, true]);
  });
});

/** What happens to the leases between two slices. */
interface Step {
  readonly what: "add" | "remove" | "move" | "amend" | "nothing";
  readonly client: number;
  readonly which: number;
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom("add", "remove", "move", "amend", "nothing"),
    client: fc.integer({ min: 1, max: 4 }),
    which: fc.nat(),
  }),
  { maxLength: 60 },
);
const initial = fc.array(fc.record({ client: fc.integer({ min: 1, max: 4 }), here: fc.boolean() }), {
  maxLength: 30,
});

describe("bulk leasequery: leases come and go while it is answered", () => {
  test("a lease made after the query, beside two that are told at different times -> not told twice", () => {
    const bench = createBench(OPEN);
    const away = { interfaceName: "eth1" };
    bench.table.put(leaseOf(1, "2001:db8:0:100::/56"));
    const moving = bench.table.put(leaseOf(1, "2001:db8:0:200::/56", away));
    let round = 0;
    const messages = answerTo(bench, byLink("2001:db8::"), () => {
      round += 1;
      if (round === 1) bench.table.put(leaseOf(1, "2001:db8:0:300::/56"));
      if (round === 2) bench.table.replace(moving, leaseOf(1, "2001:db8:0:200::/56"));
    });
    expect(told(messages)).toEqual([line(1, "2001:db8:0:100::/56"), line(1, "2001:db8:0:200::/56")]);
  });

  test("each that stays is told exactly once, each other one at most once, and nothing else", () => {
    fc.assert(
      fc.property(initial, steps, fc.constantFrom("link", "client"), (leases, history, kind) => {
        const bench = createBench(OPEN);
        const query = kind === "link" ? byLink("2001:db8::") : byClient(clientId(1), { link: "2001:db8::" });
        const isAsked = (client: number): boolean => kind === "link" || client === 1;
        const world = createWorld(bench);
        for (const { client, here } of leases) world.add(client, here ? "eth0" : "eth1");
        const before = new Set(world.onLink(isAsked));
        const ever = new Set(before);
        const stayed = new Set(before);
        let round = 0;
        const messages = answerTo(bench, query, () => {
          world.change(history[round++] ?? { what: "nothing", client: 1, which: 0 });
          const now = new Set(world.onLink(isAsked));
          for (const text of now) ever.add(text);
          for (const text of stayed) if (!now.has(text)) stayed.delete(text);
        });
        const all = messages.flatMap((message) => toldIn(message)?.leases ?? []);
        const texts = all.map((text) => text.split(" ")[0] ?? "");
        expect(new Set(texts).size).toBe(texts.length);
        expect([...stayed].filter((text) => !texts.includes(text))).toEqual([]);
        expect(texts.filter((text) => !ever.has(text))).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Leases whose prefixes are never used twice, so that each is known by its own. */
function createWorld({ table }: Bench) {
  const held = new Map<LeaseId, { client: number; text: string; link: string }>();
  let made = 0;
  const add = (client: number, link: string): void => {
    const text = `2001:db8:0:${(++made).toString(16)}::/64`;
    held.set(table.put(leaseOf(client, text, { interfaceName: link })), { client, text, link });
  };
  const put = (id: LeaseId, link: string): void => {
    const lease = held.get(id);
    if (lease === undefined) return;
    table.replace(id, leaseOf(lease.client, lease.text, { interfaceName: link }));
    held.set(id, { ...lease, link });
  };
  return {
    add,
    onLink: (isAsked: (client: number) => boolean): readonly string[] =>
      [...held.values()].flatMap(({ client, text, link }) =>
        link === "eth0" && isAsked(client) ? [text] : [],
      ),
    change({ what, client, which }: Step): void {
      const id = [...held.keys()][which % Math.max(held.size, 1)];
      if (what === "add") add(client, "eth0");
      if (id === undefined) return;
      const link = held.get(id)?.link ?? "eth0";
      if (what === "remove") {
        table.remove(id);
        held.delete(id);
      }
      if (what === "move") put(id, link === "eth0" ? "eth1" : "eth0");
      if (what === "amend") put(id, link);
    },
  };
}
