import { describe, expect } from "vitest";
import { ACCEPTED, CRASHING, REFUSED, STRICTER, WIDER } from "../config/server-corpus-rows.js";
import { dibblerVerdicts } from "./bed/dibbler-verdict.js";
import type { Host } from "./bed/host.js";
import { connect } from "./bed/network.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e field: Dibbler's server and ours on the same configurations", () => {
  scenario("dibblerServer")("the corpus: Dibbler accepts and refuses what the rows say", async () => {
    const host = await buildHost(["s0", "s1"]);
    const rows = [...ACCEPTED, ...STRICTER, ...WIDER, ...REFUSED];
    const verdicts = await dibblerVerdicts(
      host,
      rows.map(([, text]) => text),
    );
    const found = rows.map(([what], index) => `${what}: ${verdicts[index]?.verdict}`);
    const expected = [
      ...[...ACCEPTED, ...STRICTER].map(([what]) => `${what}: serves`),
      ...[...WIDER, ...REFUSED].map(([what]) => `${what}: ${what === CRASHING ? "crashes" : "refuses"}`),
    ];
    expect(found).toEqual(expected);
  });
});

/** A host with these interfaces, in this order of their numbers, which begin at 2. */
async function buildHost(names: readonly string[]): Promise<Host> {
  const world = await testWorld();
  const [host, other] = await Promise.all([world.addHost("server"), world.addHost("other")]);
  for (const [index, device] of names.entries()) {
    await connect({ host, device }, { host: other, device: `peer${index}` });
  }
  return host;
}
