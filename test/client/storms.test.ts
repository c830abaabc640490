import { describe, expect, test } from "vitest";
import { INFINITY, seconds } from "../../shared/brand.js";
import { option } from "../../shared/wire/options.js";
import { ACCEPT, keyOption, reconfigure } from "./reconfigured.js";
import {
  ADDRESS,
  advertise,
  type Bench,
  bind,
  createBench,
  GRANT,
  type IaText,
  na,
  pd,
  reply,
  type Sent,
  SERVER_B,
  type Shape,
  statusOption,
} from "./workbench.js";

/** How a misbehaving server answers each message; `undefined` is silence. */
interface Misbehaviour {
  readonly advertise?: Shape;
  readonly reply?: Shape;
  /** What a Renew or Rebind gets when it differs. */
  readonly extend?: Shape;
  /** What happens besides, after each answer. */
  readonly after?: (bench: Bench) => void;
}

const lifetimes = (t1: number, t2: number, preferred: number, valid: number): Shape => ({
  ias: [{ t1, t2, prefixes: [["2001:db8:1::/64", preferred, valid]] }],
});
const status = (name: IaText["status"] & string): Shape => ({ ias: [{ status: name }] });
const GOOD: Shape = { ias: [GRANT] };

/**
 * All messages of a client during `seconds` of virtual time with such a server, which answers within 5 ms.
 */
function messagesIn(seconds: number, server: Misbehaviour, bound: boolean): readonly Sent[] {
  const bench = createBench();
  if (bound) bind(bench, [{ t1: 10, t2: 20, prefixes: [["2001:db8:1::/64", 7200, 7200]] }]);
  else bench.start();
  return answering(bench, seconds, server);
}

/** All messages that such a client sends from now on to such a server. */
function answering(bench: Bench, seconds: number, server: Misbehaviour): readonly Sent[] {
  const end = bench.now() + seconds * 1000;
  for (let answered = 0; bench.now() < end; ) {
    const sent = bench.sent[answered];
    if (sent === undefined) {
      try {
        bench.nextSent(undefined, end - bench.now());
      } catch {
        break;
      }
      continue;
    }
    answered += 1;
    bench.wait(5);
    const { type } = sent.message;
    if (type === "solicit" && server.advertise !== undefined)
      bench.receive(advertise(sent, server.advertise));
    const extend = type === "renew" || type === "rebind" ? (server.extend ?? server.reply) : server.reply;
    if (type !== "solicit" && extend !== undefined) bench.receive(reply(sent, extend));
    server.after?.(bench);
  }
  expect(bench.hooks.filter(isEmptyCall)).toEqual([]);
  return bench.sent;
}

const isEmptyCall = ({ call }: { call: { action: string; variables: Record<string, string> } }): boolean =>
  call.action !== "delete" && [call.variables["PREFIX1VALID"], call.variables["ADDR1VALID"]].includes("0");

/** The most messages in any 20 s. */
function worstStretch(sent: readonly Sent[]): number {
  const starts = sent.map(({ at }) => at);
  let first = 0;
  return starts.reduce((worst, at, last) => {
    while ((starts[first] ?? 0) <= at - 20_000) first += 1;
    return Math.max(worst, last - first + 1);
  }, 0);
}

describe("client: an hour with a server that answers wrongly (messages sent)", () => {
  test.each<[string, boolean, Misbehaviour, number]>([
    [
      "Advertise good, Request refused with NoPrefixAvail",
      false,
      { advertise: GOOD, reply: status("noPrefixAvail") },
      26,
    ],
    ["Advertise good, Reply without prefix", false, { advertise: GOOD, reply: { ias: [{}] } }, 26],
    [
      "Advertise good, Reply with valid lifetime 0",
      false,
      { advertise: GOOD, reply: lifetimes(0, 0, 0, 0) },
      26,
    ],
    ["Advertise good, Reply of another server", false, { advertise: GOOD, reply: { server: SERVER_B } }, 220],
    [
      "Advertise good, UnspecFail to every Request",
      false,
      { advertise: GOOD, reply: { ias: [], extra: [statusOption("unspecFail")] } },
      220,
    ],
    ["Advertise with nothing", false, { advertise: status("noPrefixAvail") }, 13],
    [
      "Advertise with nothing, preference 255",
      false,
      { advertise: { ...status("noPrefixAvail"), extra: [option("preference", 255)] } },
      13,
    ],
    [
      "Advertise good with preference 255, never a Reply",
      false,
      { advertise: { ...GOOD, extra: [option("preference", 255)] } },
      220,
    ],
    ["Renew answered without a prefix, Request not at all", true, { extend: { ias: [{}] } }, 110],
    ["all answered without a prefix", true, { extend: { ias: [{}] }, reply: { ias: [{}] } }, 30],
    ["Renew answered with NoPrefixAvail", true, { extend: status("noPrefixAvail") }, 14],
    [
      "Renew answered NoBinding, Request refused",
      true,
      { extend: status("noBinding"), reply: status("noPrefixAvail") },
      30,
    ],
    ["Renew answered NoBinding, Request not answered", true, { extend: status("noBinding") }, 110],
    [
      "Renew withdraws, Request gives again, T1 10",
      true,
      { advertise: GOOD, extend: lifetimes(0, 0, 0, 0), reply: lifetimes(10, 20, 30, 40) },
      1300,
    ],
    ["Renew with another IA", true, { extend: { ias: [{ ...GRANT, iaid: 5 }] } }, 14],
  ])("%s", (_name, bound, server, most) => {
    const sent = messagesIn(3600, server, bound);
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.length).toBeLessThanOrEqual(most);
    expect(worstStretch(sent)).toBeLessThanOrEqual(20);
  });

  const na1 = (name: IaText["status"] & string): IaText => ({ kind: "na", status: name });
  const both = (first: IaText, second: IaText): Shape => ({ ias: [first, second] });
  const short = (ia: IaText): IaText => ({ ...ia, t1: 10, t2: 20 });

  test.each<[string, boolean, Misbehaviour, number]>([
    [
      "NoAddrsAvail to everything",
      false,
      { advertise: both(na1("noAddrsAvail"), {}), reply: both(na1("noAddrsAvail"), {}) },
      13,
    ],
    [
      "Advertise good, both refused in the Reply",
      false,
      {
        advertise: both(ADDRESS, GRANT),
        reply: both(na1("noAddrsAvail"), { status: "noPrefixAvail" }),
      },
      26,
    ],
    [
      "Advertise good, NotOnLink to every Request",
      false,
      { advertise: both(ADDRESS, GRANT), reply: { ias: [], extra: [statusOption("notOnLink")] } },
      26,
    ],
    [
      "prefix renewed, address NoBinding, Request gives the prefix only",
      true,
      {
        extend: both(na1("noBinding"), short(GRANT)),
        reply: both(na1("noAddrsAvail"), short(GRANT)),
      },
      730,
    ],
    ["prefix renewed, address left out", true, { extend: { ias: [{ ...GRANT, t1: 1000, t2: 2000 }] } }, 20],
    [
      "prefix renewed, address NotOnLink",
      true,
      { extend: both(na1("notOnLink"), GRANT), reply: both(ADDRESS, GRANT) },
      20,
    ],
    [
      "address renewed, prefix never, T1 10 s",
      true,
      { extend: both(short(ADDRESS), { status: "noPrefixAvail" }) },
      370,
    ],
  ])("an address and a prefix: %s", (_name, bound, server, most) => {
    const bench = createBench({ wanted: [na(1), pd(1)] });
    if (bound) bind(bench, [short(ADDRESS), short(GRANT)]);
    else bench.start();
    const sent = answering(bench, 3600, server);
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.length).toBeLessThanOrEqual(most);
    expect(worstStretch(sent)).toBeLessThanOrEqual(20);
  });

  test.each<[string, Shape | undefined, number]>([
    ["nothing", undefined, 12],
    ["UnspecFail", { ias: [], extra: [statusOption("unspecFail")] }, 12],
    ["a Reply without Server Identifier", { ias: [], server: undefined }, 12],
    [
      "a refresh time of 0 and INF_MAX_RT of 0",
      {
        ias: [],
        extra: [option("informationRefreshTime", seconds(0)), option("infMaxRt", seconds(0))],
      },
      7,
    ],
  ])("options only: Information-request answered with %s", (_name, answer, most) => {
    const bench = createBench({ wanted: [], stateless: true });
    bench.start();
    const sent = answering(bench, 3600, answer === undefined ? {} : { reply: answer });
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.length).toBeLessThanOrEqual(most);
  });

  test("an address that is always in use by another host: never more than 20 messages in 20 s", () => {
    const bench = createBench({ wanted: [na(1)] });
    bench.start();
    const good = { ias: [ADDRESS], extra: [option("preference", 255)] };
    const after = (): void => {
      bench.duplicate("2001:db8:a::1");
    };
    const sent = answering(bench, 600, { advertise: good, reply: good, after });
    expect(worstStretch(sent)).toBeLessThanOrEqual(20);
    expect(sent.length).toBeLessThanOrEqual(600);
  });

  test("a server that sends a genuine Reconfigure after each Reply: never more than 20 messages in 20 s", () => {
    const bench = createBench(ACCEPT);
    bind(bench, [GRANT], [keyOption(0)]);
    let count = 0;
    const after = (): void => {
      count += 1;
      bench.receiveBytes(reconfigure({ count }));
    };
    bench.nextSent("renew");
    const sent = answering(bench, 120, { reply: GOOD, after });
    expect(worstStretch(sent)).toBeLessThanOrEqual(20);
    expect(sent.length).toBeGreaterThan(20);
  });

  test.each<[string, Shape]>([
    ["all lifetimes 1", lifetimes(1, 1, 1, 1)],
    ["T1 and T2 open, lifetimes 1", lifetimes(0, 0, 1, 1)],
    ["T1 1, long lifetimes", lifetimes(1, 2, 3000, 4000)],
    ["T1 and T2 never, lifetimes 1", lifetimes(INFINITY, INFINITY, 1, 1)],
    ["preferred 0, valid 1", lifetimes(0, 0, 0, 1)],
    ["T1 and T2 beyond everything", lifetimes(4_000_000_000, 4_000_000_001, 1, 1)],
  ])("absurd times (%s): never more than 20 messages in 20 s", (_name, grant) => {
    const server = { advertise: { ...grant, extra: [option("preference", 255)] }, reply: grant };
    const sent = messagesIn(600, server, false);
    expect(worstStretch(sent)).toBeLessThanOrEqual(20);
    expect(sent.length).toBeLessThanOrEqual(620);
  });

  test("the rate limit puts messages off and says so; nothing is lost by it", () => {
    const bench = createBench();
    const never = lifetimes(0, 0, 1, 1);
    bind(bench, never.ias);
    for (let n = 0; n < 60; n++) {
      const sent = bench.nextSent();
      const extra = [option("preference", 255)];
      bench.receive(
        sent.message.type === "solicit" ? advertise(sent, { ...never, extra }) : reply(sent, never),
      );
      const request = bench.sent.at(-1);
      if (request?.message.type === "request") bench.receive(reply(request, never));
    }
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-RATE-LIMIT");
    expect(worstStretch(bench.sent)).toBe(20);
  });

  test("a flood of junk moves nothing and sends nothing", () => {
    const bench = createBench();
    bind(bench);
    const before = bench.state();
    const noise = [
      new Uint8Array(0),
      Uint8Array.of(7),
      Uint8Array.of(7, 1, 2),
      Uint8Array.of(7, 0, 0, 2),
      Uint8Array.of(7, 0, 0, 2, 0, 1, 0, 200),
      new Uint8Array(65_000),
      new Uint8Array(65_000).fill(0xff),
    ];
    for (let n = 0; n < 300; n++) bench.receiveBytes(noise[n % noise.length] ?? new Uint8Array(1));
    expect(bench.state()).toEqual(before);
    expect(bench.sent).toEqual([]);
  });
});
