import { expect } from "vitest";
import type { ServerConfig } from "../../shared/config/types.js";
import { octetsOf } from "../../shared/wire/kinds.js";
import { type Option, option } from "../../shared/wire/options.js";
import type { Answer } from "../server/answer.js";
import { createClient, createRig, type Hop, type Rig, type TestClient } from "../server/rig.js";
import { behind, configure, iface, ip, pdClass, subnet } from "../server/settings.js";

/** A name server of each link, by the name of its block. */
export const DNS: Readonly<Record<"eth0" | "line1" | "line2", Option>> = {
  eth0: option("dnsServers", [ip("2001:db8:f::53")]),
  line1: option("dnsServers", [ip("2001:db8:a::53")]),
  line2: option("dnsServers", [ip("2001:db8:b::53")]),
};
/** The pool of each link. */
export const POOL = {
  eth0: "2001:db8:1000::/40",
  line1: "2001:db8:1100::/40",
  line2: "2001:db8:1200::/40",
} as const;

/** One link at hand and two behind relays that are heard on it. */
export const BLOCKS = [
  iface("eth0", [pdClass(56, [POOL.eth0])], {
    subnets: [subnet("2001:db8:f::/64")],
    options: [DNS.eth0],
  }),
  behind(
    "eth0",
    iface("line1", [pdClass(56, [POOL.line1])], {
      subnets: [subnet("2001:db8:a::/48")],
      interfaceId: octetsOf("one"),
      options: [DNS.line1],
    }),
  ),
  behind(
    "eth0",
    iface("line2", [pdClass(56, [POOL.line2])], {
      subnets: [subnet("2001:db8:b::/48")],
      interfaceId: octetsOf("two"),
      options: [DNS.line2],
      rapidCommit: true,
    }),
  ),
];
/** A server of these links. */
export const LINES = configure(BLOCKS);
/** The relay of line1, that says nothing but its address there. */
export const RELAY: Hop = { link: "2001:db8:a::1" };
/** The same one of line2. */
export const RELAY2: Hop = { link: "2001:db8:b::1" };

/** A client behind relays of line1, by the standard behind one. */
export const relayed = (rig: Rig, n: number, ...hops: readonly Hop[]): TestClient =>
  createClient(rig, n, { hops: hops.length > 0 ? hops : [RELAY] });

/** What a client behind these relays is answered by a new server. */
export const answerThrough = (...hops: readonly Hop[]): Answer | undefined =>
  relayed(createRig(LINES), 1, ...hops).ask("solicit", [{ type: "pd", iaid: 1, prefixes: [] }]);

/** An Interface-Id of these letters. */
export const interfaceId = (text: string): Option => option("interfaceId", octetsOf(text));
/** An Option Request. */
export const wants = (...codes: number[]): Option => option("optionRequest", codes);

/** The prefixes and addresses that an answer gives, those with lifetimes 0 left out. */
export const givenIn = (answer: Answer | undefined): readonly string[] =>
  (answer?.ias ?? [])
    .flatMap(({ leases }) => leases)
    .filter(({ valid }) => valid > 0)
    .map(({ prefix }) => prefix);

/** The block whose pool all of an answer's prefixes are from; `undefined` when there are none. */
export function lineOf(answer: Answer | undefined): string | undefined {
  const names = givenIn(answer).map(
    (given) => Object.entries(POOL).find(([, pool]) => given.startsWith(pool.slice(0, 11)))?.[0],
  );
  return names.every((name) => name === names[0]) ? names[0] : "several";
}

/** A server of this configuration on which so many clients have a prefix each; gives these. */
export function withLeases(config: ServerConfig, count: number): { rig: Rig; held: readonly string[] } {
  const rig = createRig(config);
  const held = Array.from({ length: count }, (_, n) => createClient(rig, n + 1).lease());
  expect(new Set(held).size).toBe(count);
  return { rig, held };
}
