import { describe, expect, test } from "vitest";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import type { Candidate } from "../../client/downlinks.js";
import { interfacesOf } from "../../client/searching.js";
import { ip } from "./workbench.js";

/** An interface that hosts can be on, but for what is said. */
const link = (name: string, index: number, but: Partial<Candidate> = {}): Candidate => ({
  name,
  index,
  up: true,
  running: true,
  multicast: true,
  mac: Uint8Array.of(2, 0, 0, 0, 0, index),
  addresses: [{ address: ip("fe80::1"), linkLocal: true }],
  ...but,
});

const present: readonly Candidate[] = [
  link("lo", 1, { multicast: false, addresses: [] }),
  link("eth0", 2),
  link("eth1", 3, { up: false }),
  link("eth2", 4, { running: false }),
  link("tun0", 5, { mac: new Uint8Array() }),
  link("eth3", 6, { addresses: [] }),
  link("eth4", 7),
];

function found(text: string): readonly (readonly [name: string, ias: number, options: readonly number[]])[] {
  const { config, diagnostics } = parseClientConfig(text);
  if (config === undefined) throw new Error(JSON.stringify(diagnostics));
  return interfacesOf(config, () => present).map(({ selector, ias, requestedOptions }) => [
    "name" in selector ? selector.name : String(selector.index),
    ias.length,
    requestedOptions,
  ]);
}

describe("client: a file that names no interface, as in Dibbler", () => {
  test.each([
    [
      "",
      [
        ["eth0", 1, [23]],
        ["eth4", 1, [23]],
      ],
    ],
    ["iface eth0 no-config iface 99 no-config", [["eth4", 1, [23]]]],
    ["iface 7 no-config option domain", [["eth0", 1, [24, 23]]]],
    [
      "stateless",
      [
        ["eth0", 0, [23]],
        ["eth4", 0, [23]],
      ],
    ],
    ["iface eth1 { pd }", [["eth1", 0, []]]],
  ])("%j", (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  test("what is done is said, with the way to a prefix", () => {
    const { diagnostics } = parseClientConfig("log-level 7");
    expect(diagnostics).toMatchObject([
      { severity: "warning", suggestion: 'write iface "eth0" { pd } for a prefix' },
    ]);
  });
});
