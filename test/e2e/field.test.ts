import { describe, expect } from "vitest";
import { duidOf, FIELD_FILES, FIELD_INTERFACES } from "../config/field-files.js";
import { PD_CLASS as P } from "../config/given.js";
import { ACCEPTED, CRASHING, REFUSED, STRICTER, WIDER } from "../config/server-corpus-rows.js";
import { dibblerVerdicts } from "./bed/dibbler-verdict.js";
import type { Host } from "./bed/host.js";
import { addAddress, connect } from "./bed/network.js";
import { installOurs, ours } from "./bed/programs.js";
import { scenario, testWorld } from "./fixture.js";

describe("e2e field: Dibbler's server and ours on the same configurations", () => {
  scenario("dibblerServer")("the corpus: Dibbler accepts and refuses what the rows say", async () => {
    const host = await buildHost([["s0"], ["s1"]]);
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

  // Ours is held against the same dumps in test/config/field.test.ts.
  scenario("dibblerServer")(
    "files of the field: Dibbler serves each, and dumps what is kept of it",
    async () => {
      const host = await buildHost(FIELD_INTERFACES);
      const verdicts = await dibblerVerdicts(
        host,
        FIELD_FILES.map(({ text }) => text),
      );
      for (const [index, { name, dump }] of FIELD_FILES.entries()) {
        const found = verdicts[index]?.dump ?? "";
        const sameServer = found.replace(duidOf(found), duidOf(dump));
        expect({ name, lines: sameServer.split("\n") }).toEqual({ name, lines: dump.split("\n") });
      }
    },
  );

  scenario("dibblerServer")("what only the system can tell: both refuse, and ours says why", async () => {
    const host = await buildHost([["s0"], ["s1"]]);
    installOurs(host);
    const rows = [
      [`iface nope0 { ${P} }`, ["interface nope0", "s0, s1"]],
      [`iface 77 { ${P} }`, ["interface number 77"]],
      [`iface lo { ${P} }`, ["lo", "link-local"]],
      [`iface s0 { unicast 2001:db8:99::1 ${P} }`, ["2001:db8:99::1", "s0"]],
      [`iface r { relay nope0 interface-id 5 ${P} }`, ["interface nope0"]],
    ] as const;
    const theirs = await dibblerVerdicts(
      host,
      rows.map(([text]) => text),
    );
    expect(theirs.map(({ verdict }) => verdict)).toEqual(rows.map(() => "refuses"));
    // Dibbler serves this one, with two sockets on one interface and one of the two blocks without effect.
    const twice = [`iface s0 { ${P} } iface 2 { ${P} }`, ["s0", "twice"]] as const;
    for (const [text, words] of [...rows, twice]) {
      host.writeFile("/etc/dibbler/server.conf", text);
      const { status, stdout, stderr } = await host.run([ours.server, "run"]);
      expect({ text, status }).toEqual({ text, status: 1 });
      for (const word of words) expect(stdout + stderr).toContain(word);
    }
  });
});

/** A host with these interfaces, in this order of their numbers, which begin at 2. */
async function buildHost(interfaces: readonly (readonly [name: string, address?: string])[]): Promise<Host> {
  const world = await testWorld();
  const [host, other] = await Promise.all([world.addHost("server"), world.addHost("other")]);
  for (const [index, [device, address]] of interfaces.entries()) {
    await connect({ host, device }, { host: other, device: `peer${index}` });
    if (address !== undefined) await addAddress(host, device, address);
  }
  return host;
}
