import { describe, expect, test } from "vitest";
import { INFINITY, seconds } from "../../shared/brand.js";
import { has, option } from "../../shared/wire/options.js";
import {
  advertise,
  type Bench,
  createBench,
  elapsedOf,
  lastOf,
  reply,
  requestedOf,
  statusOption,
} from "./workbench.js";

const STATELESS = { wanted: [], stateless: true, requestedOptions: [23, 24] };

/** A stateless client that has just started. */
function stateless(setup: Parameters<typeof createBench>[0] = {}, saved?: ReturnType<Bench["saved"]>): Bench {
  const bench = createBench({ ...STATELESS, ...setup });
  bench.start(saved);
  return bench;
}

/** Answers the last message with these options and no IA. */
function inform(bench: Bench, ...extra: NonNullable<Parameters<typeof reply>[1]>["extra"] & object): void {
  bench.receive(reply(lastOf(bench), { ias: [], extra }));
}

/** Seconds from each message to the next, rounded to tenths. */
const gaps = (sent: readonly { readonly at: number }[]): readonly number[] =>
  sent.slice(1).map(({ at }, index) => Math.round((at - (sent[index]?.at ?? 0)) / 100) / 10);

describe("client: Information-request", () => {
  test("after 0..1 s to every server: options asked for, the two times of its own, no IA", () => {
    const { at, message } = stateless().nextSent("informationRequest");
    expect(at).toBe(500);
    expect(requestedOf(message)).toEqual([23, 24, 32, 83]);
    expect(elapsedOf(message)).toBe(0);
    expect(["serverId", "iaPd", "iaNa"].filter((name) => has(message.options, name as "iaPd"))).toEqual([]);
    expect(has(message.options, "clientId")).toBe(true);
  });

  test("no answer: 1, 2, 4 s and so on up to INF_MAX_RT, without end", () => {
    const bench = stateless();
    const copies = Array.from({ length: 15 }, () => bench.nextSent("informationRequest", 4_000_000));
    expect(gaps(copies)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
    expect(new Set(copies.map(({ message }) => message.xid)).size).toBe(1);
  });

  test.each<[string, number | undefined, number]>([
    ["none", undefined, 86_400],
    ["an hour", 3600, 3600],
    ["600 s, the least", 600, 600],
    ["599 s, below the least", 599, 600],
    ["0", 0, 600],
  ])("refresh time %s: asked for again after so many seconds and 0..1 s", (_what, given, expected) => {
    const bench = stateless();
    const first = bench.nextSent("informationRequest");
    inform(bench, ...(given === undefined ? [] : [option("informationRefreshTime", seconds(given))]));
    expect(bench.phase()).toBe("informed");
    const second = bench.nextSent("informationRequest", 90_000_000);
    expect(second.at - first.at).toBe(expected * 1000 + 500);
    expect(second.message.xid).not.toBe(first.message.xid);
    expect(elapsedOf(second.message)).toBe(0);
  });

  test("refresh time infinity: never again", () => {
    const bench = stateless();
    bench.nextSent();
    inform(bench, option("informationRefreshTime", INFINITY));
    bench.wait(10 * 86_400_000);
    expect(bench.sent).toHaveLength(1);
  });

  test("what is received is logged, the script is not called", () => {
    const bench = stateless();
    bench.nextSent();
    inform(bench, option("dnsServers", []));
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-INFORMED");
    expect(bench.hooks).toEqual([]);
  });

  test.each<[number, number]>([
    [60, 60],
    [59, 3600],
    [86_401, 3600],
    [86_400, 86_400],
  ])("INF_MAX_RT %d of a Reply: the later cap is %d, over a restart too", (given, cap) => {
    const bench = stateless();
    bench.nextSent();
    inform(bench, option("infMaxRt", seconds(given)), option("informationRefreshTime", seconds(600)));
    expect(bench.state().infMaxRt).toBe(cap);
    expect(stateless({}, bench.saved()).state().infMaxRt).toBe(cap);
  });

  test.each([
    ["UnspecFail", reply, { ias: [], extra: [statusOption("unspecFail")] }],
    ["an Advertise", advertise, { ias: [] }],
    ["a Reply without Server Identifier", reply, { ias: [], server: undefined }],
  ] as const)("%s does not end the exchange, nor hasten it", (_what, make, shape) => {
    const bench = stateless();
    const copies = [bench.nextSent()];
    for (let n = 0; n < 3; n++) {
      bench.receive(make(lastOf(bench), shape));
      copies.push(bench.nextSent("informationRequest"));
    }
    expect(gaps(copies)).toEqual([1, 2, 4]);
  });

  test("told to stop: it ends at once, nothing is sent", () => {
    const bench = stateless();
    bench.nextSent();
    bench.stop();
    expect([bench.ended(), bench.sent.length]).toEqual([true, 1]);
  });
});
