import { describe, expect, test } from "vitest";
import { find, has } from "../../shared/wire/options.js";
import {
  ADDRESS,
  addressesOf,
  bind,
  type Bench,
  createBench,
  elapsedOf,
  GRANT,
  type IaText,
  iasOf,
  lastOf,
  na,
  pd,
  reply,
  SERVER_A,
  SERVER_B,
} from "./workbench.js";

const DUPLICATE = "2001:db8:a::1";
const TWO: IaText = {
  ...ADDRESS,
  prefixes: [
    [DUPLICATE, 3000, 4000],
    ["2001:db8:a::2", 3000, 4000],
  ],
};

/** A bound client that has just found out that 2001:db8:a::1 is not its own. */
function declining(ias: readonly IaText[], wanted = [na(1), pd(1)]): Bench {
  const bench = createBench({ wanted });
  bind(bench, ias);
  bench.duplicate(DUPLICATE);
  return bench;
}

describe("client: Decline", () => {
  test("at once to the server of the address: that address with lifetimes 0, no prefix, no Option Request", () => {
    const { message } = lastOf(declining([TWO, GRANT]));
    expect(message.type).toBe("decline");
    expect(find(message.options, "serverId")).toEqual(SERVER_A);
    expect(addressesOf(message)).toEqual({ 1: [DUPLICATE] });
    expect(iasOf(message)).toEqual({});
    expect(elapsedOf(message)).toBe(0);
    expect(has(message.options, "optionRequest")).toBe(false);
    expect(find(find(message.options, "iaNa")?.options ?? [], "iaAddr")).toMatchObject({
      preferred: 0,
      valid: 0,
    });
  });

  test("the address is not used from then on: hook delete, one line in the log", () => {
    const bench = declining([ADDRESS, GRANT]);
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      { action: "delete", variables: { ADDR1: DUPLICATE, ADDR1VALID: "0", REASON: "duplicate" } },
    ]);
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-DUPLICATE");
    expect(bench.saved()?.ias[0]).toMatchObject({ kind: "na", leases: [], last: [] });
  });

  test("another address of the IA stays: hook update, the declined one last", () => {
    const bench = declining([TWO, GRANT]);
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      { action: "update", variables: { ADDR1: "2001:db8:a::2", ADDR2: DUPLICATE, ADDR2VALID: "0" } },
    ]);
  });

  test.each(["success", "noBinding", "unspecFail"] as const)("a Reply with %s ends it", (status) => {
    const bench = declining([ADDRESS, GRANT]);
    bench.receive(reply(lastOf(bench), { ias: [{ kind: "na", status }] }));
    expect(bench.phase()).toBe("bound");
    bench.nextSent("renew");
    expect(addressesOf(lastOf(bench).message)).toEqual({ 1: [] });
  });

  test("no answer: four copies after 0, 1, 3, 7 s, then on without it", () => {
    const bench = declining([ADDRESS, GRANT]);
    const began = bench.now();
    bench.wait(15_000);
    expect(bench.sent.map(({ at }) => (at - began) / 1000)).toEqual([0, 1, 3, 7]);
    expect(new Set(bench.sent.map(({ message }) => message.xid)).size).toBe(1);
    expect(bench.phase()).toBe("bound");
  });

  test("nothing else held: Solicit without the address", () => {
    const bench = declining([ADDRESS], [na(1)]);
    bench.receive(reply(lastOf(bench), { ias: [] }));
    expect(lastOf(bench).message.type).toBe("solicit");
    expect(addressesOf(lastOf(bench).message)).toEqual({ 1: [] });
  });

  test("a second duplicate meanwhile: a Decline of its own, the client goes on when both are answered", () => {
    const bench = declining([TWO, GRANT]);
    const first = lastOf(bench);
    bench.duplicate("2001:db8:a::2");
    const second = lastOf(bench);
    expect(addressesOf(second.message)).toEqual({ 1: ["2001:db8:a::2"] });
    bench.receive(reply(second, { ias: [] }));
    expect(bench.phase()).toBe("declining");
    bench.receive(reply(first, { ias: [] }));
    expect(bench.phase()).toBe("bound");
  });

  test("a Reply of another server is dropped", () => {
    const bench = declining([ADDRESS, GRANT]);
    bench.receive(reply(lastOf(bench), { server: SERVER_B, ias: [] }));
    expect(bench.phase()).toBe("declining");
  });

  test.each(["2001:db8:a::9", "2001:db8:1::"])(
    "%s, which is not an address of ours: nothing happens",
    (other) => {
      const bench = createBench({ wanted: [na(1), pd(1)] });
      bind(bench, [ADDRESS, GRANT]);
      const before = bench.state();
      bench.duplicate(other);
      expect(bench.state()).toEqual(before);
      expect(bench.sent).toEqual([]);
    },
  );

  test("told to stop meanwhile: what is left is released", () => {
    const bench = declining([ADDRESS, GRANT]);
    bench.stop();
    expect([addressesOf(lastOf(bench).message), iasOf(lastOf(bench).message)]).toEqual([
      {},
      { 1: ["2001:db8:1::/64"] },
    ]);
  });
});
