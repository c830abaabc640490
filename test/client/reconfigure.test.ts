import { describe, expect, test } from "vitest";
import { find, has, option } from "../../shared/wire/options.js";
import { ACCEPT, boundWithKey, type Different, keyOption, reconfigure } from "./reconfigured.js";
import {
  advertise,
  type Bench,
  createBench,
  EPOCH,
  GRANT,
  lastOf,
  reply,
  requestedOf,
  SERVER_A,
  SERVER_B,
} from "./workbench.js";

/** Why datagrams were thrown away. */
const discards = (bench: Bench): readonly unknown[] =>
  bench.logged.filter(({ id }) => id === "CLIENT-DISCARD").map(({ values }) => values["why"]);

describe("client: Reconfigure Accept", () => {
  test.each([
    ["accepted", ACCEPT, true],
    ["not accepted", {}, false],
  ])("%s: the option stands in Solicit, Request and Renew, or in none", (_name, setup, expected) => {
    const bench = createBench(setup);
    bench.start();
    bench.receive(advertise(bench.nextSent("solicit"), { extra: [option("preference", 255)] }));
    bench.receive(reply(lastOf(bench)));
    bench.nextSent("renew");
    bench.stop();
    expect(
      bench.sent.map(({ message }) => [message.type, has(message.options, "reconfigureAccept")]),
    ).toEqual([
      ["solicit", expected],
      ["request", expected],
      ["renew", expected],
      ["release", false],
    ]);
  });
});

describe("client: Reconfigure", () => {
  test("for Renew: Renew at once to that server with all its leases; answered, the client is bound again", () => {
    const bench = boundWithKey();
    bench.receiveBytes(reconfigure());
    expect(lastOf(bench)).toMatchObject({ at: bench.now(), message: { type: "renew" } });
    expect(find(lastOf(bench).message.options, "serverId")).toEqual(SERVER_A);
    expect(bench.logged.map(({ id }) => id)).toContain("CLIENT-RECONFIGURE");
    bench.receive(reply(lastOf(bench)));
    expect(bench.phase()).toBe("bound");
  });

  test("for Rebind: Rebind at once to every server", () => {
    const bench = boundWithKey();
    bench.receiveBytes(reconfigure({ asks: "rebind" }));
    expect(lastOf(bench).message.type).toBe("rebind");
    expect(has(lastOf(bench).message.options, "serverId")).toBe(false);
  });

  test("for Information-request: at once to that server, no IA; then bound as before, T1 as before", () => {
    const bench = boundWithKey();
    const began = bench.now();
    bench.receiveBytes(reconfigure({ asks: "informationRequest" }));
    const { message } = lastOf(bench);
    expect(message.type).toBe("informationRequest");
    expect(find(message.options, "serverId")).toEqual(SERVER_A);
    expect(has(message.options, "iaPd")).toBe(false);
    expect(requestedOf(message)).toEqual([32, 83]);
    bench.receive(reply(lastOf(bench), { server: SERVER_B, ias: [] }));
    expect(bench.phase()).toBe("informing");
    bench.receive(reply(lastOf(bench), { ias: [] }));
    expect(bench.phase()).toBe("bound");
    expect(bench.nextSent("renew").at - began).toBe(1_000_000);
  });

  test("Information-request not answered: T1 comes first all the same", () => {
    const bench = boundWithKey();
    const began = bench.now();
    bench.receiveBytes(reconfigure({ asks: "informationRequest" }));
    bench.wait(1_000_000);
    expect(lastOf(bench)).toMatchObject({ at: began + 1_000_000, message: { type: "renew" } });
  });

  test("options only: the Information-request goes to that server", () => {
    const bench = createBench({ ...ACCEPT, wanted: [], stateless: true });
    bench.start();
    bench.receive(reply(bench.nextSent(), { ias: [], extra: [keyOption(1)] }));
    bench.receiveBytes(reconfigure());
    expect(discards(bench)).toEqual(["reconfigure-without-lease"]);
    bench.receiveBytes(reconfigure({ asks: "informationRequest" }));
    expect(find(lastOf(bench).message.options, "serverId")).toEqual(SERVER_A);
  });

  test("further ones are dropped until the exchange is over; then a newer one counts", () => {
    const bench = boundWithKey();
    bench.receiveBytes(reconfigure());
    bench.receiveBytes(reconfigure({ count: 7 }));
    expect(discards(bench)).toEqual(["reconfigure-while-busy"]);
    expect(bench.sent).toHaveLength(1);
    bench.receive(reply(lastOf(bench)));
    bench.receiveBytes(reconfigure({ count: 7 }));
    expect(bench.sent).toHaveLength(2);
  });

  test.each<[string, Different]>([
    ["no-server-id", { server: undefined }],
    ["no-client-id", { client: undefined }],
    ["foreign-client-id", { client: SERVER_B }],
    ["reconfigure-for-nothing-known", { silent: true }],
    ["reconfigure-for-nothing-known", { asks: "solicit" }],
    ["reconfigure-not-signed", { unsigned: true }],
    ["reconfigure-key-unknown", { server: SERVER_B }],
    ["reconfigure-forged", { key: new Uint8Array(16) }],
    ["reconfigure-replayed", { count: 5 }],
    ["reconfigure-replayed", { count: 4 }],
  ])("dropped, %s: %o", (why, different) => {
    const bench = boundWithKey();
    const before = bench.state();
    bench.receiveBytes(reconfigure(different));
    expect(discards(bench)).toEqual([why]);
    expect(bench.state()).toEqual(before);
  });

  test.each([
    [
      "with one octet changed",
      (bytes: Uint8Array) => bytes.map((octet, at) => (at === 2 ? 1 : octet)),
      false,
    ],
    ["by multicast", (bytes: Uint8Array) => bytes, true],
    ["cut in the digest", (bytes: Uint8Array) => bytes.subarray(0, -1), false],
  ])("%s: nothing is sent", (_name, change, multicast) => {
    const bench = boundWithKey();
    bench.receiveBytes(change(reconfigure()), multicast);
    expect(bench.sent).toEqual([]);
    expect(discards(bench)).toHaveLength(1);
  });

  test("not configured: none is heeded, no key is kept", () => {
    const bench = boundWithKey(5, {});
    bench.receiveBytes(reconfigure());
    expect(discards(bench)).toEqual(["reconfigure-not-accepted"]);
    expect(bench.state().keys).toEqual([]);
  });

  test("key and replay value outlive the process", () => {
    const before = boundWithKey();
    before.receiveBytes(reconfigure({ count: 9 }));
    before.receive(reply(lastOf(before)));
    const bench = createBench(ACCEPT, undefined, EPOCH + before.now());
    bench.start(before.saved());
    bench.receive(reply(bench.nextSent("rebind")));
    bench.forget();
    bench.receiveBytes(reconfigure({ count: 9 }));
    expect(discards(bench)).toEqual(["reconfigure-replayed"]);
    bench.receiveBytes(reconfigure({ count: 10 }));
    expect(lastOf(bench).message.type).toBe("renew");
  });

  test("a server that does not count (0, as Dibbler's): its first Reconfigure is accepted, a copy is not", () => {
    const bench = boundWithKey(0);
    bench.receiveBytes(reconfigure({ count: 0 }));
    bench.receive(reply(lastOf(bench)));
    bench.receiveBytes(reconfigure({ count: 0 }));
    expect(bench.sent).toHaveLength(1);
  });

  test("a new key in a Reply replaces the old one, and the count begins anew", () => {
    const other = new Uint8Array(16).fill(7);
    const bench = boundWithKey();
    bench.receive(reply(bench.nextSent("renew"), { ias: [GRANT], extra: [keyOption(1, other)] }));
    bench.forget();
    bench.receiveBytes(reconfigure());
    expect(discards(bench)).toEqual(["reconfigure-forged"]);
    bench.receiveBytes(reconfigure({ key: other, count: 2 }));
    expect(lastOf(bench).message.type).toBe("renew");
  });
});
