import { describe, expect, test } from "vitest";
import { millis } from "../../shared/brand.js";
import { find, has, option } from "../../shared/wire/options.js";
import {
  ADDRESS,
  addressesOf,
  advertise,
  bind,
  type Bench,
  createBench,
  EPOCH,
  GRANT,
  type IaText,
  iasOf,
  lastOf,
  na,
  pd,
  prefix,
  reply,
  SERVER_A,
  SERVER_B,
  statusOption,
} from "./workbench.js";

const NO_ADDRESS: IaText = { kind: "na", status: "noAddrsAvail" };
const BOTH = { wanted: [na(1), pd(1)] };

/** The address and the prefix of IAID 1 in the last message, and its type. */
function lastSaid(bench: Bench): readonly unknown[] {
  const { message } = lastOf(bench);
  return [message.type, addressesOf(message), iasOf(message)];
}

/** A client with these IAs that has just started again with what `before` held, `later` seconds on. */
function restarted(before: Bench, wanted: Parameters<typeof createBench>[0], later = 10): Bench {
  const bench = createBench(wanted, () => 0.5, EPOCH + before.now() + later * 1000);
  bench.start(before.saved());
  return bench;
}

describe("client: addresses beside prefixes", () => {
  test("one exchange for all: one Solicit, one Request, one hook call with both", () => {
    const bench = createBench({ wanted: [na(1, ["2001:db8:a::7"]), na(2), pd(1)] });
    const second: IaText = { ...ADDRESS, iaid: 2, prefixes: [["2001:db8:a::2", 3000, 4000]] };
    const ias = [GRANT, ADDRESS, second];
    bench.start();
    const solicit = bench.nextSent("solicit");
    expect(lastSaid(bench)).toEqual(["solicit", { 1: ["2001:db8:a::7"], 2: [] }, { 1: [] }]);
    bench.receive(advertise(solicit, { ias, extra: [option("preference", 255)] }));
    expect(lastSaid(bench)).toEqual([
      "request",
      { 1: ["2001:db8:a::1"], 2: ["2001:db8:a::2"] },
      { 1: ["2001:db8:1::/64"] },
    ]);
    bench.receive(reply(lastOf(bench), { ias }));
    expect(bench.sent).toHaveLength(2);
    expect(bench.hooks).toHaveLength(1);
    expect(bench.hooks[0]?.call).toMatchObject({
      action: "add",
      variables: {
        ADDR1: "2001:db8:a::1",
        ADDR1PREF: "3000",
        ADDR1VALID: "4000",
        ADDR1IAID: "1",
        ADDR2: "2001:db8:a::2",
        ADDR2IAID: "2",
        PREFIX1: "2001:db8:1::",
        PREFIX1IAID: "1",
      },
    });
  });

  test("NoAddrsAvail beside a granted prefix: the prefix is used, the address asked for in each Renew", () => {
    const bench = createBench(BOTH);
    bind(bench, [NO_ADDRESS, GRANT]);
    bench.nextSent("renew");
    expect(lastSaid(bench)).toEqual(["renew", { 1: [] }, { 1: ["2001:db8:1::/64"] }]);
    bench.receive(reply(lastOf(bench), { ias: [GRANT, ADDRESS] }));
    expect(
      bench.hooks.map(({ call }) => [call.action, call.variables["ADDR1"], call.variables["PREFIX1"]]),
    ).toEqual([
      ["update", undefined, "2001:db8:1::"],
      ["add", "2001:db8:a::1", undefined],
    ]);
  });

  test("the same IAID in both kinds: neither is taken for the other", () => {
    const bench = createBench(BOTH);
    bind(bench, [ADDRESS, GRANT]);
    bench.receive(
      reply(bench.nextSent("renew"), { ias: [{ kind: "na", prefixes: [["2001:db8:a::1", 0, 0]] }, GRANT] }),
    );
    expect(bench.state().bindings.map(({ leases }) => leases.length)).toEqual([0, 1]);
    expect(bench.hooks.map(({ call }) => call.action)).toEqual(["delete", "update"]);
  });

  test("NoBinding for the address only: Request to that server with all IAs, the prefix goes on", () => {
    const bench = createBench(BOTH);
    bind(bench, [ADDRESS, GRANT]);
    bench.receive(reply(bench.nextSent("renew"), { ias: [{ kind: "na", status: "noBinding" }, GRANT] }));
    expect(lastSaid(bench)).toEqual(["request", { 1: ["2001:db8:a::1"] }, { 1: ["2001:db8:1::/64"] }]);
    expect(find(lastOf(bench).message.options, "serverId")).toEqual(SERVER_A);
    bench.receive(reply(lastOf(bench), { ias: [NO_ADDRESS, GRANT] }));
    expect(bench.phase()).toBe("bound");
  });

  test.each([
    ["in the IA", { ias: [{ kind: "na", status: "notOnLink" }, GRANT] }],
    ["of the message", { ias: [GRANT], extra: [statusOption("notOnLink")] }],
  ] as const)(
    "NotOnLink %s in the answer to a Renew: address given up, not asked for again",
    (_where, shape) => {
      const bench = createBench(BOTH);
      bind(bench, [ADDRESS, GRANT]);
      bench.receive(reply(bench.nextSent("renew"), shape));
      expect(bench.hooks[0]?.call).toMatchObject({ action: "delete", variables: { ADDR1: "2001:db8:a::1" } });
      bench.nextSent("renew");
      expect(lastSaid(bench)).toEqual(["renew", { 1: [] }, { 1: ["2001:db8:1::/64"] }]);
    },
  );

  test("of two equal offers the one with the prefix wins, whatever else the other has", () => {
    const bench = createBench({ wanted: [na(1), na(2), pd(1)] });
    bench.start();
    const solicit = bench.nextSent("solicit");
    bench.receive(advertise(solicit, { ias: [ADDRESS, { ...ADDRESS, iaid: 2 }] }));
    bench.receive(advertise(solicit, { server: SERVER_B, ias: [GRANT] }));
    expect(find(bench.nextSent("request").message.options, "serverId")).toEqual(SERVER_B);
  });

  test.each(["fe80::1", "ff02::1", "::1", "::"])("the address %s of a server is left aside", (address) => {
    const bench = createBench({ wanted: [na(1)] });
    bench.start();
    bench.receive(advertise(bench.nextSent(), { ias: [{ ...ADDRESS, prefixes: [[address, 3000, 4000]] }] }));
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-ANSWER-FAULT");
    bench.nextSent("solicit");
  });

  test("released with the prefix in one message", () => {
    const bench = createBench(BOTH);
    bind(bench, [ADDRESS, GRANT]);
    bench.stop();
    expect(lastSaid(bench)).toEqual(["release", { 1: ["2001:db8:a::1"] }, { 1: ["2001:db8:1::/64"] }]);
  });
});

describe("client: restart with addresses", () => {
  const bound = (setup: Parameters<typeof createBench>[0], ias: readonly IaText[]): Bench => {
    const bench = createBench(setup);
    bind(bench, ias);
    return bench;
  };
  const confirming = (): Bench => restarted(bound({ wanted: [na(1)] }, [ADDRESS]), { wanted: [na(1)] });

  test("addresses only: Confirm after 0..1 s to every server, times and lifetimes 0, no Option Request", () => {
    const bench = confirming();
    const { at, message } = bench.nextSent("confirm");
    expect(at).toBe(500);
    expect(addressesOf(message)).toEqual({ 1: ["2001:db8:a::1"] });
    expect(has(message.options, "serverId")).toBe(false);
    expect(has(message.options, "optionRequest")).toBe(false);
    const ia = find(message.options, "iaNa");
    expect(ia).toMatchObject({ t1: 0, t2: 0 });
    expect(find(ia?.options ?? [], "iaAddr")).toMatchObject({ preferred: 0, valid: 0 });
  });

  test("with a prefix asked for: Rebind", () => {
    const bench = restarted(bound(BOTH, [ADDRESS, GRANT]), BOTH);
    bench.nextSent("rebind");
    expect(lastSaid(bench)).toEqual(["rebind", { 1: ["2001:db8:a::1"] }, { 1: ["2001:db8:1::/64"] }]);
  });

  test("Success: kept, hook add, Renew at the T1 of the run before", () => {
    const bench = confirming();
    bench.receive(reply(bench.nextSent("confirm"), { server: SERVER_B, ias: [] }));
    expect(bench.hooks).toMatchObject([
      { call: { action: "add", variables: { ADDR1: "2001:db8:a::1", REASON: "start" } } },
    ]);
    expect(bench.state().bindings[0]?.renewAt).toBe(millis(EPOCH + 1_000_500));
  });

  test("Success after NotOnLink of another server: kept", () => {
    const bench = confirming();
    const sent = bench.nextSent("confirm");
    bench.receive(reply(sent, { server: SERVER_B, ias: [], extra: [statusOption("notOnLink")] }));
    bench.receive(reply(sent, { ias: [] }));
    expect(bench.phase()).toBe("bound");
  });

  test("NotOnLink only: given up before the next copy, hook delete, Solicit without the address", () => {
    const bench = confirming();
    bench.receive(reply(bench.nextSent("confirm"), { ias: [], extra: [statusOption("notOnLink")] }));
    expect(bench.hooks).toEqual([]);
    const solicit = bench.nextSent("solicit");
    expect(solicit.at).toBe(1500);
    expect(addressesOf(solicit.message)).toEqual({ 1: [] });
    expect(bench.hooks).toMatchObject([{ call: { action: "delete", variables: { REASON: "withdrawn" } } }]);
  });

  test("no answer: copies after 1, 2, 4 s, after 10 s the address is kept", () => {
    const bench = confirming();
    bench.wait(10_600);
    expect(bench.sent.map(({ at }) => (at - 500) / 1000)).toEqual([0, 1, 3, 7]);
    expect(bench.phase()).toBe("bound");
    expect(bench.hooks.map(({ call }) => call.action)).toEqual(["add"]);
  });

  test.each([
    ["UnspecFail", reply, { ias: [], extra: [statusOption("unspecFail")] }],
    ["an Advertise", advertise, { ias: [] }],
  ] as const)("%s is no answer to a Confirm", (_what, make, shape) => {
    const bench = confirming();
    bench.receive(make(bench.nextSent("confirm"), shape));
    expect(bench.phase()).toBe("confirming");
    bench.nextSent("confirm");
  });

  test("an address in a bound client is used to the end of its lifetime", () => {
    const bench = bound({ wanted: [na(1)] }, [ADDRESS]);
    const before = bench.now();
    bench.wait(4_000_000);
    expect(bench.hooks.at(-1)).toMatchObject({
      at: before + 4_000_000,
      call: { action: "delete", variables: { ADDR1: "2001:db8:a::1", REASON: "expire" } },
    });
    expect(bench.state().bindings[0]?.last).toEqual([prefix("2001:db8:a::1/128")]);
    expect(addressesOf(lastOf(bench).message)).toEqual({ 1: ["2001:db8:a::1"] });
  });
});
