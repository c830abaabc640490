import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { find } from "../../shared/wire/options.js";
import { bind, createBench, elapsedOf, GRANT, iasOf, pd, reply, SERVER_A, SERVER_B } from "./workbench.js";

describe("client: stop", () => {
  test("Release to the server with the IA and its prefixes; hook delete after it; ended with the Reply", () => {
    const bench = createBench();
    bind(bench);
    bench.wait(10_000);
    bench.stop();
    const [release] = bench.sent;
    if (release === undefined) throw new Error("no Release");
    expect(release.message.options.map(({ name }) => name)).toEqual([
      "clientId",
      "serverId",
      "iaPd",
      "elapsedTime",
    ]);
    expect(find(release.message.options, "serverId")).toEqual(SERVER_A);
    expect(iasOf(release.message)).toEqual({ 1: ["2001:db8:1::/64"] });
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      {
        action: "delete",
        variables: { PREFIX1: "2001:db8:1::", PREFIX1VALID: "0", REASON: "release", CLNT_MESSAGE: "RELEASE" },
      },
    ]);
    expect(bench.ended()).toBe(false);
    bench.receive(reply(release, { ias: [] }));
    expect(bench.ended()).toBe(true);
    expect(bench.phase()).toBe("stopped");
  });

  test("what is saved holds no lease any more, only the wish for the same prefix", () => {
    const bench = createBench();
    bind(bench);
    bench.stop();
    expect(bench.saved()?.ias).toMatchObject([{ leases: [], last: [{ length: 64 }] }]);
    const again = createBench();
    again.start(bench.saved());
    expect(again.hooks).toEqual([]);
    expect(iasOf(again.nextSent("solicit").message)).toEqual({ 1: ["2001:db8:1::/64"] });
  });

  test.each(["noBinding", "unspecFail", "success"] as const)("a Reply with %s ends it", (status) => {
    const bench = createBench();
    bind(bench);
    bench.stop();
    const [release] = bench.sent;
    if (release === undefined) throw new Error("no Release");
    bench.receive(reply(release, { ias: [{ status }] }));
    expect(bench.ended()).toBe(true);
  });

  test("nobody answers: a second copy after a second, the end 0.2 s later", () => {
    const bench = createBench();
    bind(bench);
    const stopped = bench.now();
    bench.stop();
    bench.wait(1100);
    expect(bench.ended()).toBe(false);
    bench.wait(100);
    expect(bench.ended()).toBe(true);
    expect(bench.sent.map(({ at, message }) => [at - stopped, elapsedOf(message)])).toEqual([
      [0, 0],
      [1000, 100],
    ]);
    expect(new Set(bench.sent.map(({ message }) => message.xid)).size).toBe(1);
    bench.wait(86_400_000);
    expect(bench.sent).toHaveLength(2);
  });

  test("with patience for it, the RFC's four copies: 0, 1, 3, 7 s, over at 15", () => {
    const bench = createBench({ releasePatience: millis(60_000) });
    bind(bench);
    const stopped = bench.now();
    bench.stop();
    bench.wait(14_999);
    expect(bench.ended()).toBe(false);
    bench.wait(1);
    expect(bench.ended()).toBe(true);
    expect(bench.sent.map(({ at }) => at - stopped)).toEqual([0, 1000, 3000, 7000]);
  });

  test.each([
    ["idle", () => createBench()],
    [
      "soliciting",
      () => {
        const bench = createBench();
        bench.start();
        bench.nextSent("solicit");
        return bench;
      },
    ],
  ])("without a lease (%s) nothing is sent and it ends at once", (_name, make) => {
    const bench = make();
    bench.forget();
    bench.stop();
    expect(bench.sent).toEqual([]);
    expect(bench.hooks).toEqual([]);
    expect(bench.ended()).toBe(true);
  });

  test.each(["renewing", "rebinding"])("while %s: the exchange is dropped, the Release leaves", (phase) => {
    const bench = createBench();
    bind(bench);
    bench.wait(phase === "renewing" ? 1_000_000 : 2_000_000);
    expect(bench.phase()).toBe(phase);
    bench.forget();
    bench.stop();
    expect(bench.sent.map(({ message }) => message.type)).toEqual(["release"]);
  });

  test("leases of two servers: one Release each; the end comes with the second Reply", () => {
    const second = { ...GRANT, iaid: 2, prefixes: [["2001:db8:2::/64", 3000, 4000]] } as const;
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bind(bench, [GRANT, second]);
    bench.wait(1_990_000);
    bench.receive(reply(bench.nextSent("rebind"), { server: SERVER_B, ias: [second] }));
    bench.forget();
    bench.stop();
    const [toA, toB] = bench.sent;
    if (toA === undefined || toB === undefined) throw new Error("two Releases are due");
    expect([toA, toB].map(({ message }) => iasOf(message))).toEqual([
      { 1: ["2001:db8:1::/64"] },
      { 2: ["2001:db8:2::/64"] },
    ]);
    expect(bench.hooks).toHaveLength(1);
    bench.receive(reply(toA, { server: SERVER_B }));
    bench.receive(reply(toA, { server: SERVER_A }));
    expect(bench.ended()).toBe(false);
    bench.receive(reply(toB, { server: SERVER_B }));
    expect(bench.ended()).toBe(true);
  });

  test("a second stop while the first is under way changes nothing", () => {
    const bench = createBench();
    bind(bench);
    bench.stop();
    bench.stop();
    expect(bench.sent).toHaveLength(1);
    expect(bench.hooks).toHaveLength(1);
  });
});
