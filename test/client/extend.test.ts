import { describe, expect, test } from "vitest";
import { find, has } from "../../shared/wire/options.js";
import {
  bind,
  createBench,
  elapsedOf,
  GRANT,
  iasOf,
  lastOf,
  pd,
  reply,
  SERVER_A,
  SERVER_B,
  statusOption,
} from "./workbench.js";

/** IA 2 beside the usual IA 1. */
const SECOND = { ...GRANT, iaid: 2, prefixes: [["2001:db8:2::/64", 3000, 4000]] } as const;

/** Seconds between the start of the record and each message. */
const times = (sent: readonly { readonly at: number }[], from: number): readonly number[] =>
  sent.map(({ at }) => (at - from) / 1000);

describe("client: Renew", () => {
  test("at T1 to the server that granted, all leases with lifetimes 0, elapsed time 0", () => {
    const bench = createBench();
    bind(bench);
    const bound = bench.now();
    const { at, message } = bench.nextSent("renew");
    expect(at - bound).toBe(1_000_000);
    expect(find(message.options, "serverId")).toEqual(SERVER_A);
    expect(iasOf(message)).toEqual({ 1: ["2001:db8:1::/64"] });
    expect(elapsedOf(message)).toBe(0);
    const [lease] = [find(find(message.options, "iaPd")?.options ?? [], "iaPrefix")];
    expect(lease).toMatchObject({ preferred: 0, valid: 0 });
    expect(find(message.options, "optionRequest")).toEqual([82]);
  });

  test("answered: lifetimes and timers start anew, hook update", () => {
    const bench = createBench();
    bind(bench);
    const renew = bench.nextSent("renew");
    bench.wait(100);
    bench.receive(reply(renew));
    expect(bench.phase()).toBe("bound");
    expect(bench.hooks).toMatchObject([
      {
        call: {
          action: "update",
          variables: {
            PREFIX1: "2001:db8:1::",
            PREFIX1VALID: "4000",
            CLNT_MESSAGE: "RENEW",
            REASON: "renewed",
          },
        },
      },
    ]);
    expect(bench.nextSent("renew").at - renew.at).toBe(1_000_100);
  });

  test("unanswered: 10, 20, 40 ... s apart with the same transaction-id, until T2 makes it a Rebind", () => {
    const bench = createBench();
    bind(bench);
    const bound = bench.now();
    const copies = Array.from({ length: 6 }, () => bench.nextSent("renew"));
    expect(times(copies, bound)).toEqual([1000, 1010, 1030, 1070, 1150, 1310]);
    expect(new Set(copies.map(({ message }) => message.xid)).size).toBe(1);
    bench.nextSent("renew");
    const rebind = bench.nextSent("rebind");
    expect(times([rebind], bound)).toEqual([2000]);
    expect(has(rebind.message.options, "serverId")).toBe(false);
    expect(iasOf(rebind.message)).toEqual({ 1: ["2001:db8:1::/64"] });
    expect(rebind.message.xid).not.toBe(copies[0]?.message.xid);
  });

  test("a Reply of another server is dropped", () => {
    const bench = createBench();
    bind(bench);
    bench.receive(reply(bench.nextSent("renew"), { server: SERVER_B }));
    expect(bench.phase()).toBe("renewing");
    expect(bench.hooks).toEqual([]);
  });

  test("another prefix instead of the old one (0/0): one update, new first, withdrawn last", () => {
    const bench = createBench();
    bind(bench);
    const prefixes = [
      ["2001:db8:1::/64", 0, 0],
      ["2001:db8:9::/64", 3000, 4000],
    ] as const;
    bench.receive(reply(bench.nextSent("renew"), { ias: [{ ...GRANT, prefixes }] }));
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      {
        action: "update",
        variables: {
          PREFIX1: "2001:db8:9::",
          PREFIX1VALID: "4000",
          PREFIX2: "2001:db8:1::",
          PREFIX2PREF: "0",
          PREFIX2VALID: "0",
          REASON: "changed",
        },
      },
    ]);
    expect(iasOf(bench.nextSent("renew").message)).toEqual({ 1: ["2001:db8:9::/64"] });
  });

  test("another prefix beside the old one: both are used, the old one ages out", () => {
    const bench = createBench();
    bind(bench);
    const bound = bench.now();
    const prefixes = [["2001:db8:9::/64", 8000, 9000]] as const;
    bench.receive(reply(bench.nextSent("renew"), { ias: [{ ...GRANT, t1: 7000, t2: 7500, prefixes }] }));
    expect(bench.hooks[0]?.call.variables).toMatchObject({
      PREFIX1: "2001:db8:9::",
      PREFIX2: "2001:db8:1::",
      PREFIX2PREF: "2000",
      PREFIX2VALID: "3000",
    });
    bench.forget();
    bench.wait(4_000_000 - (bench.now() - bound));
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      {
        action: "update",
        variables: { PREFIX1: "2001:db8:9::", PREFIX2: "2001:db8:1::", PREFIX2VALID: "0", REASON: "expire" },
      },
    ]);
    expect(bench.phase()).toBe("bound");
  });

  test("withdrawn and nothing instead: hook delete, Solicit with the old prefix as a hint after a pause", () => {
    const bench = createBench();
    bind(bench);
    const renew = bench.nextSent("renew");
    bench.receive(reply(renew, { ias: [{ prefixes: [["2001:db8:1::/64", 0, 0]] }] }));
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      { action: "delete", variables: { PREFIX1: "2001:db8:1::", PREFIX1VALID: "0", REASON: "withdrawn" } },
    ]);
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-GONE");
    const solicit = bench.nextSent("solicit");
    expect(solicit.at - renew.at).toBe(1000);
    expect(iasOf(solicit.message)).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test("one IA withdrawn, one renewed: delete for the one, then update for the other", () => {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bind(bench, [GRANT, SECOND]);
    const ias = [{ prefixes: [["2001:db8:1::/64", 0, 0]] }, SECOND] as const;
    bench.receive(reply(bench.nextSent("renew"), { ias }));
    expect(bench.hooks.map(({ call }) => [call.action, call.variables["PREFIX1"]])).toEqual([
      ["delete", "2001:db8:1::"],
      ["update", "2001:db8:2::"],
    ]);
    expect(iasOf(bench.nextSent("renew").message)).toEqual({
      1: ["2001:db8:1::/64"],
      2: ["2001:db8:2::/64"],
    });
  });

  test.each([
    ["an IA without prefixes", { ias: [{}] }],
    ["NoPrefixAvail", { ias: [{ status: "noPrefixAvail" }] }],
    ["no IA", { ias: [] }],
    ["T1 above T2", { ias: [{ ...GRANT, t1: 2, t2: 1 }] }],
    ["UnspecFail of the message", { ias: [], extra: [statusOption("unspecFail")] }],
    ["UseMulticast", { ias: [], extra: [statusOption("useMulticast")] }],
  ] as const)("answered with %s: leases stay, the usual waits, Rebind at T2, no hook", (_name, shape) => {
    const bench = createBench();
    bind(bench);
    const bound = bench.now();
    const copies: number[] = [];
    for (let sent = bench.nextSent(); sent.message.type === "renew"; sent = bench.nextSent()) {
      copies.push((sent.at - bound) / 1000);
      bench.receive(reply(sent, shape));
    }
    expect(copies).toEqual([1000, 1010, 1030, 1070, 1150, 1310, 1630]);
    expect(bench.sent.at(-1)).toMatchObject({ at: bound + 2_000_000, message: { type: "rebind" } });
    expect(bench.hooks).toEqual([]);
  });

  test("one of two IAs left out: it is tried again after 10, 20 ... s, not at once", () => {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bind(bench, [GRANT, SECOND]);
    const starts: number[] = [];
    for (let n = 0; n < 4; n++) {
      const sent = bench.nextSent("renew");
      starts.push(sent.at);
      bench.receive(reply(sent, { ias: [GRANT] }));
    }
    expect(starts.slice(1).map((at, index) => (at - (starts[index] ?? 0)) / 1000)).toEqual([10, 20, 40]);
  });
});

describe("client: NoBinding in the answer to a Renew", () => {
  test("Request to that server with all IAs and their prefixes; granted: hook update, not add", () => {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bind(bench, [GRANT, SECOND]);
    bench.receive(reply(bench.nextSent("renew"), { ias: [GRANT, { iaid: 2, status: "noBinding" }] }));
    const request = bench.sent.at(-1);
    if (request?.message.type !== "request") throw new Error("no Request");
    expect(find(request.message.options, "serverId")).toEqual(SERVER_A);
    expect(iasOf(request.message)).toEqual({ 1: ["2001:db8:1::/64"], 2: ["2001:db8:2::/64"] });
    expect(bench.hooks.map(({ call }) => call.variables["PREFIX1"])).toEqual(["2001:db8:1::"]);
    bench.receive(reply(request, { ias: [GRANT, SECOND] }));
    expect(bench.hooks.map(({ call }) => call.action)).toEqual(["update", "update"]);
  });

  test("after another prefix was granted so: Renews name both, a Request only the one granted last", () => {
    const bench = createBench();
    bind(bench);
    const [old, next] = ["2001:db8:1::/64", "2001:db8:2::/64"];
    bench.receive(reply(bench.nextSent("renew"), { ias: [{ status: "noBinding" }] }));
    expect(iasOf(lastOf(bench).message)).toEqual({ 1: [old] });
    bench.receive(reply(lastOf(bench), { ias: [{ ...SECOND, iaid: 1 }] }));
    const renew = bench.nextSent("renew");
    expect(iasOf(renew.message)).toEqual({ 1: [next, old] });
    bench.receive(reply(renew, { ias: [{ status: "noBinding" }] }));
    expect(iasOf(lastOf(bench).message)).toEqual({ 1: [next] });
    bench.receive(reply(lastOf(bench), { ias: [{ ...SECOND, iaid: 1 }] }));
    expect(bench.phase()).toBe("bound");
    expect(bench.hooks.map(({ call: { action, variables } }) => [action, variables["PREFIX1"]])).toEqual([
      ["update", "2001:db8:2::"],
      ["update", "2001:db8:2::"],
    ]);
  });

  test("that Request refused: the lease is kept, tried again with growing pauses, given up at its end only", () => {
    const bench = createBench();
    bind(bench);
    const bound = bench.now();
    const attempts: number[] = [];
    for (let sent = bench.nextSent(); sent.message.type !== "solicit"; sent = bench.nextSent()) {
      attempts.push((sent.at - bound) / 1000);
      bench.receive(reply(sent, { ias: [{ status: "noBinding" }] }));
      bench.receive(reply(lastOf(bench), { ias: [{ status: "noPrefixAvail" }] }));
    }
    const gone = bench.hooks.find(({ call }) => call.action === "delete");
    expect(gone?.at).toBe(bound + 4_000_000);
    expect(attempts).toEqual([1000, 1010, 1030, 1070, 1150, 1310, 1630, 2000, 2600, 3200, 3800]);
  });
});

describe("client: Rebind", () => {
  test("another server answers: it owns the lease from then on", () => {
    const bench = createBench();
    bind(bench);
    bench.wait(1_990_000);
    bench.receive(reply(bench.nextSent("rebind"), { server: SERVER_B }));
    expect(bench.hooks).toMatchObject([
      { call: { action: "update", variables: { CLNT_MESSAGE: "REBIND" } } },
    ]);
    expect(find(bench.nextSent("renew").message.options, "serverId")).toEqual(SERVER_B);
  });

  test("a server that knows nothing answers first, the right one second: the right one counts", () => {
    const bench = createBench();
    bind(bench);
    bench.wait(1_990_000);
    const rebind = bench.nextSent("rebind");
    bench.receive(reply(rebind, { server: SERVER_B, ias: [{ status: "noPrefixAvail" }] }));
    expect(bench.phase()).toBe("rebinding");
    bench.receive(reply(rebind));
    expect(bench.phase()).toBe("bound");
  });

  test("NoBinding: Request to the server that says so", () => {
    const bench = createBench();
    bind(bench);
    bench.wait(1_990_000);
    bench.receive(reply(bench.nextSent("rebind"), { server: SERVER_B, ias: [{ status: "noBinding" }] }));
    const request = bench.sent.at(-1);
    expect(request?.message.type).toBe("request");
    expect(find(request?.message.options ?? [], "serverId")).toEqual(SERVER_B);
  });

  test("an empty IA of the server that granted the lease (Dibbler's way): Request, the lease is saved", () => {
    const bench = createBench();
    bind(bench);
    bench.wait(1_990_000);
    const rebind = bench.nextSent("rebind");
    bench.receive(reply(rebind, { server: SERVER_B, ias: [{}] }));
    expect(bench.phase()).toBe("rebinding");
    bench.receive(reply(rebind, { ias: [{}] }));
    expect(iasOf(lastOf(bench).message)).toEqual({ 1: ["2001:db8:1::/64"] });
    bench.receive(reply(lastOf(bench)));
    expect(bench.hooks).toMatchObject([
      { call: { action: "update", variables: { CLNT_MESSAGE: "REQUEST" } } },
    ]);
    expect(bench.phase()).toBe("bound");
  });

  test("silence to the end of the valid lifetime: used until then, then hook delete and Solicit at once", () => {
    const bench = createBench();
    bind(bench);
    const bound = bench.now();
    bench.wait(3_999_999);
    expect(bench.state().bindings[0]?.leases).toHaveLength(1);
    expect(bench.hooks).toEqual([]);
    bench.forget();
    bench.wait(1);
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      { action: "delete", variables: { PREFIX1: "2001:db8:1::", REASON: "expire", IFACE: "wan0" } },
    ]);
    expect(bench.sent).toMatchObject([{ at: bound + 4_000_000, message: { type: "solicit" } }]);
    expect(iasOf(bench.sent[0]?.message ?? reply(bench.nextSent()))).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test("a lease that ends between two copies is left out of the next one", () => {
    const bench = createBench();
    const prefixes = [
      ["2001:db8:1::/64", 100, 130],
      ["2001:db8:2::/64", 100, 1000],
    ] as const;
    bind(bench, [{ t1: 50, t2: 80, prefixes }]);
    bench.wait(79_000);
    const copies = [bench.nextSent("rebind"), bench.nextSent(), bench.nextSent(), bench.nextSent()];
    expect(copies.map(({ message }) => iasOf(message)[1]?.length)).toEqual([2, 2, 2, 1]);
    expect(bench.hooks).toMatchObject([
      { call: { action: "update", variables: { PREFIX2: "2001:db8:1::" } } },
    ]);
  });

  test("one IA over, the other alive: the Rebind goes on and asks for the lost prefix too", () => {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    const short = { ...GRANT, t1: 50, t2: 80, prefixes: [["2001:db8:1::/64", 90, 100]] } as const;
    bind(bench, [short, SECOND]);
    bench.wait(105_000);
    expect(bench.hooks).toMatchObject([
      { call: { action: "delete", variables: { PREFIX1: "2001:db8:1::" } } },
    ]);
    expect(bench.phase()).toBe("rebinding");
    expect(iasOf(bench.nextSent("rebind").message)).toEqual({
      1: ["2001:db8:1::/64"],
      2: ["2001:db8:2::/64"],
    });
  });
});

describe("client: IAs of two servers", () => {
  /** IA 1 stays with server A; IA 2 went over to server B in a Rebind that A did not answer. */
  function split(): ReturnType<typeof createBench> {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bind(bench, [GRANT, SECOND]);
    bench.wait(1_990_000);
    bench.receive(
      reply(bench.nextSent("rebind"), { server: SERVER_B, ias: [{ ...SECOND, t1: 500, t2: 900 }] }),
    );
    bench.receive(reply(bench.nextSent("rebind"), { server: SERVER_A, ias: [GRANT] }));
    bench.forget();
    return bench;
  }

  test("each Renew goes to the server of the IA whose T1 came, with the IAs of that server", () => {
    const bench = split();
    const toB = bench.nextSent("renew");
    expect(find(toB.message.options, "serverId")).toEqual(SERVER_B);
    expect(iasOf(toB.message)).toEqual({ 2: ["2001:db8:2::/64"] });
    bench.receive(reply(toB, { server: SERVER_B, ias: [{ ...SECOND, t1: 9000, t2: 9500 }] }));
    const toA = bench.nextSent("renew");
    expect(find(toA.message.options, "serverId")).toEqual(SERVER_A);
    expect(iasOf(toA.message)).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test("all leases of the server asked run out: the others are kept and the Renew ends", () => {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bind(bench, [GRANT, SECOND]);
    bench.wait(1_990_000);
    const short = { ...SECOND, t1: 50, t2: 4_000_000, prefixes: [["2001:db8:2::/64", 60, 100]] } as const;
    bench.receive(reply(bench.nextSent("rebind"), { server: SERVER_B, ias: [{ ...short, t2: 100 }] }));
    bench.receive(reply(bench.nextSent("rebind"), { ias: [{ ...GRANT, t1: 3000, t2: 3500 }] }));
    // B's Renew from its T1 on is not answered; at 100 s its T2 and the end of its lease come together.
    bench.nextSent("renew");
    bench.wait(120_000);
    expect(bench.phase()).toBe("bound");
    expect(bench.state().bindings.map(({ leases }) => leases.length)).toEqual([1, 0]);
  });
});
