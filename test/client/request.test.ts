import { describe, expect, test } from "vitest";
import { iaid, INFINITY, seconds } from "../../shared/brand.js";
import { find, option } from "../../shared/wire/options.js";
import { deadline } from "../../client/machine.js";
import {
  advertise,
  type Bench,
  createBench,
  elapsedOf,
  EPOCH,
  GRANT,
  type IaText,
  iasOf,
  pd,
  reply,
  type Sent,
  SERVER_A,
  SERVER_B,
  statusOption,
} from "./workbench.js";

/** A client that has just sent its Request to server A; server B is the next on its list when `others`. */
function requesting(setup: Parameters<typeof createBench>[0] = {}, others = false): [Bench, Sent] {
  const bench = createBench(setup);
  bench.start();
  const solicit = bench.nextSent("solicit");
  if (others) bench.receive(advertise(solicit, { server: SERVER_B }));
  const ias = (setup.wanted ?? [pd(1)]).map(
    ({ iaid: id }, n): IaText => ({ ...GRANT, iaid: id, prefixes: [[`2001:db8:${n + 1}::/64`, 3000, 4000]] }),
  );
  bench.receive(advertise(solicit, { ias, extra: [option("preference", 255)] }));
  const request = bench.sent.at(-1);
  if (request?.message.type !== "request") throw new Error("no Request");
  return [bench, request];
}

/** Seconds from now until the client's next deadline, and its reason. */
function next(bench: Bench): string {
  const { at, why } = deadline(bench.state());
  return `${why} in ${(at - EPOCH - bench.now()) / 1000}`;
}

describe("client: Request", () => {
  const rows = [
    ["as an RFC 8415 server offers", { t1: 1500, t2: 2400 }, [0, 0]],
    ["5 s and 10 s for 3000 s, as Dibbler's server makes of zeros", { t1: 5, t2: 10 }, [1500, 2400]],
    ["left to the client", { t1: 0, t2: 0 }, [0, 0]],
  ] as const;
  test.each(rows)("T1 and T2 %s -> what the Request says of them", (_what, timers, expected) => {
    const bench = createBench();
    bench.start();
    const offered: IaText = { ...GRANT, ...timers, prefixes: [["2001:db8:1::/64", 3000, 4000]] };
    bench.receive(
      advertise(bench.nextSent("solicit"), { ias: [offered], extra: [option("preference", 255)] }),
    );
    const ia = find(bench.sent.at(-1)?.message.options ?? [], "iaPd");
    expect([ia?.t1, ia?.t2]).toEqual(expected);
  });
});

describe("client: Request without an answer", () => {
  test("ten copies, then the next server with a new transaction-id, then Solicit", () => {
    const [bench, first] = requesting({}, true);
    const copies = [first, ...Array.from({ length: 9 }, () => bench.nextSent("request"))];
    const starts = copies.map(({ at }) => (at - first.at) / 1000);
    expect(starts).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121, 151]);
    expect(new Set(copies.map(({ message }) => message.xid)).size).toBe(1);
    expect(copies.map(({ message }) => elapsedOf(message)).slice(0, 4)).toEqual([0, 100, 300, 700]);

    const toB = bench.nextSent("request");
    expect((toB.at - first.at) / 1000).toBe(181);
    expect(find(toB.message.options, "serverId")).toEqual(SERVER_B);
    expect(toB.message.xid).not.toBe(first.message.xid);

    for (let copy = 1; copy < 10; copy++) bench.nextSent("request");
    const solicit = bench.nextSent("solicit");
    expect((solicit.at - toB.at) / 1000).toBe(181);
  });

  test("offers that have grown old are not asked for any more", () => {
    const servers = [1, 2, 3, 4, 5, 6].map((n) => Uint8Array.of(0, 3, 0, 1, 2, n) as typeof SERVER_A);
    const bench = createBench();
    bench.start();
    const solicit = bench.nextSent();
    for (const server of servers) bench.receive(advertise(solicit, { server }));
    const asked = new Set<number | undefined>();
    while (bench.nextSent().message.type === "request") {
      asked.add(find(bench.sent.at(-1)?.message.options ?? [], "serverId")?.[5]);
    }
    // 181 s each: the fifth would be asked after more than ten minutes, so four are.
    expect(asked).toEqual(new Set([1, 2, 3, 4]));
    expect(bench.now()).toBeGreaterThan(600_000);
  });
});

describe("client: Reply that grants", () => {
  test("lifetimes, T1 and T2 count from its reception; saved, then hook add", () => {
    const [bench, request] = requesting();
    bench.wait(200);
    bench.receive(reply(request));
    expect(bench.phase()).toBe("bound");
    expect(next(bench)).toBe("T1 in 1000");
    const [ia] = bench.saved()?.ias ?? [];
    expect(ia?.leases).toMatchObject([{ preferred: 3000, valid: 4000, since: EPOCH + bench.now() }]);
    expect(ia?.server).toEqual(SERVER_A);
    expect(bench.hooks).toMatchObject([{ call: { action: "add", variables: { PREFIX1: "2001:db8:1::" } } }]);
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-LEASE");
  });

  test.each([
    ["given", { t1: 100, t2: 200 }, [3000, 4000], 100, 200],
    ["both open: 0.5 and 0.8 of preferred", { t1: 0, t2: 0 }, [3000, 4000], 1500, 2400],
    ["T1 open", { t1: 0, t2: 2000 }, [3000, 4000], 1500, 2000],
    ["T1 open, T2 early", { t1: 0, t2: 500 }, [3000, 4000], 500, 500],
    ["T2 open", { t1: 700, t2: 0 }, [3000, 4000], 700, 2400],
    ["T2 open, T1 late", { t1: 2800, t2: 0 }, [3000, 4000], 2800, 2800],
    ["Dibbler's short lifetimes", { t1: 0, t2: 0 }, [60, 100], 30, 48],
    ["preferred 0: of valid", { t1: 0, t2: 0 }, [0, 1000], 500, 800],
    ["preferred next to nothing: a minute", { t1: 0, t2: 0 }, [1, 1000], 60, 96],
    ["beyond the valid lifetime: own choice", { t1: 5000, t2: 6000 }, [3000, 4000], 1500, 2400],
    ["the whole valid lifetime: as the server wants", { t1: 4000, t2: 4000 }, [3000, 4000], 4000, 4000],
    ["never", { t1: INFINITY, t2: INFINITY }, [3000, 4000], Infinity, Infinity],
    ["lifetimes for ever, times open", { t1: 0, t2: 0 }, [INFINITY, INFINITY], Infinity, Infinity],
  ] as const)("T1 and T2 %s", (_name, times, [preferred, valid], t1, t2) => {
    const [bench, request] = requesting();
    bench.receive(reply(request, { ias: [{ ...times, prefixes: [["2001:db8:1::/64", preferred, valid]] }] }));
    const [binding] = bench.state().bindings;
    expect(
      [binding?.renewAt, binding?.rebindAt].map((at) => ((at ?? 0) - EPOCH - bench.now()) / 1000),
    ).toEqual([t1, t2]);
  });

  test("the shortest lifetime of an IA decides when the server leaves T1 and T2 open", () => {
    const [bench, request] = requesting();
    const prefixes = [
      ["2001:db8:1::/64", 3000, 4000],
      ["2001:db8:2::/64", 1000, 4000],
    ] as const;
    bench.receive(reply(request, { ias: [{ prefixes }] }));
    expect(next(bench)).toBe("T1 in 500");
    expect(bench.hooks[0]?.call.variables).toMatchObject({
      PREFIX1: "2001:db8:1::",
      PREFIX2: "2001:db8:2::",
      PREFIX2PREF: "1000",
    });
  });

  test("IAs with unlike T1 and T2: the earliest govern all", () => {
    const [bench, request] = requesting({ wanted: [pd(1), pd(2)] });
    const second = {
      ...GRANT,
      iaid: 2,
      t1: 400,
      t2: 600,
      prefixes: [["2001:db8:2::/64", 3000, 4000]],
    } as const;
    bench.receive(reply(request, { ias: [GRANT, second] }));
    const renew = bench.nextSent("renew");
    expect(renew.at - request.at).toBe(400_000);
    expect(iasOf(renew.message)).toEqual({ 1: ["2001:db8:1::/64"], 2: ["2001:db8:2::/64"] });
  });

  test("endless leases are never renewed, in a year", () => {
    const [bench, request] = requesting();
    const ias = [
      { t1: INFINITY, t2: INFINITY, prefixes: [["2001:db8:1::/64", INFINITY, INFINITY]] },
    ] as const;
    bench.receive(reply(request, { ias }));
    bench.forget();
    bench.wait(366 * 86_400_000);
    expect(bench.sent).toEqual([]);
    expect(bench.state().bindings[0]?.leases).toHaveLength(1);
  });

  test("bits beyond the length are cleared; of one prefix named twice the first counts", () => {
    const [bench, request] = requesting();
    const prefixes = [
      ["2222:2222:2222:7277:d229:fc49:56a7:7278/64", 3000, 4000],
      ["2222:2222:2222:7277::/64", 1, 2],
    ] as const;
    bench.receive(reply(request, { ias: [{ ...GRANT, prefixes }] }));
    expect(bench.hooks[0]?.call.variables).toMatchObject({
      PREFIX1: "2222:2222:2222:7277::",
      PREFIX1VALID: "4000",
    });
    expect(bench.hooks[0]?.call.variables).not.toHaveProperty("PREFIX2");
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-ANSWER-FAULT");
  });

  test("a thousand prefixes in one IA: a bounded number is kept", () => {
    const [bench, request] = requesting();
    const prefixes = Array.from(
      { length: 1000 },
      (_, n) => [`2001:db8:${n.toString(16)}::/64`, 30, 40] as const,
    );
    bench.receive(reply(request, { ias: [{ t1: 10, t2: 20, prefixes }] }));
    expect(bench.state().bindings[0]?.leases).toHaveLength(64);
  });

  test("SOL_MAX_RT in a Reply is taken over, whatever its status", () => {
    const [bench, request] = requesting();
    const extra = [statusOption("unspecFail"), option("solMaxRt", seconds(600))];
    bench.receive(reply(request, { ias: [], extra }));
    expect(bench.state().solMaxRt).toBe(600);
  });

  test("Server Unicast of an old server is ignored: the Renew names the server and needs no address", () => {
    const [bench, request] = requesting();
    const unicast = option("unicast", new Uint8Array(16) as never);
    bench.receive(reply(request, { extra: [unicast] }));
    expect(find(bench.nextSent("renew").message.options, "serverId")).toEqual(SERVER_A);
  });
});

describe("client: Reply that grants in part", () => {
  test("what is granted is used; the other IA is asked for again in the Renew", () => {
    const [bench, request] = requesting({ wanted: [pd(1), pd(2, ["::/60"])] });
    bench.receive(reply(request, { ias: [GRANT, { iaid: 2, status: "noPrefixAvail" }] }));
    expect(bench.phase()).toBe("bound");
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-STATUS");
    expect(bench.hooks).toHaveLength(1);
    expect(iasOf(bench.nextSent("renew").message)).toEqual({ 1: ["2001:db8:1::/64"], 2: ["::/60"] });
  });

  test("an IA gained in a Renew is an add of its own beside the update of the others", () => {
    const [bench, request] = requesting({ wanted: [pd(1), pd(2)] });
    bench.receive(reply(request, { ias: [GRANT, { iaid: 2, status: "noPrefixAvail" }] }));
    const renew = bench.nextSent("renew");
    bench.forget();
    const second = { ...GRANT, iaid: 2, prefixes: [["2001:db8:2::/64", 3000, 4000]] } as const;
    bench.receive(reply(renew, { ias: [GRANT, second] }));
    expect(bench.hooks.map(({ call }) => [call.action, call.variables["PREFIX1"]])).toEqual([
      ["update", "2001:db8:1::"],
      ["add", "2001:db8:2::"],
    ]);
  });

  test("a longer or shorter prefix than wished for is used, and the wish is repeated", () => {
    const [bench, request] = requesting({ wanted: [pd(1, ["::/56"])] });
    bench.receive(reply(request));
    expect(iasOf(bench.nextSent("renew").message)).toEqual({ 1: ["2001:db8:1::/64", "::/56"] });
  });
});

describe("client: Reply that refuses", () => {
  const refusals = [
    ["NoPrefixAvail", { ias: [{ status: "noPrefixAvail" }] }],
    ["NoBinding", { ias: [{ status: "noBinding" }] }],
    ["a status nobody knows", { ias: [{ status: "dnsUpdateNotSupported" }] }],
    ["an IA without prefixes", { ias: [{}] }],
    ["no IA", { ias: [] }],
    ["valid lifetime 0", { ias: [{ prefixes: [["2001:db8:1::/64", 0, 0]] }] }],
    ["preferred above valid", { ias: [{ prefixes: [["2001:db8:1::/64", 5, 4]] }] }],
    ["T1 above T2", { ias: [{ ...GRANT, t1: 5, t2: 4 }] }],
    ["only an IA never asked for", { ias: [{ ...GRANT, iaid: 8 }] }],
    ["NotOnLink of the message", { ias: [], extra: [statusOption("notOnLink")] }],
  ] as const;

  test.each(refusals)("%s: the next server is asked, the hook is not called", (_name, shape) => {
    const [bench, request] = requesting({}, true);
    bench.receive(reply(request, shape));
    expect(bench.hooks).toEqual([]);
    expect(find(bench.sent.at(-1)?.message.options ?? [], "serverId")).toEqual(SERVER_B);
  });

  test.each(refusals)("%s, and nobody else to ask: Solicit after a pause", (_name, shape) => {
    const [bench, request] = requesting();
    bench.receive(reply(request, shape));
    const solicit = bench.nextSent("solicit");
    expect(solicit.at - request.at).toBe(1000);
    expect(bench.hooks).toEqual([]);
    expect(bench.state().bindings[0]?.leases).toEqual([]);
  });

  test.each(["unspecFail", "useMulticast"] as const)(
    "%s of the message: the same Request again at its usual times, then Solicit",
    (status) => {
      const [bench, first] = requesting();
      let copies = 1;
      bench.receive(reply(first, { ias: [], extra: [statusOption(status)] }));
      for (let sent = bench.nextSent(); sent.message.type === "request"; sent = bench.nextSent()) {
        copies += 1;
        bench.receive(reply(sent, { ias: [], extra: [statusOption(status)] }));
      }
      expect(copies).toBe(10);
      expect(bench.now() - first.at).toBe(181_000);
    },
  );
});

describe("client: Replies that are not for it", () => {
  test.each([
    ["of another server", { server: SERVER_B }],
    ["without a server id", { server: undefined }],
    ["without a client id", { client: undefined }],
    ["for another client", { client: SERVER_B }],
    ["with another transaction-id", { xid: 0xabcdef as never }],
  ] as const)("%s: dropped, the exchange goes on", (_name, shape) => {
    const [bench, request] = requesting();
    bench.receive(reply(request, shape));
    expect(bench.phase()).toBe("requesting");
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-DISCARD");
    bench.receive(reply(bench.nextSent("request")));
    expect(bench.phase()).toBe("bound");
  });

  test("an Advertise that comes late is dropped", () => {
    const [bench, request] = requesting();
    bench.receive(advertise(request));
    expect(bench.phase()).toBe("requesting");
  });

  test("a Reply that comes twice counts once", () => {
    const [bench, request] = requesting();
    bench.receive(reply(request));
    bench.receive(reply(request));
    expect(bench.hooks).toHaveLength(1);
  });

  test("iaid 0xffffffff is an ordinary one", () => {
    const [bench, request] = requesting({ wanted: [{ ...pd(1), iaid: iaid(0xffffffff) }] });
    bench.receive(reply(request, { ias: [{ ...GRANT, iaid: 0xffffffff }] }));
    expect(bench.hooks[0]?.call.variables["PREFIX1IAID"]).toBe("4294967295");
  });
});
