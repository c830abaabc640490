import { describe, expect, test } from "vitest";
import { parseClientConfig } from "../../shared/config/client-schema.js";
import { hmacMd5 } from "../hmac.js";
import { setupOf } from "../../client/setup.js";
import type { ClientSetup } from "../../client/state.js";
import { CLIENT, ip, prefix } from "./workbench.js";

/** What the machine gets of the first interface of a client.conf. */
function setup(text: string, downlinks = 'downlink-prefix-ifaces "none"'): ClientSetup {
  const { config, diagnostics } = parseClientConfig(`${downlinks}\n${text}`);
  const [wanted] = config?.interfaces ?? [];
  if (config === undefined || wanted === undefined) throw new Error(JSON.stringify(diagnostics));
  return setupOf(config, wanted, CLIENT, "wan0", 2, hmacMd5);
}

describe("client: from client.conf to the machine", () => {
  test("what OpenStack Neutron writes", () => {
    const { wanted, rapidCommit, insist, requestedOptions } = setup(
      'iface "qg-1" {\n bind-to-address fe80::1\n pd 1 {\n  prefix 2222:2222:2222:6977::/64\n }\n}',
    );
    expect(wanted).toEqual([
      {
        kind: "pd",
        iaid: 1,
        t1: undefined,
        t2: undefined,
        hints: [{ prefix: prefix("2222:2222:2222:6977::/64"), preferred: 0, valid: 0 }],
      },
    ]);
    expect({ rapidCommit, insist, requestedOptions }).toEqual({
      rapidCommit: false,
      insist: false,
      requestedOptions: [],
    });
  });

  test("times and lifetimes that are configured are asked for, others not", () => {
    const { wanted } = setup(
      "iface wan0 { pd { T1 100 T2 200 prefix ::/56 { preferred-lifetime 1800 valid-lifetime 3600 } } }",
    );
    expect(wanted).toMatchObject([
      { t1: 100, t2: 200, hints: [{ prefix: { length: 56 }, preferred: 1800, valid: 3600 }] },
    ]);
  });

  test("addresses: hints and times as for prefixes, IAIDs counted apart", () => {
    const { wanted } = setup(
      "iface wan0 { pd ia { T1 100 T2 200 address 2001:db8::1 { valid-lifetime 60 } } }",
    );
    expect(wanted).toEqual([
      {
        kind: "na",
        iaid: 1,
        t1: 100,
        t2: 200,
        hints: [{ prefix: prefix("2001:db8::1/128"), preferred: 60, valid: 60 }],
      },
      { kind: "pd", iaid: 1, t1: undefined, t2: undefined, hints: [] },
    ]);
  });

  test.each([
    ["reconfigure-accept 1", hmacMd5],
    ["reconfigure-accept 0", undefined],
    ["", undefined],
  ])("%s: who accepts Reconfigure can check it", (line, expected) => {
    expect(setup(`${line}\niface wan0 { pd }`).hmacMd5).toBe(expected);
  });

  test.each([
    ["stateless option dns-server", true],
    ["option dns-server", true],
    ["option dns-server pd", false],
  ])("%s: options only is %s", (body, expected) => {
    expect(setup(`iface wan0 { ${body} }`).stateless).toBe(expected);
  });

  test.each([
    ["without a word about downlinks", "", [67]],
    ["with downlinks", "downlink-prefix-ifaces lan1", [67]],
    ["when the script divides the prefix", 'downlink-prefix-ifaces "none"', []],
  ])("%s: PD Exclude is asked for by who leaves it out", (_when, line, expected) => {
    expect(setup("iface wan0 { pd }", line).requestedOptions).toEqual(expected);
    expect(setup("iface wan0 { ia }", line).requestedOptions).toEqual([]);
  });

  test("servers to prefer and to reject, by address or DUID", () => {
    const made = setup("reject-servers fe80::bad iface wan0 { preferred-servers 0x00030001, fe80::1 pd }");
    expect(made).toMatchObject({
      preferredServers: [
        { by: "duid", octets: Uint8Array.of(0, 3, 0, 1) },
        { by: "address", octets: ip("fe80::1") },
      ],
      rejectedServers: [{ by: "address", octets: ip("fe80::bad") }],
    });
  });

  test("several pd, rapid-commit, insist-mode, options", () => {
    const made = setup(
      "insist-mode\niface wan0 { rapid-commit 1 option dns-server 2001:db8::53 option domain pd 7 pd }",
    );
    expect(made.wanted.map(({ iaid }) => iaid)).toEqual([7, 2]);
    expect(made).toMatchObject({ rapidCommit: true, insist: true, requestedOptions: [23, 24] });
    expect(made.sentOptions).toEqual([{ name: "dnsServers", value: [ip("2001:db8::53")] }]);
  });
});
