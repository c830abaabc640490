import { describe, expect, test } from "vitest";
import { seconds } from "../../shared/brand.js";
import { find, has, option } from "../../shared/wire/options.js";
import {
  advertise,
  createBench,
  elapsedOf,
  GRANT,
  iasOf,
  ip,
  pd,
  prefix,
  reply,
  requestedOf,
  SERVER_A,
  SERVER_B,
  statusOption,
} from "./workbench.js";
import { INFINITY } from "../../shared/brand.js";
import { findAll } from "../../shared/wire/options.js";

describe("client: Solicit on the wire", () => {
  test("holds client, IA_PD with zeroed times, elapsed time 0, option request with SOL_MAX_RT; nothing else", () => {
    const bench = createBench();
    bench.start();
    const { at, message } = bench.nextSent("solicit");
    expect(at).toBe(500);
    expect(message.options.map(({ name }) => name)).toEqual([
      "clientId",
      "iaPd",
      "elapsedTime",
      "optionRequest",
    ]);
    const [ia] = findAll(message.options, "iaPd");
    expect(ia).toEqual({ iaid: 1, t1: 0, t2: 0, options: [] });
    expect(elapsedOf(message)).toBe(0);
    expect(requestedOf(message)).toEqual([82]);
  });

  test("asks for the configured options once each, never for what must not be asked for", () => {
    const bench = createBench({ requestedOptions: [23, 24, 23, 25, 26, 14, 82, 67] });
    bench.start();
    expect(requestedOf(bench.nextSent().message)).toEqual([23, 24, 82, 67]);
  });

  test("values of the configuration are sent along as wishes", () => {
    const wish = option("dnsServers", [ip("2001:db8::53")]);
    const bench = createBench({ sentOptions: [wish], requestedOptions: [23] });
    bench.start();
    expect(bench.nextSent().message.options).toContainEqual(wish);
    expect(requestedOf(bench.nextSent().message)).toEqual([23, 82]);
  });

  test("Rapid Commit is there only when configured", () => {
    for (const rapidCommit of [true, false]) {
      const bench = createBench({ rapidCommit });
      bench.start();
      expect(has(bench.nextSent("solicit").message.options, "rapidCommit")).toBe(rapidCommit);
    }
  });

  test.each([
    ["a prefix", ["2001:db8:7::/64"], ["2001:db8:7::/64"]],
    ["a length", ["::/56"], ["::/56"]],
    ["::/0, which is never sent", ["::/0"], []],
    ["two prefixes", ["2001:db8:7::/64", "2001:db8:8::/64"], ["2001:db8:7::/64", "2001:db8:8::/64"]],
  ])("hint of the configuration: %s", (_name, hints, sent) => {
    const bench = createBench({ wanted: [pd(1, hints)] });
    bench.start();
    expect(iasOf(bench.nextSent().message)).toEqual({ 1: sent });
  });

  test("T1, T2 and lifetimes are sent only when somebody configured them", () => {
    const hint = { prefix: prefix("2001:db8::/56"), preferred: seconds(1800), valid: INFINITY };
    const wanted = [{ ...pd(7), hints: [hint], t1: seconds(900), t2: seconds(1200) }];
    const bench = createBench({ wanted });
    bench.start();
    const [ia] = findAll(bench.nextSent().message.options, "iaPd");
    expect(ia).toMatchObject({ iaid: 7, t1: 900, t2: 1200 });
    expect(find(ia?.options ?? [], "iaPrefix")).toMatchObject({ preferred: 1800, valid: INFINITY });
  });

  test("several IA_PDs go into one Solicit", () => {
    const bench = createBench({ wanted: [pd(1), pd(7), pd(3)] });
    bench.start();
    expect(Object.keys(iasOf(bench.nextSent().message))).toEqual(["1", "3", "7"]);
  });
});

describe("client: Solicit without an answer", () => {
  test("is repeated with doubling waits, the same transaction-id and growing elapsed time", () => {
    const bench = createBench();
    bench.start();
    const copies = Array.from({ length: 5 }, () => bench.nextSent("solicit"));
    expect(copies.map(({ at }) => at)).toEqual([500, 1550, 3650, 7850, 16_250]);
    expect(copies.map(({ message }) => elapsedOf(message))).toEqual([0, 105, 315, 735, 1575]);
    const said = bench.logged.filter(({ id }) => id === "CLIENT-UNANSWERED");
    expect(said.map(({ values }) => [values["seconds"], values["attempt"], values["next"]])).toEqual([
      ["1", 2, "2.1"],
      ["3", 3, "4.2"],
      ["7", 4, "8.4"],
      ["16", 5, "16.8"],
    ]);
    expect(new Set(copies.map(({ message }) => message.xid)).size).toBe(1);
  });

  test("goes on for ever, an hour apart; elapsed time saturates", () => {
    const bench = createBench();
    bench.start();
    bench.wait(86_400_000);
    const [last, before] = [bench.sent.at(-1), bench.sent.at(-2)];
    expect((last?.at ?? 0) - (before?.at ?? 0)).toBe(3_600_000);
    expect(last === undefined ? undefined : elapsedOf(last.message)).toBe(0xffff);
  });
});

describe("client: choice among Advertises", () => {
  test("collects for the whole first RT, then the highest preference wins", () => {
    const bench = createBench();
    bench.start();
    const solicit = bench.nextSent("solicit");
    bench.receive(advertise(solicit, { server: SERVER_A, extra: [option("preference", 10)] }));
    bench.wait(300);
    bench.receive(advertise(solicit, { server: SERVER_B, extra: [option("preference", 200)] }));
    expect(bench.phase()).toBe("soliciting");
    const request = bench.nextSent("request");
    expect(request.at).toBe(1550);
    expect(find(request.message.options, "serverId")).toEqual(SERVER_B);
    expect(request.message.xid).not.toBe(solicit.message.xid);
  });

  test("preference 255 with a usable prefix is taken at once", () => {
    const bench = createBench();
    bench.start();
    bench.receive(advertise(bench.nextSent(), { extra: [option("preference", 255)] }));
    expect(bench.sent.at(-1)).toMatchObject({ at: 500, message: { type: "request" } });
  });

  test("preference 255 without a prefix is worth nothing", () => {
    const bench = createBench();
    bench.start();
    bench.receive(
      advertise(bench.nextSent(), { ias: [{ status: "noPrefixAvail" }], extra: [option("preference", 255)] }),
    );
    expect(bench.nextSent().message.type).toBe("solicit");
  });

  test("after the first RT the first usable Advertise is taken at once", () => {
    const bench = createBench();
    bench.start();
    bench.nextSent("solicit");
    const second = bench.nextSent("solicit");
    bench.wait(10);
    bench.receive(advertise(second));
    expect(bench.sent.at(-1)).toMatchObject({ at: second.at + 10, message: { type: "request" } });
  });

  test.each([
    ["serves both IAs", { ias: [GRANT, { ...GRANT, iaid: 2, prefixes: [["2001:db8:2::/64", 1, 2]] }] }],
    ["serves one IA", { ias: [GRANT] }],
  ] as const)("equal preference: the one that serves more wins (the other %s)", (_name, other) => {
    const bench = createBench({ wanted: [pd(1), pd(2)] });
    bench.start();
    const solicit = bench.nextSent();
    bench.receive(advertise(solicit, { server: SERVER_A, ias: [{ ...GRANT, iaid: 2 }] }));
    bench.receive(advertise(solicit, { server: SERVER_B, ...other }));
    const { message } = bench.nextSent("request");
    expect(find(message.options, "serverId")).toEqual(other.ias.length === 2 ? SERVER_B : SERVER_A);
  });

  test("equal in all that counts: the length nearest to the wish wins, then the first to answer", () => {
    const bench = createBench({ wanted: [pd(1, ["::/56"])] });
    bench.start();
    const solicit = bench.nextSent();
    bench.receive(advertise(solicit, { server: SERVER_A }));
    bench.receive(
      advertise(solicit, { server: SERVER_B, ias: [{ prefixes: [["2001:db8:100::/56", 3000, 4000]] }] }),
    );
    const { message } = bench.nextSent("request");
    expect(find(message.options, "serverId")).toEqual(SERVER_B);
    expect(iasOf(message)).toEqual({ 1: ["2001:db8:100::/56"] });
  });

  test("the Request names what was offered and asks again for what was not", () => {
    const bench = createBench({ wanted: [pd(1), pd(2, ["::/60"])] });
    bench.start();
    bench.receive(advertise(bench.nextSent(), { ias: [GRANT, { iaid: 2, status: "noPrefixAvail" }] }));
    const { message } = bench.nextSent("request");
    expect(iasOf(message)).toEqual({ 1: ["2001:db8:1::/64"], 2: ["::/60"] });
    expect(requestedOf(message)).toEqual([82]);
    expect(elapsedOf(message)).toBe(0);
  });

  test("with insist-mode an Advertise has to serve every IA", () => {
    const bench = createBench({ wanted: [pd(1), pd(2)], insist: true });
    bench.start();
    bench.receive(advertise(bench.nextSent()));
    expect(bench.nextSent().message.type).toBe("solicit");
  });

  test.each([
    ["status in the IA", { ias: [{ status: "noPrefixAvail" }] }],
    ["status of the message", { ias: [], extra: [statusOption("noPrefixAvail")] }],
    ["both", { ias: [{ status: "noPrefixAvail" }], extra: [statusOption("noPrefixAvail")] }],
    ["no IA at all", { ias: [] }],
    ["an IA without a prefix", { ias: [{}] }],
    ["a prefix with valid lifetime 0", { ias: [{ prefixes: [["2001:db8:1::/64", 0, 0]] }] }],
    ["a prefix with preferred above valid", { ias: [{ prefixes: [["2001:db8:1::/64", 9, 8]] }] }],
    ["an IA with T1 above T2", { ias: [{ ...GRANT, t1: 2000, t2: 1000 }] }],
    ["an IA that was not asked for", { ias: [{ ...GRANT, iaid: 9 }] }],
    ["UnspecFail of the message", { ias: [GRANT], extra: [statusOption("unspecFail")] }],
    ["::/0", { ias: [{ prefixes: [["::/0", 3000, 4000]] }] }],
    ["a link-local prefix", { ias: [{ prefixes: [["fe80::/64", 3000, 4000]] }] }],
    ["a multicast prefix", { ias: [{ prefixes: [["ff05::/64", 3000, 4000]] }] }],
    ["a prefix that most of the world lies in", { ias: [{ prefixes: [["2000::/3", 3000, 4000]] }] }],
    ["a prefix larger than any network", { ias: [{ prefixes: [["2600::/15", 3000, 4000]] }] }],
  ] as const)("an Advertise that offers nothing does not disturb the timer: %s", (_name, shape) => {
    const bench = createBench();
    bench.start();
    bench.receive(advertise(bench.nextSent(), shape));
    expect(bench.logged.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["CLIENT-RECEIVED", "CLIENT-ADVERTISE"]),
    );
    const second = bench.nextSent("solicit");
    expect(second.at).toBe(1550);
  });

  test("thousands of Advertises cost a bounded memory", () => {
    const bench = createBench();
    bench.start();
    const solicit = bench.nextSent();
    for (let n = 0; n < 2000; n++) {
      const server = Uint8Array.of(0, 3, 0, 1, 2, 0, 0, n >> 8, n, 0) as typeof SERVER_A;
      bench.receive(advertise(solicit, { server, extra: [option("preference", n % 255)] }));
    }
    const { phase } = bench.state();
    expect(phase.phase === "soliciting" && phase.offers.length).toBe(16);
  });
});

describe("client: servers that the configuration names", () => {
  const byDuid = { by: "duid", octets: SERVER_B } as const;
  const byAddress = { by: "address", octets: ip("fe80::b") } as const;

  test.each([
    ["DUID", byDuid],
    ["address", byAddress],
  ])("a preferred one, by %s, wins against any preference", (_how, named) => {
    const bench = createBench({ preferredServers: [named] });
    bench.start();
    const solicit = bench.nextSent();
    bench.receive(advertise(solicit, { server: SERVER_B }), ip("fe80::b"));
    bench.receive(advertise(solicit, { extra: [option("preference", 200)] }));
    expect(find(bench.nextSent("request").message.options, "serverId")).toEqual(SERVER_B);
  });

  test("of two preferred ones the earlier in the list", () => {
    const bench = createBench({ preferredServers: [byDuid, { by: "duid", octets: SERVER_A }] });
    bench.start();
    const solicit = bench.nextSent();
    bench.receive(advertise(solicit, { extra: [option("preference", 7)] }));
    bench.receive(advertise(solicit, { server: SERVER_B }));
    expect(find(bench.nextSent("request").message.options, "serverId")).toEqual(SERVER_B);
  });

  test.each([
    ["DUID", byDuid],
    ["address", byAddress],
  ])(
    "a rejected one, by %s: its Advertise, its Rapid Commit and its Reply to a Rebind count for nothing",
    (_how, named) => {
      const bench = createBench({ rejectedServers: [named], rapidCommit: true });
      bench.start();
      const solicit = bench.nextSent();
      const rejected = { server: SERVER_B, extra: [option("preference", 255), option("rapidCommit", null)] };
      bench.receive(advertise(solicit, rejected), ip("fe80::b"));
      bench.receive(reply(solicit, rejected), ip("fe80::b"));
      expect(bench.phase()).toBe("soliciting");
      bench.receive(reply(solicit, { extra: [option("rapidCommit", null)] }));
      bench.wait(2_000_000);
      bench.receive(reply(bench.sent[bench.sent.length - 1] ?? solicit, rejected), ip("fe80::b"));
      expect(bench.phase()).toBe("rebinding");
      expect(bench.logged.filter(({ values }) => values["why"] === "rejected-server")).toHaveLength(3);
    },
  );
});

describe("client: SOL_MAX_RT from Advertises", () => {
  const cap = (value: number) => option("solMaxRt", seconds(value));
  const refused = { ias: [{ status: "noPrefixAvail" }] } as const;

  test.each([
    [60, 60],
    [86_400, 86_400],
    [59, 3600],
    [86_401, 3600],
    [0, 3600],
  ])("%i s, in an Advertise that is otherwise of no use -> %i s", (value, used) => {
    const bench = createBench();
    bench.start();
    bench.receive(advertise(bench.nextSent(), { ...refused, extra: [cap(value)] }));
    expect(bench.state().solMaxRt).toBe(used);
    expect(bench.phase()).toBe("soliciting");
  });

  test("caps the waits that follow, and outlives the process", () => {
    const bench = createBench();
    bench.start();
    bench.receive(advertise(bench.nextSent(), { ...refused, extra: [cap(60)] }));
    bench.wait(3_600_000);
    const [last, before] = [bench.sent.at(-1), bench.sent.at(-2)];
    expect((last?.at ?? 0) - (before?.at ?? 0)).toBe(60_000);
    const again = createBench();
    again.start(bench.saved());
    expect(again.state().solMaxRt).toBe(60);
  });

  test("unlike values of two servers -> the default", () => {
    const bench = createBench();
    bench.start();
    const solicit = bench.nextSent();
    bench.receive(advertise(solicit, { server: SERVER_A, ...refused, extra: [cap(60)] }));
    bench.receive(advertise(solicit, { server: SERVER_B, ...refused, extra: [cap(120)] }));
    bench.receive(advertise(solicit, { server: SERVER_A, ...refused, extra: [cap(60)] }));
    expect(bench.state().solMaxRt).toBe(3600);
  });
});

describe("client: Rapid Commit", () => {
  const rapid = option("rapidCommit", null);

  test("a Reply with the option ends it at once, hook add with CLNT_MESSAGE=SOLICIT", () => {
    const bench = createBench({ rapidCommit: true });
    bench.start();
    bench.receive(reply(bench.nextSent(), { extra: [rapid] }));
    expect(bench.phase()).toBe("bound");
    expect(bench.sent).toHaveLength(1);
    expect(bench.hooks.map(({ call }) => call)).toMatchObject([
      {
        action: "add",
        variables: { CLNT_MESSAGE: "SOLICIT", SRV_MESSAGE: "REPLY", PREFIX1: "2001:db8:1::" },
      },
    ]);
  });

  test.each([
    ["without the option", true, []],
    ["that we did not ask for", false, [rapid]],
  ])("a Reply %s is dropped", (_name, rapidCommit, extra) => {
    const bench = createBench({ rapidCommit });
    bench.start();
    bench.receive(reply(bench.nextSent(), { extra }));
    expect(bench.phase()).toBe("soliciting");
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-DISCARD");
  });

  test("a rapid Reply that grants nothing leaves the Solicit under way", () => {
    const bench = createBench({ rapidCommit: true });
    bench.start();
    bench.receive(reply(bench.nextSent(), { ias: [{ status: "noPrefixAvail" }], extra: [rapid] }));
    expect(bench.nextSent("solicit").at).toBe(1550);
    expect(bench.hooks).toEqual([]);
  });

  test("servers without it: the ordinary four messages after the first RT", () => {
    const bench = createBench({ rapidCommit: true });
    bench.start();
    bench.receive(advertise(bench.nextSent()));
    const request = bench.nextSent("request");
    expect(has(request.message.options, "rapidCommit")).toBe(false);
    bench.receive(reply(request));
    expect(bench.phase()).toBe("bound");
  });
});

describe("client: nothing to ask for", () => {
  test("without an IA it says so, sends nothing and ends at once when told to", () => {
    const bench = createBench({ wanted: [] });
    bench.start();
    bench.wait(3_600_000);
    expect(bench.sent).toEqual([]);
    expect(bench.logged.map(({ id }) => id)).toEqual(["CLIENT-NOTHING-WANTED"]);
    bench.stop();
    expect(bench.ended()).toBe(true);
  });
});
