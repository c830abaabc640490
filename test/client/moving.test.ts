import { describe, expect, test } from "vitest";
import { option } from "../../shared/wire/options.js";
import {
  ADDRESS,
  addressesOf,
  advertise,
  bind,
  createBench,
  elapsedOf,
  GRANT,
  iasOf,
  lastOf,
  na,
  pd,
  reply,
  statusOption,
} from "./workbench.js";

const HIGHEST = option("preference", 255);

describe("client: the interface is linked again", () => {
  test("with a prefix: Rebind after 0..1 s for 10 s, and no answer changes nothing", () => {
    const bench = createBench();
    bind(bench);
    bench.wait(100_000);
    const start = bench.now();
    bench.link(9);
    const rebind = bench.nextSent("rebind");
    expect([rebind.at - start, iasOf(rebind.message), elapsedOf(rebind.message)]).toEqual([
      500,
      { 1: ["2001:db8:1::/64"] },
      0,
    ]);
    bench.wait(20_000);
    expect(bench.sent.map(({ message }) => message.type)).toEqual(Array(4).fill("rebind"));
    expect([bench.phase(), bench.hooks]).toEqual(["bound", []]);
    bench.forget();
    expect(bench.nextSent("renew").at).toBe(bind0(1000));
  });

  test("an answer extends the leases; the script hears of it, with the new index", () => {
    const bench = createBench();
    bind(bench);
    bench.link(9);
    bench.receive(reply(bench.nextSent("rebind")));
    expect(bench.phase()).toBe("bound");
    expect(bench.hooks).toMatchObject([
      { call: { action: "update", variables: { PREFIX1: "2001:db8:1::", IFINDEX: "9", REASON: "renewed" } } },
    ]);
  });

  test("the other link has other prefixes: the old one is withdrawn, the new one takes its place", () => {
    const bench = createBench();
    bind(bench);
    bench.link();
    const gone = {
      ...GRANT,
      prefixes: [
        ["2001:db8:2::/64", 3000, 4000],
        ["2001:db8:1::/64", 0, 0],
      ],
    } as const;
    bench.receive(reply(bench.nextSent("rebind"), { ias: [gone] }));
    expect(bench.hooks).toMatchObject([
      {
        call: {
          action: "update",
          variables: { PREFIX1: "2001:db8:2::", PREFIX2: "2001:db8:1::", PREFIX2VALID: "0" },
        },
      },
    ]);
  });

  test("with addresses only: Confirm; NotOnLink leads to a Solicit without them", () => {
    const bench = createBench({ wanted: [na(1)] });
    bind(bench, [ADDRESS]);
    bench.link();
    bench.receive(reply(bench.nextSent("confirm"), { ias: [], extra: [statusOption("notOnLink")] }));
    bench.wait(1100);
    expect(addressesOf(bench.nextSent("solicit").message)).toEqual({ 1: [] });
    expect(bench.hooks).toMatchObject([{ call: { action: "delete" } }]);
  });

  test.each([
    ["renewing", 1_000_100],
    ["rebinding", 2_000_100],
  ])("while %s: the exchange of the old link gives way", (phase, wait) => {
    const bench = createBench();
    bind(bench);
    bench.wait(wait);
    expect(bench.phase()).toBe(phase);
    const { xid } = lastOf(bench).message;
    bench.forget();
    bench.link();
    const rebind = bench.nextSent("rebind");
    expect(rebind.message.xid).not.toBe(xid);
    bench.receive(reply(rebind));
    expect(bench.phase()).toBe("bound");
  });

  test("while nobody answered for hours: a Solicit within a second, not at the end of an hour", () => {
    const bench = createBench();
    bench.start();
    bench.wait(4 * 3_600_000);
    bench.forget();
    bench.link();
    const { message } = bench.nextSent("solicit", 1000);
    expect(elapsedOf(message)).toBe(0);
  });

  test("while servers refuse: the pause that had grown is over", () => {
    const bench = createBench();
    bench.start();
    for (let turn = 0; turn < 8; turn += 1) {
      bench.receive(advertise(bench.nextSent("solicit"), { extra: [HIGHEST] }));
      bench.receive(reply(lastOf(bench), { ias: [{ status: "noPrefixAvail" }] }));
      bench.forget();
    }
    bench.link();
    expect(bench.nextSent("solicit", 1000).message.type).toBe("solicit");
  });

  test("options only: asked for again", () => {
    const bench = createBench({ wanted: [], stateless: true, requestedOptions: [23] });
    bench.start();
    bench.receive(reply(bench.nextSent("informationRequest"), { ias: [] }));
    expect(bench.phase()).toBe("informed");
    bench.link();
    expect(bench.phase()).toBe("informing");
    bench.wait(3_600_000);
    bench.forget();
    bench.link();
    expect(bench.nextSent("informationRequest", 1000).message.type).toBe("informationRequest");
  });

  test("what ends soon goes on: Request, the Confirm that is out, Release", () => {
    const bench = createBench();
    bench.start();
    bench.receive(advertise(bench.nextSent("solicit"), { extra: [HIGHEST] }));
    bench.link();
    expect(bench.phase()).toBe("requesting");
    bench.receive(reply(lastOf(bench)));
    bench.link();
    const { xid } = bench.nextSent("rebind").message;
    bench.link();
    expect([bench.phase(), lastOf(bench).message.xid]).toEqual(["confirming", xid]);
    bench.stop();
    bench.link();
    expect(bench.phase()).toBe("releasing");
  });

  test("a link that flaps every 100 ms for ten minutes: never more than 20 messages in 20 s, the prefix stays", () => {
    const bench = createBench({ wanted: [pd(1)] });
    bind(bench);
    for (let flap = 0; flap < 6000; flap += 1) {
      bench.link();
      bench.wait(100);
      const last = bench.sent.at(-1);
      if (last?.message.type === "rebind") bench.receive(reply(last));
    }
    const closest = bench.sent.slice(20).map(({ at }, index) => at - (bench.sent[index]?.at ?? 0));
    expect(Math.min(...closest)).toBeGreaterThanOrEqual(20_000);
    expect(bench.phase()).not.toBe("soliciting");
  });
});

/** Milliseconds from the start of a bench to so many seconds after `bind` got the lease. */
const bind0 = (later: number): number => 500 + later * 1000;
