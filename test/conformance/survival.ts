import { expect } from "vitest";
import type { ServerEvent } from "../../server/engine.js";
import { option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, na, pd, prefixIn, type Rig } from "../server/rig.js";
import { addressClass, configure, iface, ip, pdClass, subnet } from "../server/settings.js";
import { BAIT } from "./broken.js";
import { BLOCKS, DNS, givenIn, POOL, relayed } from "./lines.js";

const [eth0 = iface("eth0", []), ...others] = BLOCKS;
const CONFIG = configure(
  [
    {
      ...eth0,
      addressClasses: [addressClass(["2001:db8:f::100-2001:db8:f::1ff"])],
      temporaryClasses: [addressClass(["2001:db8:f::200-2001:db8:f::2ff"])],
      rapidCommit: true,
      leasequery: true,
      pdClasses: [pdClass(56, [POOL.eth0])],
      subnets: [subnet("2001:db8:f::/64")],
      options: [DNS.eth0, option("sntpServers", [ip("2001:db8::123")])],
    },
    ...others,
  ],
  { reconfigure: true },
);

/** The clients with leases: the one at hand and the one behind a relay. No known packet has their DUIDs. */
export const NEAR = 0xa50001;
export const FAR = 0xa50002;

/** A server at which two clients have leases, one of them behind a relay, and a stranger. */
export interface Scene {
  readonly rig: Rig;
  /** Gives a datagram of the stranger; what it is answered. */
  readonly send: (bytes: Uint8Array) => readonly Answer[];
  /** Fails unless the leases from before are what they were, and a good client gets all that it asks for. */
  readonly check: () => void;
}

/** A new one. */
export function createScene(): Scene {
  const rig = createRig(CONFIG);
  const [near, far] = [createClient(rig, NEAR), relayed(rig, FAR)];
  near.request(pd(1), na(1));
  const held = givenIn(far.request(pd(1)));
  const leases = [...rig.table.ofClient(near.duid), ...rig.table.ofClient(far.duid)];
  const stored = (): readonly string[] =>
    leases.map((id) => Buffer.from(rig.records.get(id) ?? []).toString("hex"));
  const records = stored();
  expect([records.length, held.length, new Set(records).size]).toEqual([3, 1, 3]);
  let visitors = 0x10000;

  return {
    rig,
    send: (bytes) => {
      const answers = rig.give(datagram(bytes));
      for (const given of answers.flatMap(givenIn)) expectOfPools(given);
      return answers;
    },
    check: () => {
      expect(stored()).toEqual(records);
      const visitor = createClient(rig, visitors++);
      const offered = prefixIn(visitor.solicit(pd(1)));
      expect(offered).toMatch(/^2001:db8:10.*\/56$/);
      expect(visitor.request(pd(1))).toMatchObject({
        type: "reply",
        ias: [{ leases: [{ prefix: offered, valid: 2000 }] }],
      });
      expect(visitor.release(pd(1, offered ?? ""))).toMatchObject({ status: 0, ias: [] });
    },
  };
}

/** Gives each of these to one server, which is looked at after each; all that it sends. */
export function endure(inputs: readonly Uint8Array[], scene = createScene()): readonly Answer[] {
  expect(inputs.length).toBeGreaterThan(0);
  return inputs.flatMap((bytes) => {
    const answers = scene.send(bytes);
    scene.check();
    return answers;
  });
}

/** The same, where none of it may be answered, nor leave a trace in table or store. */
export function expectIgnored(inputs: readonly Uint8Array[]): void {
  const scene = createScene();
  const { table, records } = scene.rig;
  const before = [table.size, records.size];
  const drops = inputs.map((bytes) => {
    scene.rig.logs();
    const answers = scene.send(bytes).map(({ type }) => type);
    const why = scene.rig.logs().filter((id) => id.startsWith("SERVER-DROP-"));
    expect(
      [answers, why.length, table.size, records.size],
      Buffer.from(bytes.subarray(0, 40)).toString("hex"),
    ).toEqual([[], 1, ...before]);
    return why;
  });
  expect(drops.length).toBeGreaterThan(0);
  scene.check();
}

/** Datagram of the stranger, on eth0. */
export const datagram = (bytes: Uint8Array, port = 546): Extract<ServerEvent, { type: "datagram" }> => ({
  type: "datagram",
  bytes,
  from: ip("fe80::bad"),
  port,
  interfaceName: "eth0",
  interfaceIndex: 2,
  multicast: true,
});

/** What is given out is a whole piece of a pool, or one of the addresses. */
function expectOfPools(given: string): void {
  expect(given).toMatch(/^2001:db8:(1[012][0-9a-f]{2}:.*\/56|f::[12][0-9a-f]{2}\/128)$/);
}

/** Fails when one of these answers gives the prefix that only the broken part names. */
export function expectNoBait(answers: readonly Answer[]): void {
  expect(answers.flatMap(givenIn)).not.toContain(BAIT);
}
