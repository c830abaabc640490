import { describe, expect, test } from "vitest";
import type { ServerConfig } from "../../shared/config/types.js";
import { find, option } from "../../shared/wire/options.js";
import { rkapInformation } from "../../shared/wire/rkap.js";
import { hmacMd5 } from "../hmac.js";
import type { Answer } from "./answer.js";
import {
  createClient,
  createRig,
  type Hop,
  pd,
  prefixIn,
  type Rig,
  type Sent,
  type TestClient,
} from "./rig.js";
import { behind, configure, iface, pdClass, subnet } from "./settings.js";

const accepting = { options: [option("reconfigureAccept", null)] };
const lines = (pool: string): ServerConfig =>
  configure(
    [
      iface("eth0", [pdClass(56, [pool])]),
      behind("eth0", iface("line1", [pdClass(56, [pool])], { subnets: [subnet("2001:db8:a::/48")] })),
    ],
    { reconfigure: true },
  );
const OLD = lines("2001:db8::/40");
const NEW = lines("2001:db9::/40");

/** The key in an answer. */
function keyIn(answer: Answer | undefined): Uint8Array | undefined {
  const auth = find(answer?.options ?? [], "auth");
  const information = auth && rkapInformation(auth);
  return information?.type === "key" ? information.value : undefined;
}

const replayIn = (answer: Answer | undefined): string =>
  Array.from(find(answer?.options ?? [], "auth")?.replay ?? [], (octet) =>
    octet.toString(16).padStart(2, "0"),
  ).join("");

/** The Reconfigures that a server has sent since this was last asked, and sends in so many seconds. */
function listen(rig: Rig, seconds: number): readonly Sent[] {
  rig.wait(seconds);
  return rig.sent().filter(({ answer }) => answer.type === "reconfigure");
}

/** A client that has accepted Reconfigure and leased; its server restarted with other pools. */
function renumbered(where: Parameters<typeof createClient>[2] = {}) {
  const before = createRig(OLD);
  const client = createClient(before, 1, where);
  const answer = client.ask("request", [pd(1)], accepting);
  const rig = before.restart(NEW);
  return {
    rig,
    client: createClient(rig, 1, where),
    answer,
    held: prefixIn(answer) ?? "",
    key: keyIn(answer),
  };
}

describe("server: the Reconfigure key (RFC 8415 20.4)", () => {
  const first = (client: TestClient, options = accepting): Answer | undefined =>
    client.ask("request", [pd(1)], options);

  test("Request with Reconfigure Accept -> Reconfigure Accept and a key, 16 octets, last of all", () => {
    const answer = first(createClient(createRig(OLD), 1));
    expect(answer?.codes).toEqual([1, 2, 20, 25, 11]);
    expect(keyIn(answer)).toHaveLength(16);
  });

  test.each([
    ["a client that does not accept", OLD, { options: [] }],
    ["a server that does not reconfigure", configure(OLD.interfaces), accepting],
  ])("%s -> neither", (_what, config, options) => {
    const answer = first(createClient(createRig(config), 1), options);
    expect(answer?.codes).toEqual([1, 2, 25]);
  });

  test("Advertise -> Reconfigure Accept, no key; Renew -> the key stays", () => {
    const rig = createRig(OLD);
    const client = createClient(rig, 1);
    expect(client.ask("solicit", [pd(1)], accepting)?.codes).toEqual([1, 2, 20, 25]);
    const answer = first(client);
    const renewed = client.ask("renew", [pd(1, prefixIn(answer) ?? "")], accepting);
    expect(keyIn(renewed)).toBeUndefined();
    const [lease] = rig.table.ofClient(client.duid);
    expect(lease !== undefined && rig.table.keyOf(lease)).toEqual(keyIn(answer));
  });

  test("each key comes with a greater replay value, after a restart too", () => {
    const rig = createRig(OLD);
    const values = [1, 2, 3].map((n) => replayIn(first(createClient(rig, n))));
    values.push(replayIn(first(createClient(rig.restart(), 4))));
    expect(values.toSorted()).toEqual(values);
    expect(new Set(values).size).toBe(4);
  });
});

describe("server: Reconfigure at a start (RFC 8415 18.3.11)", () => {
  test("a lease that does not fit any more -> asked for a Renew, signed with its key, nothing else in it", () => {
    const { rig, key } = renumbered();
    const [sent] = listen(rig, 1);
    expect(sent?.answer).toMatchObject({
      type: "reconfigure",
      xid: 0,
      codes: [1, 2, 19, 11],
      to: "fe80::1 port 546 over eth0",
    });
    expect(find(sent?.answer.options ?? [], "reconfigureMessage")).toBe(5);
    const bytes = Uint8Array.from(sent?.answer.bytes ?? []);
    const digest = bytes.slice(-16);
    expect(digest).toEqual(hmacMd5(key ?? bytes, bytes.fill(0, -16)));
    expect(rig.logs()).toContain("SERVER-RECONFIGURE-SENT");
  });

  test("no answer -> again after 2, 4, 8 … seconds, eight times in all, then given up", () => {
    const { rig } = renumbered();
    expect(listen(rig, 600).map(({ at }) => at)).toEqual([0, 2, 6, 14, 30, 62, 126, 254]);
    expect(rig.logs()).toContain("SERVER-RECONFIGURE-FAILED");
  });

  test("its Renew comes -> no more of them, and the Reply has the new prefix beside the old one", () => {
    const { rig, client, held } = renumbered();
    expect(listen(rig, 3)).toHaveLength(2);
    const answer = client.renew(pd(1, held));
    expect(answer?.ias[0]?.leases).toMatchObject([{ valid: 2000 }, { prefix: held, preferred: 0, valid: 0 }]);
    expect(listen(rig, 600)).toEqual([]);
  });

  test("renumbered once more -> asked again, signed with the key that it has: its Renew brought no other", () => {
    const { rig, client, held, key } = renumbered();
    listen(rig, 1);
    client.renew(pd(1, held));
    const [sent] = listen(rig.restart(lines("2001:dba::/40")), 1);
    const bytes = Uint8Array.from(sent?.answer.bytes ?? []);
    const digest = bytes.slice(-16);
    expect(digest).toEqual(hmacMd5(key ?? bytes, bytes.fill(0, -16)));
  });

  test("another message of it -> goes on; every one has a greater replay value than the last", () => {
    const { rig, client, answer } = renumbered();
    client.ask("informationRequest", []);
    const heard = listen(rig, 600);
    expect(heard).toHaveLength(8);
    const values = [replayIn(answer), ...heard.map((each) => replayIn(each.answer))];
    expect(values.toSorted()).toEqual(values);
    expect(new Set(values).size).toBe(9);
  });

  test("behind relays -> in a Relay-reply to the relay, with the levels as they were", () => {
    const hops: readonly Hop[] = [
      { link: "2001:db8:a::1", options: [option("interfaceId", Uint8Array.of(1, 2))] },
      { peer: "2001:db8:f::9" },
    ];
    const { rig } = renumbered({ hops, relay: "2001:db8:f::2" });
    const [sent] = listen(rig, 1);
    expect(sent?.answer).toMatchObject({ type: "reconfigure", to: "2001:db8:f::2 port 547 over eth0" });
    expect(sent?.answer.path.map(({ hopCount, options }) => [hopCount, options[0]?.name])).toEqual([
      [1, "relayMessage"],
      [0, "interfaceId"],
    ]);
  });

  test.each([
    ["leases that fit", OLD, accepting],
    ["a client without key", NEW, { options: [] }],
    ["reconfigure switched off", configure(NEW.interfaces), accepting],
  ])("%s -> nothing is sent", (_what, config, options) => {
    const before = createRig(OLD);
    createClient(before, 1).ask("request", [pd(1)], options);
    expect(listen(before.restart(config), 10)).toEqual([]);
  });

  test("many clients -> a few at a time, each of them, none twice at once", () => {
    const before = createRig(OLD);
    for (let n = 0; n < 300; n++) createClient(before, n).ask("request", [pd(1)], accepting);
    const rig = before.restart(NEW);
    const heard = listen(rig, 600);
    expect(heard.filter(({ at }) => at < 0.2)).toHaveLength(25);
    const asked = new Map<string, number>();
    for (const { answer } of heard) {
      asked.set(answer.clientId ?? "", (asked.get(answer.clientId ?? "") ?? 0) + 1);
    }
    expect(asked.size).toBe(300);
    expect([...asked.values()].every((count) => count === 8)).toBe(true);
  });
});

describe("server: Reconfigure on demand", () => {
  test("of one client, for any of the three messages -> that one alone", () => {
    const rig = createRig(OLD);
    const clients = [1, 2].map((n) => createClient(rig, n));
    for (const client of clients) client.ask("request", [pd(1)], accepting);
    const sent = rig.give({ type: "reconfigure", client: clients[1]?.duid, asks: "rebind" });
    expect(sent.map(({ clientId, options }) => [clientId, find(options, "reconfigureMessage")])).toEqual([
      ["00:03:00:01:02:00:00:00:00:02", 6],
    ]);
  });

  test("of all -> all that have a key", () => {
    const rig = createRig(OLD);
    for (const n of [1, 2, 3]) createClient(rig, n).ask("request", [pd(1)], n === 3 ? {} : accepting);
    const sent = rig.give({ type: "reconfigure", client: undefined, asks: "informationRequest" });
    expect(sent.map(({ clientId }) => clientId?.slice(-2)).toSorted()).toEqual(["01", "02"]);
    createClient(rig, 1).ask("informationRequest", []);
    rig.sent();
    expect(listen(rig, 3).map(({ answer }) => answer.clientId?.slice(-2))).toEqual(["02"]);
  });

  test("of a client that is not known, or has no key -> nothing, said in the log", () => {
    const rig = createRig(OLD);
    const client = createClient(rig, 1);
    expect(rig.give({ type: "reconfigure", client: client.duid, asks: "renew" })).toEqual([]);
    expect(rig.logs()).toEqual(["SERVER-RECONFIGURE-FAILED"]);
  });
});
