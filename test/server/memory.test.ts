import { describe, expect, test } from "vitest";
import { iaid, type Millis, millis } from "../../shared/brand.js";
import { type ServerState, step } from "../../server/engine.js";
import { collectGarbage } from "../bench/collect-garbage.js";
import { datagramOf, duidOf, random, serverOf } from "../bench/traffic.js";
import { START } from "./settings.js";

/** Clients that come and go, the same ones again and again. */
const CLIENTS = 50;
/** Octets that code and counters may take. */
const CALM = 500_000;
const IAID = iaid(1);

describe("server: memory", () => {
  test.each([
    { what: "ask, get a lease and release it", types: ["solicit", "request"] },
    { what: "ask, and never take what they are offered", types: ["solicit"] },
  ] as const)("the same clients $what, 40,000 times -> not more than before", ({ types }) => {
    const state = serverOf([["2001:db8::/48", 64]]);
    exchange(state, types, 5000);
    const before = memory();
    exchange(state, types, 40_000);
    expect(memory() - before).toBeLessThan(CALM);
  });
});

function exchange(state: ServerState, types: readonly ("solicit" | "request")[], times: number): void {
  for (let n = 0; n < times; n += CLIENTS) {
    for (const type of types) {
      for (let client = 0; client < CLIENTS; client++) {
        step(state, datagramOf(type, client), { now: millis(START + n), random });
      }
    }
    if (types.includes("request")) releaseAll(state, millis(START + n));
  }
}

function releaseAll(state: ServerState, now: Millis): void {
  const { table } = state.ledger;
  const leases = Array.from({ length: CLIENTS }, (_, n) => duidOf(n)).flatMap((client) =>
    table.find(client, "pd", IAID).map((id) => ({ id, client, prefix: table.prefixOf(id) })),
  );
  expect(leases).toHaveLength(CLIENTS);
  step(state, { type: "release", leases }, { now, random });
}

function memory(): number {
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
