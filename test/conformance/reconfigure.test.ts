import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ServerConfig } from "../../shared/config/types.js";
import { compareOctets } from "../../shared/octets.js";
import { find, type Option, option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, pd, prefixIn, type Rig, type TestClient } from "../server/rig.js";
import { behind, configure, iface, pdClass, SERVER_ID, subnet } from "../server/settings.js";
import { RELAY } from "./lines.js";
import { numberAt, parsePacket, innermost } from "./tlv.js";

/** A server that reconfigures, with a link at hand and one behind relays, both of these pools. */
const withPools = (near: string, far: string): ServerConfig =>
  configure(
    [
      iface("eth0", [pdClass(56, [near])]),
      behind("eth0", iface("line1", [pdClass(56, [far])], { subnets: [subnet("2001:db8:a::/48")] })),
    ],
    { reconfigure: true },
  );
const BEFORE = withPools("2001:db8:1000::/40", "2001:db8:1100::/40");
const AFTER = withPools("2001:db8:2000::/40", "2001:db8:2100::/40");
const WILLING: readonly Option[] = [option("reconfigureAccept", null)];

/** The Authentication of a packet, octet by octet: the option's data. */
function authOf(answer: Answer): Uint8Array {
  const { options } = innermost(parsePacket(answer.bytes));
  const found = options.find(({ code }) => code === 11);
  if (found === undefined) throw new Error("no Authentication");
  return found.data;
}

/** The key that a Reply gives: protocol 3, algorithm 1, RDM 0, replay value, type 1, 16 octets. */
function keyIn(answer: Answer | undefined): Uint8Array {
  if (answer === undefined) throw new Error("no Reply");
  const auth = authOf(answer);
  expect([...auth.subarray(0, 3), auth[11], auth.length]).toEqual([3, 1, 0, 1, 28]);
  return auth.subarray(12).slice();
}

/** Fails unless the Reconfigure in a packet has the digest that its key makes, over all of the message. */
function expectDigest(answer: Answer, key: Uint8Array): void {
  const auth = authOf(answer);
  expect([...auth.subarray(0, 3), auth[11], auth.length]).toEqual([3, 1, 0, 2, 28]);
  const digest = Buffer.from(auth.subarray(12)).toString("hex");
  const hex = Buffer.from(innermost(parsePacket(answer.bytes)).bytes).toString("hex");
  const message = Buffer.from(hex.replace(digest, "00".repeat(16)), "hex");
  expect(digest).toBe(createHmac("md5", key).update(message).digest("hex"));
}

const replayOf = (answer: Answer): Uint8Array => authOf(answer).subarray(3, 11);
/** A lease with a key. */
const requestKey = (client: TestClient): Answer | undefined =>
  client.ask("request", [pd(1)], { options: WILLING });
/** What is sent within so many seconds, and when, in seconds from now; of a new server also at its start. */
function within(rig: Rig, time: number, isNew = false): readonly (readonly [at: number, answer: Answer])[] {
  const begin = rig.now();
  const sent: (readonly [number, Answer])[] = isNew ? rig.sentAtStart.map((answer) => [0, answer]) : [];
  for (let step = 0; step <= time * 2; step++) {
    for (const answer of rig.give({ type: "timer" })) sent.push([(rig.now() - begin) / 1000, answer]);
    if (step < time * 2) rig.sleep(0.5);
  }
  return sent;
}

describe("conformance: Reconfigure", () => {
  test("S-REC-01 the pool has changed, the client has a key -> Reconfigure by unicast: Renew, signed, and no other option", () => {
    const rig = createRig(BEFORE);
    const client = createClient(rig, 1);
    const reply = requestKey(client);
    expect(reply?.codes).toEqual([1, 2, 20, 25, 11]);
    const far = createClient(rig, 2, { hops: [RELAY], relay: "2001:db8:f::2" });
    const keys = [keyIn(reply), keyIn(requestKey(far))];
    expect(keys[0]).not.toEqual(keys[1]);

    const after = rig.restart(AFTER);
    const sent = within(after, 1, true).map(([, answer]) => answer);
    expect(sent.map(({ to }) => to)).toEqual([
      "fe80::1 port 546 over eth0",
      "2001:db8:f::2 port 547 over eth0",
    ]);
    for (const [n, answer] of sent.entries()) {
      expect(answer).toMatchObject({ type: "reconfigure", xid: 0, codes: [1, 2, 19, 11] });
      expect(answer.options.slice(0, 3)).toEqual([
        option("clientId", (n === 0 ? client : far).duid),
        option("serverId", SERVER_ID),
        option("reconfigureMessage", 5),
      ]);
      expectDigest(answer, keys[n] ?? new Uint8Array(0));
    }
    expect(sent.map(({ path }) => path.length)).toEqual([0, 1]);
    // What it is asked for puts things right, and its key is good for the next time.
    const [ia] = createClient(after, 1).renew(pd(1))?.ias ?? [];
    expect(ia?.leases.map(({ valid }) => valid)).toEqual([2000, 0]);
    const [again] = after.restart(BEFORE).sentAtStart;
    expect(again?.to).toBe("fe80::1 port 546 over eth0");
    if (again !== undefined) expectDigest(again, keys[0] ?? new Uint8Array(0));

    // A second exchange with a new key: all leases of the client go by that one, however they are renewed.
    const two = createRig(BEFORE);
    const twice = createClient(two, 1);
    requestKey(twice);
    two.sleep(1);
    const second = keyIn(twice.ask("request", [pd(2)], { options: WILLING }));
    for (const ias of [[pd(1)], [pd(1), pd(2)]]) {
      two.sleep(1);
      twice.ask("renew", ias);
      const [signed] = two.give({ type: "reconfigure", client: twice.duid, asks: "renew" });
      if (signed === undefined) throw new Error("no Reconfigure");
      expectDigest(signed, second);
    }

    // An operator may ask for Rebind and Information-request as well.
    for (const [asks, code] of [
      ["rebind", 6],
      ["informationRequest", 11],
    ] as const) {
      const own = createRig(BEFORE);
      const key = keyIn(requestKey(createClient(own, 1)));
      const [asked] = own.give({ type: "reconfigure", client: client.duid, asks });
      expect(asked && find(asked.options, "reconfigureMessage")).toBe(code);
      if (asked !== undefined) expectDigest(asked, key);
    }
  });

  test("S-REC-02 no answer -> sent again after 2 s, 4 s and so on, eight times in all, then given up", () => {
    const rig = createRig(BEFORE);
    requestKey(createClient(rig, 1));
    const after = rig.restart(AFTER);
    const sent = within(after, 1000, true);
    expect(sent.map(([at]) => Math.floor(at))).toEqual([0, 2, 6, 14, 30, 62, 126, 254]);
    expect(new Set(sent.map(([, { to }]) => to))).toEqual(new Set(["fe80::1 port 546 over eth0"]));
    expect(after.logs().filter((id) => id.startsWith("SERVER-RECONFIGURE"))).toEqual([
      ...sent.map(() => "SERVER-RECONFIGURE-SENT"),
      "SERVER-RECONFIGURE-FAILED",
    ]);
  });

  test("S-REC-03 the Renew that it asks for arrives -> it is not sent again; another message does not end it", () => {
    const rig = createRig(BEFORE);
    const held = prefixIn(requestKey(createClient(rig, 1))) ?? "";
    const after = rig.restart(AFTER);
    const client = createClient(after, 1);
    expect(within(after, 1, true)).toHaveLength(1);
    client.ask("informationRequest", []);
    expect(within(after, 6)).toHaveLength(2);
    expect(client.renew(pd(1, held))?.type).toBe("reply");
    after.logs();
    expect(within(after, 600)).toEqual([]);
    expect(after.logs().filter((id) => id.startsWith("SERVER-RECONFIGURE"))).toEqual([]);
  });

  test("S-REC-04 a client that does not accept it -> no key and no Reconfigure, not on demand either; leases that fit -> none", () => {
    const rig = createRig(BEFORE);
    const [client, fits] = [createClient(rig, 1), createClient(rig, 2)];
    expect(client.request(pd(1))?.codes).toEqual([1, 2, 25]);
    const after = rig.restart(AFTER);
    after.give({ type: "reconfigure", client: client.duid, asks: "renew" });
    after.give({ type: "reconfigure", client: undefined, asks: "renew" });
    expect(within(after, 600, true)).toEqual([]);

    const same = createRig(BEFORE);
    requestKey(createClient(same, 2));
    expect(within(same.restart(BEFORE), 600, true)).toEqual([]);
    expect(same.give({ type: "reconfigure", client: fits.duid, asks: "renew" })).toHaveLength(1);
  });

  test("S-REC-05 keys and Reconfigures, over restarts -> every replay value is larger than all before", () => {
    let rig = createRig(BEFORE);
    const replays: Uint8Array[] = [];
    for (const config of [AFTER, BEFORE, AFTER]) {
      for (const n of [1, 2, 3]) {
        const reply = requestKey(createClient(rig, n));
        if (reply !== undefined) replays.push(replayOf(reply));
      }
      rig = rig.restart(config);
      replays.push(...within(rig, 40, true).map(([, answer]) => replayOf(answer)));
    }
    expect(replays).toHaveLength(9 + 3 * 15);
    const inOrder = replays.every((value, i) => i === 0 || compareOctets(replays[i - 1] ?? value, value) < 0);
    expect(inOrder).toBe(true);
    expect(numberAt(replays[0] ?? new Uint8Array(8), 0, 4)).toBe(1);
  });
});
