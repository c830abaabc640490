import { describe, expect, test } from "vitest";
import { iaid, INFINITY, millis, seconds } from "../../shared/brand.js";
import { formatDuid } from "../../shared/duid.js";
import { has } from "../../shared/wire/options.js";
import { decodeState, encodeState, type RememberedLink, remember } from "../../client/remembered.js";
import {
  bind,
  CLIENT,
  createBench,
  elapsedOf,
  EPOCH,
  GRANT,
  iasOf,
  lastOf,
  pd,
  prefix,
  reply,
  SERVER_A,
} from "./workbench.js";

/** What a client that was bound at the epoch left behind when it was killed. */
function leftBehind(ias = [GRANT]): RememberedLink {
  const bench = createBench({ wanted: ias.map(({ iaid: id = 1 }) => pd(id)) });
  bind(bench, ias);
  return remember(bench.state().bindings, { solMaxRt: seconds(3600) });
}

/** A client that starts `later` seconds after the one above was bound, with what that one left. */
function restarted(later: number, link = leftBehind(), wanted = [pd(1)]): ReturnType<typeof createBench> {
  const bench = createBench({ wanted }, undefined, EPOCH + 500 + later * 1000);
  bench.start(link);
  return bench;
}

describe("client: restart with live leases", () => {
  test("Rebind with Confirm's timing: after 0..1 s, then 1, 3, 7 s later; no server id; the same prefix", () => {
    const bench = restarted(100);
    const copies = Array.from({ length: 4 }, () => bench.nextSent("rebind"));
    expect(copies.map(({ at }) => at)).toEqual([500, 1500, 3500, 7500]);
    expect(copies.map(({ message }) => elapsedOf(message))).toEqual([0, 100, 300, 700]);
    expect(copies.every(({ message }) => !has(message.options, "serverId"))).toBe(true);
    expect(iasOf(copies[0]?.message ?? reply(bench.nextSent()))).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test("answered: timers start anew from the Reply, hook add once with REASON=start", () => {
    const bench = restarted(100);
    bench.receive(reply(bench.nextSent("rebind")));
    expect(bench.phase()).toBe("bound");
    expect(bench.hooks).toMatchObject([
      {
        call: {
          action: "add",
          variables: { PREFIX1: "2001:db8:1::", REASON: "start", PREFIX1VALID: "4000" },
        },
      },
    ]);
    const answered = bench.now();
    expect(bench.nextSent("renew").at - answered).toBe(1_000_000);
  });

  test("unanswered for 10 s: leases and timers stay as they were, hook add with what is left of them", () => {
    const bench = restarted(100);
    bench.wait(10_500);
    expect(bench.phase()).toBe("bound");
    expect(bench.hooks).toMatchObject([
      {
        at: 10_500,
        call: {
          action: "add",
          variables: { PREFIX1: "2001:db8:1::", PREFIX1VALID: "3889", REASON: "start" },
        },
      },
    ]);
    expect(bench.nextSent("renew").at).toBe(900_000);
  });

  test("T2 over meanwhile and no answer: Rebind goes on after a pause, to the end of the lease", () => {
    const bench = restarted(2500);
    bench.wait(10_500);
    expect(bench.nextSent("rebind").at).toBe(20_500);
    bench.wait(1_480_000);
    expect(bench.hooks.map(({ call }) => call.action)).toEqual(["add", "delete"]);
    expect(bench.hooks.at(-1)?.at).toBe(1_500_000);
  });

  test("answered with another prefix: one add with the new one first", () => {
    const bench = restarted(100);
    const prefixes = [
      ["2001:db8:9::/64", 3000, 4000],
      ["2001:db8:1::/64", 0, 0],
    ] as const;
    bench.receive(reply(bench.nextSent("rebind"), { ias: [{ ...GRANT, prefixes }] }));
    expect(bench.hooks).toMatchObject([
      {
        call: {
          action: "add",
          variables: { PREFIX1: "2001:db8:9::", PREFIX2: "2001:db8:1::", PREFIX2VALID: "0" },
        },
      },
    ]);
  });

  test("withdrawn in the answer: hook delete, Solicit", () => {
    const bench = restarted(100);
    bench.receive(reply(bench.nextSent("rebind"), { ias: [{ prefixes: [["2001:db8:1::/64", 0, 0]] }] }));
    expect(bench.hooks.map(({ call }) => call.action)).toEqual(["delete"]);
    bench.nextSent("solicit");
  });

  test("NoBinding in the answer: Request, then hook add", () => {
    const bench = restarted(100);
    bench.receive(reply(bench.nextSent("rebind"), { ias: [{ status: "noBinding" }] }));
    bench.receive(reply(lastOf(bench)));
    expect(bench.hooks.map(({ call }) => call.action)).toEqual(["add"]);
  });

  test("one IA answered, the other not: add for the one, add for the other when it comes to rest", () => {
    const second = { ...GRANT, iaid: 2, prefixes: [["2001:db8:2::/64", 3000, 4000]] } as const;
    const bench = restarted(100, leftBehind([GRANT, second]), [pd(1), pd(2)]);
    bench.receive(reply(bench.nextSent("rebind")));
    expect(bench.hooks.map(({ call }) => [call.action, call.variables["PREFIX1"]])).toEqual([
      ["add", "2001:db8:1::"],
      ["add", "2001:db8:2::"],
    ]);
  });

  test("the clock went back: no lease lasts longer from now on than it was granted for", () => {
    const bench = restarted(-50_000);
    bench.wait(10_500);
    expect(bench.hooks[0]?.call.variables["PREFIX1VALID"]).toBe("3989");
    bench.wait(4_000_000);
    expect(bench.hooks.at(-1)).toMatchObject({ at: 4_000_000, call: { action: "delete" } });
  });
});

describe("client: restart without live leases", () => {
  test("expired meanwhile: hook delete once, Solicit with the prefix as a hint", () => {
    const bench = restarted(5000);
    expect(bench.hooks).toMatchObject([
      { at: 0, call: { action: "delete", variables: { PREFIX1: "2001:db8:1::", REASON: "expire" } } },
    ]);
    expect(iasOf(bench.nextSent("solicit").message)).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test("the hint is remembered until something else is held, over any number of restarts", () => {
    const first = restarted(5000);
    first.nextSent("solicit");
    const again = restarted(9000, first.saved());
    expect(again.hooks).toEqual([]);
    expect(iasOf(again.nextSent("solicit").message)).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test.each([
    ["a prefix of the configuration goes before it", ["2001:db8:7::/64"], ["2001:db8:7::/64"]],
    ["a length of the configuration goes with it", ["::/64"], ["2001:db8:1::/64", "::/64"]],
    ["another length of the configuration replaces it", ["::/56"], ["::/56"]],
  ])("the old prefix as a hint: %s", (_name, hints, sent) => {
    const bench = restarted(5000, leftBehind(), [pd(1, hints)]);
    expect(iasOf(bench.nextSent("solicit").message)).toEqual({ 1: sent });
  });

  test("an IA that left the configuration: hook delete, one line, and it is not asked for", () => {
    const bench = restarted(100, leftBehind(), [pd(2)]);
    expect(bench.hooks).toMatchObject([
      { call: { action: "delete", variables: { PREFIX1: "2001:db8:1::", REASON: "unconfigured" } } },
    ]);
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-UNCONFIGURED");
    expect(iasOf(bench.nextSent("solicit").message)).toEqual({ 2: [] });
  });
});

describe("client: the state file", () => {
  const link: RememberedLink = {
    solMaxRt: seconds(600),
    infMaxRt: seconds(900),
    keys: [
      { server: SERVER_A, key: new Uint8Array(16).fill(0xab), replay: new Uint8Array(8).fill(1) },
      { server: SERVER_A, key: new Uint8Array(16), replay: undefined },
    ],
    ias: [
      {
        kind: "pd",
        iaid: iaid(0xfffffffe),
        server: SERVER_A,
        renewAt: millis(EPOCH),
        rebindAt: millis(Infinity),
        leases: [
          {
            prefix: prefix("2001:db8:1::/64"),
            preferred: seconds(3000),
            valid: INFINITY,
            since: millis(EPOCH),
            until: millis(Infinity),
            exclude: prefix("2001:db8:1::ff00/120"),
          },
        ],
        last: [prefix("2001:db8:1::/64")],
      },
      {
        kind: "pd",
        iaid: iaid(2),
        server: undefined,
        renewAt: millis(Infinity),
        rebindAt: millis(Infinity),
        leases: [],
        last: [],
      },
      {
        kind: "na",
        iaid: iaid(2),
        server: SERVER_A,
        renewAt: millis(EPOCH),
        rebindAt: millis(EPOCH),
        leases: [
          {
            prefix: prefix("2001:db8:a::1/128"),
            preferred: seconds(3000),
            valid: seconds(4000),
            since: millis(EPOCH),
            until: millis(EPOCH + 4_000_000),
            exclude: undefined,
          },
        ],
        last: [prefix("2001:db8:a::1/128")],
      },
    ],
  };
  const remembered = { duid: CLIENT, links: new Map([["qg-1f2e3d4c-5b", link]]) };

  test("is text for people, and reads back as it was", () => {
    const text = encodeState(remembered);
    expect(text).toContain(formatDuid(SERVER_A));
    expect(text).toContain('"2001:db8:1::/64"');
    expect(text).toContain('"address": "2001:db8:a::1"');
    expect(decodeState(text)).toEqual({ ok: true, remembered });
  });

  test("without what later versions added, it is read all the same", () => {
    const text = encodeState(remembered)
      .replace(/"keys": \[[^]*?\],\n {3}"ias"/, '"ias"')
      .replace(/"infMaxRt": 900,/, "");
    const decoded = decodeState(text);
    const [read] = decoded.ok ? [...decoded.remembered.links.values()] : [];
    expect(read).toEqual({ ...link, infMaxRt: undefined, keys: [] });
  });

  const good = encodeState(remembered);
  test.each([
    ["nothing", ""],
    ["cut off", good.slice(0, 200)],
    ["not JSON", "<AddrMgr>"],
    ["another version", good.replace('"version": 1', '"version": 2')],
    ["a list", "[]"],
    ["null", "null"],
    ["no DUID", good.replace(/"duid": "[^"]*"/, '"duid": 7')],
    ["a broken DUID", good.replace(/"duid": "[^"]*"/, '"duid": "zz"')],
    ["a broken prefix", good.replace("2001:db8:1::/64", "2001:db8:1::/640")],
    ["a broken address", good.replace('"2001:db8:a::1"', '"2001:db8:a::1/64"')],
    ["a key that is too short", good.replace('"' + "ab".repeat(16), '"ab')],
    ["a lifetime that is none", good.replace('"preferred": 3000', '"preferred": -1')],
    ["a lifetime in letters", good.replace('"preferred": 3000', '"preferred": "3000"')],
    ["a time that is none", good.replace(`"since": ${EPOCH}`, '"since": null')],
    ["IAs that are none", good.replace(/"ias": \[[^]*\n {3}\]/, '"ias": {}')],
  ])("%s: refused with a reason", (_name, text) => {
    const decoded = decodeState(text);
    expect(decoded.ok).toBe(false);
    expect(!decoded.ok && decoded.why).toMatch(/\w/);
  });
});
